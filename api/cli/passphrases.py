"""Passphrases and shares: from a file, the environment or a prompt; never from the command line itself."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from api.settings import Settings
from api.startup import StartupFault
from keys.secrets.share_text import LINES, read_share, write_share
from keys.secrets.split import Share

_MOST = 4096


def passphrase_of(settings: Settings) -> str | None:
    """The passphrase that the settings name, if any.

    Raises:
        StartupFault: its file cannot be read, is open to others, or holds more than one line.
    """
    if settings.backup_passphrase:
        return settings.backup_passphrase
    file = settings.backup_passphrase_file
    return None if file is None else _only_line(file)


def new_passphrase() -> str | None:
    """Ask a person twice; None where nobody is there to be asked."""
    if not sys.stdin.isatty():
        return None
    answer: str = typer.prompt("Passphrase / 口令", hide_input=True, confirmation_prompt=True, err=True)
    return answer


def known_passphrase() -> str | None:
    """Ask a person once; None where nobody is there to be asked."""
    if not sys.stdin.isatty():
        return None
    answer: str = typer.prompt("Passphrase / 口令", hide_input=True, err=True)
    return answer


def shares_in(files: Sequence[Path]) -> list[Share]:
    """
    Raises:
        StartupFault: a file that cannot be read.
        keys.errors.ShareRefused: a share that was mistyped.
    """
    return [read_share([line for line in _text(file).splitlines() if line.strip()][-LINES:]) for file in files]


def write_shares(folder: Path, shares: Sequence[Share]) -> list[Path]:
    """One file for each, mode 0600; none that is there already is written over."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    places = []
    for share in shares:
        place = folder / f"share-{share.set_id.hex()}-{share.index}-of-{share.total}.txt"
        with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write("\n".join(share_lines(share)) + "\n")
        places.append(place)
    return places


def share_lines(share: Share) -> list[str]:
    """A share with its heading, for paper."""
    heading = (
        f"Yizheng recovery, set {share.set_id.hex()}, share {share.index} of {share.total}, {share.threshold} needed"
    )
    return [heading, *write_share(share)]


def _only_line(file: Path) -> str:
    lines = [line for line in _text(file).splitlines() if line]
    if len(lines) != 1:
        raise StartupFault(f"{file} must hold the passphrase in one line and nothing else")
    return lines[0]


def _text(file: Path) -> str:
    try:
        mode = file.stat().st_mode
        if mode & 0o077:
            raise StartupFault(f"{file} has mode {stat.S_IMODE(mode):04o}: make it 0600")
        return file.read_bytes()[:_MOST].decode("utf-8")
    except OSError as error:
        raise StartupFault(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise StartupFault(f"{file} is no text in UTF-8") from None

"""The master key put away for the day of a disaster: a small archive that a passphrase or k of n shares open."""

from __future__ import annotations

import datetime as dt
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from keys.archive.container import create_archive, open_archive
from keys.archive.errors import ArchiveForeign
from keys.archive.locks import Lock, Openers
from keys.key_wrap import KeyWrap
from keys.master_key import format_master_key, parse_master_key

KIND = "recovery"


def write_recovery(path: Path, master_key: bytes, locks: Sequence[Lock], *, made_at: dt.datetime) -> None:
    """Write the recovery file, mode 0600; it appears whole or not at all.

    Args:
        locks: passphrase and shares only; the master key cannot open its own recovery.

    Raises:
        FileExistsError: a file of that name is there.
    """
    about = {"kind": KIND, "made_at": made_at.isoformat(), "check": KeyWrap(master_key).check.hex()}
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            stream = create_archive(file, about, locks)
            stream.write(format_master_key(master_key).encode("ascii"))
            stream.close()
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink()


def read_recovery(path: Path, openers: Openers) -> bytes:
    """The master key: 32 bytes.

    Raises:
        ArchiveForeign: not a recovery file.
        ArchiveDamaged, ArchiveLocked, ShareRefused: it does not open.
    """
    with path.open("rb") as file:
        header, stream = open_archive(file, openers)
        text = stream.read(4096)
    if header.about.get("kind") != KIND:
        raise ArchiveForeign("it is no recovery file")
    return parse_master_key(text.decode("ascii", "replace"))

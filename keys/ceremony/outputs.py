"""The folder that a ceremony leaves: whole, under its final name, or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from core.text import Text
from keys.ceremony.errors import CeremonyRefused

LARGEST = 16 * 2**20
"""Bytes of the largest file that is read from a folder."""


def check_free(folder: Path) -> None:
    """Whether a new folder can be made under this name, asked before people spend an hour.

    Raises:
        CeremonyRefused: something is there already, or its parent cannot be written.
    """
    if folder.exists() or folder.is_symlink():
        raise CeremonyRefused(
            Text(f"{folder} 已存在，请换一个名称。", f"{folder} is there already: choose another name.")
        )
    if not folder.absolute().parent.is_dir() or not os.access(folder.absolute().parent, os.W_OK):
        raise CeremonyRefused(
            Text(f"不能在 {folder.parent} 中写入。", f"Nothing can be written in {folder.absolute().parent}.")
        )


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` (names may have one folder before a slash) under a name of their own, then rename that folder.

    Raises:
        CeremonyRefused: the folder has appeared meanwhile.
        OSError: the disk refuses; nothing is left.
    """
    folder = folder.absolute()
    staging = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
    staging.mkdir(mode=0o700)
    try:
        for name, content in files.items():
            _write(staging / name, content)
        for path in sorted({staging, *(entry for entry in staging.rglob("*") if entry.is_dir())}, reverse=True):
            _flush(path)
        check_free(folder)
        staging.rename(folder)
        _flush(folder.parent)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def read_folder(folder: Path) -> dict[str, bytes]:
    """All files below `folder` by their names relative to it.

    Raises:
        CeremonyRefused: no such folder, or something in it that is no file of sensible size.
    """
    if not folder.is_dir():
        raise CeremonyRefused(Text(f"没有文件夹 {folder}。", f"There is no folder {folder}."))
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            continue
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
            raise CeremonyRefused(Text(f"{name} 不是普通文件或过大。", f"{name} is no plain file, or too large."))
        files[name] = path.read_bytes()
    return files


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

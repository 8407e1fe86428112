"""Reads the files of a ZIP that a stranger made: nothing is written to disk, nothing is believed before it is read."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from core.text import Text
from signing.batches.errors import ArchiveRefused
from signing.batches.gather import Incoming
from signing.batches.model import MOST_FILES, MOST_OCTETS

_EXPANSION, _SPARE = 50, 10_000_000  # PDF is compressed already; what grows more is no honest archive
_ENCRYPTED = 0x1
_UTF8 = 0x800
_LOCAL_HEADER = 30
_KNOWN = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError)
_BESIDE = ("__MACOSX/",)
_LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


def entries(file: BinaryIO, *, size: int, limit: int) -> Iterator[Incoming]:
    """The files of an archive, one by one; folders, and what systems leave beside files, are passed over.

    Args:
        size: of the archive, in octets.
        limit: for one file, in octets.

    Raises:
        ArchiveRefused: `archive-damaged`, `-encrypted`, `-method`, `-too-large`, `-empty`.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            wanted = [entry for entry in archive.infolist() if not entry.is_dir() and not _litter(entry)]
            _check(wanted, size, limit)
            for entry in wanted:
                with archive.open(entry) as opened:
                    content = opened.read(entry.file_size + 1)
                yield Incoming(_name(entry), content)
    except _BROKEN as e:
        raise _damaged(type(e).__name__) from e


def _check(wanted: list[zipfile.ZipInfo], size: int, limit: int) -> None:
    if not wanted:
        raise ArchiveRefused("archive-empty", Text("压缩包里没有文件。", "The archive has no files."))
    if len(wanted) > MOST_FILES:
        text = Text(f"压缩包里的文件超过 {MOST_FILES} 个，请分几个批次。", f"The archive has over {MOST_FILES} files.")
        raise ArchiveRefused("archive-too-large", text)
    if any(entry.flag_bits & _ENCRYPTED for entry in wanted):
        text = Text("压缩包加了密码，请去掉密码再上传。", "The archive is encrypted. Make it again without a password.")
        raise ArchiveRefused("archive-encrypted", text)
    if any(entry.compress_type not in _KNOWN for entry in wanted):
        text = Text(
            "压缩方式不支持，请用普通的 ZIP 重新打包。", "The archive's method is not supported. Use plain ZIP."
        )
        raise ArchiveRefused("archive-method", text)
    total = sum(entry.file_size for entry in wanted)
    if total > min(MOST_OCTETS, size * _EXPANSION + _SPARE) or any(entry.file_size > limit for entry in wanted):
        text = Text(
            f"压缩包里的文件太大：每个最多 {limit // 1_000_000} MB，也不能由很小的压缩包展开得出奇地大。",
            f"Files in the archive are too large: {limit // 1_000_000} MB each, and none that unpacks beyond measure.",
        )
        raise ArchiveRefused("archive-too-large", text)
    if _overlap(wanted):
        raise _damaged("entries overlap")


def _overlap(wanted: list[zipfile.ZipInfo]) -> bool:
    """Whether two entries share octets, so that a small archive unpacks to a huge one."""
    end = 0
    for entry in sorted(wanted, key=lambda one: one.header_offset):
        if entry.header_offset < end:
            return True
        end = entry.header_offset + _LOCAL_HEADER + entry.compress_size
    return False


def _name(entry: zipfile.ZipInfo) -> str:
    """The name as it was meant: programs in China write GB 18030 where they do not say that it is UTF-8."""
    if entry.flag_bits & _UTF8:
        return entry.filename
    try:
        return entry.orig_filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return entry.filename


def _litter(entry: zipfile.ZipInfo) -> bool:
    last = entry.filename.rpartition("/")[2]
    return entry.filename.startswith(_BESIDE) or last in _LITTER or last.startswith("._")


def _damaged(private: str) -> ArchiveRefused:
    text = Text("压缩包读不出来，可能已损坏。请重新打包。", "The archive cannot be read. Make it again.")
    return ArchiveRefused("archive-damaged", text, private=private)

"""The ZIP that an OFD is (GB/T 33190-2016 §6): read into memory within bounds, never onto a disk, never two ways.

A name leads nowhere but into the package and stands in it once, also where a file system would not tell two names
apart; no octets of the file belong to two entries.
"""

from __future__ import annotations

import io
import posixpath
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

LARGEST_FILE = 64 << 20
LARGEST_PACKAGE = 256 << 20
MOST_ENTRIES = 20_000
_EXPANSION, _SPARE = 100, 16 << 20
_LOCAL_HEADER = 30
_ENCRYPTED = 0x1
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class PackageRefused(ValueError):
    """Not a package that everybody reads the same way.

    Attributes:
        code: `not-a-package`, `entry-name`, `entry-twice`, `encrypted`, `method`, `too-large`, `damaged`; of what
            is in it `xml`, `number`, `reference`, `version`, `page`, `page-area`, `path`, `delta`, `cycle`, `too-deep`,
            `too-complex`, `image`, `font`.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Package:
    """The files of a package by their absolute path (`/Doc_0/Document.xml`)."""

    files: Mapping[str, bytes]

    def __getitem__(self, path: str) -> bytes:
        """
        Raises:
            PackageRefused: `damaged`: there is no such file.
        """
        found = self.files.get(path)
        if found is None:
            raise PackageRefused("damaged", "a file that is spoken of is missing")
        return found


def read_package(content: bytes) -> Package:
    """
    Raises:
        PackageRefused
    """
    if content[:4] != b"PK\x03\x04":  # nothing may stand before it: it would be another file to others
        raise PackageRefused("not-a-package")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return Package({name: archive.read(entry) for name, entry in checked_entries(archive, len(content))})
    except PackageRefused:
        raise
    except BROKEN as broken:
        raise PackageRefused("damaged", type(broken).__name__) from None


def checked_entries(archive: zipfile.ZipFile, size: int) -> list[tuple[str, zipfile.ZipInfo]]:
    """The files of an archive by their absolute path, in its order; what is in them was not looked at.

    Args:
        size: of the archive, in octets.

    Raises:
        PackageRefused
    """
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    _check_sizes(entries, size)
    _check_places(entries)
    return list(zip(_names(entries), entries, strict=True))


def located(base: str, location: str) -> str:
    """The absolute path of an ST_Loc that stands in the file `base` (GB/T 33190 §7.3).

    Raises:
        PackageRefused: `entry-name`: it leads out of the package.
    """
    return _inside(location if location.startswith("/") else posixpath.join(posixpath.dirname(base), location))


def _check_sizes(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > MOST_ENTRIES:
        raise PackageRefused("too-large", "entries")
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise PackageRefused("encrypted")
    if any(entry.compress_type not in _METHODS for entry in entries):
        raise PackageRefused("method")
    total = sum(entry.file_size for entry in entries)
    if total > min(LARGEST_PACKAGE, size * _EXPANSION + _SPARE) or any(e.file_size > LARGEST_FILE for e in entries):
        raise PackageRefused("too-large", "octets")


def _check_places(entries: list[zipfile.ZipInfo]) -> None:
    end = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < end:
            raise PackageRefused("damaged", "entries overlap")
        end = entry.header_offset + _LOCAL_HEADER + entry.compress_size


def _names(entries: list[zipfile.ZipInfo]) -> Iterator[str]:
    seen: set[str] = set()
    for entry in entries:
        name = _inside("/" + entry.filename)
        if entry.filename != name[1:]:
            raise PackageRefused("entry-name", "roundabout")
        folded = unicodedata.normalize("NFKC", name).casefold()
        if folded in seen:
            raise PackageRefused("entry-twice")
        seen.add(folded)
        yield name


def _inside(path: str) -> str:
    """
    Raises:
        PackageRefused: `entry-name`
    """
    parts = path.split("/")
    if ".." in parts or "\\" in path or ":" in path or not path.isprintable() or len(path) > 1024:
        raise PackageRefused("entry-name", "leads elsewhere")
    return posixpath.normpath(path).replace("//", "/")

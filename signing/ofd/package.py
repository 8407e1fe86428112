"""The ZIP that an OFD is (GB/T 33190-2016 §6): read into memory within bounds, never onto a disk, never two ways.

A name leads nowhere but into the package and stands in it once, also where a file system would not tell two names
apart; no octets of the file belong to two entries, or to none.
"""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.files.scratch import FileBytes
from signing.ofd.archive import Bounds, Entry, PackageRefused, entries_of, is_archive, pieces_of

__all__ = [
    "LARGEST_FILE",
    "LARGEST_PACKAGE",
    "MOST_ENTRIES",
    "Package",
    "PackageRefused",
    "files_of",
    "is_package",
    "located",
    "read_package",
]

LARGEST_FILE = 64 << 20
LARGEST_PACKAGE = 256 << 20
MOST_ENTRIES = 20_000
_BOUNDS = Bounds(MOST_ENTRIES, LARGEST_FILE, LARGEST_PACKAGE, expansion=100, spare=16 << 20)


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


def is_package(content: FileBytes) -> bool:
    """Whether a file begins as a package does; nothing may stand before it: it would be another file to others."""
    return is_archive(content)


def read_package(content: FileBytes) -> Package:
    """
    Raises:
        PackageRefused
    """
    return Package({name: b"".join(pieces_of(content, entry)) for name, entry in files_of(content)})


def files_of(content: FileBytes) -> Sequence[tuple[str, Entry]]:
    """The files by their absolute path; nothing is unpacked yet.

    Raises:
        PackageRefused
    """
    entries = entries_of(content, _BOUNDS)
    return list(zip(_names(entries), entries, strict=True))


def located(base: str, location: str) -> str:
    """The absolute path of an ST_Loc that stands in the file `base` (GB/T 33190 §7.3).

    Raises:
        PackageRefused: `entry-name`: it leads out of the package.
    """
    return _inside(location if location.startswith("/") else posixpath.join(posixpath.dirname(base), location))


def _names(entries: Sequence[Entry]) -> Iterator[str]:
    seen: set[str] = set()
    for entry in entries:
        name = _inside("/" + entry.name)
        if entry.name != name[1:]:
            raise PackageRefused("entry-name", "roundabout")
        folded = unicodedata.normalize("NFKC", name).casefold()
        if folded in seen:
            raise PackageRefused("entry-twice")
        seen.add(folded)
        yield name
    folders = {folder for name in seen for folder in _folders(name)}
    if folders & seen:
        raise PackageRefused("entry-twice", "a file and a folder")


def _folders(name: str) -> Iterator[str]:
    while (name := posixpath.dirname(name)) != "/":
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

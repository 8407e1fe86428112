"""Lists of passwords that everybody tries first: a common one that comes along, and the operator's own file.

Nothing is asked of anybody over the network. The operator's file is either plain text, one password a line, or sorted
upper-case SHA-1 digests as the large public collections of breached passwords come (`digest` or `digest:count` a line);
the latter is searched where it lies, so that its tens of gigabytes need no memory.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import BinaryIO, Protocol

_DIGEST_LINE = re.compile(rb"[0-9A-F]{40}(:[0-9]+)?\r?\n?")
_LARGEST_TEXT = 64 * 1024 * 1024
_LONGEST_LINE = 80


class PasswordList(Protocol):
    """Knows passwords that must not be used."""

    def holds(self, password: str) -> bool:
        """May read a file; call it in a thread."""


@cache
def _common() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # takes a quarter of a second: only where passwords are set

    return frozenset(word.casefold() for word in FREQUENCY_LISTS["passwords"])


class CommonPasswords:
    """Thirty thousand from real leaks, the most frequent ones."""

    def holds(self, password: str) -> bool:
        return password.casefold() in _common()


class PlainFile:
    """A text file, read once; capital letters make no difference."""

    def __init__(self, path: Path) -> None:
        if path.stat().st_size > _LARGEST_TEXT:
            raise ValueError(f"{path} is larger than 64 MB: give it as sorted SHA-1 digests")
        lines = path.read_text("utf-8", errors="replace").splitlines()
        self._words = frozenset(line.strip().casefold() for line in lines if line.strip())

    def holds(self, password: str) -> bool:
        return password.casefold() in self._words


class DigestFile:
    """A file of sorted SHA-1 digests, searched by halves."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = path.stat().st_size

    def holds(self, password: str) -> bool:
        wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
        low, high = 0, self._size
        with self._path.open("rb") as file:
            while low < high:
                middle = (low + high) // 2
                start, line = _line_from(file, middle)
                found = line[:40]
                if not line or start >= high or found > wanted:
                    high = middle
                elif found == wanted:
                    return True
                else:
                    low = start + len(line)
            return False


def _line_from(file: BinaryIO, place: int) -> tuple[int, bytes]:
    """The first whole line that begins at `place` or behind it, and where."""
    file.seek(max(0, place - 1))
    if place > 0:
        place = place - 1 + len(file.readline(_LONGEST_LINE))
    return place, file.readline(_LONGEST_LINE)


def open_list(path: Path) -> PasswordList:
    """The operator's file, whichever of the two it is.

    Raises:
        ValueError: it cannot be used.
    """
    try:
        with path.open("rb") as file:
            first = file.readline(_LONGEST_LINE)
        return DigestFile(path) if _DIGEST_LINE.fullmatch(first) else PlainFile(path)
    except OSError:
        raise ValueError(f"{path} cannot be read") from None

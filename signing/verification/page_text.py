"""Reads the text of two files' pages and prints where they differ, as JSON; run as a program of its own.

Drawing and text extraction need a native library, and the file is hostile as like as not, so this happens in a
child process with bounds on time and memory: whatever goes wrong dies with it.

Input: 8 bytes length of the first file, the first file, the second file. Output: a list of [page, before, now].
"""

from __future__ import annotations

import difflib
import json
import resource
import sys

_MEMORY = 1 << 30
_SECONDS = 5
_MOST_PAGES = 30
_MOST_CHARACTERS = 20_000
_MOST_SHOWN = 600


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    data = sys.stdin.buffer.read()
    size = int.from_bytes(data[:8], "big")
    json.dump(_differences(_pages(data[8 : 8 + size]), _pages(data[8 + size :])), sys.stdout)


def _pages(content: bytes) -> list[list[str]]:
    """The lines of each page, form fields and annotations drawn in."""
    import pypdfium2  # only in the child: the service itself never loads it for this

    document = pypdfium2.PdfDocument(content)
    return [
        document[index].get_textpage().get_text_range()[:_MOST_CHARACTERS].splitlines()
        for index in range(min(len(document), _MOST_PAGES))
    ]


def _differences(before: list[list[str]], now: list[list[str]]) -> list[tuple[int, str, str]]:
    out = []
    for index in range(max(len(before), len(now))):
        old = before[index] if index < len(before) else []
        new = now[index] if index < len(now) else []
        if old != new:
            gone, come = _only_in_one(old, new)
            out.append((index + 1, gone[:_MOST_SHOWN], come[:_MOST_SHOWN]))
    return out


def _only_in_one(old: list[str], new: list[str]) -> tuple[str, str]:
    gone, come = [], []
    for line in difflib.ndiff(old, new):
        if line.startswith("- "):
            gone.append(line[2:])
        elif line.startswith("+ "):
            come.append(line[2:])
    return "\n".join(gone), "\n".join(come)


if __name__ == "__main__":
    main()

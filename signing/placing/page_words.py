"""Finds words on the pages of a PDF and prints where they stand, as JSON; run as a program of its own.

Reading text needs a native library, and the file is hostile as like as not, so this happens in a child process with
bounds on time and memory: whatever goes wrong dies with it.

Input: 4 bytes length of a JSON object, that object (`words`, `pages`, `most`; in `handles` the open one that the file
is read from), the file otherwise. Output: a list of [page, left, top, right, bottom], in parts of the page's width and
height as shown. Words are compared without spaces and line breaks, in their compatibility form (NFKC); where a match
runs over a line's end, what counts is the part on its first line.
"""

from __future__ import annotations

import ctypes
import io
import json
import resource
import sys
import unicodedata
from collections.abc import Iterator
from typing import Any

_MEMORY = 1 << 30
_SECONDS = 5
_MOST_CHARACTERS = 100_000  # of one page
_FINE = 1_000_000  # device units over which a page is laid


Box = tuple[float, float, float, float]  # left, top, right, bottom


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    data = sys.stdin.buffer.read()
    size = int.from_bytes(data[:4], "big")
    asked = json.loads(data[4 : 4 + size])
    pdf = io.FileIO(f"/dev/fd/{asked['handles'][0]}") if asked.get("handles") else data[4 + size :]
    json.dump(list(_found(pdf, asked))[: asked["most"]], sys.stdout)


def _found(pdf: bytes | io.FileIO, asked: Any) -> Iterator[list[float]]:
    import pypdfium2  # only in the child: the service itself never loads it for this

    document = pypdfium2.PdfDocument(pdf)
    wanted, left = plain(asked["words"]), asked["most"]
    for number in asked["pages"]:
        page = document[number - 1]
        text = page.get_textpage()
        characters, owners = _characters(text)
        start = characters.find(wanted)
        while start >= 0 and left > 0:
            box = _box(page, text, owners[start : start + len(wanted)])
            if box is not None:
                yield [number, *box]
                left -= 1
            start = characters.find(wanted, start + len(wanted))
        text.close()
        page.close()
        if left <= 0:
            return


def plain(text: str) -> str:
    """What of a text is compared."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _characters(text: Any) -> tuple[str, list[int]]:
    """The page's text as it is compared, and to each character its number on the page."""
    import pypdfium2.raw as pdfium

    out, owners = [], []
    for index in range(min(text.count_chars(), _MOST_CHARACTERS)):
        code = pdfium.FPDFText_GetUnicode(text, index)
        for character in plain(chr(code)) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "":
            out.append(character)
            owners.append(index)
    return "".join(out), owners


def _box(page: Any, text: Any, characters: list[int]) -> Box | None:
    """What the characters on the first one's line cover, in parts of the page as shown."""
    boxes = [shown for index in characters if (shown := _shown(page, text.get_charbox(index, loose=True))) is not None]
    if not boxes:
        return None
    line = _line(boxes)
    return (
        min(box[0] for box in line),
        min(box[1] for box in line),
        max(box[2] for box in line),
        max(box[3] for box in line),
    )


def _line(boxes: list[Box]) -> list[Box]:
    """Those on the first one's line; which way it runs on the page as shown, the first two characters tell."""
    first, out = boxes[0], boxes[:1]
    low, high = (1, 3) if len(boxes) == 1 or _overlap(first, boxes[1], 1, 3) else (0, 2)
    for box in boxes[1:]:
        if not _overlap(first, box, low, high):
            break
        out.append(box)
    return out


def _overlap(one: Box, other: Box, low: int, high: int) -> bool:
    common = min(one[high], other[high]) - max(one[low], other[low])
    return common > 0.3 * min(one[high] - one[low], other[high] - other[low])


def _shown(page: Any, box: Box) -> Box | None:
    left, bottom, right, top = box
    (x1, y1), (x2, y2) = _device(page, left, bottom), _device(page, right, top)
    found = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    return found if found[0] < found[2] and found[1] < found[3] else None


def _device(page: Any, x: float, y: float) -> tuple[float, float]:
    import pypdfium2.raw as pdfium

    across, down = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDF_PageToDevice(page, 0, 0, _FINE, _FINE, 0, x, y, across, down)
    return across.value / _FINE, down.value / _FINE


if __name__ == "__main__":
    main()

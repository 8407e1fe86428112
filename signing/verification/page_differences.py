"""Compares the pages of two revisions, by their words and by what is seen; run as a program of its own.

Drawing and text extraction need a native library, and the file is hostile as like as not, so this happens in a
child process with bounds on time and memory: whatever goes wrong dies with it.

Input: 8 bytes length of the first file, the first file, the second file. Output, as JSON: a list of objects with `page`
(from 1), `before` and `now` (lines that only one of them has), `marks` (where it looks different: left, top, width and
height in thousandths of the page) and `pictures` (base64 PNG: before, now, and what differs), null where there are
none.
"""

from __future__ import annotations

import base64
import difflib
import io
import json
import resource
import sys
from typing import Any

_MEMORY = 1 << 30
_SECONDS = 5
_MOST_PAGES = 30
_MOST_CHARACTERS = 20_000
_MOST_SHOWN = 600
_MOST_DRAWN, _MOST_PICTURES = 20, 4
_LOOK, _SHOW = 420, 700  # pixels across: to find differences, and to show them
_CELL = 7  # pixels of the first of these: differences nearer than that are one
_FAINT = 40  # of 255: less is how two drawings of the same come out
_MOST_MARKS = 12
_PLUM = (136, 28, 73)


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    data = sys.stdin.buffer.read()
    size = int.from_bytes(data[:8], "big")
    json.dump(_differences(_open(data[8 : 8 + size]), _open(data[8 + size :])), sys.stdout)


def _open(content: bytes) -> Any:
    import pypdfium2  # only in the child: the service itself never loads it for this

    document = pypdfium2.PdfDocument(content)
    document.init_forms()  # a visible signature is a form field: without this its seal is not drawn
    return document


def _differences(before: Any, now: Any) -> list[dict[str, Any]]:
    out, pictures = [], 0
    for index in range(min(max(len(before), len(now)), _MOST_PAGES)):
        old, new = _page(before, index), _page(now, index)
        gone, come = _only_in_one(_lines(old), _lines(new))
        marks = _marks(old, new) if index < _MOST_DRAWN else []
        if gone or come or marks:
            shown = _pictures(old, new, marks) if marks and pictures < _MOST_PICTURES else None
            pictures += shown is not None
            told = {"before": gone[:_MOST_SHOWN], "now": come[:_MOST_SHOWN], "marks": marks, "pictures": shown}
            out.append({"page": index + 1, **told})
    return out


def _page(document: Any, index: int) -> Any:
    return document[index] if index < len(document) else None


def _lines(page: Any) -> list[str]:
    """Form fields and annotations are drawn in."""
    if page is None:
        return []
    text: str = page.get_textpage().get_text_range()
    return text[:_MOST_CHARACTERS].splitlines()


def _only_in_one(old: list[str], new: list[str]) -> tuple[str, str]:
    gone, come = [], []
    for line in difflib.ndiff(old, new):
        if line.startswith("- "):
            gone.append(line[2:])
        elif line.startswith("+ "):
            come.append(line[2:])
    return "\n".join(gone), "\n".join(come)


def _drawn(page: Any, width: int, size: tuple[int, int] | None = None) -> Any:
    """The page as a picture; an empty one in the other's size where there is no such page."""
    from PIL import Image

    if page is None:
        return Image.new("RGB", size or (width, int(width * 1.414)), "white")
    across, down = page.get_size()
    scale = min(width / max(across, 1), 2 * width / max(down, 1))
    picture = page.render(scale=scale).to_pil().convert("RGB")
    return picture if size is None or picture.size == size else picture.resize(size)


def _both(old: Any, new: Any, width: int) -> tuple[Any, Any]:
    now = _drawn(new, width, None if new is not None else _drawn(old, width).size)
    return _drawn(old, width, now.size), now


def _mask(before: Any, now: Any) -> Any:
    from PIL import ImageChops

    return ImageChops.difference(before, now).convert("L").point(lambda value: 255 if value > _FAINT else 0)


def _marks(old: Any, new: Any) -> list[list[int]]:
    """Where the two look different, in thousandths of the page."""
    before, now = _both(old, new, _LOOK)
    mask = _mask(before, now)
    whole = mask.getbbox()
    if whole is None:
        return []
    cells = mask.reduce(_CELL)
    boxes = _boxes({(at % cells.width, at // cells.width) for at, value in enumerate(cells.tobytes()) if value})
    if not boxes or len(boxes) > _MOST_MARKS:
        left, top, right, bottom = whole
        boxes = [(left // _CELL, top // _CELL, right // _CELL, bottom // _CELL)]
    return [_thousandths(box, mask.size) for box in boxes]


def _boxes(cells: set[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    """Cells that touch, or nearly, as one box each: first and last column and row."""
    boxes = []
    while cells:
        waiting, group = [cells.pop()], []
        while waiting:
            x, y = waiting.pop()
            group.append((x, y))
            near = {(x + dx, y + dy) for dx in range(-3, 4) for dy in range(-1, 2)} & cells
            cells -= near
            waiting += near
        columns, rows = [x for x, _ in group], [y for _, y in group]
        boxes.append((min(columns), min(rows), max(columns), max(rows)))
    return sorted(boxes, key=lambda box: (box[1], box[0]))


def _thousandths(box: tuple[int, int, int, int], size: tuple[int, int]) -> list[int]:
    left, top, right, bottom = (value * _CELL for value in (box[0], box[1], box[2] + 1, box[3] + 1))
    across, down = 1000 / size[0], 1000 / size[1]
    x, y = max(0, int(left * across) - 4), max(0, int(top * down) - 3)
    return [x, y, min(1000 - x, int((right - left) * across) + 8), min(1000 - y, int((bottom - top) * down) + 6)]


def _pictures(old: Any, new: Any, marks: list[list[int]]) -> list[str]:
    """Before, now, and the page grown pale with the differences in colour; the places marked in each."""
    from PIL import Image, ImageChops

    before, now = _both(old, new, _SHOW)
    pale = Image.blend(ImageChops.darker(before, now).convert("L").convert("RGB"), _white(now.size), 0.72)
    pale.paste(_PLUM, mask=_mask(before, now))
    return [_png(_marked(picture, marks)) for picture in (before, now, pale)]


def _white(size: tuple[int, int]) -> Any:
    from PIL import Image

    return Image.new("RGB", size, "white")


def _marked(picture: Any, marks: list[list[int]]) -> Any:
    from PIL import ImageDraw

    across, down = picture.size
    pen = ImageDraw.Draw(picture)
    for x, y, width, height in marks:
        corners = (x * across // 1000, y * down // 1000, (x + width) * across // 1000, (y + height) * down // 1000)
        pen.rectangle(corners, outline=_PLUM, width=2)
    return picture


def _png(picture: Any) -> str:
    out = io.BytesIO()
    picture.quantize(64).save(out, "PNG", optimize=True)
    return base64.b64encode(out.getvalue()).decode()


if __name__ == "__main__":
    main()

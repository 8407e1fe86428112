"""Where the letters of a text object stand (GB/T 33190-2016 §11.3, §11.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from signing.ofd.geometry import Matrix
from signing.ofd.model.graphics import GlyphTransform, TextObject
from signing.ofd.package import PackageRefused
from signing.ofd.values import number

_MOST_TIMES = 100_000


@dataclass(frozen=True, slots=True)
class Letter:
    """A glyph where it is drawn.

    Attributes:
        text: what it stands for; empty where several glyphs show one text and another has said it.
        glyph: its number in the font; None where the font is asked for the text.
        x, y: of its origin on the baseline, in the object's coordinates.
        step: to the next letter of the same piece, where there is one.
    """

    text: str
    glyph: int | None
    x: float
    y: float
    step: tuple[float, float] | None


def read_deltas(text: str | None, most: int, what: str) -> tuple[float, ...]:
    """DeltaX or DeltaY: numbers, and `g n v` for n times v; those behind the last letter are left out.

    Args:
        most: how many are needed.

    Raises:
        PackageRefused: `delta`: not the grammar, or a number of times beyond all use; `number`.
    """
    out: list[float] = []
    parts = iter((text or "").split())
    for part in parts:
        times = 1
        if part == "g":
            times, part = _times(next(parts, "")), next(parts, "")
        value = number(part, what)
        out += [value] * min(times, most - len(out))
    return tuple(out)


def _times(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 6 or int(text) > _MOST_TIMES:
        raise PackageRefused("delta", "how often")
    return int(text)


def letters_of(text: TextObject) -> Iterator[Letter]:
    """All letters in the order of the text.

    A step that is missing at the end of a list is as the one before it; without a list there is no step.
    """
    transforms = {one.position: one for one in text.transforms}
    x = y = 0.0
    position = 0  # counted over all pieces
    for code in text.codes:
        x, y = (x if code.x is None else code.x), (y if code.y is None else code.y)
        start = (x, y)
        units: list[tuple[str, int | None]] = []
        used = 0
        while used < len(code.text):
            transform = transforms.get(position + used)
            if transform is None:
                units.append((code.text[used], None))
                used += 1
            else:
                units += _transformed(code.text[used : used + transform.codes], transform)
                used += max(1, transform.codes)
        position += len(code.text)
        for place, (letter, glyph) in enumerate(units):
            step = (_nth(code.delta_x, place), _nth(code.delta_y, place)) if place + 1 < len(units) else None
            yield Letter(letter, glyph, x, y, step)
            if step is not None:
                x, y = x + step[0], y + step[1]
        x, y = start  # GB/T 33190 table 46: a piece that says no X has that of the piece before


def _transformed(text: str, transform: GlyphTransform) -> list[tuple[str, int | None]]:
    glyphs = transform.glyphs
    if len(glyphs) == len(text):
        return list(zip(text, glyphs, strict=True))
    return [(text if place == 0 else "", glyph) for place, glyph in enumerate(glyphs)]


def _nth(steps: Sequence[float], place: int) -> float:
    return steps[min(place, len(steps) - 1)] if steps else 0.0


def letter_matrix(text: TextObject, letter: Letter) -> Matrix:
    """From em units (y downwards, origin on the baseline) to the object's coordinates."""
    return (
        Matrix.scaled(text.size * text.h_scale, text.size)
        .then(Matrix.turned(text.char_direction))
        .then(Matrix.moved(letter.x, letter.y))
    )

"""The content of one page as XML (GB/T 33190-2016 §7.7, §8.5, §9 to §11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from signing.ofd.write.geometry import Box, Matrix, inverse, moved
from signing.ofd.write.model import (
    Clip,
    Colour,
    Drawn,
    Glyph,
    ImageObject,
    Outline,
    Page,
    PathObject,
    Stroke,
    TextObject,
)
from signing.ofd.write.values import array, attributes, deltas, number
from signing.ofd.xml import NAMESPACE

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_FINE = 6  # digits of matrices


class PageWriter:
    """
    Args:
        fonts, images: their ids, by place.
        new_id: gives the next id of the document.
    """

    def __init__(self, fonts: Sequence[int], images: Sequence[int], new_id: Callable[[], int]) -> None:
        self._fonts = fonts
        self._images = images
        self._new_id = new_id

    def write(self, page: Page) -> bytes:
        layer = self._new_id()
        parts = [
            f'{_HEAD}<ofd:Page xmlns:ofd="{NAMESPACE}">',
            f"<ofd:Area><ofd:PhysicalBox>{array((0, 0, page.width, page.height))}</ofd:PhysicalBox></ofd:Area>",
            f'<ofd:Content><ofd:Layer ID="{layer}" Type="Body">',
        ]
        for drawn in page.objects:
            parts += self._object(drawn)
        parts.append("</ofd:Layer></ofd:Content></ofd:Page>")
        return "".join(parts).encode()

    def _object(self, drawn: Drawn) -> Iterator[str]:
        if isinstance(drawn, TextObject):
            return self._text(drawn)
        if isinstance(drawn, PathObject):
            return self._path(drawn)
        return self._image(drawn)

    def _head(self, boundary: Box) -> list[tuple[str, str | None]]:
        left, upper, right, lower = boundary
        return [
            ("ID", str(self._new_id())),
            ("Boundary", array((left, upper, right - left, lower - upper))),
        ]

    def _path(self, drawn: PathObject) -> Iterator[str]:
        rows = self._head(drawn.boundary)
        rows += [
            ("Stroke", None if drawn.stroke else "false"),  # true where it is left out (table 35)
            ("Fill", "true" if drawn.fill else None),
            ("Rule", "Even-Odd" if drawn.fill and drawn.even_odd else None),
            *_line(drawn.stroke),
        ]
        into = _from_page(drawn.boundary)
        yield f"<ofd:PathObject{attributes(rows)}>"
        yield from _clips(drawn.clips, into)
        yield from _colours(drawn.fill, drawn.stroke)
        yield f"<ofd:AbbreviatedData>{_data(drawn.outline, into)}</ofd:AbbreviatedData></ofd:PathObject>"

    def _image(self, drawn: ImageObject) -> Iterator[str]:
        left, upper = drawn.boundary[:2]
        a, b, c, d, e, f = drawn.matrix
        matrix = (a, b, c, d, e - left, f - upper)
        rows = self._head(drawn.boundary)
        rows += [
            ("CTM", array(matrix, _FINE)),
            ("Alpha", None if drawn.alpha == 255 else str(drawn.alpha)),
            ("ResourceID", str(self._images[drawn.image])),
        ]
        into = inverse(drawn.matrix)
        yield f"<ofd:ImageObject{attributes(rows)}>"
        if into is not None:
            yield from _clips(drawn.clips, into)
        yield "</ofd:ImageObject>"

    def _text(self, drawn: TextObject) -> Iterator[str]:
        plain = drawn.matrix == (1.0, 0.0, 0.0, 1.0)
        rows = self._head(drawn.boundary)
        rows += [
            ("CTM", None if plain else array((*drawn.matrix, 0, 0), _FINE)),
            ("Font", str(self._fonts[drawn.font])),
            ("Size", number(drawn.size)),
            ("Stroke", "true" if drawn.stroke else None),
            ("Fill", None if drawn.fill else "false"),  # true where it is left out (table 45)
            *_line(drawn.stroke),
        ]
        left, upper = drawn.boundary[:2]
        into = inverse((*drawn.matrix, left, upper))
        assert into is not None  # whoever makes text objects leaves out those without an extent
        yield f"<ofd:TextObject{attributes(rows)}>"
        yield from _clips(drawn.clips, into)
        yield from _colours(drawn.fill, drawn.stroke)
        yield from _codes(drawn.glyphs, into)
        yield "</ofd:TextObject>"


def _codes(glyphs: Sequence[Glyph], into: Matrix) -> Iterator[str]:
    """Which glyphs are drawn, and what they say (GB/T 33190 §11.4): one glyph for one sign or more."""
    text = "".join(one.text for one in glyphs)
    yield from _transforms(glyphs)
    places = [moved(into, one.at) for one in glyphs]
    steps = [(later[0] - one[0], later[1] - one[1]) for one, later in pairwise(places)]
    right: list[float] = []
    down: list[float] = []
    for glyph, step in zip(glyphs, [*steps, (0.0, 0.0)], strict=True):
        rest = [0.0] * (len(glyph.text) - 1)  # further signs of a glyph take no room
        right += [*rest, step[0]]
        down += [*rest, step[1]]
    rows = [
        ("X", number(places[0][0])),
        ("Y", number(places[0][1])),
        ("DeltaX", deltas(right[:-1]) or None),
        ("DeltaY", deltas(down[:-1]) if any(number(one) != "0" for one in down) else None),
    ]
    yield f"<ofd:TextCode{attributes(rows)}>{escape(text)}</ofd:TextCode>"


def _transforms(glyphs: Sequence[Glyph]) -> Iterator[str]:
    """Runs of one sign for one glyph in one CGTransform; a glyph of several signs has one of its own."""
    position, run, begun = 0, list[str](), 0
    for glyph in glyphs:
        if len(glyph.text) == 1:
            run.append(str(glyph.number))
        else:
            yield from _transform(begun, len(run), run)
            yield from _transform(position, len(glyph.text), [str(glyph.number)])
            run, begun = [], position + len(glyph.text)
        position += len(glyph.text)
    yield from _transform(begun, len(run), run)


def _transform(position: int, codes: int, glyphs: list[str]) -> Iterator[str]:
    if glyphs:
        rows = [("CodePosition", str(position)), ("CodeCount", str(codes)), ("GlyphCount", str(len(glyphs)))]
        yield f"<ofd:CGTransform{attributes(rows)}><ofd:Glyphs>{' '.join(glyphs)}</ofd:Glyphs></ofd:CGTransform>"


def _from_page(boundary: Box) -> Matrix:
    return (1.0, 0.0, 0.0, 1.0, -boundary[0], -boundary[1])


def _line(stroke: Stroke | None) -> Iterator[tuple[str, str | None]]:
    if stroke is None:
        return
    yield "LineWidth", number(stroke.width)
    yield "Cap", None if stroke.cap == "Butt" else stroke.cap
    yield "Join", None if stroke.join == "Miter" else stroke.join
    yield "MiterLimit", number(stroke.miter) if stroke.join == "Miter" else None
    if stroke.dashes:
        yield "DashPattern", array(stroke.dashes)
        yield "DashOffset", number(stroke.offset) if stroke.offset else None


def _colours(fill: Colour | None, stroke: Stroke | None) -> Iterator[str]:
    if fill:
        yield _colour("FillColor", fill)
    if stroke:
        yield _colour("StrokeColor", stroke.colour)


def _colour(name: str, colour: Colour) -> str:
    rows = [
        ("Value", f"{colour.red} {colour.green} {colour.blue}"),
        ("Alpha", None if colour.alpha == 255 else str(colour.alpha)),
    ]
    return f"<ofd:{name}{attributes(rows)}/>"


def _clips(clips: Sequence[Clip], into: Matrix) -> Iterator[str]:
    """In the object's own space, before its CTM (GB/T 33190 §8.4); a Path there has a Boundary of its own."""
    if not clips:
        return
    yield "<ofd:Clips>"
    for clip in clips:
        points = [moved(into, point) for _, several in clip.outline for point in several]
        if points:
            left, upper = min(x for x, _ in points), min(y for _, y in points)
            right, lower = max(x for x, _ in points), max(y for _, y in points)
            placed = (*into[:4], into[4] - left, into[5] - upper)
            box = array((left, upper, right - left, lower - upper), _FINE)
            rows = [
                ("Boundary", box),
                ("Stroke", "false"),
                ("Fill", "true"),
                ("Rule", "Even-Odd" if clip.even_odd else None),
            ]
            data = _data(clip.outline, placed, _FINE)
            yield f"<ofd:Clip><ofd:Area><ofd:Path{attributes(rows)}>"
            yield f"<ofd:AbbreviatedData>{data}</ofd:AbbreviatedData></ofd:Path></ofd:Area></ofd:Clip>"
    yield "</ofd:Clips>"


def _data(outline: Outline, into: Matrix, digits: int = 4) -> str:
    words = []
    for kind, points in outline:
        words.append(kind)
        for point in points:
            x, y = moved(into, point)
            words += [number(x, digits), number(y, digits)]
    return " ".join(words)

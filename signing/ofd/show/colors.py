"""Colours, shadings and patterns as a PDF says them (GB/T 33190-2016 §8.3; ISO 32000-2 §8.6, §8.7)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from signing.ofd.geometry import UNMOVED, Box, Matrix
from signing.ofd.model.graphics import Color, Graphic, Pattern, Segment, Shading
from signing.ofd.model.resources import ColorSpace, Resources
from signing.ofd.package import PackageRefused
from signing.ofd.show.canvas import Canvas
from signing.ofd.show.notes import Notes
from signing.ofd.show.pdf_file import digits, matrix_text, written

_PLAIN = ColorSpace()
_DEVICES = {
    "GRAY": ("DeviceGray", "g", "G", 1),
    "RGB": ("DeviceRGB", "rg", "RG", 3),
    "CMYK": ("DeviceCMYK", "k", "K", 4),
}
_MOST_RUNS = 200
DrawCell = Callable[[Canvas, Sequence[Graphic]], None]


@dataclass(frozen=True, slots=True)
class Inking:
    """Where a colour is used.

    Attributes:
        placed: from the object's coordinates to the stream's.
        draw: draws the cell of a pattern.
    """

    resources: Resources
    notes: Notes
    canvas: Canvas
    placed: Matrix
    draw: DrawCell

    def set(self, color: Color | None, *, stroke: bool) -> float | None:
        """Choose a colour for what follows.

        Args:
            color: None is black.

        Returns:
            How much it covers, 0 to 1; None for one that cannot be drawn.
        """
        if color is None:
            self.canvas.put("0 G" if stroke else "0 g")
            return 1.0
        match color.paint:
            case None:
                kind, values = self._plain(color)
                self.canvas.put(f"{written(values)} {_DEVICES[kind][2 if stroke else 1]}")
            case Shading():
                self._pattern(self._shading(color.paint), stroke=stroke)
            case Pattern():
                self._pattern(self._tiles(color.paint), stroke=stroke)
            case _:
                self.notes.add("paint", color.paint.name)
                return None
        return color.alpha / 255

    def _pattern(self, number: int, *, stroke: bool) -> None:
        name = self.canvas.names.name("Pattern", number)
        self.canvas.put(f"/Pattern {'CS' if stroke else 'cs'} /{name} {'SCN' if stroke else 'scn'}")

    def _plain(self, color: Color) -> tuple[str, tuple[float, ...]]:
        number = color.space if color.space is not None else self.resources.default_space
        space = _PLAIN if number is None else self.resources.spaces.get(number)
        if space is None:
            self.notes.add("resource", "ColorSpace")
            space = _PLAIN
        if space.profile is not None:
            self.notes.add("color-profile")
        value = color.value
        if color.index is not None and space.palette:
            if color.index >= len(space.palette):
                raise PackageRefused("reference", "beyond the palette")
            value = space.palette[color.index]
        count, most = _DEVICES[space.kind][3], float((1 << space.bits) - 1)
        if value is None:
            return space.kind, (0.0,) * count if space.kind != "CMYK" else (0.0, 0.0, 0.0, 1.0)
        if len(value) != count:
            raise PackageRefused("number", "channels of a colour")
        return space.kind, tuple(min(1.0, one / most) for one in value)

    # -- shadings ----------------------------------------------------------------------------------------------------

    def _shading(self, shading: Shading) -> int:
        if shading.eccentricity:
            self.notes.add("shading", "Eccentricity")
        if any(one.color.alpha < 255 or one.color.paint is not None for one in shading.segments):
            self.notes.add("shading", "Segment")
        kinds = [self._plain(one.color) for one in shading.segments]
        if len({kind for kind, _ in kinds}) > 1:
            raise PackageRefused("number", "a shading in two colour spaces")
        stops = _stops(shading.segments, [values for _, values in kinds])
        (x, y), (to_x, to_y) = shading.start, shading.end
        length = math.hypot(to_x - x, to_y - y) or (abs(shading.radii[1] - shading.radii[0]) if shading.radii else 0)
        stops = _repeated(stops, shading, length)
        extend = " ".join("true" if shading.extend & bit else "false" for bit in (1, 2))
        if shading.radii is None:
            kind, coordinates = 2, (x, y, to_x, to_y)
        else:
            kind, coordinates = 3, (x, y, shading.radii[0], to_x, to_y, shading.radii[1])  # type: ignore[assignment]
        pdf = self.canvas.names.pdf
        return pdf.add(
            f"<< /PatternType 2 /Matrix [{matrix_text(self.placed)}] /Shading << /ShadingType {kind}"
            f" /ColorSpace /{_DEVICES[kinds[0][0]][0]} /Coords [{written(coordinates)}] /Extend [{extend}]"
            f" /Function {_function(stops)} >> >>"
        )

    # -- patterns ----------------------------------------------------------------------------------------------------

    def _tiles(self, pattern: Pattern) -> int:
        if pattern.reflect != "Normal":
            self.notes.add("pattern", pattern.reflect)
        pdf, names = self.canvas.names.pdf, self.canvas.names
        inner = Canvas(names, UNMOVED, Box(0, 0, pattern.width, pattern.height))
        self.draw(inner, pattern.graphics)
        placed = pattern.matrix.then(self.canvas.base if pattern.relative_to_page else self.placed)
        return pdf.add_stream(
            f"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1"
            f" /BBox [0 0 {written((pattern.width, pattern.height))}] /XStep {digits(pattern.x_step)}"
            f" /YStep {digits(pattern.y_step)} /Matrix [{matrix_text(placed)}] /Resources {names.number} 0 R",
            inner.content,
        )


_Stop = tuple[float, tuple[float, ...]]


def _stops(segments: Sequence[Segment], values: Sequence[tuple[float, ...]]) -> list[_Stop]:
    """Colours from 0 to 1; positions that are not said lie evenly between those that are."""
    places: list[float | None] = [one.position for one in segments]
    places[0] = 0.0 if places[0] is None else places[0]
    places[-1] = 1.0 if places[-1] is None else places[-1]
    known = [at for at, place in enumerate(places) if place is not None]
    filled: list[float] = []
    for first, last in itertools.pairwise(known):
        low, high = places[first] or 0.0, places[last] or 0.0
        filled += [low + (high - low) * step / (last - first) for step in range(last - first)]
    filled.append(places[-1] or 0.0)
    out = list(zip(filled, values, strict=True))
    before = [(0.0, out[0][1])] if out[0][0] > 0 else []
    behind = [(1.0, out[-1][1])] if out[-1][0] < 1 else []
    return [*before, *out, *behind]


def _repeated(stops: list[_Stop], shading: Shading, length: float) -> list[_Stop]:
    """The run along the axis as often as its unit says."""
    if shading.map_type == "Direct" or shading.map_unit is None or not length:
        return stops
    part = shading.map_unit / length
    if 1 / part > _MOST_RUNS:
        raise PackageRefused("too-complex", "runs of a shading")
    out: list[_Stop] = []
    for run in range(math.ceil(1 / part - 1e-9)):
        mirrored = shading.map_type == "Reflect" and run % 2 == 1
        here = [(1 - place, value) for place, value in reversed(stops)] if mirrored else stops
        out += [((run + place) * part, value) for place, value in here]
    return _cut(out)


def _cut(stops: list[_Stop]) -> list[_Stop]:
    """What lies within the axis; the last colour is that at its end."""
    inside = [one for one in stops if one[0] <= 1]
    beyond = next((one for one in stops if one[0] > 1), None)
    if beyond is not None and inside[-1][0] < 1:
        at, value = inside[-1]
        share = (1 - at) / (beyond[0] - at)
        inside.append((1.0, tuple(a + (b - a) * share for a, b in zip(value, beyond[1], strict=True))))
    return inside


def _function(stops: list[_Stop]) -> str:
    pairs = [(one, other) for one, other in itertools.pairwise(stops) if other[0] > one[0]]
    pieces = [
        f"<< /FunctionType 2 /Domain [0 1] /N 1 /C0 [{written(one[1])}] /C1 [{written(other[1])}] >>"
        for one, other in pairs
    ]
    if len(pieces) == 1:
        return pieces[0]
    bounds, encode = written(other[0] for _, other in pairs[:-1]), " ".join(["0 1"] * len(pieces))
    return f"<< /FunctionType 3 /Domain [0 1] /Functions [{' '.join(pieces)}] /Bounds [{bounds}] /Encode [{encode}] >>"

"""How graphics look: their own words, those of their draw parameters, those of what holds them (GB/T 33190 §8.2)."""

from __future__ import annotations

from dataclasses import dataclass

from signing.ofd.model.graphics import Color, Stroke
from signing.ofd.model.resources import DrawParam, Resources
from signing.ofd.package import PackageRefused
from signing.ofd.show.notes import Notes
from signing.ofd.show.pdf_file import digits, written

_LONGEST_CHAIN = 32
_CAPS = {"Butt": 0, "Round": 1, "Square": 2}
_NOTHING = Stroke()
_JOINS = {"Miter": 0, "Round": 1, "Bevel": 2}


@dataclass(frozen=True, slots=True)
class Style:
    """None where nothing is said."""

    stroke: Stroke = _NOTHING
    fill_color: Color | None = None
    stroke_color: Color | None = None

    @property
    def width(self) -> float:
        return 0.353 if self.stroke.width is None else self.stroke.width

    @property
    def operators(self) -> str:
        """Width and form of lines, in the coordinates at hand."""
        stroke, dash = self.stroke, list(self.stroke.dash or ())
        miter = max(1.0, 4.234 if stroke.miter is None else stroke.miter)
        pattern = dash if sum(dash) > 0 else []
        return (
            f"{digits(self.width)} w {_CAPS[stroke.cap or 'Butt']} J {_JOINS[stroke.join or 'Miter']} j"
            f" {digits(miter)} M [{written(pattern)}] {digits(max(0.0, stroke.dash_offset or 0))} d"
        )

    def under(self, parent: Style) -> Style:
        """With what the parent says where this says nothing."""
        return Style(
            _merged(self.stroke, parent.stroke),
            self.fill_color or parent.fill_color,
            self.stroke_color or parent.stroke_color,
        )


def _merged(ours: Stroke, theirs: Stroke) -> Stroke:
    if ours == _NOTHING or theirs == _NOTHING:
        return theirs if ours == _NOTHING else ours
    return Stroke(
        width=theirs.width if ours.width is None else ours.width,
        cap=ours.cap or theirs.cap,
        join=ours.join or theirs.join,
        miter=theirs.miter if ours.miter is None else ours.miter,
        dash=theirs.dash if ours.dash is None else ours.dash,
        dash_offset=theirs.dash_offset if ours.dash_offset is None else ours.dash_offset,
    )


PLAIN = Style()


def inherited(number: int | None, resources: Resources, notes: Notes, parent: Style) -> Style:
    """What a draw parameter says, and those that it inherits from, above `parent`.

    Raises:
        PackageRefused: `cycle`: it inherits from itself.
    """
    chain: list[DrawParam] = []
    seen: set[int] = set()
    while number is not None:
        if number in seen or len(seen) > _LONGEST_CHAIN:
            raise PackageRefused("cycle", "a draw parameter within itself")
        seen.add(number)
        found = resources.params.get(number)
        if found is None:
            notes.add("resource", "DrawParam")
            break
        chain.append(found)
        number = found.relative
    style = parent
    for one in reversed(chain):
        style = Style(one.stroke, one.fill_color, one.stroke_color).under(style)
    return style

"""The graphics state of a content stream (ISO 32000-1 §8.4, §9.3), and what is seen through its clips."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from signing.ofd.from_pdf.colours import GREY, ColourSpace, Rgb
from signing.ofd.from_pdf.fonts import Font
from signing.ofd.write.geometry import IDENTITY, Box, Matrix, bounds, common
from signing.ofd.write.model import Clip, Outline

_MOST_CLIPS = 64
_NEAR = 1e-6


@dataclass(slots=True)
class State:
    """
    Attributes:
        matrix: from user space to the page in mm.
        seen: box of the page that is seen; None where nothing is.
        clips: outlines beside that box.
    """

    matrix: Matrix
    seen: Box | None
    clips: tuple[Clip, ...] = ()
    fill_space: ColourSpace = GREY
    stroke_space: ColourSpace = GREY
    fill: Rgb = (0, 0, 0)
    stroke: Rgb = (0, 0, 0)
    fill_alpha: float = 1.0
    stroke_alpha: float = 1.0
    line_width: float = 1.0
    cap: int = 0
    join: int = 0
    miter: float = 10.0
    dashes: tuple[float, ...] = ()
    dash_offset: float = 0.0
    font: Font | None = None
    size: float = 0.0
    letter_space: float = 0.0
    word_space: float = 0.0
    stretch: float = 1.0
    leading: float = 0.0
    rise: float = 0.0
    mode: int = 0
    text: Matrix = field(default=IDENTITY)
    line: Matrix = field(default=IDENTITY)

    def copy(self) -> State:
        return replace(self)

    def clip(self, outline: Outline, even_odd: bool) -> bool:
        """See less from now on. An upright rectangle becomes part of the box, which is every object's boundary.

        Returns:
            False if there are too many clips to carry.
        """
        points = [point for _, several in outline for point in several]
        if not points or self.seen is None:
            self.seen = None
            return True
        self.seen = common(self.seen, bounds(points))
        clip = Clip(outline, even_odd)
        if self.seen is not None and not is_rectangle(outline) and clip not in self.clips:
            self.clips = (*self.clips, clip)
        return len(self.clips) <= _MOST_CLIPS


def is_rectangle(outline: Outline) -> bool:
    """Whether it is one upright rectangle."""
    kinds = "".join(kind for kind, _ in outline)
    if kinds not in ("MLLLC", "MLLL", "MLLLLC", "MLLLL"):
        return False
    points = [several[0] for _, several in outline if several]
    if len(points) == 5:
        if max(abs(points[4][0] - points[0][0]), abs(points[4][1] - points[0][1])) > _NEAR:
            return False
        points.pop()
    left, upper, right, lower = bounds(points)
    met = {
        (abs(x - left) <= _NEAR, abs(x - right) <= _NEAR, abs(y - upper) <= _NEAR, abs(y - lower) <= _NEAR)
        for x, y in points
    }
    upright = all((at_left or at_right) and (above or below) for at_left, at_right, above, below in met)
    around = all(
        abs(one[0] - other[0]) <= _NEAR or abs(one[1] - other[1]) <= _NEAR
        for one, other in zip(points, [*points[1:], points[0]], strict=True)
    )
    return upright and around and len(met) == 4

"""One way to a seal's picture, whatever its shape."""

from __future__ import annotations

from signing.appearance.name_seal import draw_name
from signing.appearance.official_seal import SealDesign, SealDrawing, SealShape, draw
from signing.appearance.oval_seal import draw_oval
from signing.appearance.pdf_content import to_pdf_content
from signing.appearance.svg import to_svg
from signing.model import SealImage

DEFAULT_HEIGHT = {SealShape.ROUND: 42.0, SealShape.OVAL: 30.0, SealShape.NAME: 20.0}
"""In millimetres."""


def draw_seal(design: SealDesign) -> SealDrawing:
    """
    Raises:
        SealInvalid: the design cannot be drawn.
    """
    return {SealShape.ROUND: draw, SealShape.OVAL: draw_oval, SealShape.NAME: draw_name}[design.shape](design)


def image_of(drawing: SealDrawing, title: str) -> SealImage:
    """The drawing for pages and for files; `title` is its text alternative."""
    return SealImage(drawing.diameter_mm, to_svg(drawing, title), to_pdf_content(drawing), drawing.across_mm)

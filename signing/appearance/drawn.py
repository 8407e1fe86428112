"""One way to a seal's picture, whatever its shape."""

from __future__ import annotations

import hashlib

from core.text import Text
from signing.appearance.name_seal import draw_name
from signing.appearance.official_seal import SealDesign, SealDrawing, SealShape, draw
from signing.appearance.oval_seal import draw_oval
from signing.appearance.pdf_content import to_pdf_content
from signing.appearance.svg import to_svg
from signing.appearance.trace import InkMap, trace
from signing.errors import SealInvalid
from signing.model import SealImage

DEFAULT_HEIGHT = {SealShape.ROUND: 42.0, SealShape.OVAL: 30.0, SealShape.NAME: 20.0, SealShape.SCAN: 42.0}
"""In millimetres."""
_SCANNED = (15.0, 50.0)  # mm, least height and greatest side of a scanned seal


def draw_seal(design: SealDesign, scan: InkMap | None = None) -> SealDrawing:
    """
    Args:
        scan: the ink of a seal whose shape is SCAN; of no other.

    Raises:
        SealInvalid: the design cannot be drawn.
    """
    if (scan is not None) != (design.shape is SealShape.SCAN):
        text = Text(
            "扫描的印章要有扫描件，画出来的不能有。", "A scanned seal needs its scan, and a drawn one has none."
        )
        raise SealInvalid("seal-scan-missing", text, field="scan")
    if scan is not None:
        return _scanned(scan, design.diameter_mm)
    return {SealShape.ROUND: draw, SealShape.OVAL: draw_oval, SealShape.NAME: draw_name}[design.shape](design)


def _scanned(scan: InkMap, height: float) -> SealDrawing:
    least, most = _SCANNED
    if not least <= height <= most or height * scan.ratio > most:
        text = Text(
            "扫描的印章高应为 {a} 到 {b} 毫米，宽也不超过 {b} 毫米。",
            "A scanned seal is {a} to {b} mm high, and no wider than {b} mm.",
        )
        raise SealInvalid("seal-diameter", text.format(a=f"{least:g}", b=f"{most:g}"), field="diameter_mm")
    return trace(scan, height)


def image_of(drawing: SealDrawing, title: str) -> SealImage:
    """The drawing for pages and for files; `title` is its text alternative."""
    return SealImage(drawing.diameter_mm, to_svg(drawing, title), to_pdf_content(drawing), drawing.across_mm)


def digest_of(drawing: SealDrawing) -> str:
    """SHA-256 of what it looks like, hexadecimal: a reviewer approves this, and nothing else is made."""
    return hashlib.sha256(to_svg(drawing, "").encode()).hexdigest()

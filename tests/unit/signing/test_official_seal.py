"""The drawn seal: measures, deterministic, any length of name, outlines only."""

from __future__ import annotations

import math
import re
import zlib
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from signing.appearance.official_seal import SealDesign, SealDrawing, draw
from signing.appearance.pdf_content import to_pdf_content
from signing.appearance.svg import to_svg
from signing.errors import SealInvalid

DESIGN = SealDesign("示例市住房保障局", "4101990000017", "演示专用")
NAMES = ["局", "示例局", "示例市住房保障局", "示例省示例市示例区市场监督管理局行政审批服务中心", "示" * 60]


def radii(drawing: SealDrawing) -> list[float]:
    return [math.hypot(x, y) for outline in drawing.outlines for _, points in outline.commands for x, y in points]


@pytest.mark.parametrize("diameter", [40.0, 42.0, 45.0])
def test_measures(diameter: float) -> None:
    drawing = draw(replace(DESIGN, diameter_mm=diameter))
    assert 1.1 <= drawing.ring_width <= 1.2
    assert drawing.ring_radius + drawing.ring_width / 2 <= diameter / 2
    star = drawing.outlines[0]
    assert max(math.hypot(*point) for _, points in star.commands for point in points) == pytest.approx(
        7.0 * diameter / 42
    )
    top = next(points[0] for letter, points in star.commands if letter == "M")
    assert top == (0, pytest.approx(7.0 * diameter / 42))  # one tip points up


@pytest.mark.parametrize("name", NAMES, ids=lambda name: str(len(name)))
def test_everything_lies_within_the_ring_and_clear_of_the_star(name: str) -> None:
    drawing = draw(replace(DESIGN, name=name))
    inner_edge = drawing.ring_radius - drawing.ring_width / 2
    assert max(radii(drawing)) < inner_edge
    characters = drawing.outlines[1 : 1 + len(name)]
    for outline in characters:
        assert min(math.hypot(*point) for _, points in outline.commands for point in points) > 7.0


@pytest.mark.parametrize("name", NAMES[2:], ids=lambda name: str(len(name)))
def test_name_reads_clockwise_over_the_top(name: str) -> None:
    angles = []
    for outline in draw(replace(DESIGN, name=name)).outlines[1 : 1 + len(name)]:
        points = [point for _, points in outline.commands for point in points]
        x, y = sum(point[0] for point in points) / len(points), sum(point[1] for point in points) / len(points)
        angles.append(math.degrees(math.atan2(x, y)))
    assert angles == sorted(angles)
    assert angles[0] == pytest.approx(-angles[-1], abs=8)
    assert max(angles) < 130  # the code has its place below


def test_code_reads_left_to_right_below() -> None:
    drawing = draw(DESIGN)
    centres = []
    for outline in drawing.outlines[-13:]:
        points = [point for _, points in outline.commands for point in points]
        centres.append((sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)))
    assert [x for x, _ in centres] == sorted(x for x, _ in centres)
    assert all(y < -15 for _, y in centres)


def test_same_design_same_bytes() -> None:
    first = (to_svg(draw(DESIGN), "a"), to_pdf_content(draw(DESIGN)))
    draw.cache_clear()
    assert (to_svg(draw(DESIGN), "a"), to_pdf_content(draw(DESIGN))) == first


def test_svg_is_outlines_only_and_fits_a_strict_policy() -> None:
    svg = to_svg(draw(DESIGN), "示例市 <住房保障局> & 印章")
    tree = ElementTree.fromstring(svg)
    kinds = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert kinds == {"svg", "title", "circle", "path"}
    assert all("style" not in element.attrib for element in tree.iter())
    assert tree.attrib["viewBox"] == "0 0 42 42"
    title = next(element for element in tree.iter() if element.tag.endswith("title"))
    assert title.text == "示例市 <住房保障局> & 印章"
    assert len(svg) < 40_000


def test_pdf_content_is_paths_in_the_seal_red() -> None:
    content = zlib.decompress(to_pdf_content(draw(DESIGN))).decode()
    operators = set(re.findall(r"(?:^|\s)([A-Za-z]+)(?=\s|$)", content))
    assert operators <= {"gs", "RG", "rg", "j", "w", "m", "l", "c", "h", "S", "B", "f"}
    assert content.startswith("/Blend gs 0.7647 0.1529 0.1059 RG")


@pytest.mark.parametrize(
    ("design", "code"),
    [
        (replace(DESIGN, name=""), "seal-name-length"),
        (replace(DESIGN, name="示" * 61), "seal-name-length"),
        (replace(DESIGN, code="123"), "seal-code-form"),
        (replace(DESIGN, code="41019900000１7"), "seal-code-form"),
        (replace(DESIGN, line="示" * 13), "seal-line-length"),
        (replace(DESIGN, diameter_mm=10), "seal-diameter"),
        (replace(DESIGN, diameter_mm=math.nan), "seal-diameter"),
        (replace(DESIGN, name="示例\U00020bb7局"), "seal-character-missing"),
        (replace(DESIGN, name="示例\x00局"), "seal-character-missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_drawn_is_refused(design: SealDesign, code: str) -> None:
    with pytest.raises(SealInvalid) as refused:
        draw(design)
    assert refused.value.code == code
    assert refused.value.field in {"name", "code", "line", "diameter_mm"}

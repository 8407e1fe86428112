"""Oval and name seals: measures, reading order, everything within the frame, and what others draw of them."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest

from signing.appearance.drawn import DEFAULT_HEIGHT, draw_seal, image_of
from signing.appearance.official_seal import Outline, SealDesign, SealShape
from signing.errors import SealInvalid
from signing.places import EveryPagePlacement, PagingPlacement, Placement
from tests.support.placed_seals import place, red_on
from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_world import press

NAME = "示例市住房保障局"
OVAL = SealDesign(NAME, "4101990000017", "发票专用章", 30.0, SealShape.OVAL)
PRESS = press(PlainAuthority.make())


def named(text: str, height: float = 20.0) -> SealDesign:
    return SealDesign(NAME, "", text, height, SealShape.NAME)


def box(outline: Outline) -> tuple[float, float, float, float]:
    points = [point for _, points in outline.commands for point in points]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def middle(outline: Outline) -> tuple[float, float]:
    left, bottom, right, top = box(outline)
    return (left + right) / 2, (bottom + top) / 2


@pytest.mark.parametrize("text", ["林", "林知", "林知远", "林知远印", "买买提·阿不都拉"])
def test_characters_of_a_name_lie_within_the_frame(text: str) -> None:
    drawing = draw_seal(named(text))
    width, height = drawing.across_mm or 0.0, drawing.diameter_mm
    assert (height, width == height) == (20.0, len(text) <= 4)
    frame, *characters = drawing.outlines
    assert box(frame) == pytest.approx((-width / 2, -height / 2, width / 2, height / 2))
    assert len(characters) == len(text)
    for one in characters:
        left, bottom, right, top = box(one)
        assert max(-left, right) < width / 2 - 0.055 * height
        assert max(-bottom, top) < height / 2 - 0.055 * height


def test_a_name_is_read_in_columns_from_the_right() -> None:
    first, second = (middle(one) for one in draw_seal(named("林远")).outlines[1:])
    assert first[0] > 0 > second[0]
    first, second, third = (middle(one) for one in draw_seal(named("林知远")).outlines[1:])
    assert first[0] > 0 > second[0]
    assert second[1] > 0 > third[1]
    one, two, three, four = (middle(each) for each in draw_seal(named("林知远印")).outlines[1:])
    assert [place[0] > 0 for place in (one, two, three, four)] == [True, True, False, False]
    assert [place[1] > 0 for place in (one, two, three, four)] == [True, False, True, False]
    long = [middle(each)[0] for each in draw_seal(named("买买提·阿不都拉")).outlines[1:]]
    assert long == sorted(long)


@pytest.mark.parametrize("name", ["局", NAME, "示例省示例市示例区市场监督管理局行政审批服务中心", "示" * 40])
def test_oval_measures_and_its_name_over_the_top(name: str) -> None:
    drawing = draw_seal(SealDesign(name, OVAL.code, OVAL.line, 30.0, SealShape.OVAL))
    assert (drawing.across_mm, drawing.diameter_mm) == (40.0, 30.0)
    assert box(drawing.outlines[0]) == pytest.approx((-20, -15, 20, 15), abs=0.01)
    characters = drawing.outlines[1 : 1 + len(name)]
    places = [middle(one) for one in characters]
    assert places == sorted(places, key=lambda place: _turn(*place))
    for one in characters:  # clear of the ring
        for _, points in one.commands:
            assert all((x / 19) ** 2 + (y / 14) ** 2 < 1 for x, y in points)


def _turn(x: float, y: float) -> float:
    return math.atan2(x, y)


@pytest.mark.parametrize("design", [OVAL, named("林知远"), named("买买提·阿不都拉")], ids=["oval", "square", "wide"])
def test_pictures_are_outlines_of_their_true_size(design: SealDesign) -> None:
    image = image_of(draw_seal(design), "名 <章>")
    tree = ElementTree.fromstring(image.svg)
    assert {element.tag.rpartition("}")[2] for element in tree.iter()} == {"svg", "title", "path"}
    assert tree.attrib["viewBox"] == f"0 0 {image.width_mm:.2f}".rstrip("0").rstrip(".") + f" {image.height_mm:g}"
    assert image == image_of(draw_seal(design), "名 <章>")
    found = red_on(place(PRESS, pdf(), Placement(1, 100, 80), image=image), 1)
    assert found is not None
    assert (found.right - found.left, found.bottom - found.top) == pytest.approx(
        (image.width_mm, image.height_mm), abs=0.7
    )
    assert found.centre == pytest.approx((100, 80), abs=0.7)


def test_an_oval_seal_stands_on_every_page_and_over_the_edges() -> None:
    image = image_of(draw_seal(OVAL), "章")
    sealed = place(PRESS, pdf(2), EveryPagePlacement(60, 250), PagingPlacement(y_mm=60), image=image)
    for number in (1, 2):
        found = red_on(sealed, number)
        assert found is not None
        assert found.left == pytest.approx(40, abs=0.7)
        assert found.right == pytest.approx(595 / 72 * 25.4, abs=0.7)


@pytest.mark.parametrize(
    ("design", "code"),
    [
        (named(""), "seal-name-length"),
        (named("长" * 16), "seal-name-length"),
        (named(" 林"), "seal-name-length"),
        (named("林", 42.0), "seal-diameter"),
        (named("林", float("nan")), "seal-diameter"),
        (named("林\x00"), "seal-character-missing"),
        (SealDesign(NAME, "", "", 30.0, SealShape.OVAL), "seal-line-length"),
        (SealDesign("", "", "税", 30.0, SealShape.OVAL), "seal-name-length"),
        (SealDesign(NAME, "", "税", 42.0, SealShape.OVAL), "seal-diameter"),
    ],
)
def test_what_cannot_be_drawn_is_refused(design: SealDesign, code: str) -> None:
    if not design.line and design.shape is SealShape.NAME:
        design = SealDesign("", "", "", design.diameter_mm, SealShape.NAME)
    with pytest.raises(SealInvalid) as refused:
        draw_seal(design)
    assert refused.value.code == code


def test_every_shape_has_a_customary_size() -> None:
    assert set(DEFAULT_HEIGHT) == set(SealShape)

"""Scanned impressions: freed from paper, shadow, handwriting and specks; measured; outlines like any other seal's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from signing.appearance.drawn import digest_of, draw_seal, image_of
from signing.appearance.official_seal import SealDesign, SealShape
from signing.appearance.scan_reader import ReadScan
from signing.appearance.trace import InkMap, trace, unpacked
from signing.errors import SealInvalid
from tests.support.scanned_seals import DESIGN, NAME, NAME_SEAL, Paper, alike, picture, saved_as, scan

SCANNED = SealDesign(NAME, "", "", 42.0, SealShape.SCAN)


@pytest.mark.parametrize(
    "paper",
    [Paper(), Paper(shadow=120), Paper(ink=0.45), Paper(shadow=90, ink=0.6, written=True)],
    ids=["clean", "shadow", "thin ink", "shadow, ink and a pen"],
)
async def test_what_is_drawn_is_the_impression_and_nothing_else(paper: Paper) -> None:
    found = await ReadScan()(scan(paper, "JPEG", quality=85, dpi=(305, 305)))
    drawing = draw_seal(SCANNED, found.ink)
    assert alike(drawing, draw_seal(DESIGN)) > 0.8
    assert found.measured_mm == pytest.approx(42, abs=1.5)
    assert (drawing.diameter_mm, drawing.across_mm) == (42.0, pytest.approx(42.0, abs=0.2))
    image = image_of(drawing, NAME)
    assert len(image.content) < 120_000
    assert len(image.svg) < 400_000


async def test_a_name_seal_is_taken_as_it_lies_there() -> None:
    paper = Paper(NAME_SEAL, fine=20.0)
    found = await ReadScan()(scan(paper), is_round=False)
    drawing = draw_seal(replace(SCANNED, diameter_mm=20.0), found.ink)
    assert alike(drawing, draw_seal(NAME_SEAL)) > 0.8
    assert found.measured_mm is None, "the file does not say how fine it is"


async def test_the_same_ink_always_gives_the_same_picture() -> None:
    found = await ReadScan()(scan(Paper(turned=7)))
    kept = unpacked(found.ink.packed())
    assert kept == found.ink
    assert digest_of(draw_seal(SCANNED, kept)) == digest_of(draw_seal(SCANNED, found.ink))
    assert digest_of(draw_seal(SCANNED, kept)) != digest_of(draw_seal(DESIGN))


def test_edges_run_between_the_pixels_and_dust_is_left_out() -> None:
    size, ink = 40, bytearray(40 * 40)
    for y in range(10, 30):
        ink[y * size + 10 : y * size + 30] = b"\xff" * 20
    ink[2 * size + 2] = 255  # a speck of 0.25 mm
    ink[20 * size + 20] = 0  # and a hole of the same size
    drawing = trace(InkMap(size, size, bytes(ink)), 10.0)
    points = [point for _, points in drawing.outlines[0].commands for point in points]
    assert [letter for letter, _ in drawing.outlines[0].commands].count("Z") == 3, "both reach 0.02 mm²"
    square = [point for point in points if abs(point[0]) > 1 and abs(point[1]) > 1 and abs(point[0]) < 3]
    assert all(abs(value) == pytest.approx(2.5, abs=0.13) for point in square for value in point)
    finer = trace(InkMap(size, size, bytes(ink)), 5.0)  # the same at half the size: the specks are dust now
    assert [letter for letter, _ in finer.outlines[0].commands].count("Z") == 1


@pytest.mark.parametrize(
    ("paper", "is_round", "why"),
    [
        (Paper(fine=5.0), True, "small"),
        (Paper(ink=0.27), True, "faint"),
        (Paper(shifted=200), True, "cut"),
        (Paper(NAME_SEAL, fine=20.0), True, "broken"),
        (Paper(SealDesign(NAME, "", "发票专用章", 30.0, SealShape.OVAL)), True, "not-round"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_too_poor_is_refused_with_the_reason(paper: Paper, is_round: bool, why: str) -> None:
    with pytest.raises(SealInvalid) as refused:
        await ReadScan()(scan(paper), is_round=is_round)
    assert refused.value.code == f"seal-scan-{why}"


async def test_black_on_white_is_no_impression_in_red() -> None:
    with pytest.raises(SealInvalid) as refused:
        await ReadScan()(saved_as(picture().convert("L")))
    assert refused.value.code == "seal-scan-no-red"


def test_a_scan_goes_with_its_shape_and_has_a_seals_size() -> None:
    ink = InkMap(20, 10, bytes(200))
    for design, scanned in ((SCANNED, None), (DESIGN, ink), (replace(SCANNED, diameter_mm=26.0), ink)):
        with pytest.raises(SealInvalid):
            draw_seal(design, scanned)

"""Pages of PDFs become pictures in a process of their own; a hostile file harms nothing."""

from __future__ import annotations

import io
import struct
import zlib

import pikepdf
import pytest

from api.web import pdf_pages
from api.web.pdf_pages import draw
from api.web.pdf_raster import png


def pdf(*sizes: tuple[float, float]) -> bytes:
    document, out = pikepdf.new(), io.BytesIO()
    for size in sizes:
        document.add_blank_page(page_size=size)
    document.save(out)
    return out.getvalue()


def size_of(picture: bytes) -> tuple[int, int]:
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


async def test_the_first_pages_are_drawn_with_their_size_on_paper() -> None:
    drawn = await draw(pdf((595.28, 841.89), (841.89, 595.28), (595.28, 841.89)), pages=2)
    assert drawn.total == 3
    assert [size_of(one) for one in drawn.pages] == [(1000, 1415), (1000, 708)]
    assert drawn.sizes[0] == pytest.approx((210, 297), abs=0.1)
    assert drawn.sizes[1] == pytest.approx((297, 210), abs=0.1)


async def test_a_page_in_the_middle_can_be_asked_for() -> None:
    drawn = await draw(pdf((100, 100), (200, 100), (300, 100)), first=2, pages=1)
    assert [round(width) for width, _ in drawn.sizes] == [71]


@pytest.mark.parametrize("first", [0, 4, 1000])
async def test_a_page_that_is_not_there_gives_no_picture(first: int) -> None:
    assert (await draw(pdf((100, 100), (100, 100), (100, 100)), first=first, pages=1)).pages == ()


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.7", b"\x00" * 5000, b"%PDF-1.7\n" + b"9 0 obj <<" * 1000],
    ids=["empty", "head", "zeros", "junk"],
)
async def test_what_is_not_a_pdf_gives_no_picture_and_no_error(content: bytes) -> None:
    drawn = await draw(content)
    assert (drawn.pages, drawn.total) == ((), 0)


async def test_a_giant_page_is_drawn_small() -> None:
    drawn = await draw(pdf((14400, 14400)))
    assert [size_of(one) for one in drawn.pages] == [(1000, 1000)]


async def test_a_page_like_a_thread_stays_within_bounds() -> None:
    drawn = await draw(pdf((3, 14400)))
    assert all(height <= 2001 for _, height in map(size_of, drawn.pages))


async def test_a_program_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    from pathlib import Path

    stuck = Path(str(tmp_path)) / "stuck.py"
    stuck.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(pdf_pages, "_PROGRAM", stuck)
    monkeypatch.setattr(pdf_pages, "_TIMEOUT", 0.3)
    assert (await draw(pdf((100, 100)))).pages == ()


def test_the_picture_holds_the_pixels() -> None:
    rgb = bytes([255, 0, 0, 0, 255, 0, 0, 0])  # two pixels and two bytes of padding
    picture = png(2, 1, rgb, 8)
    begin = picture.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", picture[begin - 8 : begin - 4])
    assert zlib.decompress(picture[begin : begin + length]) == b"\x00" + rgb[:6]

"""Scans of impressions, made from our own drawn seals: on uneven paper, faint, cut, beside specks and handwriting."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from functools import cache

import pypdfium2
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from signing.appearance.drawn import draw_seal
from signing.appearance.official_seal import SealDesign, SealDrawing, SealShape
from signing.appearance.pdf_content import BLEND, to_pdf_content

_POINTS = 72 / 25.4
NAME = "示例市住房保障局"
DESIGN = SealDesign(NAME, "4101990000017", "演示专用")
NAME_SEAL = SealDesign(NAME, "", "林知远印", 20.0, SealShape.NAME)


def raster(drawing: SealDrawing, pixels_per_mm: float, margin_mm: float = 1.0) -> Image.Image:
    """A drawing as pixels on white, drawn by another program from its PDF operators."""
    high = drawing.diameter_mm + 2 * margin_mm
    wide = (drawing.across_mm or drawing.diameter_mm) + 2 * margin_mm
    operators = zlib.decompress(to_pdf_content(drawing)).decode().replace(f"/{BLEND} gs", "")
    across, down = wide * _POINTS, high * _POINTS
    body = f"{_POINTS} 0 0 {_POINTS} {across / 2} {down / 2} cm\n{operators}".encode()
    page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {across} {down}]/Contents 4 0 R/Resources<<>>>>".encode()
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        page,
        b"<</Length %d>>stream\n" % len(body) + body + b"\nendstream",
    ]
    file, offsets = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        offsets.append(len(file))
        file += b"%d 0 obj\n" % number + part + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(file)
    with pypdfium2.PdfDocument(file + b"xref\n0 5\n0000000000 65535 f \n" + table + trailer) as document:
        return document[0].render(scale=pixels_per_mm / _POINTS).to_pil().convert("RGB")


@dataclass(frozen=True)
class Paper:
    """How an impression lies on its paper, and how it was scanned; 42 mm at 12 pixels to the millimetre unless told."""

    design: SealDesign = DESIGN
    fine: float = 12.0
    shadow: int = 0  # how much darker the left edge is
    ink: float = 1.0
    turned: float = 0.0
    written: bool = False  # a black line through it, a red speck beside it
    shifted: int = 0  # to the left, over the edge


@cache
def scan(paper: Paper = Paper(), kind: str = "PNG", **saved: object) -> bytes:
    """The file that a scanner makes of it."""
    return saved_as(picture(paper), kind, **saved)


@cache
def picture(paper: Paper = Paper()) -> Image.Image:
    seal = raster(draw_seal(paper.design), paper.fine, 4.0)
    seal = seal.rotate(paper.turned, Image.Resampling.BICUBIC, fillcolor="white")
    seal = Image.blend(Image.new("RGB", seal.size, "white"), seal, paper.ink)
    sheet = Image.new("RGB", (seal.width * 3 // 2, seal.height * 5 // 4), "white")
    sheet.paste(seal, (seal.width // 4 - paper.shifted, seal.height // 8))
    if paper.written:
        pen = ImageDraw.Draw(sheet)
        pen.line((0, sheet.height * 0.45, sheet.width, sheet.height * 0.5), fill=(30, 30, 30), width=4)
        pen.ellipse((8, 8, 22, 22), fill=(190, 40, 30))
    if paper.shadow:
        slope = Image.linear_gradient("L").rotate(90).resize(sheet.size)
        light = slope.point(lambda value: 255 - paper.shadow + value * paper.shadow // 255)
        sheet = ImageChops.multiply(sheet, Image.merge("RGB", (light, light, light)))
    return sheet.filter(ImageFilter.GaussianBlur(0.7))


def saved_as(image: Image.Image, kind: str = "PNG", **saved: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **saved)
    return out.getvalue()


def alike(one: SealDrawing, other: SealDrawing) -> float:
    """How much of the red of both is red in both: 1 for the same picture."""
    first, second = (raster(each, 12.0).getchannel("G").point(lambda v: 255 if v < 128 else 0) for each in (one, other))
    second = second.resize(first.size)
    both = ImageChops.darker(first, second).histogram()[255]
    either = ImageChops.lighter(first, second).histogram()[255]
    return both / either

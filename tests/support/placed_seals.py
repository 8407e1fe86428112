"""Seals put on pages in every way, and where their red is seen when another program draws them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
from PIL import Image, ImageChops

from core.principal import SYSTEM
from signing.model import SealPdfCommand
from signing.pades.append import SignatureText
from signing.placing.prepare import prepare
from tests.support.in_this_process import InThisProcess
from tests.support.signing_fakes import pdf
from tests.support.signing_world import OFFICE, SIGNED_AT, SealPress, seal_image

_SCALE = 3
_PIXELS_PER_MM = _SCALE * 72 / 25.4


def place(
    press: SealPress, content: bytes, *places: Any, field_name: str = "Signature1", image: Any = None, **more: Any
) -> bytes:
    """`content` sealed at `places`."""
    command = SealPdfCommand(content, "seal", SYSTEM, "document", tuple(places), **more)
    words = SignatureText(
        field_name, OFFICE, SIGNED_AT, *(more.get(key) or "" for key in ("reason", "location", "contact"))
    )
    image, limit = image or seal_image(), 100_000_000
    prepared = prepare(InThisProcess(), command, words, octets=press.writer.size, image=image, limit=limit)
    return prepared.fill(press.writer.sign(prepared.digest(press.writer.digest)))


@dataclass(frozen=True)
class Red:
    """What is red on a page as shown, in mm from its left and its top edge."""

    left: float
    top: float
    right: float
    bottom: float
    pixels: int

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


def red_on(content: bytes, number: int) -> Red | None:
    """As pdfium draws page `number`."""
    document = pypdfium2.PdfDocument(content)
    document.init_forms()
    return _red(document[number - 1].render(scale=_SCALE).to_pil(), _PIXELS_PER_MM)


def red_by_poppler(content: bytes, number: int, folder: Path) -> Red | None:
    """As poppler draws it."""
    (folder / "in.pdf").write_bytes(content)
    command = ["pdftoppm", "-r", "144", "-cropbox", "-png", "-singlefile"]
    only = ["-f", str(number), "-l", str(number), str(folder / "in.pdf"), str(folder / "out")]
    subprocess.run([*command, *only], check=True, timeout=60)
    with Image.open(folder / "out.png") as picture:
        return _red(picture, 144 / 25.4)


def _red(picture: Image.Image, per_mm: float) -> Red | None:
    red, green, _ = picture.convert("RGB").split()
    seen = ImageChops.subtract(red, green).point(lambda value: 255 if value > 80 else 0)
    box = seen.getbbox()
    if box is None:
        return None
    left, top, right, bottom = (value / per_mm for value in box)
    return Red(left, top, right, bottom, seen.histogram()[255])


def shaped(
    pages: int, *, rotations: tuple[int, ...] = (), crops: dict[int, list[float]] | None = None, sizes: Any = ()
) -> bytes:
    """Pages that are turned, cropped and of different sizes."""
    document = pikepdf.open(BytesIO(pdf(pages)))
    for number, rotation in enumerate(rotations):
        document.pages[number].Rotate = rotation
    for number, box in (crops or {}).items():
        document.pages[number].CropBox = box
    for number, (width, height) in enumerate(sizes):
        document.pages[number].MediaBox = [0, 0, width, height]
    out = BytesIO()
    document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable, static_id=True)
    return out.getvalue()


def with_field(name: str, rectangle: list[float], *, rotation: int = 0, kids: bool = False, **entries: Any) -> bytes:
    """One page with an empty signature field and a text field called `amount`."""
    document = pikepdf.open(BytesIO(pdf()))
    page = document.pages[0].obj
    page.Rotate = rotation
    widget = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, Rect=rectangle, P=page, F=4)
    field = pikepdf.Dictionary(FT=pikepdf.Name.Sig, T=pikepdf.String(name), **entries)
    if kids:
        parent = document.make_indirect(field)
        shown = document.make_indirect(pikepdf.Dictionary({**widget, "/Parent": parent}))
        parent.Kids = pikepdf.Array([shown])
    else:
        parent = shown = document.make_indirect(pikepdf.Dictionary({**widget, **field}))
    amount = document.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Tx,
            T=pikepdf.String("amount"),
            V=pikepdf.String("56.40"),
            Rect=[100, 600, 300, 630],
            P=page,
        )
    )
    page.Annots = pikepdf.Array([shown, amount])
    document.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([parent, amount]))
    out = BytesIO()
    document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable, static_id=True)
    return out.getvalue()

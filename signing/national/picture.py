"""A seal's picture as PNG, which readers of national seals show; drawn from its outlines."""

from __future__ import annotations

import subprocess
import sys
import zlib
from pathlib import Path

from core.errors import Unavailable
from core.text import Text
from signing.appearance.pdf_content import BLEND
from signing.eseal.model import Picture
from signing.model import SealImage

DOTS_PER_INCH = 600
"""Of a picture that is printed: at less the text on the arc has steps that are seen."""

_PROGRAM = Path(__file__).with_name("picture_program.py")
_TIMEOUT = 20.0
_POINTS_PER_MM = 72 / 25.4
_MAGIC = b"\x89PNG\r\n\x1a\n"


def raster(image: SealImage) -> Picture:
    """
    On the calling thread, which waits.

    Raises:
        core.errors.Unavailable: `seal-picture-failed`.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own program, no shell, nothing from a caller on its command line
            [sys.executable, "-I", str(_PROGRAM), str(DOTS_PER_INCH)],
            input=one_page(image),
            capture_output=True,
            timeout=_TIMEOUT,
            check=True,
            env={"LANG": "C.UTF-8"},
        )
    except (subprocess.SubprocessError, OSError) as e:
        raise _not_drawn(type(e).__name__) from None
    if not done.stdout.startswith(_MAGIC):
        raise _not_drawn("no PNG")
    return Picture("PNG", done.stdout, max(1, round(image.width_mm)), max(1, round(image.height_mm)))


def one_page(image: SealImage) -> bytes:
    """A PDF of one page that is as large as the seal, written by hand: four objects and no library."""
    scale = _POINTS_PER_MM
    width, height = image.width_mm * scale, image.height_mm * scale
    middle = f"{scale:.6f} 0 0 {scale:.6f} {width / 2:.4f} {height / 2:.4f} cm\n".encode()
    drawn = middle + zlib.decompress(image.content)
    page = (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width:.4f} {height:.4f}] /Contents 4 0 R"
        f" /Resources << /ExtGState << /{BLEND} << /Type /ExtGState /BM /Normal >> >> >> >>"
    )
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page.encode(),
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(drawn), drawn),
    )
    out, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + head + table + end


def _not_drawn(private: str) -> Unavailable:
    text = Text("印章的图像没能画出来，请稍后再试。", "The seal's picture could not be drawn; try again in a moment.")
    return Unavailable("seal-picture-failed", text, private=private)

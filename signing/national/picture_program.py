"""Draws the one page of a PDF as a PNG that lets the paper through; run as a program of its own.

The library that draws is not made for threads, so the service itself never loads it. Input: the PDF. Output: the PNG.
Arguments: dots to the inch.
"""

from __future__ import annotations

import io
import resource
import sys

_MEMORY = 1 << 30
_SECONDS = 10


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(_png(sys.stdin.buffer.read(), int(sys.argv[1])))


def _png(pdf: bytes, dots: int) -> bytes:
    import pypdfium2  # only in the child

    page = pypdfium2.PdfDocument(pdf)[0]
    bitmap = page.render(
        scale=dots / 72, fill_color=(0, 0, 0, 0), force_bitmap_format=pypdfium2.raw.FPDFBitmap_BGRA, rev_byteorder=True
    )
    out = io.BytesIO()
    bitmap.to_pil().save(out, "PNG", optimize=True, dpi=(dots, dots))
    return out.getvalue()


if __name__ == "__main__":
    main()

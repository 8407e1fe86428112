"""Reads QR codes in a picture or on the pages of a PDF; a program of its own, so that a hostile file harms only itself.

Reads the file from standard input; writes the text of each code with its length (4 bytes, big endian) first. Run by
`certstore.uploads.qr_reader`; imports nothing of ours on purpose. What it may use up is limited before a byte of the
file is looked at: a picture's size is judged by its header, before it is unpacked.
"""

from __future__ import annotations

import io
import resource
import struct
import sys
from collections.abc import Iterator

_MEMORY = 1024 * 1024 * 1024
_SECONDS = 10
_PICTURES = ("PNG", "JPEG", "WEBP", "BMP")  # what phones and scanners make; no format that runs programs
_MOST_PIXELS = 50_000_000
_EDGE = 2400  # longest edge that is searched: enough for a code that a person can see
_PAGES = 5
_CODES = 8
_LONGEST = 8192


def main() -> None:
    content = sys.stdin.buffer.read()
    seen: set[str] = set()
    for text in _codes(content):
        if text and text not in seen and len(text) <= _LONGEST:
            seen.add(text)
            said = text.encode("utf-8", "replace")
            sys.stdout.buffer.write(struct.pack(">I", len(said)) + said)
        if len(seen) >= _CODES:
            return


def _codes(content: bytes) -> Iterator[str]:
    import zxingcpp

    formats, mode = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode), zxingcpp.TextMode.Plain
    for picture in _pages(content) if content.lstrip()[:5] == b"%PDF-" else _picture(content):
        found = zxingcpp.read_barcodes(picture, formats=formats, text_mode=mode)
        yield from (one.text for one in found if one.valid)


def _picture(content: bytes) -> Iterator[object]:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
    with Image.open(io.BytesIO(content), formats=_PICTURES) as picture:
        if picture.width * picture.height > _MOST_PIXELS:
            raise ValueError("too large")
        picture.draft("L", (_EDGE, _EDGE))  # a JPEG is unpacked no finer than it is searched
        grey = picture.convert("L")
    grey.thumbnail((_EDGE, _EDGE))
    yield grey
    if max(grey.size) > _EDGE // 2:  # a blurred photo is sharper when it is small
        yield grey.resize((grey.width // 2, grey.height // 2))


def _pages(content: bytes) -> Iterator[object]:
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    document.init_forms()
    for index in range(min(_PAGES, len(document))):
        sheet = document[index]
        across, down = sheet.get_size()
        scale = min(_EDGE / max(across, 1), _EDGE / max(down, 1), 4)
        yield sheet.render(scale=scale, grayscale=True).to_pil()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    main()

"""Draws the first pages of a PDF as PNG; a program of its own, so that a hostile file harms nothing but itself.

Reads the file from standard input, or from the open handle that the last argument names. Writes records, each with its
length (4 bytes, big endian) first: one of text, the number of pages and then `WIDTHxHEIGHT` in millimetres of each page
drawn, then the pictures. Run by `api.web.pdf_pages`; imports nothing of ours on purpose.
"""

from __future__ import annotations

import io
import resource
import struct
import sys
import zlib

_MEMORY = 1024 * 1024 * 1024
_SECONDS = 10
_MM = 25.4 / 72


def png(width: int, height: int, rgb: bytes, stride: int) -> bytes:
    """A PNG (ISO/IEC 15948) of 8-bit RGB rows."""
    rows = b"".join(b"\x00" + rgb[y * stride : y * stride + width * 3] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    body = b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


def main(first: int, count: int, width: int, *handle: int) -> None:
    import pypdfium2

    document = pypdfium2.PdfDocument(io.FileIO(f"/dev/fd/{handle[0]}") if handle else sys.stdin.buffer.read())
    document.init_forms()  # a visible signature is a form field: without this its seal is not drawn
    sheets = [document[index] for index in range(first - 1, min(first - 1 + count, len(document)))]
    sizes = [sheet.get_size() for sheet in sheets]  # points, as turned for reading
    _record(" ".join([str(len(document)), *(f"{w * _MM:.2f}x{h * _MM:.2f}" for w, h in sizes)]).encode())
    for sheet, (across, down) in zip(sheets, sizes, strict=True):
        scale = min(width / max(across, 1), 2 * width / max(down, 1))
        bitmap = sheet.render(scale=scale, rev_byteorder=True)
        if bitmap.n_channels != 3:
            raise ValueError("unexpected pixel format")
        _record(png(bitmap.width, bitmap.height, bytes(bitmap.buffer), bitmap.stride))


def _record(content: bytes) -> None:
    sys.stdout.buffer.write(struct.pack(">I", len(content)) + content)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(*(int(argument) for argument in sys.argv[1:5]))

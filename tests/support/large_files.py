"""Large files for tests and measurements: a scanned volume, most of it pictures that nothing can compress."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from core.files.scratch import Scratch, ScratchFile

_PICTURE = 4_000_000


def laid_out(content: bytes, folder: Path | None = None) -> ScratchFile:
    """The same octets on disk."""
    made = Scratch(folder).create()
    made.write(content)
    return made.done()


def scanned_volume(octets: int) -> Iterator[bytes]:
    """A PDF of about this size, object by object, one page with a picture for every 4 MB; always the same."""
    noise = random.Random(7).randbytes(_PICTURE)
    pages = max(1, octets // _PICTURE)
    offsets: list[int] = []
    at = 0

    def piece(data: bytes) -> bytes:
        nonlocal at
        at += len(data)
        return data

    def begin(number: int) -> None:
        assert number == len(offsets) + 1
        offsets.append(at)

    yield piece(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    begin(1)
    yield piece(b"1 0 obj\n<</Type /Catalog /Pages 2 0 R>>\nendobj\n")
    kids = b" ".join(b"%d 0 R" % (3 + 3 * number) for number in range(pages))
    begin(2)
    yield piece(b"2 0 obj\n<</Type /Pages /Count %d /Kids [%b]>>\nendobj\n" % (pages, kids))
    for number in range(pages):
        page, content, picture = (3 + 3 * number + more for more in range(3))
        begin(page)
        yield piece(
            b"%d 0 obj\n<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources <</XObject <</P %d 0 R>>>>>>\nendobj\n" % (page, content, picture)
        )
        drawing = b"q 500 0 0 700 50 70 cm /P Do Q"
        begin(content)
        yield piece(b"%d 0 obj\n<</Length %d>>\nstream\n%b\nendstream\nendobj\n" % (content, len(drawing), drawing))
        begin(picture)
        yield piece(
            b"%d 0 obj\n<</Type /XObject /Subtype /Image /Width 2000 /Height 2000 /BitsPerComponent 8 "
            b"/ColorSpace /DeviceGray /Length %d>>\nstream\n" % (picture, _PICTURE)
        )
        yield piece(noise)
        yield piece(b"\nendstream\nendobj\n")
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(offsets) + 1
    yield b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        table,
        size,
        at,
    )


def volume(octets: int, folder: Path) -> ScratchFile:
    """The same on disk."""
    made = Scratch(folder).create()
    for part in scanned_volume(octets):
        made.write(part)
    return made.done()

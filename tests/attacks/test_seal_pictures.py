"""S-59: pictures of seals that bring something else with them: script, floods of pixels, hidden data."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping

import pytest
from PIL import Image

from core.errors import LimitExceeded
from signing.appearance.drawn import draw_seal, image_of
from signing.appearance.official_seal import SealDesign, SealShape
from signing.appearance.scan_reader import MOST_BYTES, ReadScan
from signing.errors import SealInvalid
from tests.support.scanned_seals import NAME, Paper, picture, saved_as, scan

SCRIPT = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="42" height="42"><script>alert(1)</script>'
    b'<circle cx="21" cy="21" r="20" fill="red"/></svg>'
)
SCANNED = SealDesign(NAME, "", "", 42.0, SealShape.SCAN)


def png(width: int, height: int, *, data: bytes = b"") -> bytes:
    """A file that says it is so large; `data` are its packed pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def moving() -> bytes:
    out = io.BytesIO()
    frames = [picture(), Image.new("RGB", picture().size, "white")]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    return out.getvalue()


def hostile() -> Mapping[str, bytes]:
    whole = scan()
    return {
        "svg with script": SCRIPT,
        "svg called png": b"\x89PNG\r\n\x1a\n" + SCRIPT,
        "html": b"<html><img src=x onerror=alert(1)></html>",
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) print\n",
        "gif": saved_as(picture(), "GIF"),
        "tiff": saved_as(picture(), "TIFF"),
        "bmp": saved_as(picture(), "BMP"),
        "flood by its head": png(60_000, 60_000),
        "flood that unpacks": png(30_000, 30_000, data=zlib.compress(bytes(50_000_000), 9)),
        "one row too long": png(2**31 - 1, 1),
        "moving": moving(),
        "cut off": whole[: len(whole) // 2],
        "empty": b"",
        "noise": bytes(range(256)) * 40,
    }


@pytest.mark.parametrize("name", hostile())
async def test_s59_what_is_no_plain_picture_is_refused(name: str) -> None:
    with pytest.raises(SealInvalid) as refused:
        await ReadScan()(hostile()[name])
    assert refused.value.code == "seal-scan-unreadable"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_s59_plain_pictures_are_read(kind: str) -> None:
    found = await ReadScan()(scan(Paper(), kind))
    assert found.ink.width == found.ink.height


async def test_s59_nothing_hidden_in_the_file_gets_into_the_seal() -> None:
    exif = Image.Exif()
    exif[0x010E] = "PLACE-OF-THE-PHOTO"
    exif[0x0112] = 6  # turned by a quarter
    hidden = scan(Paper(), "JPEG", exif=exif.tobytes()) + b"<?php HIDDEN ?>"
    assert b"PLACE-OF-THE-PHOTO" in hidden
    found = await ReadScan()(hidden)
    image = image_of(draw_seal(SCANNED, found.ink), "章")
    kept = found.before + found.ink.packed() + image.svg.encode() + image.content
    assert b"PLACE-OF" not in kept
    assert b"HIDDEN" not in kept
    assert b"script" not in image.svg.encode()
    assert not Image.open(io.BytesIO(found.before)).getexif()
    plain = await ReadScan()(scan(Paper(), "JPEG"))
    assert plain.ink != found.ink, "what the camera says about its attitude counts"


async def test_s59_too_large_a_file_is_not_looked_at() -> None:
    with pytest.raises(LimitExceeded):
        await ReadScan()(scan() + bytes(MOST_BYTES))


async def test_s59_after_a_hostile_picture_the_next_one_is_read() -> None:
    read = ReadScan()
    for content in (hostile()["flood that unpacks"], SCRIPT):
        with pytest.raises(SealInvalid):
            await read(content)
        assert (await read(scan())).ink.width

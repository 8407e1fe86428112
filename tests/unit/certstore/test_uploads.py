"""Photos, scans and QR codes: each code is traced to the live state, and no picture proves itself."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from functools import cache

import pikepdf
import pytest
import segno
from PIL import Image

from certstore.end import EndCommand
from certstore.lifecycle import Event
from certstore.presentation.codes import qr_text
from certstore.presentation.offline import OfflineState
from certstore.presentation.read_code import ReadCommand
from certstore.status import Status
from certstore.uploads.model import CodeKind
from certstore.uploads.qr_reader import ProcessQrReader
from certstore.verify_file import Answer
from core.principal import ANONYMOUS
from tests.support.certstore_world import CLERK, LAND_SYSTEM, LIN, LIN_NAME, POLICE_SYSTEM, World
from tests.support.page_files import blank_pdf

ISSUER = "https://yizheng.example.gov.cn"


def photo(*texts: str, kind: str = "JPEG", angle: int = 12) -> bytes:
    """QR codes on a crooked grey sheet, as a phone would see them."""
    sheet, at, out = Image.new("RGB", (1600, 2000), (226, 224, 216)), 120, io.BytesIO()
    for text in texts:
        drawn = io.BytesIO()
        segno.make(text, error="m").save(drawn, kind="png", scale=5, border=4)
        code = Image.open(drawn).convert("RGB").rotate(angle, expand=True, fillcolor=(226, 224, 216))
        sheet.paste(code, (200, at))
        at += code.height + 60
    sheet.save(out, kind, **({"quality": 70} if kind != "PNG" else {}))
    return out.getvalue()


async def test_a_photo_of_a_face_leads_to_the_live_state(city: World) -> None:
    made = await city.issue_property()
    picture = photo(f"{ISSUER}/verify?code={made.verification_code}")
    verdict = await city.presentation.verify_upload(picture, ANONYMOUS)
    (code,) = verdict.codes
    assert (verdict.is_picture, code.kind) == (True, CodeKind.LICENCE)
    assert verdict.file.genuine.answer is Answer.NO  # a picture has no seal, whatever it shows
    assert code.licence is not None
    assert code.licence.facts is not None
    assert (code.licence.facts.licence_id, code.licence.facts.status) == (made.id, Status.VALID)
    assert LIN_NAME not in repr(verdict)
    await city.services.end(EndCommand(made.id, Event.REVOKE, "理由"), LAND_SYSTEM)
    (code,) = (await city.presentation.verify_upload(picture, ANONYMOUS)).codes
    assert code.licence is not None
    assert code.licence.facts is not None
    assert code.licence.facts.status is Status.REVOKED


async def test_the_qr_code_on_a_real_face_is_read_from_its_print(city: World) -> None:
    made = await city.issue_permit()
    sealed = (await city.services.read.original(made.id, POLICE_SYSTEM)).content
    printed = await printed_and_scanned(sealed)
    verdict = await city.presentation.verify_upload(printed, ANONYMOUS)
    (code,) = verdict.codes
    assert code.licence is not None
    assert code.licence.facts is not None
    assert code.licence.facts.licence_id == made.id
    assert verdict.file.genuine.answer is Answer.NO
    as_sealed = await city.presentation.verify_upload(sealed, ANONYMOUS)  # the twin: the file itself needs no code
    assert (as_sealed.file.state, as_sealed.codes) == ("valid", ())


async def printed_and_scanned(pdf: bytes) -> bytes:
    """The pages as pictures in a new PDF, as an office's scanner makes it."""
    import pypdfium2

    out = io.BytesIO()
    page = pypdfium2.PdfDocument(pdf)[0].render(scale=2.2).to_pil().convert("RGB")
    page.rotate(1.5, fillcolor=(255, 255, 255)).save(out, "PDF", quality=75)
    return out.getvalue()


async def test_what_is_shown_offline_and_what_is_shown_once(city: World) -> None:
    permit = await city.issue_permit()
    token = (await city.presentation.signed_face(permit.id, LIN)).token
    shown = (await city.presentation.show(permit.id, LIN)).code or ""
    picture = photo(token, qr_text(shown), "https://evil.example/verify?code=x", kind="PNG", angle=0)
    codes = (await city.presentation.verify_upload(picture, ANONYMOUS)).codes
    by_kind = {one.kind: one for one in codes}
    assert set(by_kind) == {CodeKind.SIGNED_FACE, CodeKind.ONE_TIME, CodeKind.FOREIGN}
    face = by_kind[CodeKind.SIGNED_FACE].face
    assert face is not None
    assert face.state is OfflineState.GOOD
    assert "evil" not in repr(codes)
    got = await city.presentation.read(ReadCommand(shown), CLERK)  # a picture of it did not use it up
    assert got.face is not None


@pytest.mark.parametrize(
    "text",
    [
        "https://yizheng.example.gov.cn.evil.example/v/abc",
        "https://evil.example/?next=https://yizheng.example.gov.cn/v/abc",
        "javascript:alert(1)",
        "x" * 8000,
        "",
    ],
)
async def test_only_addresses_of_ours_are_ours(city: World, text: str) -> None:
    assert (await city.presentation.verify_upload.text(text, ANONYMOUS)).kind is CodeKind.FOREIGN


def bomb() -> bytes:
    """A PNG of a hundred kilobytes with 900 million pixels (ISO/IEC 15948)."""
    edge, packer = 30_000, zlib.compressobj(1)
    rows = bytes(1 + edge // 8)
    data = b"".join([*(packer.compress(rows * 100) for _ in range(edge // 100)), packer.flush()])
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", edge, edge, 1, 0, 0, 0, 0)), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks
    )


@cache
def hostile() -> Sequence[tuple[str, bytes]]:
    good = photo("hello", kind="PNG")
    endless = io.BytesIO()
    document = pikepdf.new()
    for _ in range(200):
        document.add_blank_page(page_size=(14_000, 14_000))
    document.save(endless)
    return (
        ("empty", b""),
        ("words", b"hello"),
        ("bomb", bomb()),
        ("cut off", good[: len(good) // 2]),
        ("only a header", b"\x89PNG\r\n\x1a\n" + bytes(64)),
        ("a program of PostScript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(/etc/passwd) (r) file\n"),
        ("huge pages", endless.getvalue()),
        ("no code", blank_pdf(1)),
        ("a torn PDF", b"%PDF-1.7\n" + b"\xff" * 4000),
    )


async def test_hostile_files_are_read_as_nothing() -> None:
    reader = ProcessQrReader()
    assert {name: list(await reader.read(content)) for name, content in hostile()} == {
        name: [] for name, _ in hostile()
    }
    assert list(await reader.read(photo("good"))) == ["good"]  # and the next one is read as ever

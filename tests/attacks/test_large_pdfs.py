"""PDFs that are read from disk by ranges: nothing hides between two pieces, nothing large gets into memory (S-17…S-19,
S-57), and they are sealed, kept, fetched and judged like small ones."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pikepdf
import pytest
from fastapi import FastAPI

from api.large_files import LargeFiles
from api.limits import limited_verification
from api.main import _map_errors
from api.routes.signing import signatures, uses, verifications
from core.blobs.filesystem import FilesystemBlobStore
from core.db.database import Database
from core.files.scratch import SLICE, Scratch, ScratchFile
from core.kv.embedded import EmbeddedKeyValueStore
from core.principal import Principal
from keys.secrets.vault import EncryptedVault
from signing.errors import PdfRefused
from signing.model import Seal, SealPdfCommand
from signing.pades.intake import open_for_sealing
from signing.places import WordsPlacement
from signing.verification.findings import find
from tests.support.certstore_fakes import field_cipher
from tests.support.clock import FakeClock
from tests.support.large_files import laid_out, scanned_volume, volume
from tests.support.signing_fakes import pdf
from tests.support.signing_world import CLIENT, ORGANISATION, PLACE, SealOffice

VOLUME = 13_000_000  # more than what is held in memory
LIMIT = 100_000_000


@pytest.fixture
async def office(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> SealOffice:
    blobs = FilesystemBlobStore(tmp_path / "blobs")
    vault = EncryptedVault(blobs, field_cipher(), Scratch(tmp_path / "scratch"))
    return await SealOffice(sqlite_database, clock, vault=vault).with_seal()


@pytest.fixture
async def seal(office: SealOffice) -> Seal:
    return await office.seals.active_seal_of(ORGANISATION)


@pytest.fixture
async def app(office: SealOffice, tmp_path: Path) -> AsyncIterator[FastAPI]:
    app = FastAPI()
    for router in (signatures.router, uses.router, verifications.router):
        app.include_router(router)
    _map_errors(app)
    app.state.large_files = LargeFiles()
    app.dependency_overrides[limited_verification] = lambda: None  # has tests of its own
    kv = EmbeddedKeyValueStore(tmp_path / "kv.db", office.clock)
    settings = SimpleNamespace(issuer="http://test", mtls_url="", trusted_proxies="", large_files_per_hour=3)
    signing = SimpleNamespace(
        settings=office.settings,
        seal_pdf=office.seal_pdf,
        seal_file=office.seal_file,
        verify_pdf=office.verify_pdf,
        verify_file=office.verify_file,
        uses=office.uses,
        seals=office.seals,
        care_of_files=office.care_of_files,
    )

    async def authenticate(*_: object) -> Principal:
        return CLIENT

    app.state.container = SimpleNamespace(
        signing=signing,
        idp=SimpleNamespace(authenticate=authenticate),
        ground=SimpleNamespace(settings=settings, kv=kv, scratch=Scratch(tmp_path / "scratch")),
    )
    yield app
    await kv.close()


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": "Bearer app"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        yield client


async def _seal(http: httpx.AsyncClient, seal: Seal, content: bytes, **headers: str) -> httpx.Response:
    fields = {"seal": seal.id, "page": "1", "x_mm": "120", "y_mm": "200"}
    files: dict[str, Any] = {"pdf": ("volume.pdf", content, "application/pdf")}
    return await http.post("/v1/signatures", data=fields, files=files, headers=headers)


async def test_a_large_file_is_sealed_kept_fetched_and_judged(
    http: httpx.AsyncClient, seal: Seal, office: SealOffice, tmp_path: Path
) -> None:
    content = b"".join(scanned_volume(VOLUME))
    sealed = await _seal(http, seal, content, **{"Idempotency-Key": "k"})
    assert sealed.status_code == 201, sealed.text
    assert sealed.content.startswith(content)
    assert int(sealed.headers["content-length"]) == len(sealed.content)
    again = await _seal(http, seal, content, **{"Idempotency-Key": "k"})
    fetched = await http.get(sealed.headers["location"] + "/file")
    assert again.content == fetched.content == sealed.content
    entry = (await http.get(sealed.headers["location"])).json()
    assert entry["digest_before"] == hashlib.sha256(content).hexdigest()
    assert entry["digest_after"] == hashlib.sha256(sealed.content).hexdigest()
    # at rest there is one document, encrypted; in the private folder nothing
    (kept,) = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert b"%PDF" not in kept.read_bytes()
    assert list((tmp_path / "scratch").iterdir()) == []
    judged = await http.post("/v1/signature-verifications", files={"pdf": ("v.pdf", sealed.content)})
    report = judged.json()
    assert (report["conclusion"], report["size"]) == ("genuine", len(sealed.content))
    assert report["signatures"][0]["registered_seal"]["recorded_at"] is not None
    forged = bytearray(sealed.content)
    forged[len(content) // 2] ^= 1
    assert (await office.verify_pdf(laid_out(bytes(forged)))).conclusion == "changed"


async def test_s57_one_client_brings_so_many_large_files_an_hour_and_any_number_of_small_ones(
    http: httpx.AsyncClient, seal: Seal
) -> None:
    hollow = b"not a pdf" + bytes(9 << 20)
    for _ in range(3):
        assert (await _seal(http, seal, hollow)).json()["type"].endswith("/pdf-not-a-pdf")
    refused = await _seal(http, seal, hollow)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "3600")
    assert refused.json()["type"].endswith("/too-many-large-files")
    assert (await _seal(http, seal, pdf())).status_code == 201


async def test_a_disk_that_is_full_takes_no_large_file_and_goes_on_with_small_ones(
    app: FastAPI, http: httpx.AsyncClient, seal: Seal, tmp_path: Path
) -> None:
    app.state.container.ground.scratch = Scratch(tmp_path / "scratch", spare=10**18)
    refused = await _seal(http, seal, bytes(9 << 20))
    assert (refused.status_code, refused.json()["type"]) == (507, "http://test/problems/storage-full")
    assert (await _seal(http, seal, pdf())).status_code == 201


async def test_memory_stays_flat_whatever_the_size(office: SealOffice, seal: Seal, tmp_path: Path) -> None:
    """Sealing, keeping, opening and judging 40 MB; what Python ever holds of it is a few pieces."""
    await office.verify_pdf((await office.seal_pdf(SealPdfCommand(pdf(), seal.id, CLIENT, "document", PLACE))).content)
    content = volume(40_000_000, tmp_path / "scratch")
    tracemalloc.start()
    try:
        done = await office.seal_pdf(SealPdfCommand(content, seal.id, CLIENT, "document", PLACE))
        fetched = await office.seals.file(done.signature_id, caller=CLIENT)
        report = await office.verify_pdf(fetched)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (report.conclusion, report.size) == ("genuine", len(fetched))
    assert isinstance(fetched, ScratchFile)
    assert peak < 16_000_000


async def test_words_are_found_in_a_large_file_where_it_lies(office: SealOffice, seal: Seal, tmp_path: Path) -> None:
    content = laid_out(_with_script(SLICE + 17, script=False), tmp_path / "scratch")
    command = SealPdfCommand(content, seal.id, CLIENT, "document", WordsPlacement("entitlement"))
    sealed = (await office.seal_pdf(command)).content
    assert isinstance(sealed, ScratchFile)
    assert (await office.verify_pdf(sealed)).conclusion == "genuine"


def _with_script(at: int, *, script: bool = True, room: bytes = b" ", compressed: bool = False) -> bytes:
    """A PDF whose action begins at an offset of choice, or as near before it as object streams let it."""
    kind = b"/JavaScript" if script else b"/GoTo"

    def made(noise: int) -> bytes:
        found = pikepdf.open(BytesIO(pdf()))
        found.Root.Noise = found.make_stream(bytes(noise))
        action = b"<</S%b%b/JS(app.alert\\(1\\))>>" if script else b"<</S%b%b/D[0 /Fit]>>"
        found.Root.OpenAction = found.make_indirect(pikepdf.Object.parse(action % (room, kind)))
        out = BytesIO()
        mode = pikepdf.ObjectStreamMode.generate if compressed else pikepdf.ObjectStreamMode.disable
        found.save(out, object_stream_mode=mode, compress_streams=False, deterministic_id=True)
        return out.getvalue()

    first = made(0)
    wanted = b"/ObjStm" if compressed else kind
    content = made(at - first.index(wanted))
    shift = at - content.index(wanted)  # the length of the length of the noise
    return made(at - first.index(wanted) + shift) if shift else content


@pytest.mark.parametrize("before", [1, 5, 11, 12, 60])
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "in an object stream"])
def test_s18_a_script_across_two_pieces_of_a_large_file_is_found(before: int, compressed: bool) -> None:
    hostile = _with_script(2 * SLICE - before, compressed=compressed)
    honest = _with_script(2 * SLICE - before, script=False, compressed=compressed)
    for content in (hostile, laid_out(hostile)):
        with pytest.raises(PdfRefused) as refused:
            open_for_sealing(content, limit=LIMIT)
        assert refused.value.code == "pdf-active-content"
    for content in (honest, laid_out(honest)):
        open_for_sealing(content, limit=LIMIT)


@pytest.mark.parametrize("spaces", [100, 4096, 20_000, 3 * SLICE])
def test_s18_no_width_of_room_hides_a_script(spaces: int) -> None:
    content = pdf()
    at = content.index(b"xref\n0")
    hostile = content[:at] + b"% <</S" + b" " * spaces + b"/JavaScript>>\n" + content[at:]
    moved = hostile.replace(b"startxref\n%d" % at, b"startxref\n%d" % hostile.index(b"xref\n0"))
    for file in (moved, laid_out(moved)):
        with pytest.raises(PdfRefused) as refused:
            open_for_sealing(file, limit=LIMIT)
        assert refused.value.code == "pdf-active-content"


def test_s19_an_object_that_claims_to_be_huge_is_not_read(tmp_path: Path) -> None:
    """One object of a large file is never loaded whole, be it on the way of the parser or not."""
    parts = list(scanned_volume(9_000_000))
    content = b"".join(parts).replace(b"/Length 30>>", b"/Length 99>>", 1)
    found, _ = find(laid_out(content, tmp_path))
    assert found.state == "read"
    honest, _ = find(laid_out(b"".join(parts), tmp_path))
    assert honest.state == "read"

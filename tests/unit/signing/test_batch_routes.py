"""`/v1/signature-batches` over HTTP: many uploads, one ZIP, progress, results; archives that mean harm."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.main import _map_errors
from api.routes.signing import batches as batch_routes
from core.db.database import Database
from core.paging import encode_cursor
from core.principal import Principal
from idp.protocol.facts import RequestFacts
from signing.batches.zip_entries import entries
from tests.support.batch_world import REVIEWER, BatchOffice, letters, vault
from tests.support.clock import FakeClock
from tests.support.signing_fakes import pdf
from tests.support.signing_world import CLIENT, ORGANISATION, SealOffice

PATH = "/v1/signature-batches"
TOKENS = {
    "app": CLIENT,
    "other": replace(CLIENT, id="other-app"),
    "no-scope": replace(CLIENT, scopes=frozenset()),
    "reviewer": REVIEWER,
}


async def _authenticate(token: str, _facts: RequestFacts, _scopes: Sequence[str] = ()) -> Principal:
    return TOKENS[token]


@pytest.fixture
async def batches(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> BatchOffice:
    office = SealOffice(sqlite_database, clock, vault=vault(tmp_path / "documents"))
    await office.grant(await office.make_seal())
    return BatchOffice(office)


@pytest.fixture
async def http(batches: BatchOffice) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(batch_routes.router)
    _map_errors(app)
    app.state.container = SimpleNamespace(
        batches=batches.services,
        signing=SimpleNamespace(settings=batches.office.settings),
        idp=SimpleNamespace(authenticate=_authenticate),
        ground=SimpleNamespace(settings=SimpleNamespace(issuer="http://test", mtls_url="")),
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        client.headers["Authorization"] = "Bearer app"
        yield client


async def begun(http: httpx.AsyncClient, batches: BatchOffice, **more: Any) -> str:
    (seal,) = await batches.office.seals.of_organisation(ORGANISATION)
    body = {"seal": seal.id, "reason": "年度发函", "places": [{"kind": "at", "page": 1, "x_mm": 120, "y_mm": 200}]}
    answer = await http.post(PATH, json=body | more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


async def test_many_files_in_and_one_archive_out(http: httpx.AsyncClient, batches: BatchOffice) -> None:
    batch = await begun(http, batches)
    parts = [("pdf", (one.name, one.content, "application/pdf")) for one in letters(3)]
    added = await http.post(f"{PATH}/{batch}/files", files=parts)
    assert (added.status_code, added.json()["added"], added.json()["counts"]["waiting"]) == (201, 3, 3)
    packed = zipped({one.name: one.content for one in letters(2, first=4)} | {"__MACOSX/._x": b"", "目录/": b""})
    assert (await http.post(f"{PATH}/{batch}/files", files={"zip": ("all.zip", packed)})).json()["added"] == 2
    assert (await http.post(f"{PATH}/{batch}/start")).json()["state"] == "running"
    await batches.services.run.through()
    seen = (await http.get(f"{PATH}/{batch}")).json()
    assert (seen["state"], seen["counts"]) == ("done", {"waiting": 0, "sealed": 5, "refused": 0, "cancelled": 0})
    page = (await http.get(f"{PATH}/{batch}/files", params={"limit": 2})).json()
    assert [one["name"] for one in page["items"]] == ["信/001.pdf", "信/002.pdf"]
    rest = (await http.get(f"{PATH}/{batch}/files", params={"cursor": page["next_cursor"]})).json()
    assert [one["number"] for one in rest["items"]] == [3, 4, 5]
    one = await http.get(f"{PATH}/{batch}/files/{page['items'][0]['id']}/file")
    assert one.headers["content-disposition"].startswith("attachment")
    archive = zipfile.ZipFile(io.BytesIO((await http.get(f"{PATH}/{batch}/results.zip")).content))
    assert archive.read("信/001.pdf") == one.content
    assert archive.testzip() is None
    table = (await http.get(f"{PATH}/{batch}/results.csv", params={"lang": "en"})).content.decode("utf-8-sig")
    assert table.count("sealed") == 5


async def test_a_batch_is_nothing_to_others(http: httpx.AsyncClient, batches: BatchOffice) -> None:
    batch = await begun(http, batches)
    for token in ("other", "reviewer"):
        answer = await http.get(f"{PATH}/{batch}", headers={"Authorization": f"Bearer {token}"})
        assert problem(answer) == (404, "batch-not-found")
    answer = await http.post(f"{PATH}/{batch}/start", headers={"Authorization": "Bearer no-scope"})
    assert problem(answer) == (403, "scope-missing")
    assert problem(await http.post(f"{PATH}/{batch}/start")) == (409, "batch-empty")
    for cursor in (encode_cursor("a"), encode_cursor(-1), encode_cursor(1 << 40), "x"):
        answer = await http.get(f"{PATH}/{batch}/files", params={"cursor": cursor})
        assert problem(answer) == (400, "cursor-invalid")
    assert problem(await http.post(f"{PATH}/{batch}/files", files={"other": ("", b"")})) == (400, "upload-missing")


async def test_a_second_person_approves_the_very_list(http: httpx.AsyncClient, batches: BatchOffice) -> None:
    (seal,) = await batches.office.seals.of_organisation(ORGANISATION)
    (free,) = await batches.office.seals.grants_of(seal.id, actor=REVIEWER)
    await batches.office.end_grant(free.id, actor=REVIEWER)
    await batches.office.grant(seal, approval=True)
    batch = await begun(http, batches)
    await http.post(f"{PATH}/{batch}/files", files={"pdf": ("a.pdf", pdf(), "application/pdf")})
    asked = (await http.post(f"{PATH}/{batch}/start")).json()
    assert asked["state"] == "asked"
    reviewer = {"Authorization": "Bearer reviewer"}
    waiting = (await http.get(PATH, params={"to_decide": True}, headers=reviewer)).json()["items"]
    assert [one["id"] for one in waiting] == [batch]
    listed = (await http.get(f"{PATH}/{batch}/list", headers=reviewer)).content
    assert hashlib.sha256(listed).hexdigest() == asked["approval"]["digest"]
    wrong = await http.post(f"{PATH}/{batch}/approve", json={"digest": "0" * 64}, headers=reviewer)
    assert problem(wrong) == (409, "batch-list-differs")
    approved = await http.post(
        f"{PATH}/{batch}/approve", json={"digest": asked["approval"]["digest"]}, headers=reviewer
    )
    assert approved.json()["state"] == "running"


async def test_names_of_archives_made_in_china_are_read_as_they_were_meant() -> None:
    packed = bytearray(zipped({"abcd.pdf": b"x"}))
    meant = "发函.pdf".encode("gb18030")
    assert len(meant) == len(b"abcd.pdf")
    assert [one.name for one in entries(io.BytesIO(bytes(packed).replace(b"abcd.pdf", meant)), size=99, limit=9)] == [
        "发函.pdf"
    ]


def _encrypted() -> bytes:
    packed = bytearray(zipped({"a.pdf": b"x"}))
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    return bytes(packed)


def _overlapping() -> bytes:
    """Two entries of the directory that lead to the same octets."""
    packed = zipped({"a.pdf": pdf()})
    start, end = packed.index(b"PK\x01\x02"), packed.index(b"PK\x05\x06")
    entry = packed[start:end]
    tail = bytearray(packed[end:])
    struct.pack_into("<HHI", tail, 8, 2, 2, 2 * len(entry))
    return packed[:start] + entry + entry.replace(b"a.pdf", b"b.pdf") + bytes(tail)


def _lying() -> bytes:
    """Says that it unpacks to less than it does."""
    packed = bytearray(zipped({"a.pdf": b"x" * 5000}))
    struct.pack_into("<I", packed, packed.index(b"PK\x01\x02") + 24, 10)
    return bytes(packed)


HOSTILE = {
    "archive-damaged": [b"PK\x03\x04 and no more", pdf(), _overlapping(), _lying()],
    "archive-encrypted": [_encrypted()],
    "archive-method": [zipped({"a.pdf": pdf()}, zipfile.ZIP_BZIP2)],
    "archive-too-large": [zipped({"a.pdf": bytes(60_000_000)}), zipped({f"{n}": b"" for n in range(5001)})],
    "archive-empty": [zipped({}), zipped({"folder/": b"", "__MACOSX/x": b"", "a/.DS_Store": b""})],
    "batch-file-name-invalid": [zipped({"../../etc/cron.d/x": pdf()}), zipped({"a\x01b": pdf()})],
}


@pytest.mark.parametrize("code", HOSTILE)
async def test_s19_an_archive_that_means_harm_adds_nothing(
    http: httpx.AsyncClient, batches: BatchOffice, code: str
) -> None:
    batch = await begun(http, batches)
    for packed in HOSTILE[code]:
        answer = await http.post(f"{PATH}/{batch}/files", files={"zip": ("x.zip", packed)})
        assert problem(answer) == (400, code)
        assert (await http.get(f"{PATH}/{batch}")).json()["files"] == 0
    twin = await http.post(f"{PATH}/{batch}/files", files={"zip": ("x.zip", zipped({"a.pdf": pdf()}))})
    assert twin.json()["added"] == 1

"""The e-seal service over HTTP: what goes in, what comes out, which status."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm

from api.large_files import LargeFiles
from api.limits import limited_verification
from api.main import _map_errors
from api.routes.signing import routers
from api.wiring.public_log import compose_public_log
from core.db.database import Database
from core.errors import NotAuthenticated
from core.files.scratch import Scratch
from core.kv.embedded import EmbeddedKeyValueStore
from core.principal import Principal, PrincipalKind
from core.text import Text
from idp.protocol.facts import RequestFacts
from signing.appearance.scan_reader import ReadScan
from signing.digests.local import FileWords, prepare_file
from signing.digests.model import DigestTerms
from signing.model import GranteeKind, GrantForm, Seal
from signing.public_log.entry import LogEvent
from signing.public_log.receipt import check_receipt
from signing.seals.certificate import LookAtCertificate
from signing.show_ofd import ShowOfd
from tests.attacks.test_ofd_verification import PACKAGES
from tests.support.clock import FakeClock
from tests.support.national_forms import NationalForms
from tests.support.notes import OneNoteKey
from tests.support.ofd_sealing import judged, package
from tests.support.ofd_world import drawn, words, zipped
from tests.support.scanned_seals import scan
from tests.support.signing_fakes import PlainKeys, pdf
from tests.support.signing_world import CLIENT, ORGANISATION, SealOffice, judge_of, shared_cells
from yizheng_client.digests import signed_of, terms_of

LOG_KEY = OneNoteKey()
DUTIES = frozenset({"seal:manage", "seal:approve"})
STAFF = Principal(PrincipalKind.STAFF, "acc", organisation=ORGANISATION)
TOKENS = {
    "app": CLIENT,
    "digests": replace(CLIENT, scopes=frozenset({"seal:digest"})),
    "no-scope": replace(CLIENT, scopes=frozenset()),
    "other-app": replace(CLIENT, id="other-app"),
    "manager": replace(CLIENT, id="manager", scopes=DUTIES),
    "other-manager": replace(CLIENT, id="m2", organisation="X", scopes=DUTIES),
    "keeper": replace(STAFF, id="acc_keeper", scopes=frozenset({"seal:manage"})),
    "reviewer": replace(STAFF, id="acc_reviewer", scopes=frozenset({"seal:approve"})),
    "he": replace(STAFF, id="acc_he", scopes=frozenset({"seal:sign"})),
}


def _settings() -> SimpleNamespace:
    operator = Text("示例市政务数据局", "Example City Data Office")
    return SimpleNamespace(
        issuer="http://test",
        mtls_url="",
        trusted_proxies="",
        operator_name=operator,
        reports_per_minute=2,
        large_files_per_hour=2,
    )


async def _authenticate(token: str, _facts: RequestFacts, _scopes: Sequence[str] = ()) -> Principal:
    if token not in TOKENS:
        raise NotAuthenticated("token-invalid", Text("令牌无效", "invalid"))
    return TOKENS[token]


@pytest.fixture
async def office(sqlite_database: Database, clock: FakeClock) -> SealOffice:
    return await SealOffice(sqlite_database, clock, national=NationalForms()).with_seal()


@pytest.fixture
async def seal(office: SealOffice) -> Seal:
    return await office.seals.active_seal_of(ORGANISATION)


@pytest.fixture
async def http(office: SealOffice, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    for router in routers:
        app.include_router(router)
    _map_errors(app)
    app.state.large_files = LargeFiles()
    app.dependency_overrides[limited_verification] = lambda: None  # has tests of its own
    signing = SimpleNamespace(
        settings=office.settings,
        seal_pdf=office.seal_pdf,
        seal_file=office.seal_file,
        verify_pdf=office.verify_pdf,
        verify_file=office.verify_file,
        create_seal=office.create_seal,
        apply_for_seal=office.apply,
        review_application=office.review,
        make_seal=office.make,
        activate_seal=office.activate,
        destroy_seal=office.destroy,
        grant_seal=office.grant_seal,
        end_grant=office.end_grant,
        uses=office.uses,
        digests=office.digests,
        change_seal_status=office.change_status,
        seals=office.seals,
        preview_places=office.preview_places,
        show_ofd=ShowOfd(office.pool, shared_cells(office.settings)),
        reports=office.reports,
        read_scan=ReadScan(),
        look_at_certificate=LookAtCertificate(
            office.database, office.store, judge_of(office.authority, office.clock), office.clock
        ),
        extend_file=office.extend_file,
        care_of_files=office.care_of_files,
    )
    kv = EmbeddedKeyValueStore(tmp_path / "kv.db", office.clock)
    app.state.container = SimpleNamespace(
        signing=signing,
        public_log=compose_public_log(office.database, office.clock, kv, LOG_KEY, issuer="http://test"),
        idp=SimpleNamespace(authenticate=_authenticate),
        ground=SimpleNamespace(settings=_settings(), kv=kv, scratch=Scratch(tmp_path / "scratch")),
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client
    await kv.close()


def bearer(token: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **more}


def upload(content: bytes) -> dict[str, Any]:
    return {"pdf": ("document.pdf", content, "application/pdf")}


async def seal_it(http: httpx.AsyncClient, seal: Seal, token: str = "app", **more: Any) -> httpx.Response:
    fields = {"seal": seal.id, "page": "1", "x_mm": "120", "y_mm": "200", "reason": "签发", **more.pop("fields", {})}
    return await http.post(
        "/v1/signatures", data=fields, files=upload(more.pop("pdf", pdf())), headers=bearer(token, **more)
    )


PROFILES = {
    "": ["PAdES-B-B"],
    "pades": ["PAdES-B-B"],
    "sm2seal": ["SM2-SES"],
    "sm2cms": ["SM2-CMS"],
    "sm2cms-digest": ["SM2-CMS"],
    "dual": ["SM2-SES", "PAdES-B-B"],
}


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_caller_says_in_which_form_and_is_told_what_was_made(
    http: httpx.AsyncClient, seal: Seal, profile: str
) -> None:
    made = await seal_it(http, seal, fields={"profile": profile})
    assert made.status_code == 201, made.text
    assert made.headers["signature-level"] == PROFILES[profile][-1]
    entry = (await http.get(f"/v1/signatures/{made.headers['signature-id']}", headers=bearer("app"))).json()
    assert entry["level"] == PROFILES[profile][-1]
    report = (await http.post("/v1/signature-verifications", files=upload(made.content))).json()
    assert [one["level"] for one in report["signatures"]] == PROFILES[profile]
    assert [bool(one["national_stamp"]) for one in report["signatures"]] == [
        one == "SM2-SES" for one in PROFILES[profile]
    ]


@pytest.mark.parametrize(
    ("fields", "status", "problem"),
    [
        ({"profile": "sm2"}, 400, "field-invalid"),
        ({"profile": "sm2seal", "level": "B-T"}, 400, "level-needs-pades"),
        ({"profile": "dual", "certify": "1"}, 400, "lock-not-with-dual"),
    ],
)
async def test_a_form_that_does_not_go_with_the_rest_is_refused(
    http: httpx.AsyncClient, seal: Seal, fields: dict[str, str], status: int, problem: str
) -> None:
    refused = await seal_it(http, seal, fields=fields)
    assert (refused.status_code, refused.json()["type"]) == (status, f"http://test/problems/{problem}")


async def test_a_level_that_cannot_be_had_is_refused_or_told(http: httpx.AsyncClient, seal: Seal) -> None:
    """Nobody gives time-stamps here: whoever names a level gets that or nothing, unless less will do."""
    refused = await seal_it(http, seal, fields={"level": "B-T"})
    assert (refused.status_code, refused.json()["type"]) == (503, "http://test/problems/timestamp-unavailable")
    lower = {"level": "B-LTA", "level_policy": "at-least-B-B"}
    told = await seal_it(http, seal, fields=lower, Accept="application/json")
    assert (told.status_code, told.headers["signature-level"]) == (201, "PAdES-B-B")
    assert (told.json()["level"], told.json()["level_wanted"]) == ("PAdES-B-B", "PAdES-B-LTA")
    for wrong in ({"level": "B-X"}, {"level": "B-T", "level_policy": "whatever"}):
        assert (await seal_it(http, seal, fields=wrong)).status_code == 400


async def test_pdf_in_sealed_pdf_out(http: httpx.AsyncClient, seal: Seal) -> None:
    answer = await seal_it(http, seal)
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment")
    place = answer.headers["location"]
    assert place == f"/v1/signatures/{answer.headers['signature-id']}"
    record = (await http.get(place, headers=bearer("app"))).json()
    assert (record["seal"], record["reason"], record["level"]) == (seal.id, "签发", "PAdES-B-B")
    again = await http.get(record["file"], headers=bearer("app"))
    assert again.content == answer.content
    assert (await http.get(record["file"], headers=bearer("other-app"))).status_code == 404

    report = (await http.post("/v1/signature-verifications", files=upload(answer.content))).json()
    assert (report["conclusion"], report["indication"]) == ("genuine", "TOTAL-PASSED")
    assert [step["number"] for step in report["steps"]] == list(range(1, 9))
    assert report["signatures"][0]["registered_seal"]["id"] == seal.id


async def test_json_when_asked_for(http: httpx.AsyncClient, seal: Seal) -> None:
    answer = await seal_it(http, seal, Accept="application/json")
    assert answer.status_code == 201
    body = answer.json()
    assert (await http.get(body["file"], headers=bearer("app"))).content.startswith(b"%PDF-")


async def test_repeated_request_answers_alike(http: httpx.AsyncClient, seal: Seal) -> None:
    first = await seal_it(http, seal, **{"Idempotency-Key": "k"})
    again = await seal_it(http, seal, **{"Idempotency-Key": "k"})
    assert again.content == first.content
    other = await seal_it(http, seal, pdf=pdf(2), **{"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["type"]) == (409, "http://test/problems/idempotency-key-reused")


@pytest.mark.parametrize(
    ("token", "fields", "content", "status", "code"),
    [
        ("nobody", {}, pdf(), 401, "token-invalid"),
        ("no-scope", {}, pdf(), 403, "scope-missing"),
        ("other-app", {}, pdf(), 403, "seal-not-granted"),
        ("app", {"seal": "seal_none"}, pdf(), 403, "seal-not-granted"),
        ("app", {"seal": ""}, pdf(), 400, "field-missing"),
        ("app", {"document_class": "contract"}, pdf(), 403, "seal-not-granted"),
        ("app", {"page": "2"}, pdf(), 400, "placement-page"),
        ("app", {"x_mm": "5"}, pdf(), 400, "placement-outside-page"),
        ("app", {"x_mm": "nan"}, pdf(), 400, "field-invalid"),
        ("app", {"x_mm": ""}, pdf(), 400, "field-missing"),
        ("app", {"page": "1.5"}, pdf(), 400, "field-invalid"),
        ("app", {"page": "1e400"}, pdf(), 400, "field-invalid"),
        ("app", {}, b"not a pdf", 400, "pdf-not-a-pdf"),
        ("app", {}, b"", 400, "pdf-empty"),
    ],
)
async def test_refusals(
    http: httpx.AsyncClient, seal: Seal, token: str, fields: dict[str, str], content: bytes, status: int, code: str
) -> None:
    answer = await seal_it(http, seal, token, fields=fields, pdf=content)
    assert (answer.status_code, answer.json()["type"]) == (status, f"http://test/problems/{code}")
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("content", "conclusion"),
    [(b"", "empty"), (b"noise", "not-a-pdf"), (pdf(), "not-signed")],
    ids=["empty", "noise", "plain"],
)
async def test_anyone_verifies_anything(http: httpx.AsyncClient, content: bytes, conclusion: str) -> None:
    answer = await http.post("/v1/signature-verifications", files=upload(content))
    assert (answer.status_code, answer.json()["conclusion"]) == (200, conclusion)


@pytest.mark.parametrize(
    "request_",
    [
        {"content": b"%PDF-1.7"},
        {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
        {"content": b"--a\r\nbroken", "headers": {"Content-Type": "multipart/form-data; boundary=a"}},
        {"data": {"pdf": "text"}},
        {"files": [("pdf", b"a"), ("pdf", b"b")]},
    ],
    ids=["bare", "no-boundary", "broken", "no-file", "two-files"],
)
async def test_body_that_is_no_upload_is_refused(http: httpx.AsyncClient, request_: dict[str, Any]) -> None:
    answer = await http.post("/v1/signature-verifications", **request_)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


NEW_SEAL = {
    "organisation": ORGANISATION,
    "name_zh": "示例市住房保障局",
    "name_en": "Housing Office",
    "code": "4101990000025",
    "line": "财务专用章",
    "kind": "finance",
}


async def test_life_of_a_seal(http: httpx.AsyncClient, seal: Seal, clock: FakeClock) -> None:
    clock.advance(1)  # ids made later sort later
    made = await http.post("/v1/seals", json=NEW_SEAL, headers=bearer("manager"))
    assert made.status_code == 201
    new = made.json()
    picture = await http.get(new["image"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/svg+xml")
    assert picture.text.startswith("<svg")
    taken = await http.post("/v1/seals", json=NEW_SEAL, headers=bearer("manager"))
    assert (taken.status_code, taken.json()["type"]) == (409, "http://test/problems/seal-code-taken")

    grant = {
        "seal": new["id"],
        "grantee_kind": "client",
        "grantee": CLIENT.id,
        "document_classes": ["document"],
        "valid_from": "2026-11-01",
        "valid_to": "2026-11-30",
    }
    assert (await http.post("/v1/seal-grants", json=grant, headers=bearer("manager"))).status_code == 201
    both = sorted([seal.id, new["id"]])  # ids made in the same millisecond have no order of their own
    listed = (await http.get("/v1/seals", headers=bearer("app"))).json()
    assert [one["id"] for one in listed["items"]] == both
    first = (await http.get("/v1/seals?limit=1", headers=bearer("app"))).json()
    rest = (await http.get(f"/v1/seals?limit=1&cursor={first['next_cursor']}", headers=bearer("app"))).json()
    assert [one["id"] for one in (*first["items"], *rest["items"])] == both
    assert rest["next_cursor"] is None

    for verb, status in (("suspend", "suspended"), ("resume", "active"), ("revoke", "revoked")):
        answer = await http.post(f"/v1/seals/{new['id']}/{verb}", json={"reason": "换章"}, headers=bearer("manager"))
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert (await http.post(f"/v1/seals/{new['id']}/revoke", json={}, headers=bearer("manager"))).status_code == 409


@pytest.mark.parametrize(
    ("token", "codes"),
    [
        ("app", ("scope-missing", "seal-not-yours")),
        ("other-manager", ("seal-not-yours", "seal-not-yours")),
        ("keeper", ("seal-second-person", None)),  # staff apply, and others go on; anybody in charge stops a seal
    ],
)
async def test_seals_are_managed_by_their_owner(
    http: httpx.AsyncClient, seal: Seal, token: str, codes: tuple[str, str | None]
) -> None:
    places: tuple[tuple[str, dict[str, Any]], ...] = (("/v1/seals", NEW_SEAL), (f"/v1/seals/{seal.id}/revoke", {}))
    for (place, body), code in zip(places, codes, strict=True):
        answer = await http.post(place, json=body, headers=bearer(token))
        if code is None:
            assert answer.status_code == 200
        else:
            assert (answer.status_code, answer.json()["type"]) == (403, f"http://test/problems/{code}")


async def test_a_seal_from_application_to_destruction_by_two_people(http: httpx.AsyncClient, clock: FakeClock) -> None:
    asked = await http.post("/v1/seal-applications", json=NEW_SEAL | {"reason": "财务用"}, headers=bearer("keeper"))
    assert (asked.status_code, asked.json()["status"]) == (201, "applied")
    base = f"/v1/seal-applications/{asked.json()['id']}"
    waiting = (await http.get("/v1/seal-applications?waiting=true", headers=bearer("reviewer"))).json()
    assert [one["id"] for one in waiting["items"]] == [asked.json()["id"]]
    assert (await http.post(f"{base}/make", headers=bearer("keeper"))).status_code == 409
    assert (await http.post(f"{base}/approve", json={}, headers=bearer("keeper"))).status_code == 403
    assert (await http.post(f"{base}/approve", json={}, headers=bearer("reviewer"))).json()["status"] == "approved"
    made = await http.post(f"{base}/make", headers=bearer("keeper"))
    assert (made.status_code, made.json()["status"]) == (201, "made")
    seal = f"/v1/seals/{made.json()['id']}"
    steps = [("activate", "active"), ("suspend", "suspended"), ("revoke", "revoked"), ("destroy", "destroyed")]
    for step, status in steps:
        token = "keeper" if step == "revoke" else "reviewer"
        answer = await http.post(f"{seal}/{step}", json={"reason": "x"}, headers=bearer(token))
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    story = (await http.get(f"{seal}/events", headers=bearer("reviewer"))).json()["items"]
    assert [one["event"] for one in story] == ["apply", "approve", "make", *(step for step, _ in steps)]
    assert (await http.get(f"{seal}/events", headers=bearer("other-manager"))).status_code == 403
    whole = (await http.get(base, headers=bearer("keeper"))).json()
    assert (whole["seal"], [one["event"] for one in whole["events"]][:2]) == (made.json()["id"], ["apply", "approve"])


async def test_a_picture_can_be_looked_at_before_anything_is_asked_for(http: httpx.AsyncClient) -> None:
    design = {"shape": "oval", "line": "发票专用章", "numbered": False}
    looked = await http.post("/v1/seal-pictures", json=NEW_SEAL | design, headers=bearer("keeper"))
    assert (looked.status_code, looked.json()["width_mm"], looked.json()["height_mm"]) == (200, 40.0, 30.0)
    asked = await http.post(
        "/v1/seal-applications", json=NEW_SEAL | design | {"reason": "发票用"}, headers=bearer("keeper")
    )
    assert asked.json()["picture"] == looked.json()["sha256"], "what was looked at is what is asked for"
    svg = await http.post("/v1/seal-pictures", json=NEW_SEAL, headers=bearer("keeper", Accept="image/svg+xml"))
    assert (svg.headers["content-type"], svg.text[:4]) == ("image/svg+xml", "<svg")
    scanned = {"scan": {"image": base64.b64encode(scan()).decode()}}
    found = await http.post("/v1/seal-pictures", json=NEW_SEAL | scanned, headers=bearer("keeper"))
    assert (found.status_code, found.json()["height_mm"], found.json()["measured_mm"]) == (200, 42.0, None)
    made = await http.post(
        "/v1/seal-applications", json=NEW_SEAL | scanned | {"reason": "沿用旧章"}, headers=bearer("keeper")
    )
    assert (made.json()["shape"], made.json()["picture"]) == ("scan", found.json()["sha256"])
    for image, who, status in ((b"<svg/>", "keeper", 400), (scan(), "reviewer", 403)):
        body = NEW_SEAL | {"scan": {"image": base64.b64encode(image).decode()}}
        assert (await http.post("/v1/seal-pictures", json=body, headers=bearer(who))).status_code == status
    for text in ("not base64", "\U0001f4a0章"):
        refused = await http.post(
            "/v1/seal-pictures", json=NEW_SEAL | {"scan": {"image": text}}, headers=bearer("keeper")
        )
        assert refused.json()["type"].endswith("/seal-scan-unreadable")


async def test_an_approved_use_from_request_to_ledger(http: httpx.AsyncClient, seal: Seal, office: SealOffice) -> None:
    grant = {
        "seal": seal.id,
        "grantee_kind": "account",
        "grantee": "acc_he",
        "document_classes": ["document"],
        "valid_from": "2026-11-01",
        "valid_to": "2026-11-30",
        "max_uses": 2,
        "approval": True,
    }
    given = await http.post("/v1/seal-grants", json=grant, headers=bearer("manager"))
    assert (given.json()["max_uses"], given.json()["approval"]) == (2, True)
    refused = await seal_it(http, seal, "he")
    assert (refused.status_code, refused.json()["type"]) == (409, "http://test/problems/seal-approval-needed")
    fields = {"seal": seal.id, "reason": "=1+1 发函"}
    asked = await http.post("/v1/seal-requests", data=fields, files=upload(pdf()), headers=bearer("he"))
    assert (asked.status_code, asked.json()["state"]) == (201, "open")
    base = f"/v1/seal-requests/{asked.json()['id']}"
    listed = (await http.get("/v1/seal-requests?state=open", headers=bearer("reviewer"))).json()["items"]
    assert [one["id"] for one in listed] == [asked.json()["id"]]
    assert (await http.get(f"{base}/file", headers=bearer("reviewer"))).content == pdf()
    assert (await http.get(f"{base}/file", headers=bearer("other-app"))).status_code == 404
    assert (await http.post(f"{base}/approve", json={}, headers=bearer("he"))).status_code == 403
    assert (await http.post(f"{base}/approve", json={}, headers=bearer("reviewer"))).json()["state"] == "approved"
    place = {"placement": {"page": 1, "x_mm": 120, "y_mm": 200}}
    sealed = await http.post(f"{base}/seal", json=place, headers=bearer("he"))
    assert (sealed.status_code, sealed.headers["content-type"]) == (201, "application/pdf")
    again = await http.post(f"{base}/seal", json=place, headers=bearer("he"))
    assert again.content == sealed.content
    ledger = (await http.get("/v1/seal-uses?actor=acc_he", headers=bearer("keeper"))).json()["items"]
    assert [(one["request"], one["grant"]) for one in ledger] == [(asked.json()["id"], given.json()["id"])]
    file = await http.get("/v1/seal-uses.csv", headers=bearer("keeper"))
    assert file.headers["content-type"].startswith("text/csv")
    assert "'=1+1 发函" in file.text
    assert ledger[0]["sealed_as"] == "pades"
    assert (file.text.splitlines()[0][-10:], file.text.splitlines()[1][-6:]) == (",sealed_as", ",pades")
    assert (await http.get("/v1/seal-uses", headers=bearer("he"))).status_code == 403
    ended = await http.post(f"/v1/seal-grants/{given.json()['id']}/end", headers=bearer("reviewer"))
    assert ended.json()["ended_at"]
    grants = (await http.get(f"/v1/seal-grants?seal={seal.id}", headers=bearer("keeper"))).json()["items"]
    assert [(one["uses"], bool(one["ended_at"])) for one in grants if one["max_uses"]] == [(1, True)]


async def test_an_approved_use_takes_every_kind_of_place(
    http: httpx.AsyncClient, seal: Seal, office: SealOffice
) -> None:
    await office.grant(seal, grantee_kind=GranteeKind.ACCOUNT, grantee="acc_he", approval=True)
    file, fields = pdf(3), {"seal": seal.id, "reason": "发函"}
    asked = await http.post("/v1/seal-requests", data=fields, files=upload(file), headers=bearer("he"))
    base = f"/v1/seal-requests/{asked.json()['id']}"
    await http.post(f"{base}/approve", json={}, headers=bearer("reviewer"))
    at, places = {"page": 1, "x_mm": 120, "y_mm": 200}, [{"kind": "words", "text": "page 2"}, {"kind": "paging"}]
    wrong: tuple[tuple[dict[str, Any], int], ...] = (
        ({"placement": at, "places": places}, 400),
        ({"places": [{"kind": "words", "text": "nowhere"}]}, 400),
        ({"places": places, "level": "B-X"}, 400),
        ({"places": places, "level": "B-T"}, 503),
    )
    for body, status in wrong:
        assert (await http.post(f"{base}/seal", json=body, headers=bearer("he"))).status_code == status
    sealed = await http.post(f"{base}/seal", json={"places": places}, headers=bearer("he"))
    assert sealed.status_code == 201
    pages = PdfFileReader(BytesIO(sealed.content)).root["/Pages"]["/Kids"]
    assert [len(page.get_object().get("/Annots", ())) for page in pages] == [1, 2, 1], (
        "at the words, and a strip on every page"
    )
    assert (await office.verify_pdf(sealed.content)).conclusion == "genuine"


async def test_a_preview_is_a_picture_for_who_wants_one(http: httpx.AsyncClient, seal: Seal) -> None:
    place, fields = "/v1/signature-previews", {"seal": seal.id, "page": "2", "x_mm": "100", "y_mm": "100"}
    png = await http.post(place, data=fields, files=upload(pdf(2)), headers=bearer("app", Accept="image/png"))
    assert png.headers["content-type"] == "image/png"
    with Image.open(BytesIO(png.content)) as drawn:
        page = drawn.convert("RGB")
    fine = page.width / 210
    ring = [page.getpixel((round((100 + dx) * fine), round((100 + dy) * fine))) for dx, dy in ((20.3, 0), (0, -20.3))]
    assert all(red > 150 and green < 120 for red, green, _ in ring), "the ring stands where it was asked for"
    assert page.getpixel((round(20 * fine), round(250 * fine))) == (255, 255, 255)
    svg = await http.post(place, data=fields, files=upload(pdf(2)), headers=bearer("app", Accept="image/svg+xml"))
    tree = ElementTree.fromstring(svg.content)
    (window,) = [one for one in tree if one.tag.endswith("svg")]
    assert (window.attrib["x"], window.attrib["width"]) == ("79.00", "42.00")
    other = await http.post(
        place, data=fields | {"preview_page": "1"}, files=upload(pdf(2)), headers=bearer("app", Accept="image/svg+xml")
    )
    assert not [one for one in ElementTree.fromstring(other.content) if one.tag.endswith("svg")]
    none = await http.post(
        place, data=fields | {"preview_page": "3"}, files=upload(pdf(2)), headers=bearer("app", Accept="image/png")
    )
    assert none.status_code == 400
    listed = await http.post(place, data=fields, files=upload(pdf(2)), headers=bearer("app"))
    assert [one["page"] for one in listed.json()["places"]] == [2]


async def test_what_a_seals_certificate_says_is_told(http: httpx.AsyncClient, seal: Seal) -> None:
    told = (await http.get(f"/v1/seals/{seal.id}/certificate", headers=bearer("app"))).json()
    assert (told["trusted"], told["sub_indication"]) == (True, None)
    assert (len(told["chain"]), told["sha256"]) == (2, hashlib.sha256(seal.certificate).hexdigest())
    assert told["issuer"] != told["subject"]
    assert (await http.get("/v1/seals/seal_none/certificate", headers=bearer("app"))).status_code == 404


async def test_a_report_comes_as_etsi_xml_to_who_asks_for_it(http: httpx.AsyncClient, seal: Seal) -> None:
    sealed = (await seal_it(http, seal)).content
    place = "/v1/signature-verifications"
    xml = await http.post(place, files=upload(sealed), headers={"Accept": "application/xml"})
    assert (xml.headers["content-type"], xml.headers["cache-control"]) == ("application/xml", "no-store")
    assert b"urn:etsi:019102:mainindication:total-passed" in xml.content
    readable = await http.post(place, files=upload(sealed), headers={"Accept": "application/pdf"})
    assert (readable.headers["content-type"], readable.headers["report-sealed"]) == ("application/pdf", "no")
    assert "verification-report-unsealed.pdf" in readable.headers["content-disposition"]
    third = await http.post(place, files=upload(sealed), headers={"Accept": "application/pdf"})
    assert (third.status_code, third.json()["type"]) == (429, "http://test/problems/too-many-reports")
    for accept in ("*/*", "application/json", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"):
        answer = await http.post(place, files=upload(sealed), headers={"Accept": accept})
        assert answer.json()["conclusion"] == "genuine"


async def test_a_file_is_extended_for_who_may_use_seals(http: httpx.AsyncClient, seal: Seal) -> None:
    sealed, place = await seal_it(http, seal), "/v1/signature-extensions"
    fields = {"level": "B-LTA", "level_policy": "at-least-B-B"}
    for token, status in (("no-scope", 403), ("app", 200)):
        answer = await http.post(place, data=fields, files=upload(sealed.content), headers=bearer(token))
        assert answer.status_code == status
    # this office has no time-stamping authority: what could be had is told, not what was asked for
    assert (answer.content, answer.headers["signature-level"]) == (sealed.content, "PAdES-B-B")
    exactly = await http.post(place, files=upload(sealed.content), headers=bearer("app"))
    assert exactly.json()["type"] == "http://test/problems/timestamp-unavailable"
    ledger = (await http.get(sealed.headers["location"], headers=bearer("app"))).json()
    assert ledger["care"] is None


async def test_a_receipt_is_had_at_once_by_the_caller_and_by_anybody_who_has_the_file(
    http: httpx.AsyncClient, seal: Seal
) -> None:
    assert (await http.get("/v1/signature-log")).status_code == 404  # nothing is signed yet
    sealed = await seal_it(http, seal)
    place = f"{sealed.headers['location']}/receipt"
    assert (await http.get(place, headers=bearer("other-manager"))).status_code == 404
    assert (await http.get(place)).status_code == 401
    mine = await http.get(place, headers=bearer("app"))
    anybody = await http.get(f"/v1/signature-log/receipts/{hashlib.sha256(sealed.content).hexdigest()}")
    assert mine.json() == anybody.json()
    log = (await http.get("/v1/signature-log")).json()
    assert log["keys"] == [LOG_KEY.key(log["origin"]).line()]
    keys, clock = LOG_KEY.keys("test/v1/signature-log"), FakeClock()
    found = check_receipt(mine.content, "test/v1/signature-log", keys, clock, file=sealed.content)
    assert (found.fault, found.size) == (None, log["checkpoint"]["size"])
    assert (await http.get(f"/v1/signature-log/receipts/{'0' * 64}")).status_code == 404


async def test_the_log_is_read_as_tiles(http: httpx.AsyncClient, seal: Seal) -> None:
    sealed = await seal_it(http, seal)
    await http.get(f"{sealed.headers['location']}/receipt", headers=bearer("app"))
    note = await http.get("/v1/signature-log/checkpoint")
    assert note.headers["content-type"].startswith("text/plain")
    assert note.text.splitlines()[:2] == ["test/v1/signature-log", "2"]
    leaves = await http.get("/v1/signature-log/tile/0/000.p/2")
    assert (len(leaves.content), leaves.headers["content-type"]) == (64, "application/octet-stream")
    assert "immutable" in leaves.headers["cache-control"]
    entries = await http.get("/v1/signature-log/tile/entries/000.p/2")
    assert hashlib.sha256(sealed.content).hexdigest().encode() in entries.content
    growth = await http.get("/v1/signature-log/proofs/consistency?first=2&second=2")
    assert growth.json()["path"] == []


@pytest.mark.parametrize(
    "name",
    [
        *(
            "0/000",
            "0/000.p/3",
            "0/000.p/0",
            "0/000.p/256",
            "1/000.p/1",
            "0/001.p/1",
            "0/0",
            "0/x000/000.p/1",
            "0/x1/000",
        ),
        *("entries/000", "entries/000.p/3", "0/abc", "0/x999/x999/x999/x999/999", "0/x999/x999/x999/x999/x999/999"),
    ],
)
async def test_a_tile_that_no_checkpoint_covers_is_not_there(http: httpx.AsyncClient, seal: Seal, name: str) -> None:
    sealed = await seal_it(http, seal)
    await http.get(f"{sealed.headers['location']}/receipt", headers=bearer("app"))
    assert (await http.get(f"/v1/signature-log/tile/{name}")).status_code == 404


async def test_seal_in_several_places_certified(http: httpx.AsyncClient, seal: Seal) -> None:
    places = [{"kind": "words", "text": "entitlement", "down_mm": 60}, {"kind": "paging", "pages": {"first": 2}}]
    fields = {"seal": seal.id, "places": json.dumps(places), "certify": "2", "location": "示例市", "contact": "12345"}
    answer = await http.post("/v1/signatures", data=fields, files=upload(pdf(3)), headers=bearer("app"))
    assert answer.status_code == 201, answer.text
    (signature,) = PdfFileReader(BytesIO(answer.content)).embedded_signatures
    assert (str(signature.sig_object["/Location"]), signature.docmdp_level) == ("示例市", MDPPerm.FILL_FORMS)
    report = (await http.post("/v1/signature-verifications", files=upload(answer.content))).json()
    assert (report["conclusion"], len(report["signatures"])) == ("genuine", 1)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"places": "["}, "places"),
        ({"places": "[]"}, "places"),
        ({"places": "[" * 5000}, "places"),
        ({"places": '[{"kind": "at", "page": 1, "x_mm": 1e999, "y_mm": 1}]'}, "places"),
        ({"places": '[{"kind": "nowhere"}]'}, "places"),
        ({"places": '[{"kind": "paging"}]', "page": "1"}, "places"),
        ({"certify": "4"}, "certify"),
        ({"lock": "some"}, "lock"),
        ({"lock": "include", "lock_fields": "name"}, "lock_fields"),
        ({"location": "x" * 201}, "location"),
    ],
)
async def test_places_and_locks_that_cannot_be_read(
    http: httpx.AsyncClient, seal: Seal, fields: dict[str, str], field: str
) -> None:
    answer = await http.post(
        "/v1/signatures", data={"seal": seal.id, **fields}, files=upload(pdf()), headers=bearer("app")
    )
    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_preview_says_where_the_seal_would_stand_and_uses_no_key(
    http: httpx.AsyncClient, office: SealOffice, seal: Seal
) -> None:
    places = [{"kind": "at", "page": 2, "x_mm": 60, "y_mm": 90}, {"kind": "paging"}]
    fields = {"seal": seal.id, "places": json.dumps(places)}
    answer = await http.post("/v1/signature-previews", data=fields, files=upload(pdf(2)), headers=bearer("app"))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["pages"], body["empty_fields"], len(body["places"])) == (2, [], 3)
    whole, first, second = body["places"]
    assert (whole["page"], whole["left_mm"], whole["top_mm"], whole["width_mm"]) == (2, 39, 69, 42)
    assert (first["page"], first["width_mm"], first["part"]["left_mm"]) == (1, 21, -21)
    assert (second["page"], second["width_mm"], second["part"]["left_mm"]) == (2, 21, 0)
    assert isinstance(office.keys, PlainKeys)
    assert office.keys.signers[seal.key_purpose].uses == 0
    # as sealing itself: what cannot be sealed has no preview either
    refused = await http.post("/v1/signature-previews", data=fields, files=upload(b"no"), headers=bearer("app"))
    assert refused.json()["type"].endswith("/pdf-not-a-pdf")
    unknown = {**fields, "seal": "seal_none"}
    answer = await http.post("/v1/signature-previews", data=unknown, files=upload(pdf(2)), headers=bearer("app"))
    assert answer.status_code == 404
    answer = await http.post("/v1/signature-previews", data=fields, files=upload(pdf(2)), headers=bearer("no-scope"))
    assert answer.status_code == 403
    assert (await http.post("/v1/signature-previews", data=fields, files=upload(pdf(2)))).status_code == 401


async def test_seal_of_a_name_is_made_in_its_customary_size(http: httpx.AsyncClient, office: SealOffice) -> None:
    body = {"organisation": ORGANISATION, "name_zh": "示例市住房保障局", "name_en": "Housing Office"}
    name = {**body, "code": "4101990000099", "kind": "representative", "line": "林知远印", "shape": "name"}
    made = await http.post("/v1/seals", json=name, headers=bearer("manager"))
    assert made.status_code == 201, made.text
    kept = await office.seals.get(made.json()["id"])
    assert (kept.image.width_mm, kept.image.height_mm) == (20, 20)
    assert kept.design is not None
    assert kept.design["shape"] == "name"
    oval = {**body, "code": "4101990000098", "kind": "special", "line": "发票专用章", "shape": "oval"}
    made = await http.post("/v1/seals", json=oval, headers=bearer("manager"))
    kept = await office.seals.get(made.json()["id"])
    assert (kept.image.width_mm, kept.image.height_mm) == (40, 30)
    wrong = await http.post("/v1/seals", json={**oval, "code": "4101990000097", "line": ""}, headers=bearer("manager"))
    assert (wrong.status_code, wrong.json()["field"]) == (400, "line")


async def test_a_digest_in_a_signature_out(http: httpx.AsyncClient, office: SealOffice, seal: Seal) -> None:
    """The client's own way: terms, a file prepared at home, the digest sent, the signature put in."""
    body = {"seal": seal.id, "digest": "00" * 32, "document_name": "合同.pdf", "reason": "备案"}
    refused = await http.post("/v1/digest-signatures", json=body, headers=bearer("digests"))
    assert (refused.status_code, refused.json()["type"]) == (403, "http://test/problems/seal-not-granted")
    await office.grant(seal, form=GrantForm.DIGEST)
    scopeless = await http.post("/v1/digest-signatures", json=body, headers=bearer("app"))
    assert (scopeless.status_code, scopeless.json()["type"]) == (403, "http://test/problems/scope-missing")
    told = await http.get("/v1/digest-signatures/terms", params={"seal": seal.id}, headers=bearer("digests"))
    terms = terms_of(told.json())
    own = DigestTerms(seal.id, terms.signer, terms.algorithm, terms.octets, seal.image, terms.certificates)
    assert (terms.picture, terms.width_mm) == (seal.image.content, seal.image.width_mm)
    ready = prepare_file(pdf(), own, FileWords("Signature1", office.clock.now(), "备案"))
    body |= {"digest": ready.digest("sha256").hex(), "room": terms.octets}
    answer = await http.post("/v1/digest-signatures", json=body, headers=bearer("digests", **{"Idempotency-Key": "k"}))
    signed = signed_of(answer.json())
    assert (answer.status_code, signed.level) == (201, "PAdES-B-B")
    again = await http.post("/v1/digest-signatures", json=body, headers=bearer("digests", **{"Idempotency-Key": "k"}))
    assert again.json() == answer.json() | {"level_wanted": again.json()["level_wanted"]}
    report = (await http.post("/v1/signature-verifications", files=upload(ready.fill(signed.container)))).json()
    assert (report["conclusion"], report["signatures"][0]["registered_seal"]["id"]) == ("genuine", seal.id)
    record = (await http.get(answer.headers["location"], headers=bearer("digests"))).json()
    assert (record["form"], record["document_name"]) == ("digest", "合同.pdf")
    kept = await http.get(record["file"], headers=bearer("digests"))
    assert (kept.content, kept.headers["content-type"]) == (signed.container, "application/pkcs7-signature")
    receipt = await http.get(record["receipt"], headers=bearer("digests"))
    for file, fault in ((ready.fill(signed.container), None), (pdf(), "other-file")):
        found = check_receipt(
            receipt.content, "test/v1/signature-log", LOG_KEY.keys("test/v1/signature-log"), office.clock, file=file
        )
        assert (found.entry.event, found.fault) == (LogEvent.DIGEST_SIGNATURE, fault)


@pytest.mark.parametrize("wrong", [{"digest": "00" * 31}, {"digest": "zz" * 32}, {"algorithm": "md5"}, {"more": 1}])
async def test_s53_what_is_no_digest_goes_nowhere(http: httpx.AsyncClient, seal: Seal, wrong: dict[str, Any]) -> None:
    body = {"seal": seal.id, "digest": "00" * 32, "document_name": "合同.pdf", "reason": "备案"}
    answer = await http.post("/v1/digest-signatures", json=body | wrong, headers=bearer("digests"))
    assert answer.status_code == 400


async def test_a_digest_is_approved_like_a_file(http: httpx.AsyncClient, office: SealOffice, seal: Seal) -> None:
    await office.grant(seal, form=GrantForm.DIGEST, approval=True)
    body = {"seal": seal.id, "digest": "0a" * 32, "document_name": "合同.pdf", "reason": "备案"}
    asked = (await http.post("/v1/digest-signatures/requests", json=body, headers=bearer("digests"))).json()
    assert (asked["form"], asked["signed_digest"]) == ("digest", "sha256:" + "0a" * 32)
    decided = await http.post(f"/v1/seal-requests/{asked['id']}/approve", json={}, headers=bearer("reviewer"))
    assert decided.json()["state"] == "approved"
    signed = await http.post("/v1/digest-signatures", json=body | {"request": asked["id"]}, headers=bearer("digests"))
    assert signed.status_code == 201


# -- OFDs by the same addresses --------------------------------------------------------------------------------------


async def test_ofd_in_sealed_ofd_out(http: httpx.AsyncClient, seal: Seal) -> None:
    answer = await seal_it(http, seal, pdf=package(2), **{"Idempotency-Key": "o"})
    assert (answer.status_code, answer.headers["content-type"]) == (201, "application/ofd")
    assert answer.headers["content-disposition"] == f'attachment; filename="{answer.headers["signature-id"]}.ofd"'
    assert [one.good for one in await judged(answer.content)] == [True]
    assert (await seal_it(http, seal, pdf=package(2), **{"Idempotency-Key": "o"})).content == answer.content
    record = (await http.get(answer.headers["location"], headers=bearer("app"))).json()
    assert (record["level"], record["reason"]) == ("SES-B-B", "签发")
    again = await http.get(record["file"], headers=bearer("app"))
    assert (again.content, again.headers["content-type"]) == (answer.content, "application/ofd")
    receipt = await http.get(record["receipt"], headers=bearer("app"))
    assert receipt.status_code == 200, "it stands in the public log like every use"


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"certify": "2"}, 400, "ofd-locks"),
        ({"lock": "all"}, 400, "ofd-locks"),
        ({"location": "示例市"}, 400, "ofd-notes"),
        ({"contact": "12345"}, 400, "ofd-notes"),
        ({"level": "B-LTA"}, 400, "level-needs-pdf"),
        ({"level": "B-T"}, 503, "timestamp-unavailable"),
        ({"page": "3"}, 400, "placement-page"),
        ({"seal": "seal_none"}, 403, "seal-not-granted"),
    ],
)
async def test_what_an_ofd_cannot_have_is_refused_in_words(
    http: httpx.AsyncClient, seal: Seal, fields: dict[str, str], status: int, code: str
) -> None:
    answer = await seal_it(http, seal, pdf=package(2), fields=fields)
    assert (answer.status_code, answer.json()["type"]) == (status, f"http://test/problems/{code}")
    assert answer.json()["detail"]


HOSTILE_PAGES = {
    "number": drawn(words("甲", CTM="NaN 0 0 1 0 0")),
    "delta": drawn(words("甲乙", step="g 1000000000 5")),
    "reference": drawn("", uses='<ofd:Template TemplateID="7"/>'),
    "too-deep": drawn("<ofd:PageBlock>" * 60 + words("甲") + "</ofd:PageBlock>" * 60),
    "page-area": drawn("", box="0 0 210 30000"),
    "cycle": drawn(
        '<ofd:CompositeObject Boundary="0 0 9 9" ResourceID="20"/>',
        resources='<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="20" Width="9" Height="9"><ofd:Content>'
        '<ofd:CompositeObject Boundary="0 0 9 9" ResourceID="20"/></ofd:Content></ofd:CompositeGraphicUnit>'
        "</ofd:CompositeGraphicUnits>",
    ),
}


async def test_hostile_packages_are_answered_as_problems_with_words(http: httpx.AsyncClient, seal: Seal) -> None:
    """Every package of the list of attacks, and pages that break a search for words: never an error of the server."""
    found = {}
    for name, (_, make) in PACKAGES.items():
        answer = await seal_it(http, seal, pdf=make())
        body = answer.json()
        assert answer.status_code in (400, 413), (name, body)
        assert body["detail"], name
        found[name] = body["type"].rpartition("/")[2]
    assert {one for one in found.values() if not one.startswith("ofd-")} <= {"pdf-not-a-pdf"}, found
    asked = {"seal": seal.id, "places": '[{"kind": "words", "text": "甲"}]'}
    for code, files in HOSTILE_PAGES.items():
        for path in ("/v1/signatures", "/v1/signature-previews"):
            answer = await http.post(path, data=asked, files=upload(zipped(files)), headers=bearer("app"))
            told = (answer.status_code, answer.json()["type"])
            assert told == (400, f"http://test/problems/ofd-{code}"), (path, answer.json())
            assert answer.json()["detail"]


async def test_an_ofd_is_closed_when_nothing_may_be_changed(http: httpx.AsyncClient, seal: Seal) -> None:
    closed = (await seal_it(http, seal, pdf=package(), fields={"certify": "1"})).content
    assert [one.good for one in await judged(closed)] == [True]
    answer = await seal_it(http, seal, pdf=closed)
    assert (answer.status_code, answer.json()["type"]) == (400, "http://test/problems/ofd-locked")


async def test_places_in_an_ofd_are_shown_before_it_is_sealed(http: httpx.AsyncClient, seal: Seal) -> None:
    fields = {"seal": seal.id, "places": '[{"kind": "paging"}]'}
    answer = await http.post("/v1/signature-previews", data=fields, files=upload(package(3)), headers=bearer("app"))
    body = answer.json()
    assert (answer.status_code, body["pages"], body["empty_fields"]) == (200, 3, [])
    assert [one["left_mm"] for one in body["places"]] == [196, 196, 196]
    assert [one["part"]["left_mm"] for one in body["places"]] == [-21, -7, 7]
    for kind in ("image/png", "image/svg+xml"):
        headers = bearer("app", Accept=kind)
        drawn = await http.post("/v1/signature-previews", data=fields, files=upload(package(3)), headers=headers)
        assert (drawn.status_code, drawn.headers["content-type"].partition(";")[0]) == (200, kind)


async def test_an_approved_ofd_is_sealed_once(http: httpx.AsyncClient, office: SealOffice) -> None:
    seal = await office.make_seal("4101990000033")
    await office.grant(seal, approval=True)
    asked = {"seal": seal.id, "reason": "请示"}
    ofd = package()
    request = (await http.post("/v1/seal-requests", data=asked, files=upload(ofd), headers=bearer("app"))).json()
    waiting = await http.get(f"/v1/seal-requests/{request['id']}/file", headers=bearer("app"))
    assert (waiting.content, waiting.headers["content-type"]) == (ofd, "application/ofd")
    path = f"/v1/seal-requests/{request['id']}"
    assert (await http.post(f"{path}/approve", json={"answer": ""}, headers=bearer("reviewer"))).status_code == 200
    place = {"placement": {"page": 1, "x_mm": 100, "y_mm": 100}}
    first, again = [await http.post(f"{path}/seal", json=place, headers=bearer("app")) for _ in range(2)]
    assert (first.status_code, first.headers["content-type"]) == (201, "application/ofd")
    assert first.content == again.content
    noise = await http.post("/v1/seal-requests", data=asked, files=upload(ofd[:200]), headers=bearer("app"))
    assert noise.json()["type"] == "http://test/problems/ofd-damaged"

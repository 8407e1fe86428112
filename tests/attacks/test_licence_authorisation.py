"""L-01: every route of the repository × every kind of caller; unseen objects look like absent ones. L-21: downloads."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from certstore.attachments.keep import AttachmentCommand
from certstore.objections.raising import ObjectionCommand
from certstore.ports import SealAnchor
from certstore.presentation.read_code import ReadCommand
from certstore.shares.make import ShareCommand
from certstore.shares.model import MOST_VIEWS
from certstore.stores.templates import SqlTemplateStore
from certstore.subscriptions.manage import NewSubscription
from certstore.templates.model import StoredTemplate
from core.db.database import Database
from core.principal import SYSTEM
from core.text import Text
from tests.attacks.test_licence_life_authorisation import LIFE, OWN_LISTS
from tests.support.certstore_http import HOLDER, PURPOSE, TOKENS, Http, http, openapi_of
from tests.support.certstore_world import (
    BASIS,
    CASE,
    HOUSE,
    HOUSING,
    ITEM,
    LAND,
    LIN_NAME,
    LIN_NUMBER,
    PERMIT,
    PROPERTY,
    PROPERTY_TYPE,
    STATEMENT,
    World,
    world,
)
from tests.support.clock import FakeClock
from tests.support.entrusting import entrusted, entrusting_body, offered
from tests.support.idp_world import citizen_number
from tests.support.legacy_register import Planted, csv_file

A_TEMPLATE = """#show: licence.with(210mm, 297mm)
#title-block(128mm)
#for row in face.rows [#row.title: #value-of(row) \\ ]
"""
A_PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(64)
ABSENT = "lic_00000000000000000000000000"


@dataclass
class Stage:
    """A licence of Lin's shared by consent, one shared by function, a consent and a copy of each."""

    web: Http
    property: str
    permit: str
    consent: str
    copy: str
    code: str
    identifier: str
    presentation: str
    subscription: str
    check: str
    question: str
    objection: str
    rule: str
    attachment: str
    share: str
    share_code: str
    offer: str
    entrustment: str

    def fill(self, path: str, method: str = "GET") -> str:
        """A route's path with this stage's ids; the licence of a copy is the permit."""
        licence = self.permit if "copies" in path else self.property
        parts = {"licence_id": licence, "copy_id": self.copy, "consent_id": self.consent, "number": "1"}
        parts |= {"presentation_id": self.presentation, "subscription_id": self.subscription}
        parts |= {"presentation_id": self.presentation, "check_id": self.check, "bundle_id": self.question}
        parts |= {"objection_id": self.objection, "rule_id": self.rule, "share_id": self.share}
        parts |= {
            "attachment_id": self.attachment,
            "entrustment_id": self.offer if path.endswith("answer") else self.entrustment,
        }
        code = ITEM if path.startswith("/v1/service-items/") else PROPERTY
        parts["name"] = "own-put" if method == "PUT" else "own"
        grant = {"organisation": HOUSING, "service_item": ITEM, "type_code": PERMIT}
        return path.format(**parts, **grant, code=code)


@pytest.fixture
async def stage(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Stage]:
    async with world(sqlite_database, clock, tmp_path) as city, http(city) as web:
        yield await set_up(city, web)


async def set_up(city: World, web: Http) -> Stage:
    house, permit = await city.issue_property(), await city.issue_permit()
    consent = await city.consented()
    copy = await city.services.copies.make(city.copy_command(permit.id), TOKENS["portal"])
    read = await city.presentation.read(ReadCommand(await shown(city, permit.id)), TOKENS["portal"])
    await city.presentation.status_lists.reference(permit.id, TOKENS["lin"])
    wanted = NewSubscription("接收端", "https://receiver.example.cn/changes")
    subscription, _ = await city.subscriptions.manage.set_up(wanted, TOKENS["portal"])
    written = StoredTemplate("own", 1, Text("版式", "Face"), A_TEMPLATE, SealAnchor(1, 152, 233), city.clock.now(), "a")
    async with city.database.write() as tx:
        await SqlTemplateStore().add(tx, written)
        await tx.commit()
    check = await city.services.use.checks.open(city.exemption_query(case="ANOTHER-CASE"), TOKENS["portal"])
    question = await city.services.use.ask(check.id, TOKENS["portal"])
    wrong = ObjectionCommand(house.id, "location", "门牌号不对", A_PICTURE)
    objection = await city.own.raise_objection(wrong, TOKENS["lin"])
    shown_to_all = ShareCommand(house.id, ("area",), "给房东看", views=MOST_VIEWS)
    share = await city.own.shares.make(shown_to_all, TOKENS["lin"])
    offer, entrustment = await offered(city), await entrusted(city, types=(STATEMENT,))
    rule = await city.own.look_delays.propose(ITEM, 30, BASIS, SYSTEM)
    plan = AttachmentCommand(house.id, "a.png", base64.b64decode(PNG))
    attachment = await city.own.attachments.add(plan, TOKENS["land"])
    return Stage(
        web,
        house.id,
        permit.id,
        consent.id,
        copy.id,
        house.verification_code,
        house.current.identifier,
        read.id,
        subscription.id,
        check.id,
        question.id,
        objection.id,
        rule.id,
        attachment.id,
        share.share.id,
        share.code,
        offer.id,
        entrustment.id,
    )


async def a_code(city: World) -> str:
    """A use code of the portal's that nobody has redeemed yet."""
    return (await city.services.use.codes(city.code_query(types=(PERMIT,)), TOKENS["portal"]))[0].code


async def shown(city: World, licence_id: str) -> str:
    """A code that nobody has read yet."""
    return (await city.presentation.show(licence_id, TOKENS["lin"], anew=True)).code or ""


ISSUE = {"type": PROPERTY, "holders": [HOLDER | {"name": LIN_NAME}], "data": HOUSE}
CONSENT = {"holder": HOLDER, "type": PROPERTY, "purpose": PURPOSE}
TYPE_BODY = {
    "code": PROPERTY,
    "name": {"zh": "证", "en": "L"},
    "issuers": [TOKENS["land"].organisation],
    "holder_kind": "person",
    "colour": "pine",
    "schema": dict(PROPERTY_TYPE.schema),
    "validity": {"kind": "long-term"},
    "sharing": "consent",
    "template": "certificate",
}
ITEM_BODY = {"name": {"zh": "事项", "en": "Item"}, "department": HOUSING, "materials": []}
TEMPLATE_BODY = {
    "title": {"zh": "版式", "en": "Face"},
    "source": A_TEMPLATE,
    "anchor": {"x_mm": 152, "y_mm": 233},
}
GRANT_BODY = {
    "organisation": HOUSING,
    "type": PROPERTY,
    "service_item": ITEM,
    "fields": ["area"],
    "basis": BASIS,
    "valid_from": "2026-01-01",
}
REASON = {"reason": "查明材料不实"}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(60)).decode()
# who may, per route: everybody else must be refused. "*" is open to the public.
MAY: dict[tuple[str, str], tuple[set[str], Any]] = {
    ("GET", "/v1/licence-types"): ({"*"}, None),
    ("GET", "/v1/licence-types/{code}"): ({"*"}, None),
    ("POST", "/v1/licence-types"): ({"keeper"}, TYPE_BODY),
    ("PUT", "/v1/licence-types/{code}"): ({"keeper"}, TYPE_BODY),
    ("POST", "/v1/licence-types/{code}/retire"): ({"keeper"}, None),
    ("GET", "/v1/licence-types/{code}/versions"): ({"*"}, None),
    ("GET", "/v1/licence-elements"): ({"*"}, None),
    ("GET", "/v1/catalogue/bundle"): ({"keeper", "guard"}, None),
    ("POST", "/v1/catalogue/imports"): ({"keeper", "guard"}, {"bundle": "to be taken out", "dry_run": True}),
    ("GET", "/v1/face-templates"): ({"keeper"}, None),
    ("GET", "/v1/face-templates/{name}"): ({"keeper"}, None),
    ("PUT", "/v1/face-templates/{name}"): ({"keeper"}, TEMPLATE_BODY),
    ("POST", "/v1/face-templates/{name}/preview"): ({"keeper"}, TEMPLATE_BODY),
    ("GET", "/v1/holder-code-types"): ({"*"}, None),
    ("PUT", "/v1/service-items/{code}"): ({"keeper"}, ITEM_BODY),
    ("GET", "/v1/consumer-grants"): ({"keeper", "guard"}, None),
    ("PUT", "/v1/consumer-grants"): ({"guard"}, GRANT_BODY),
    ("DELETE", "/v1/consumer-grants/{organisation}/{service_item}/{type_code}"): ({"guard"}, None),
    ("GET", "/v1/service-items"): ({"*"}, None),
    ("GET", "/v1/service-items/{code}"): ({"*"}, None),
    ("POST", "/v1/licences"): ({"land"}, ISSUE),
    ("GET", "/v1/licences"): (
        {"land", "police", "officer", "portal", "clerk", "other-office", "lin", "zhao"},  # each sees only its own
        None,
    ),
    ("POST", "/v1/licences/find"): (
        {"land", "police", "officer", "portal", "clerk", "other-office"},  # each finds only its own
        {"holder": HOLDER},
    ),
    ("POST", "/v1/licences/export"): (
        {"police", "officer"},
        {"types": [PERMIT], "reason": "L-01"},
    ),
    ("GET", "/v1/licences/{licence_id}/status"): ({"land"}, None),
    ("GET", "/v1/licences/{licence_id}"): ({"land", "lin"}, None),
    ("GET", "/v1/licences/{licence_id}/files/original"): ({"land", "lin"}, None),
    ("POST", "/v1/licences/{licence_id}/withdraw"): ({"land"}, REASON),
    ("POST", "/v1/licences/{licence_id}/revoke"): ({"land"}, REASON),
    ("POST", "/v1/licences/{licence_id}/cancel"): ({"land"}, REASON),
    ("POST", "/v1/licences/search"): ({"portal", "clerk"}, {"holder": HOLDER, "purpose": PURPOSE}),
    ("POST", "/v1/exemption-checks"): (
        {
            "portal",
            "clerk",
            "other-office",
            "land",
            "police",
            "officer",
        },  # without a grant the answer tells nothing: below
        {"service_item": ITEM, "case_number": CASE, "holder": HOLDER},
    ),
    ("GET", "/v1/exemption-checks/{check_id}"): ({"portal", "clerk"}, None),
    ("POST", "/v1/exemption-checks/{check_id}/consents"): ({"portal", "clerk"}, {"days": 3}),
    ("POST", "/v1/exemption-checks/{check_id}/deliver"): ({"portal", "clerk"}, None),
    ("POST", "/v1/use-codes"): ({"portal", "clerk"}, {"holder": HOLDER, "purpose": PURPOSE}),
    ("POST", "/v1/use-codes/redeem"): ({"portal", "clerk"}, {"code": "to be redeemed", "form": "data"}),
    ("POST", "/v1/consents/together"): (
        {"portal", "clerk"},
        {"holder": HOLDER, "types": [PROPERTY], "purpose": PURPOSE},
    ),
    ("GET", "/v1/consents/together/{bundle_id}"): ({"portal"}, None),
    ("GET", "/v1/consents"): ({"lin", "zhao", "clerk"}, None),  # each their own
    ("POST", "/v1/consents/{consent_id}/withdraw"): ({"lin"}, None),
    ("POST", "/v1/licences/{licence_id}/shares"): ({"lin"}, {"fields": ["area"], "purpose": "给房东看"}),
    ("GET", "/v1/shares"): ({"lin", "zhao", "clerk"}, None),  # each their own
    ("POST", "/v1/shares/{share_id}/withdraw"): ({"lin"}, None),
    ("POST", "/v1/shares/{share_id}/open"): ({"*"}, {"code": "of the share"}),  # whoever has the code
    ("POST", "/v1/entrustments"): ({"lin", "zhao", "clerk"}, {"agent": "somebody"}),  # each for themselves
    ("GET", "/v1/entrustments"): ({"lin", "zhao", "clerk"}, None),  # each their own
    ("GET", "/v1/entrustments/{entrustment_id}"): ({"lin", "zhao"}, None),
    ("POST", "/v1/entrustments/{entrustment_id}/answer"): ({"zhao"}, {"accept": True}),
    ("POST", "/v1/entrustments/{entrustment_id}/end"): ({"lin", "zhao"}, None),
    ("POST", "/v1/consents"): ({"portal", "clerk"}, CONSENT),
    ("GET", "/v1/consents/{consent_id}"): ({"portal"}, None),
    ("POST", "/v1/licences/{licence_id}/copies"): ({"portal", "clerk"}, {"purpose": PURPOSE}),
    ("GET", "/v1/licences/{licence_id}/copies/{copy_id}/file"): ({"portal", "clerk"}, None),
    ("POST", "/v1/verifications"): ({"portal", "clerk", "other-office"}, {"by": "identifier"}),
    ("POST", "/v1/licences/{licence_id}/presentations"): ({"lin"}, {"extent": "minimal"}),
    ("POST", "/v1/presentations/read"): ({"portal", "clerk", "other-office"}, {"code": "to be shown"}),
    ("GET", "/v1/presentations/{presentation_id}"): ({"portal"}, None),
    ("POST", "/v1/presentations/{presentation_id}/decision"): ({"lin"}, {"granted": False}),
    ("POST", "/v1/licences/{licence_id}/signed-face"): ({"lin"}, None),
    ("POST", "/v1/licences/{licence_id}/status-reference"): ({"lin", "land"}, None),
    ("GET", "/licence-status/{number}"): ({"*"}, None),
    ("GET", "/licence-status"): ({"*"}, None),
    ("GET", "/v1/licence-keys"): ({"*"}, None),
    ("GET", "/v1/changes"): (  # each hears its own part
        {"land", "police", "officer", "portal", "clerk", "other-office"},
        None,
    ),
    ("POST", "/v1/subscriptions"): (
        {"land", "police", "officer", "portal", "other-office"},  # a clerk's duty is not to set up receivers
        {"name": "a", "address": "https://receiver.example.cn/changes"},
    ),
    ("GET", "/v1/subscriptions"): ({"land", "police", "officer", "portal", "other-office"}, None),
    **{
        (method, f"/v1/subscriptions/{{subscription_id}}{what}"): ({"portal"}, body)
        for method, what, body in (
            ("GET", "", None),
            ("POST", "/pause", None),
            ("POST", "/resume", None),
            ("POST", "/replay", {"after": "latest"}),
            ("POST", "/secrets", None),
            ("DELETE", "/secrets/old", None),
            ("GET", "/dead-letters", None),
            ("POST", "/dead-letters/send", None),
            ("DELETE", "", None),
        )
    },
    ("GET", "/v1/licences/{licence_id}/attachments"): ({"land", "lin"}, None),
    ("GET", "/v1/licences/{licence_id}/attachments/{attachment_id}"): ({"land", "lin"}, None),
    ("POST", "/v1/licences/{licence_id}/attachments"): ({"land"}, {"name": "b.png", "content": PNG}),
    ("GET", "/v1/access-records"): ({"lin", "zhao", "clerk"}, None),
    ("POST", "/v1/objections"): ({"lin"}, {"licence": "lin's own", "about": "area", "text": "面积不对"}),
    ("GET", "/v1/objections"): ({"land", "police", "officer", "lin", "zhao"}, None),  # each its own
    ("GET", "/v1/objections/{objection_id}"): ({"land", "lin"}, None),
    ("GET", "/v1/objections/{objection_id}/evidence"): ({"land", "lin"}, None),
    ("POST", "/v1/objections/{objection_id}/withdraw"): ({"lin"}, None),
    ("POST", "/v1/objections/{objection_id}/accept"): ({"land"}, {"text": "属实"}),
    ("POST", "/v1/objections/{objection_id}/refuse"): ({"land"}, {"text": "不属实"}),
    ("GET", "/v1/statistics"): (  # each sees its own figures
        {"land", "police", "officer", "portal", "clerk", "other-office"},
        None,
    ),
    ("GET", "/v1/look-delays"): ({"guard"}, None),
    ("POST", "/v1/look-delays"): ({"guard"}, {"service_item": ITEM, "days": 30, "basis": BASIS}),
    ("POST", "/v1/look-delays/{rule_id}/decision"): ({"guard"}, {"approve": True}),
}
REGISTER = next(iter(csv_file(2, PROPERTY, LAND, Planted())))
LATER_STEPS = {  # what may be done once something else was done
    ("POST", "/v1/objections/{objection_id}/close"): "land",
    ("POST", "/v1/look-delays/{rule_id}/end"): "guard",
    ("POST", "/v1/consents/together/{bundle_id}/withdraw"): "lin",
}
CALLERS = [*sorted(TOKENS), "expired-or-revoked", None]


async def body_for(stage: Stage, body: Any) -> Any:
    if body and "licence" in body:
        return body | {"licence": stage.property}
    if body and body.get("agent") == "somebody":
        return entrusting_body(stage.web.city, agent={"code": citizen_number(55), "name": "王五"})
    if body and body.get("code") == "of the share":
        return {"code": stage.share_code}
    if body and "code" in body and body["code"] == "to be shown":
        return {"code": await shown(stage.web.city, stage.permit)}
    if body and body.get("code") == "to be redeemed":
        return body | {"code": await a_code(stage.web.city)}
    if body and body.get("bundle") == "to be taken out":
        return body | {"bundle": await stage.web.city.bundles.take_out(TOKENS["keeper"], grants=True)}
    return body | {"identifier": stage.identifier} if body and body.get("by") else body


IMPORTS: dict[tuple[str, str], tuple[set[str], object]] = {  # of a register that the land bureau sent in
    ("POST", "/v1/imports"): ({"land"}, None),
    ("GET", "/v1/imports"): ({"land", "police", "officer"}, None),  # each its own
    ("GET", "/v1/imports/{import_id}"): ({"land"}, None),
    ("POST", "/v1/imports/{import_id}/start"): ({"land"}, {"dry": True}),
    ("POST", "/v1/imports/{import_id}/pause"): ({"land"}, None),
    ("POST", "/v1/imports/{import_id}/resume"): ({"land"}, None),
    ("POST", "/v1/imports/{import_id}/cancel"): ({"land"}, None),
    ("GET", "/v1/imports/{import_id}/faulty-rows"): ({"land"}, None),
    ("GET", "/v1/imports/{import_id}/differing-rows"): ({"land"}, None),
}


async def test_l01_a_register_is_its_own_authoritys(stage: Stage) -> None:
    """The steps of one import in their order, each tried by all others first."""
    made = ""
    for (method, path), (allowed, body) in IMPORTS.items():
        address = path.format(import_id=made)
        if (method, path) == ("POST", "/v1/imports"):
            address += f"?type={PROPERTY}&format=csv"
        for caller in sorted(CALLERS, key=lambda one: one in allowed):
            sent = {"content": REGISTER} if body is None and method == "POST" else {"json": body} if body else {}
            answer = await stage.web.call(method, address, caller, **sent)
            assert (answer.status_code < 300) == (caller in allowed), (method, path, caller, answer.status_code)
            assert LIN_NUMBER not in answer.text or path.endswith("faulty-rows")
            if method == "POST" and path == "/v1/imports" and caller in allowed:
                made = answer.json()["id"]


def test_l01_the_matrix_names_every_route(stage: Stage) -> None:
    routes = {(method.upper(), path) for path, methods in openapi_of(stage.web)["paths"].items() for method in methods}
    assert routes == {*MAY, *LIFE, *OWN_LISTS, *LATER_STEPS, *IMPORTS}


@pytest.mark.parametrize(("method", "path"), sorted(MAY))
async def test_l01_only_those_who_may_get_through(stage: Stage, method: str, path: str) -> None:
    allowed, body = MAY[method, path]
    got = {}
    for number, caller in enumerate(CALLERS):
        headers = {"Idempotency-Key": f"k{number}"} if method == "POST" else {}
        answer = await stage.web.call(
            method, stage.fill(path, method), caller, headers=headers, json=await body_for(stage, body)
        )
        got[caller] = answer.status_code
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert LIN_NUMBER not in answer.text
            assert LIN_NAME not in answer.text
    through = {caller for caller, status in got.items() if status < 300}
    assert through == (set(CALLERS) if "*" in allowed else allowed)
    if "*" not in allowed:
        assert (got[None], got["expired-or-revoked"]) == (401, 401)
        assert {got[caller] for caller in TOKENS if caller not in through} <= {403, 404}


@pytest.mark.parametrize(("method", "path"), sorted(LATER_STEPS))
async def test_l01_a_later_step_is_refused_to_everybody_and_too_early_for_one(
    stage: Stage, method: str, path: str
) -> None:
    got = {caller: (await stage.web.call(method, stage.fill(path), caller)).status_code for caller in TOKENS}
    assert got.pop(LATER_STEPS[method, path]) == 409
    assert set(got.values()) <= {403, 404}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/licences/{}", None),
        ("GET", "/v1/licences/{}/files/original", None),
        ("POST", "/v1/licences/{}/revoke", REASON),
        ("POST", "/v1/licences/{}/copies", {"purpose": PURPOSE}),
    ],
)
async def test_l01_an_unseen_licence_and_an_absent_one_get_the_same_answer(
    stage: Stage, method: str, path: str, body: Any
) -> None:
    for caller in ("police", "other-office", "zhao"):
        answers = []
        for licence in (stage.property, ABSENT):
            headers = {"Idempotency-Key": "k"} if method == "POST" else {}
            answer = await stage.web.call(method, path.format(licence), caller, headers=headers, json=body)
            told = answer.json()
            told.pop("request_id")
            answers.append((answer.status_code, told))
        assert answers[0] == answers[1]


async def test_l01_lists_hold_only_the_callers_own(stage: Stage) -> None:
    for caller, held in (
        ("lin", {stage.property, stage.permit}),
        ("zhao", set()),
        ("land", {stage.property}),
        ("police", {stage.permit}),
        ("other-office", set()),
    ):
        answer = await stage.web.get("/v1/licences", caller)
        assert {one["id"] for one in answer.json()["items"]} == held


async def test_l01_without_a_grant_the_exemption_answer_is_the_same_for_every_holder(stage: Stage) -> None:
    told = []
    for number in (LIN_NUMBER, "410199199111204060"):  # one has the licences, the other has none
        body = {"service_item": ITEM, "case_number": CASE, "holder": {"code": number}}
        answer = await stage.web.post("/v1/exemption-checks", "other-office", body)
        told.append({name: value for name, value in answer.json().items() if name != "id"})
        outcomes = [one["outcome"] for one in answer.json()["materials"]]
        assert outcomes == ["not-granted", "not-granted", "not-granted", "not-in-store"]
    assert told[0] == told[1]


async def test_l01_a_portals_log_in_token_opens_no_licence(stage: Stage) -> None:
    """Logging in at a portal is not consent to hand it licences; with the right given, the twin gets through."""
    for path in ("/v1/licences", f"/v1/licences/{stage.property}", f"/v1/licences/{stage.property}/files/original"):
        assert (await stage.web.get(path, "lin-at-a-portal")).status_code == 403
        assert (await stage.web.get(path, "lin")).status_code == 200
    assert (await stage.web.get("/v1/access-records", "lin-at-a-portal")).status_code == 403


async def test_l21_downloads_are_plain_pdfs_that_nobody_caches(stage: Stage) -> None:
    for path, caller in (
        (f"/v1/licences/{stage.property}/files/original", "lin"),
        (f"/v1/licences/{stage.permit}/copies/{stage.copy}/file", "portal"),
    ):
        answer = await stage.web.get(path, caller)
        assert answer.content.startswith(b"%PDF-")
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        disposition = answer.headers["content-disposition"]
        assert disposition.startswith('attachment; filename="')
        assert disposition.isascii()
        assert LIN_NUMBER not in str(answer.headers)


@pytest.mark.parametrize(
    "evil",
    ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%00", "lic_x\r\nSet-Cookie: a=b", "a" * 3000, "' OR '1'='1", "%"],
)
async def test_l21_a_path_is_only_ever_a_key(stage: Stage, evil: str) -> None:
    from urllib.parse import quote

    for path in (
        f"/v1/licences/{quote(evil, safe='')}/files/original",
        f"/v1/licences/{stage.permit}/copies/{quote(evil, safe='')}/file",
    ):
        answer = await stage.web.get(path, "portal")
        assert answer.status_code == 404
        assert "set-cookie" not in answer.headers


async def test_l21_a_copys_link_ends_with_the_licence(stage: Stage) -> None:
    path = f"/v1/licences/{stage.permit}/copies/{stage.copy}/file"
    assert (await stage.web.get(path, "portal")).status_code == 200
    revoked = await stage.web.post(
        f"/v1/licences/{stage.permit}/revoke", "police", REASON, headers={"Idempotency-Key": "k"}
    )
    assert revoked.status_code == 200
    assert (await stage.web.get(path, "portal")).status_code == 410

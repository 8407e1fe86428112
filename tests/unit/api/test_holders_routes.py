"""What holders do over the interface: share and take back, withdraw consents, object and follow what becomes of it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from core.db.database import Database
from tests.support.certstore_http import Http, http
from tests.support.certstore_world import CASE, LIN_NAME, LIN_NUMBER, ZHAO, world
from tests.support.clock import FakeClock
from tests.support.entrusting import entrusting_body

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(64)


def _code(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rpartition("/")[2]


@pytest.fixture
async def web(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Http]:
    async with world(sqlite_database, clock, tmp_path) as city, http(city) as made:
        yield made


async def test_a_share_opens_for_whoever_has_the_code_until_it_is_taken_back(web: Http) -> None:
    permit = await web.city.issue_permit()
    wanted = {"fields": ["holder_name", "address"], "purpose": "给房东看", "views": 3, "days": 2}
    answer = await web.post(f"/v1/licences/{permit.id}/shares", "lin", wanted)
    made = answer.json()
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    assert made["address"] == f"https://yizheng.example.gov.cn/shared/{made['id']}"
    path = f"/v1/shares/{made['id']}"
    opened = (await web.post(f"{path}/open", None, {"code": made["code"]})).json()
    assert opened["rows"][0]["value"] == LIN_NAME
    assert (opened["status"], opened["views_left"]) == ("valid", 2)
    listed = await web.get("/v1/shares", "lin")
    assert [(one["id"], one["state"], one["views"]) for one in listed.json()["items"]] == [(made["id"], "open", 1)]
    assert made["code"] not in listed.text, "the code is told once"
    assert LIN_NUMBER not in listed.text
    assert [(await web.post(f"{path}/withdraw", "lin")).json()["state"] for _ in "ab"] == ["withdrawn", "withdrawn"]
    refused = [
        await web.post(f"{path}/open", None, {"code": made["code"]}),
        await web.post("/v1/shares/shr_00000000000000000000000000/open", None, {"code": made["code"]}),
    ]
    assert {(one.status_code, _code(one)) for one in refused} == {(404, "share-not-found")}


async def test_a_consent_is_taken_back_where_it_is_listed(web: Http) -> None:
    city = web.city
    await city.issue_property()
    given, open_one = await city.consented(), await city.ask_consent(case_number="ANOTHER-CASE")
    listed = (await web.get("/v1/consents", "lin")).json()["items"]
    assert {one["id"]: one["state"] for one in listed} == {given.id: "granted", open_one.id: "pending"}
    answer = await web.post(f"/v1/consents/{given.id}/withdraw", "lin")
    assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
    assert (await web.get(f"/v1/consents/{given.id}", "portal")).json()["state"] == "withdrawn"
    for late in (given.id, open_one.id):
        assert _code(await web.post(f"/v1/consents/{late}/withdraw", "lin")) == "consent-decided"


async def test_an_objection_is_raised_answered_and_taken_back(web: Http) -> None:
    house = await web.city.issue_property()
    body = {"licence": house.id, "about": "area", "text": "面积不对"}
    wrong = await web.post("/v1/objections", "lin", body | {"evidence": "not base64!"})
    assert (wrong.status_code, _code(wrong)) == (400, "evidence-invalid")
    answer = await web.post("/v1/objections", "lin", body | {"evidence": base64.b64encode(PICTURE).decode()})
    assert answer.status_code == 201
    path = answer.headers["location"]
    again = await web.post("/v1/objections", "lin", body)
    assert (again.status_code, _code(again)) == (409, "already-objected")
    (mine,) = (await web.get("/v1/objections", "lin")).json()["items"]
    assert (mine["state"], mine["about"]["name"], mine["evidence"]) == ("open", "area", "image/png")
    for side in ("lin", "land"):
        file = await web.get(f"{path}/evidence", side)
        assert (file.content, file.headers["content-disposition"][:10]) == (PICTURE, "attachment")
    assert (await web.post(f"{path}/accept", "land", {"text": "属实"})).json()["state"] == "accepted"
    assert [one["act"] for one in (await web.get(path, "lin")).json()["steps"]] == ["raise", "accept"]
    assert (await web.post(f"{path}/withdraw", "lin")).json()["state"] == "withdrawn"
    assert _code(await web.post(f"{path}/withdraw", "lin")) == "objection-moved"


async def test_an_ending_takes_a_key_and_what_was_seen(web: Http) -> None:
    house = await web.city.issue_property()
    path, why = f"/v1/licences/{house.id}/revoke", {"reason": "处罚决定"}
    assert (await web.post(path, "land", why)).status_code == 400, "no Idempotency-Key"
    stale = await web.post(path, "land", why, headers={"Idempotency-Key": "a", "If-Match": '"7"'})
    assert (stale.status_code, _code(stale)) == (412, "precondition-failed")
    headers = {"Idempotency-Key": "a", "If-Match": '"1"'}
    first, again = [await web.post(path, "land", why, headers=headers) for _ in "ab"]
    assert (first.status_code, first.headers["etag"], first.json()) == (200, '"2"', again.json())
    other = await web.post(path, "land", {"reason": "另一个理由"}, headers=headers)
    assert (other.status_code, _code(other)) == (409, "idempotency-key-reused")


async def test_an_entrustment_is_offered_accepted_seen_and_taken_back(web: Http) -> None:
    await web.city.issue_property()
    answer = await web.post("/v1/entrustments", "lin", entrusting_body(web.city))
    made = answer.json()
    assert (answer.status_code, made["state"], made["agent"]["code_masked"]) == (201, "offered", "410199 ******** 2049")
    path = f"/v1/entrustments/{made['id']}"
    (held,) = (await web.get("/v1/entrustments?side=agent", "zhao")).json()["items"]
    assert (held["id"], held["side"], held["principal"]["name"]) == (made["id"], "agent", LIN_NAME)
    assert (await web.post(f"{path}/answer", "zhao", {"accept": True})).json()["state"] == "active"
    asked = await web.city.ask_consent()
    await web.city.services.consents.decide(asked.id, ZHAO, True)
    seen = (await web.get(path, "lin")).json()
    assert [(one["deed"], one["subjects"], one["case_number"]) for one in seen["done"]] == [
        ("consent", [asked.id], CASE)
    ]
    assert (seen["uses"], seen["uses_allowed"]) == (1, 2)
    assert LIN_NUMBER not in str(seen)
    ended = [(await web.post(f"{path}/end", "lin")).json() for _ in "ab"]
    assert [(one["state"], one["reason"], one["consents_withdrawn"]) for one in ended] == [
        ("ended", "taken-back", 1),
        ("ended", "taken-back", 0),
    ]
    refused = await web.post("/v1/entrustments", "lin", entrusting_body(web.city, agent={"code": "1", "name": "王"}))
    assert (refused.status_code, _code(refused)) == (400, "citizen-id-length")
    unknown = await web.post("/v1/entrustments", "lin", entrusting_body(web.city, sub_delegation=True))
    assert unknown.status_code == 400

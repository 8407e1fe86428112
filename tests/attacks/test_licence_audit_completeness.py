"""L-15: over the whole route table, each call is one audit event, and each look at somebody else's data a record of
who looked, which the holder sees. What is not listed here must be so: a new route is walked as soon as it is in the
matrix of who may (L-01), where every route has to be.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from certstore.model import InspectionRule
from certstore.stores.tables import access_record
from core.audit.tables import audit_event
from core.db.database import Database
from tests.attacks.test_licence_authorisation import MAY, Stage, body_for, set_up
from tests.attacks.test_licence_life_authorisation import LIFE, READY
from tests.support.certstore_http import TOKENS, Http, http
from tests.support.certstore_world import HOME, HOUSE, LIN_NAME, LIN_NUMBER, PERMIT, World, world
from tests.support.clock import FakeClock
from tests.support.licence_life import Life

LICENCE = "/v1/licences/{licence_id}"
DELIVER = ("POST", "/v1/exemption-checks/{check_id}/deliver")  # each copy is an event of its own
EXPORT = ("POST", "/v1/licences/export")  # each page of it is an event of its own
LOOKS = {  # somebody else than the holder is told of the holder's licences, or whether there are any
    ("GET", LICENCE),
    ("GET", f"{LICENCE}/files/original"),
    ("GET", f"{LICENCE}/attachments"),
    ("GET", f"{LICENCE}/attachments/{{attachment_id}}"),
    ("GET", f"{LICENCE}/copies/{{copy_id}}/file"),
    ("GET", f"{LICENCE}/events"),
    ("GET", f"{LICENCE}/versions"),
    ("GET", f"{LICENCE}/versions/{{number}}/file"),
    ("GET", "/v1/objections/{objection_id}"),
    ("GET", "/v1/objections/{objection_id}/evidence"),
    ("GET", "/v1/presentations/{presentation_id}"),
    ("POST", "/v1/exemption-checks"),
    DELIVER,
    EXPORT,
    ("POST", f"{LICENCE}/copies"),
    ("POST", "/v1/licences/find"),
    ("POST", "/v1/licences/search"),
    ("POST", "/v1/presentations/read"),
    ("POST", "/v1/shares/{share_id}/open"),
    ("POST", "/v1/use-codes"),
    ("POST", "/v1/use-codes/redeem"),
}
QUIET = {  # public, about no person, or what the caller itself asked for before
    ("GET", "/licence-status"),
    ("GET", "/licence-status/{number}"),
    ("GET", "/v1/consents/together/{bundle_id}"),
    ("GET", "/v1/consents/{consent_id}"),
    ("GET", "/v1/consumer-grants"),
    ("GET", "/v1/exemption-checks/{check_id}"),
    ("GET", "/v1/face-templates"),
    ("GET", "/v1/face-templates/{name}"),
    ("GET", "/v1/holder-code-types"),
    ("GET", "/v1/licence-elements"),
    ("GET", "/v1/licence-keys"),
    ("GET", "/v1/licence-types"),
    ("GET", "/v1/licence-types/{code}"),
    ("GET", "/v1/licence-types/{code}/versions"),
    ("GET", "/v1/look-delays"),
    ("GET", "/v1/service-items"),
    ("GET", "/v1/service-items/{code}"),
    ("GET", "/v1/subscriptions"),
    ("GET", "/v1/subscriptions/{subscription_id}"),
    ("GET", "/v1/subscriptions/{subscription_id}/dead-letters"),
    ("POST", "/v1/catalogue/imports"),  # compared only
    ("POST", "/v1/exemption-checks/{check_id}/consents"),  # asked already
    ("POST", "/v1/face-templates/{name}/preview"),
}
PERSONAL = (LIN_NUMBER, LIN_NAME, str(HOUSE["location"]), HOME["address"])
HOLDERS = ("lin", "zhao")
LAST = ("/cancel", "/revoke", "/withdraw", "/retire")  # what ends something others need


@pytest.fixture
async def city(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    async with world(sqlite_database, clock, tmp_path) as made:
        yield made


async def _called(web: Http, method: str, path: str, caller: str, body: Any) -> tuple[httpx.Response, int, int]:
    """The answer, and how many looks and events it left."""
    before = await _counts(web.city)
    headers = {"Idempotency-Key": f"{path} {caller}"[-100:]} if method == "POST" else {}
    answer = await web.call(method, path, None if caller == "*" else caller, headers=headers, json=body)
    after = await _counts(web.city)
    return answer, after[0] - before[0], after[1] - before[1]


async def _counts(city: World) -> tuple[int, int]:
    return await city.rows(access_record), await city.rows(audit_event)


def _check(route: tuple[str, str], caller: str, answer: httpx.Response, looks: int, events: int) -> None:
    where = (*route, caller, answer.status_code, looks, events)
    others = caller not in HOLDERS
    assert (looks > 0) is (route in LOOKS and others and answer.status_code < 300), where
    if route in (DELIVER, EXPORT):
        assert events >= 1, where
    else:
        assert events == (0 if route in QUIET else 1), where
    if others and answer.status_code < 300 and any(word in answer.text for word in PERSONAL):
        assert route in LOOKS, f"{where} tells of a person and leaves no trace for them"


def _order(route: tuple[str, str]) -> tuple[bool, int, str]:
    method, path = route
    return path.endswith(LAST), ("GET", "POST", "PUT", "DELETE").index(method), path


async def test_l15_every_call_is_one_event_and_every_look_is_recorded(city: World) -> None:
    looked = set()
    async with http(city) as web:
        stage: Stage = await set_up(city, web)
        for route in sorted(MAY, key=_order):
            allowed, body = MAY[route]
            for caller in {next(iter(sorted(allowed - set(HOLDERS))), "lin"), *(allowed & {"lin"})}:
                filled = await body_for(stage, body)
                answer, looks, events = await _called(web, route[0], stage.fill(route[1], route[0]), caller, filled)
                _check(route, caller, answer, looks, events)
                looked |= {route} if looks else set()
    assert looked == LOOKS & set(MAY), "a look that was refused here shows nothing"


async def test_l15_every_step_is_one_event_and_reading_before_it_one_record(city: World) -> None:
    life = Life(city)
    await life.retype(PERMIT, inspection=InspectionRule(12, 400), one_per_holder=False)
    async with http(city) as web:
        for (method, path), (state, body, through) in LIFE.items():
            parts = await READY[state](life) if state in READY else {}
            sent = (
                {name: parts.get("licence_id", value) if name == "licence" else value for name, value in body.items()}
                if body
                else body
            )
            answer, looks, events = await _called(web, method, path.format(**parts), through, sent)
            assert answer.status_code < 300, (path, answer.text)
            assert (looks, events) == (int((method, path) in LOOKS), 1), (method, path)


async def test_l15_a_refused_try_is_one_event_too(city: World) -> None:
    async with http(city) as web:
        stage = await set_up(city, web)
        for method, path, caller in (
            ("GET", LICENCE, "police"),
            ("GET", f"{LICENCE}/files/original", "zhao"),
            ("GET", f"{LICENCE}/copies/{{copy_id}}/file", "other-office"),
            ("GET", "/v1/objections/{objection_id}", "zhao"),
        ):
            answer, looks, events = await _called(web, method, stage.fill(path), caller, None)
            assert (answer.status_code in (403, 404), looks, events) == (True, 0, 1), (path, caller)
            (refused,) = (await city.events())[-1:]
            assert (refused["outcome"], refused["actor_id"]) == ("refused", TOKENS[caller].id)

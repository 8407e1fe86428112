"""Whatever a request is made of, it is answered and never breaks anything; details are narrowed and never widened."""

from __future__ import annotations

import asyncio
import json
import string
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.errors import InvalidAuthorizationDetails
from idp.protocol.authorization_details import narrowed_details, parse_details
from idp.protocol.detail_types import DETAIL_TYPES
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.fapi import request_object
from tests.support.idp_browser import BackEnd, Browser, Pkce, idp_app
from tests.support.idp_proofs import SigningKey
from tests.support.idp_world import IdpWorld, embedded_world
from tests.support.resources import DETAIL_TYPES as BOTH_TYPES
from tests.support.resources import TAX, add_resources

CODES = st.integers(0, 9).map(lambda number: f"{number:021d}")
PLACES = st.sampled_from(["https://a.example.test", "https://b.example.test", "urn:c"])


def _some(one: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(one, min_size=1, max_size=4, unique=True)


COPIES = st.fixed_dictionaries(
    {
        "type": st.just("licence_copy"),
        "licence_types": _some(CODES),
        "service_item": st.sampled_from(["A", "B"]),
        "purpose": st.sampled_from(["甲", "乙"]),
    },
    optional={
        "case_number": st.sampled_from(["1", "2"]),
        "valid_days": st.integers(1, 30),
        "locations": _some(PLACES),
    },
)
SEALS = st.fixed_dictionaries(
    {
        "type": st.just("seal_sign"),
        "seal": st.sampled_from(["4101990000001", "4101990000002"]),
        "document_title": st.sampled_from(["甲", "乙"]),
    },
    optional={"signatures": st.integers(1, 50), "locations": _some(PLACES)},
)
DETAILS = st.one_of(COPIES, SEALS)


def within(one: Mapping[str, Any], whole: Mapping[str, Any]) -> bool:
    try:
        narrowed_details([one], [whole])
    except InvalidAuthorizationDetails:
        return False
    return True


@given(DETAILS)
def test_a_detail_is_read_as_it_is_and_is_within_itself(one: dict[str, Any]) -> None:
    assert parse_details(json.dumps([one]), DETAIL_TYPES) == (one,)
    assert within(one, one)


@st.composite
def narrowings(draw: st.DrawFn, whole: dict[str, Any]) -> dict[str, Any]:
    """A detail that asks for less than `whole`, or for the same."""
    made = dict(draw(COPIES if whole["type"] == "licence_copy" else SEALS))  # what it adds are further limits
    for name, limit in whole.items():
        if isinstance(limit, list):
            made[name] = draw(st.lists(st.sampled_from(limit), min_size=1, unique=True))
        elif isinstance(limit, int):
            made[name] = draw(st.integers(1, limit))
        else:
            made[name] = limit
    return made


@given(st.data(), DETAILS)
def test_narrower_and_narrower_again_stays_within(data: st.DataObject, whole: dict[str, Any]) -> None:
    once = data.draw(narrowings(whole))
    twice = data.draw(narrowings(once))
    assert within(once, whole)
    assert within(twice, once)
    assert within(twice, whole)


@given(DETAILS, DETAILS)
def test_o_16_nothing_within_allows_more(one: dict[str, Any], whole: dict[str, Any]) -> None:
    """Said another way than the code does: everything that the whole limits is limited as much or more."""
    if not within(one, whole):
        return
    for name, limit in whole.items():
        if isinstance(limit, list):
            assert not set(one[name]) - set(limit)
        elif isinstance(limit, int):
            assert one[name] <= limit
        else:
            assert one[name] == limit


@given(st.text(max_size=200) | st.recursive(st.none() | st.booleans() | st.text(), st.lists).map(json.dumps))
def test_whatever_else_stands_in_authorization_details_is_refused_by_name(value: str) -> None:
    with pytest.raises(InvalidAuthorizationDetails) as refused:
        parse_details(value, DETAIL_TYPES)
    assert refused.value.description.isascii()
    assert '"' not in refused.value.description


KEY = SigningKey("ES256", "k1")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40), lambda inner: st.lists(inner, max_size=3)
)
NAMES = st.sampled_from(
    [
        *("response_type", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method"),
        *("max_age", "prompt", "claims", "resource", "authorization_details", "dpop_jkt", "response_mode"),
        *("client_id", "request", "request_uri", "registration", "display", "acr_values", "id_token_hint"),
        *("iss", "aud", "exp", "nbf", "iat", "jti", "sub"),
    ]
)
PLAIN = st.dictionaries(NAMES, st.text(max_size=60) | st.sampled_from(["code", "openid", TAX, "[]", "{}", "none"]))


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        await add_resources(made)
        await change_client(made, "portal-a", jwks=KEY.jwks(), resources=(TAX,), authorization_details_types=BOTH_TYPES)
        yield made


def _answered(answer: httpx.Response) -> None:
    assert answer.status_code in {200, 201, 303, 400, 404, 413}, (answer.status_code, answer.text)
    location = answer.headers.get("location", "")
    assert all(char in string.printable and char not in "\r\n" for char in location)


async def test_whatever_is_asked_is_answered(world: IdpWorld) -> None:
    """In a query, inside an object, pushed: never an error of ours, never a redirect elsewhere."""
    app = idp_app(world)
    browser, back_end = Browser(world, app), BackEnd(world, world.portal_a, app)
    loop = asyncio.get_running_loop()

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(inside=st.dictionaries(NAMES, VALUES, max_size=6), beside=PLAIN)
    def ask(inside: dict[str, Any], beside: dict[str, str]) -> None:
        asyncio.run_coroutine_threadsafe(asked(inside, beside), loop).result()

    async def asked(inside: dict[str, Any], beside: dict[str, str]) -> None:
        signed = request_object(KEY, world.portal_a, world, Pkce(), **inside)
        given_plain = {**beside, "client_id": "portal-a"}
        for params in (given_plain, {**given_plain, "request": signed}, {"client_id": "portal-a", "request": signed}):
            answer = await browser.http.get("/authorize", params=params)
            _answered(answer)
            location = answer.headers.get("location", "/")
            assert location.startswith(("/", "https://a.example.test/callback"))
        _answered(await back_end.post("/par", {**beside, "request": signed}))
        _answered(await back_end.post("/par", beside))

    await asyncio.to_thread(ask)

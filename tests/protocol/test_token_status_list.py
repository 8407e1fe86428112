"""Token Status List (draft-ietf-oauth-status-list): the draft's own vectors, and that lists say what licences are."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import KeySet

from certstore.end import EndCommand
from certstore.errors import LicenceNotFound
from certstore.lifecycle import Event
from certstore.status import Status
from certstore.status_list import LIST_SIZE, StatusReference, StatusValue, decode, encode, pack, status_value, value_at
from certstore.status_publishing import LIFE_SECONDS, TTL_SECONDS
from core.db.database import Database
from core.errors import NotFound
from tests.support.certstore_http import http
from tests.support.certstore_world import LAND_SYSTEM, LIN, POLICE_SYSTEM, ZHAO, World, world
from tests.support.clock import FakeClock

TODAY = dt.date(2026, 11, 23)


@pytest.fixture
async def city(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    """The test runs once over each database."""
    async with world(database, clock, tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("bits", "values", "packed", "lst"),
    [  # §4.1 and §4.2, the examples with one and with two bits
        (1, [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1], "b9a3", "eNrbuRgAAhcBXQ"),
        (2, [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3], "c944f9", "eNo76fITAAPfAgc"),
    ],
)
def test_the_drafts_vectors(bits: int, values: list[int], packed: str, lst: str) -> None:
    made = pack(dict(enumerate(values)), bits=bits, size=len(values))
    assert made.hex() == packed
    assert encode(made, bits=bits) == {"bits": bits, "lst": lst}
    assert decode({"bits": bits, "lst": lst}) == (made, bits)
    assert [value_at(made, index, bits=bits) for index in range(len(values))] == values


@given(st.dictionaries(st.integers(0, 511), st.integers(0, 3), max_size=60))
def test_what_is_packed_is_read_back(values: dict[int, int]) -> None:
    packed, bits = decode(encode(pack(values, size=512)))
    assert [value_at(packed, index, bits=bits) for index in range(512)] == [values.get(i, 0) for i in range(512)]


def test_a_list_that_unpacks_to_too_much_or_to_too_little_is_refused() -> None:
    bomb = encode(bytes(1 << 20))
    assert decode(bomb)[0] == bytes(1 << 20)  # the twin: within the limit
    cut = {"bits": 2, "lst": str(bomb["lst"])[:-8]}
    for hostile in (
        cut,
        {"bits": 3, "lst": bomb["lst"]},
        {"bits": 2, "lst": "!"},
        {"bits": 2},
        {"bits": 2, "lst": "AAAA"},
    ):
        with pytest.raises(ValueError):
            decode(hostile)
    with pytest.raises(ValueError):
        decode(bomb, most=1 << 16)
    with pytest.raises(ValueError):
        value_at(b"\x00", 4)


@pytest.mark.parametrize(
    ("status", "inspected_until", "value"),
    [
        (Status.VALID, None, StatusValue.VALID),
        (Status.VALID, TODAY, StatusValue.VALID),
        (Status.VALID, TODAY - dt.timedelta(1), StatusValue.INSPECTION_OVERDUE),
        (Status.SUSPENDED, None, StatusValue.SUSPENDED),
        (Status.NOT_YET_VALID, None, StatusValue.SUSPENDED),
        *((one, None, StatusValue.INVALID) for one in Status if one.value in (
            "expired", "cancelled", "withdrawn", "revoked", "annulled", "transferred-out", "superseded"
        )),
    ],
)  # fmt: skip
def test_states_and_values(status: Status, inspected_until: dt.date | None, value: StatusValue) -> None:
    assert status_value(status, inspected_until=inspected_until, today=TODAY) is value


async def told(city: World, place: StatusReference) -> int:
    """What a stranger learns who has only the reference: over HTTP, verified by another implementation."""
    async with http(city) as web:
        path = place.uri.removeprefix("https://yizheng.example.gov.cn")
        answer, keys = await web.get(path), (await web.get("/v1/licence-keys")).json()
        named = (await web.get("/licence-status")).json()
    assert answer.headers["content-type"] == "application/statuslist+jwt"  # §8.1
    assert answer.headers["access-control-allow-origin"] == "*"
    assert named == {"status_lists": [place.uri]}  # §9.3
    token = jwt.decode(answer.text, KeySet.import_key_set(keys), algorithms=["ES256"])
    assert token.header["typ"] == "statuslist+jwt"  # §5.1
    claims = token.claims
    assert (claims["sub"], claims["exp"] - claims["iat"], claims["ttl"]) == (place.uri, LIFE_SECONDS, TTL_SECONDS)
    packed, bits = decode(claims["status_list"])
    assert (len(packed), bits) == (LIST_SIZE // 4, 2)
    return value_at(packed, place.index, bits=bits)


async def test_a_list_follows_the_licence(city: World) -> None:
    permit = await city.issue_permit()
    place = await city.presentation.status_lists.reference(permit.id, LIN)
    assert place == await city.presentation.status_lists.reference(permit.id, POLICE_SYSTEM)
    assert place.claim() == {"status_list": {"idx": place.index, "uri": place.uri}}
    assert await told(city, place) == StatusValue.VALID
    await city.services.end(EndCommand(permit.id, Event.REVOKE, "理由"), POLICE_SYSTEM)
    city.clock.advance(30)
    assert await told(city, place) == StatusValue.INVALID


async def test_a_licence_that_runs_out_by_date_is_told_without_anybody_writing_it(city: World) -> None:
    permit = await city.issue_permit()
    place = await city.presentation.status_lists.reference(permit.id, LIN)
    city.clock.set(dt.datetime(2027, 11, 22, 15, 59, 59, tzinfo=dt.UTC))  # the last second in Shanghai
    assert await told(city, place) == StatusValue.VALID
    city.clock.advance(31)
    assert await told(city, place) == StatusValue.INVALID


async def test_places_are_not_shared_and_not_told_to_strangers(city: World) -> None:
    places = [
        await city.presentation.status_lists.reference((await city.issue_property()).id, LAND_SYSTEM) for _ in range(5)
    ]
    assert len({one.index for one in places}) == 5
    permit = await city.issue_permit()
    for stranger in (ZHAO, LAND_SYSTEM):
        with pytest.raises(LicenceNotFound):
            await city.presentation.status_lists.reference(permit.id, stranger)
    for number in (0, 2, 10**9):
        with pytest.raises(NotFound):
            await city.presentation.status_lists.token(number)


async def test_a_list_betrays_nothing_of_a_person(city: World) -> None:
    permit = await city.issue_permit()
    await city.presentation.status_lists.reference(permit.id, LIN)
    body = (await city.presentation.status_lists.token(1)).split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert set(claims) == {"sub", "iat", "exp", "ttl", "status_list"}
    assert set(claims["status_list"]) == {"bits", "lst", "aggregation_uri"}

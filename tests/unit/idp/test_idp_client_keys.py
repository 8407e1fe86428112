"""Keys of clients: inline and fetched, kept within bounds (OIDC Core §10.1; attacks O-19, O-31)."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc.jwk import ECKey

from core.egress.errors import AddressRefused, FetchFailed
from core.egress.port import Fetched, Fetcher
from idp.client_metadata import ClientMetadata
from idp.clients.keys import ClientKeys, KeyLifetimes
from idp.model import Client
from keys.jose.jwk_set import JwkSet
from tests.conformance.idp_stores import client
from tests.support.clock import FakeClock

URI = "https://portal.example.test/jwks"


def jwk(name: str) -> dict[str, Any]:
    return dict(ECKey.generate_key("P-256").as_dict(private=False)) | {"kid": name}


class Address(Fetcher):
    """One address: counts who comes, answers what it is told; waits at `gate` where there is one."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.body: bytes | Exception = b""
        self.status = 200
        self.gate: asyncio.Event | None = None

    def holds(self, *names: str) -> None:
        self.body = json.dumps({"keys": [jwk(name) for name in names]}).encode()

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        media_types: frozenset[str] | None = None,
    ) -> Fetched:
        self.asked.append(url)
        if self.gate is not None:
            await self.gate.wait()
        if isinstance(self.body, Exception):
            raise self.body
        return Fetched(self.status, "application/json", self.body)


@pytest.fixture
def address() -> Address:
    made = Address()
    made.holds("one")
    return made


@pytest.fixture
def keys(address: Address, clock: FakeClock) -> ClientKeys:
    return ClientKeys(address, clock)


def of(name: str = "portal", **metadata: Any) -> Client:
    return client(name, metadata=ClientMetadata(**metadata))


def names(keys: JwkSet) -> list[str | None]:
    return [key.key_id for key in keys.keys]


async def test_inline_keys_are_read_once_for_each_version(keys: ClientKeys, address: Address) -> None:
    registered = of(jwks={"keys": [jwk("a"), {"kty": "oct", "k": "AAAA"}]})
    first = await keys.of(registered)
    assert names(first) == ["a"]
    assert await keys.of(registered) is first
    assert await keys.of(dataclasses.replace(registered)) is first
    assert await keys.fresh(registered) is first
    assert names(await keys.of(of(jwks={"keys": [jwk("b")]}))) == ["b"]
    assert not address.asked


async def test_a_client_without_keys_has_none(keys: ClientKeys, address: Address) -> None:
    assert not (await keys.of(of())).keys
    assert not (await keys.fresh(of())).keys
    assert not (await keys.of(of(jwks={"keys": "none"}))).keys
    assert not address.asked


async def test_an_address_is_asked_again_when_its_time_is_up(
    keys: ClientKeys, address: Address, clock: FakeClock
) -> None:
    assert names(await keys.of(of(jwks_uri=URI))) == ["one"]
    address.holds("two")
    clock.advance(299)
    assert names(await keys.of(of(jwks_uri=URI))) == ["one"]
    clock.advance(1)
    assert names(await keys.of(of(jwks_uri=URI))) == ["two"]
    assert address.asked == [URI, URI]


async def test_r_6_a_key_that_is_missing_is_looked_for_once_in_ten_seconds(
    keys: ClientKeys, address: Address, clock: FakeClock
) -> None:
    await keys.of(of(jwks_uri=URI))
    address.holds("two")
    clock.advance(9)
    assert names(await keys.fresh(of(jwks_uri=URI))) == ["one"]
    clock.advance(1)
    assert names(await keys.fresh(of(jwks_uri=URI))) == ["two"]
    for _ in range(5):
        await keys.fresh(of(jwks_uri=URI))
    assert len(address.asked) == 2


async def test_an_address_that_is_down_does_no_harm_for_an_hour(
    keys: ClientKeys, address: Address, clock: FakeClock
) -> None:
    await keys.of(of(jwks_uri=URI))
    address.body = FetchFailed("timeout")
    clock.advance(300)
    for _ in range(4):
        assert names(await keys.of(of(jwks_uri=URI))) == ["one"]
    assert len(address.asked) == 2  # the failure is remembered
    clock.advance(30)
    await keys.of(of(jwks_uri=URI))
    assert len(address.asked) == 3
    clock.advance(3600 - 31)
    assert names(await keys.of(of(jwks_uri=URI))) == ["one"]
    clock.advance(1)
    gone = await keys.of(of(jwks_uri=URI))
    assert not gone.keys
    assert gone.left_out


@pytest.mark.parametrize(
    "answer", [AddressRefused("inside"), FetchFailed("too-large"), b"[]", b"{}", b"\xff", b'{"keys": 1}']
)
async def test_what_is_no_key_set_gives_no_keys(
    keys: ClientKeys, address: Address, clock: FakeClock, answer: bytes | Exception
) -> None:
    address.body = answer
    assert not (await keys.of(of(jwks_uri=URI))).keys
    assert not (await keys.of(of(jwks_uri=URI))).keys
    assert len(address.asked) == 1
    address.holds("one")
    clock.advance(30)
    assert names(await keys.of(of(jwks_uri=URI))) == ["one"]


async def test_another_status_than_200_gives_no_keys(keys: ClientKeys, address: Address) -> None:
    address.status = 404
    assert not (await keys.of(of(jwks_uri=URI))).keys


async def test_a_changed_address_inherits_nothing(keys: ClientKeys, address: Address) -> None:
    await keys.of(of(jwks_uri=URI))
    address.body = FetchFailed("unreachable")
    assert not (await keys.of(of(jwks_uri=URI + "2"))).keys


async def test_many_at_once_make_one_fetch(keys: ClientKeys, address: Address) -> None:
    address.gate = asyncio.Event()
    waiting = [asyncio.ensure_future(keys.of(of(jwks_uri=URI))) for _ in range(20)]
    while not address.asked:
        await asyncio.sleep(0)
    address.gate.set()
    assert {names(one)[0] for one in await asyncio.gather(*waiting)} == {"one"}
    assert len(address.asked) == 1


async def test_who_is_cancelled_has_not_tried(keys: ClientKeys, address: Address) -> None:
    address.gate = asyncio.Event()
    gone = asyncio.ensure_future(keys.of(of(jwks_uri=URI)))
    while not address.asked:
        await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    address.gate.set()
    assert names(await keys.of(of(jwks_uri=URI))) == ["one"]


async def test_what_is_remembered_is_bounded(address: Address, clock: FakeClock) -> None:
    keys = ClientKeys(address, clock, KeyLifetimes(remembered=3))
    for number in range(10):
        await keys.of(of(f"fetched-{number}", jwks_uri=URI))
        await keys.of(of(f"inline-{number}", jwks={"keys": [jwk("a")]}))
    assert len(keys._fetched) == len(keys._inline) == 3
    asked = len(address.asked)
    await keys.of(of("fetched-9", jwks_uri=URI))
    assert len(address.asked) == asked

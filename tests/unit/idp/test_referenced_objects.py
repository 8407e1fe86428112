"""Request objects by reference: one fetch for all who ask at once, and only so many kept (attacks O-19)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Mapping

import pytest

from core.egress.errors import AddressRefused, FetchFailed
from core.egress.port import Fetched, Fetcher
from idp.client_metadata import ClientMetadata
from idp.errors import InvalidRequestUri
from idp.requests.referenced import ReferencedObjects
from tests.conformance.idp_stores import client

URI = "https://portal.example.test/request"
PORTAL = client(metadata=ClientMetadata(request_uris=(URI,)))


class Address(Fetcher):
    """One address: counts who comes, waits at its gate, answers what it is told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.body: bytes | Exception = b"object"
        self.gate = asyncio.Event()
        self.gate.set()

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
        await self.gate.wait()
        if isinstance(self.body, Exception):
            raise self.body
        return Fetched(200, "application/jwt", self.body)


async def test_many_at_once_are_one_fetch() -> None:
    address = Address()
    address.gate.clear()
    objects = ReferencedObjects(address)
    asking = [asyncio.ensure_future(objects.fetch(URI, PORTAL)) for _ in range(20)]
    while not address.asked:
        await asyncio.sleep(0)
    asking[0].cancel()  # one that goes away takes nobody with it
    address.gate.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert set(answers[1:]) == {"object"}
    assert address.asked == [URI]
    await objects.fetch(URI, PORTAL)
    assert address.asked == [URI, URI], "and the next one looks again"


@pytest.mark.parametrize("failure", [FetchFailed("timeout"), AddressRefused("inside")])
async def test_a_failure_is_everybodys_and_is_not_kept(failure: Exception) -> None:
    address = Address()
    objects = ReferencedObjects(address)
    address.body = failure
    answers = await asyncio.gather(*(objects.fetch(URI, PORTAL) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(one, InvalidRequestUri) for one in answers)
    address.body = b"object"
    assert await objects.fetch(URI, PORTAL) == "object"


async def test_only_so_many_are_kept() -> None:
    address = Address()
    objects = ReferencedObjects(address)

    async def ask(number: int) -> None:
        address.body = f"object-{number}".encode()
        digest = base64.urlsafe_b64encode(hashlib.sha256(address.body).digest()).rstrip(b"=").decode()
        await objects.fetch(f"{URI}#{digest}", PORTAL)

    for number in range(257):
        await ask(number)
    assert len(address.asked) == 257
    await ask(256)
    assert len(address.asked) == 257, "the newest are kept"
    await ask(0)
    assert len(address.asked) == 258, "the one that nobody used for longest had to go"

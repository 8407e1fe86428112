"""Asks registers over HTTP: signed questions, tried again with jitter, left alone while they fail.

RFC 9421 (HTTP Message Signatures), RFC 9530 (Content-Digest). A question is a POST of JSON, so that no ID number stands
in an address. 200 is an answer; 429 and 5xx mean "not now"; anything else is a mistake that trying again does not mend.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, TypeVar

import msgspec

from core.breaker import CircuitBreaker, CircuitOpen
from core.clock import Clock
from core.egress.errors import EgressError, FetchFailed
from core.egress.port import Fetched, Fetcher
from core.http_signature import signature_headers
from idp.proofing.ports import (
    Change,
    Match,
    OrganisationAnswer,
    OrganisationSource,
    PopulationAnswer,
    PopulationSource,
    SourceAway,
)

_TRIES = 3
_FIRST_PAUSE = 0.2  # seconds, doubled each time, and between half of it and all of it
_AT_ONCE = 8
_SECONDS = 8.0
_LATER = frozenset({408, 425, 429})
_JSON = "application/json"
_CHANCE = secrets.SystemRandom()
Answer = TypeVar("Answer", bound=msgspec.Struct)
Sleep = Callable[[float], Awaitable[None]]


class _PersonSaid(msgspec.Struct, frozen=True):
    result: Match
    state: Literal["alive", "dead", ""]
    reference: str


class _OrganisationSaid(msgspec.Struct, frozen=True):
    result: Literal["found", "unknown"]
    name: str
    state: Literal["active", "dissolved", ""]
    representative: Match | None
    reference: str


class _ChangeSaid(msgspec.Struct, frozen=True):
    position: int
    number: str
    on: dt.date


class _ChangesSaid(msgspec.Struct, frozen=True):
    changes: list[_ChangeSaid]


class _Busy(Exception):
    """Trying again may help."""


class RegisterClient:
    """Puts one question at a time to one register; the two sources below share its breaker and its bounds.

    Args:
        base: address of the register, without a slash at its end.
        key_id, key: under which questions are signed; shared with the register.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        base: str,
        *,
        key_id: str,
        key: bytes,
        clock: Clock,
        breaker: CircuitBreaker | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._fetcher = fetcher
        self._base = base
        self._key_id = key_id
        self._key = key
        self._clock = clock
        self.breaker = breaker or CircuitBreaker(clock, failures=5)
        self._sleep = sleep
        self._lanes = asyncio.Semaphore(_AT_ONCE)

    async def ask(self, path: str, question: object, form: type[Answer]) -> Answer:
        """
        Raises:
            SourceAway: no sensible answer in time.
        """
        body = msgspec.json.encode(question)
        try:
            async with asyncio.timeout(_SECONDS), self._lanes:
                return await self._patiently(path, body, form)
        except TimeoutError:
            raise SourceAway("timeout") from None

    async def _patiently(self, path: str, body: bytes, form: type[Answer]) -> Answer:
        pause = _FIRST_PAUSE
        for tries_left in reversed(range(_TRIES)):
            try:
                with self.breaker.attempt():
                    answer = await self._once(path, body)
            except CircuitOpen:
                raise SourceAway("circuit-open") from None
            except _Busy as error:
                if not tries_left:
                    raise SourceAway(str(error)) from None
            else:
                return _read(answer, form)
            await self._sleep(pause * _CHANCE.uniform(0.5, 1.0))
            pause *= 2
        raise AssertionError("the last try answers or raises")

    async def _once(self, path: str, body: bytes) -> Fetched:
        url = self._base + path
        signed = signature_headers("POST", url, body, key_id=self._key_id, key=self._key, at=self._clock.now())
        headers = {"Content-Type": _JSON, "Accept": _JSON, **signed}
        try:
            answer = await self._fetcher.fetch(
                url, method="POST", body=body, headers=headers, media_types=frozenset({_JSON})
            )
        except FetchFailed as error:
            raise _Busy(error.reason) from None
        except EgressError as error:
            raise SourceAway(error.reason) from None
        if answer.status in _LATER or answer.status >= 500:
            raise _Busy(f"http-{answer.status}")
        return answer


def _read(answer: Fetched, form: type[Answer]) -> Answer:
    """Outside the breaker: a question that the register does not take says nothing about the next one."""
    if answer.status != 200:
        raise SourceAway(f"http-{answer.status}")
    try:
        return msgspec.json.decode(answer.body, type=form)
    except msgspec.MsgspecError:
        raise SourceAway("malformed") from None


class HttpPopulation:
    """Implements `PopulationSource`."""

    connected = True

    def __init__(self, client: RegisterClient) -> None:
        self._client = client

    async def check(self, number: str, name: str) -> PopulationAnswer:
        said = await self._client.ask("/people/check", {"number": number, "name": name}, _PersonSaid)
        return PopulationAnswer(said.result, said.state == "alive", said.reference[:120])

    async def deaths(self, after: int, most: int) -> Sequence[Change]:
        return await _changes(self._client, "/people/deaths", after, most)


class HttpOrganisations:
    """Implements `OrganisationSource`."""

    connected = True

    def __init__(self, client: RegisterClient) -> None:
        self._client = client

    async def check(self, code: str, *, number: str | None = None, name: str | None = None) -> OrganisationAnswer:
        representative = None if number is None else {"number": number, "name": name or ""}
        question = {"code": code, "representative": representative}
        said = await self._client.ask("/organisations/check", question, _OrganisationSaid)
        return OrganisationAnswer(
            known=said.result == "found",
            name=said.name,
            active=said.state == "active",
            representative=said.representative,
            reference=said.reference[:120],
        )

    async def dissolutions(self, after: int, most: int) -> Sequence[Change]:
        return await _changes(self._client, "/organisations/dissolutions", after, most)


async def _changes(client: RegisterClient, path: str, after: int, most: int) -> Sequence[Change]:
    said = await client.ask(path, {"after": after, "most": most}, _ChangesSaid)
    found = [Change(one.position, one.number, one.on) for one in said.changes]
    places = [after, *(one.position for one in found)]
    if any(earlier >= later for earlier, later in itertools.pairwise(places)):
        raise SourceAway("out-of-order")  # reading on would skip, or never end
    return found


class NoPopulation:
    """Implements `PopulationSource` where the city has connected none."""

    connected = False

    async def check(self, number: str, name: str) -> PopulationAnswer:
        raise SourceAway("none-connected")

    async def deaths(self, after: int, most: int) -> Sequence[Change]:
        return ()


class NoOrganisations:
    """Implements `OrganisationSource` where the city has connected none."""

    connected = False

    async def check(self, code: str, *, number: str | None = None, name: str | None = None) -> OrganisationAnswer:
        raise SourceAway("none-connected")

    async def dissolutions(self, after: int, most: int) -> Sequence[Change]:
        return ()


_: tuple[type[PopulationSource], ...] = (HttpPopulation, NoPopulation)
__: tuple[type[OrganisationSource], ...] = (HttpOrganisations, NoOrganisations)

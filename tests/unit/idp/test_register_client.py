"""Questions to registers: signed, patient with a register that is busy, and short with one that stays away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pytest

from api.demo.sources.app import registers_app
from api.demo.sources.in_process import InProcess
from api.demo.sources.registers import KnownOrganisation, KnownPerson, Mood, Registers
from core.breaker import CircuitBreaker, CircuitState
from core.egress.port import Fetched
from idp.proofing.http_source import HttpOrganisations, HttpPopulation, RegisterClient
from idp.proofing.ports import Match, SourceAway
from tests.support.clock import FakeClock
from tests.support.idp_world import citizen_number, organisation_code

BASE = "https://registers.example.test"
KEY = b"k" * 32
NUMBER, CODE = citizen_number(1), organisation_code(9)


class Counting:
    """Implements `Fetcher`: passes on, and counts."""

    def __init__(self, way: InProcess) -> None:
        self._way = way
        self.asked = 0

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        media_types: frozenset[str] | None = None,
    ) -> Fetched:
        self.asked += 1
        return await self._way.fetch(url, method=method, body=body, headers=headers, media_types=media_types)


class Registered:
    """A register with one person and one company, and a client of it."""

    def __init__(self, clock: FakeClock, key: bytes = KEY) -> None:
        boss = KnownPerson(NUMBER, "林知远")
        self.registers = Registers({NUMBER: boss}, {CODE: KnownOrganisation(CODE, "示例公司", boss)})
        self.way = Counting(InProcess(registers_app(self.registers, base=BASE, keys={"yizheng": KEY}, clock=clock)))
        self.paused: list[float] = []
        self.breaker = CircuitBreaker(clock, failures=5)
        client = RegisterClient(
            self.way, BASE, key_id="yizheng", key=key, clock=clock, breaker=self.breaker, sleep=self._sleep
        )
        self.people, self.organisations = HttpPopulation(client), HttpOrganisations(client)

    async def _sleep(self, seconds: float) -> None:
        self.paused.append(seconds)


async def test_a_register_says_agreed_differed_or_unknown(clock: FakeClock) -> None:
    here = Registered(clock)
    agreed = await here.people.check(NUMBER, "林知远")
    assert (agreed.match, agreed.alive) == (Match.AGREED, True)
    assert agreed.reference
    assert (await here.people.check(NUMBER, "林知運")).match is Match.DIFFERED
    assert (await here.people.check(citizen_number(2), "林知远")).match is Match.UNKNOWN
    company = await here.organisations.check(CODE, number=NUMBER, name="林知远")
    assert (company.known, company.active, company.name) == (True, True, "示例公司")
    assert company.representative is Match.AGREED
    assert (await here.organisations.check(CODE)).representative is None
    assert not (await here.organisations.check(organisation_code(8))).known


async def test_the_dead_and_the_dissolved_are_reported_in_order(clock: FakeClock) -> None:
    here, on = Registered(clock), dt.date(2026, 11, 1)
    here.registers.report_death(NUMBER, on)
    here.registers.report_dissolution(CODE, on)
    assert not (await here.people.check(NUMBER, "林知远")).alive
    assert not (await here.organisations.check(CODE)).active
    (death,) = await here.people.deaths(0, 10)
    assert (death.position, death.number, death.on) == (1, NUMBER, on)
    assert await here.people.deaths(1, 10) == []
    assert [one.number for one in await here.organisations.dissolutions(0, 10)] == [CODE]


async def test_a_question_is_signed_and_an_unsigned_one_gets_no_answer(clock: FakeClock) -> None:
    stranger = Registered(clock, key=b"x" * 32)
    with pytest.raises(SourceAway) as refused:
        await stranger.people.check(NUMBER, "林知远")
    assert (refused.value.reason, stranger.way.asked) == ("http-401", 1)  # trying again would not help


async def test_a_busy_register_is_asked_again_with_growing_pauses(clock: FakeClock) -> None:
    here = Registered(clock)
    here.registers.mood = Mood(maintenance=True)
    with pytest.raises(SourceAway) as away:
        await here.people.check(NUMBER, "林知远")
    assert (away.value.reason, here.way.asked) == ("http-503", 3)
    first, second = here.paused
    assert 0.1 <= first <= 0.2 <= second <= 0.4
    here.registers.mood = Mood()
    assert (await here.people.check(NUMBER, "林知远")).match is Match.AGREED


async def test_a_register_that_stays_away_is_left_alone_for_a_while(clock: FakeClock) -> None:
    here = Registered(clock)
    here.registers.mood = Mood(failures=1.0)
    for _ in range(2):
        with pytest.raises(SourceAway):
            await here.people.check(NUMBER, "林知远")
    assert (here.way.asked, here.breaker.state) == (5, CircuitState.OPEN)
    with pytest.raises(SourceAway) as refused:
        await here.people.check(NUMBER, "林知远")
    assert (refused.value.reason, here.way.asked) == ("circuit-open", 5)
    here.registers.mood = Mood()
    clock.advance(31)
    assert (await here.people.check(NUMBER, "林知远")).match is Match.AGREED
    assert here.breaker.state is CircuitState.CLOSED


async def test_half_an_answer_is_none(clock: FakeClock) -> None:
    here = Registered(clock)
    here.registers.mood = Mood(garbled=True)
    with pytest.raises(SourceAway) as refused:
        await here.people.check(NUMBER, "林知远")
    assert refused.value.reason == "malformed"
    assert here.breaker.state is CircuitState.CLOSED

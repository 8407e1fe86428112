"""The budget of guesses, and what a victim notices of an attack (rows F-08, O-53, O-54)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from idp.security_events.model import SecurityEventKind
from idp.settings import IdpSettings
from tests.support.clock import FakeClock
from tests.support.idp_browser import Browser, idp_app
from tests.support.idp_world import ISSUER, IdpWorld, citizen_number, cluster_world, embedded_world
from tests.support.puzzles import solution
from tests.support.servers import PostgresServer, RedisServer

WRONG = "not the password"
EASY = IdpSettings(issuer=ISSUER, puzzle_bits=6, puzzle_bits_most=8, even_answers=0)


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock, settings=EASY) as made:
        yield made


async def kinds(world: IdpWorld) -> set[SecurityEventKind]:
    await world.idp.abuse.events.write()
    async with world.ground.database.read() as tx:
        store = world.idp.abuse.read_events._store
        return {one.kind for one in await store.page(tx, before=None, after=None, limit=500)}


async def guess(browser: Browser, world: IdpWorld, times: int, *, pays: bool, **changes: str) -> None:
    """Wrong passwords, one after the other, computing what is asked for or not."""
    fields: dict[str, str] = {}
    for _ in range(times):
        form = {"identifier": world.lin.number, "password": WRONG, **fields, **changes}
        answer = await browser.http.post("/login", data=form)
        fields = solution(answer) if pays else {}


async def test_f_08_an_hour_of_guessing_from_two_hundred_sources_that_pay(world: IdpWorld) -> None:
    """Guesses that an attacker gets per account and hour: at most 48 for each of its two names, so below 100."""
    app = idp_app(world)
    for _ in range(4):  # windows of a quarter of an hour
        for number in range(200):
            browser = Browser(world, app, source=f"198.51.{number // 100}.{number % 100}")
            await guess(browser, world, 3 if number < 12 else 1, pays=True)
        world.clock.advance(900)
    settings = world.idp.settings
    most = 4 * (settings.tries_per_identifier + settings.paid_tries_per_identifier)
    assert len(world.keys.passwords.verified) == most == 48
    assert SecurityEventKind.ACCOUNT_UNDER_ATTACK in await kinds(world)


async def test_f_08_one_source_that_pays_gets_eight_in_a_window(world: IdpWorld) -> None:
    await guess(Browser(world, source="198.51.100.7"), world, 40, pays=True)
    assert len(world.keys.passwords.verified) == 8


async def test_o_54_a_known_browser_is_open_even_under_an_attack_from_everywhere(world: IdpWorld) -> None:
    app = idp_app(world)
    own = Browser(world, app, source="192.0.2.10")
    assert (await own.log_in(world.lin)).status_code == 303
    for number in range(60):
        await guess(Browser(world, app, source=f"198.51.100.{number}"), world, 1, pays=True)
    assert (await own.log_in(world.lin)).status_code == 303, "without computing anything"
    elsewhere = Browser(world, app, source="203.0.113.9")  # the same person in another network, with their browser
    elsewhere.http.cookies.update(own.http.cookies)
    assert (await elsewhere.log_in(world.lin)).status_code == 303
    assert (await Browser(world, app, source="192.0.2.10").log_in(world.lin)).status_code == 429, "a stranger's"


async def test_o_54_a_strange_browser_gets_in_by_computing(world: IdpWorld) -> None:
    app = idp_app(world)
    for number in range(10):
        await guess(Browser(world, app, source=f"198.51.100.{number}"), world, 1, pays=False)
    victim = Browser(world, app, source="192.0.2.10")
    refused = await victim.log_in(world.lin)
    assert (refused.status_code, refused.json()["type"].rsplit("/")[-1]) == (429, "puzzle-needed")
    assert (await victim.log_in(world.lin, **solution(refused))).status_code == 303


async def test_o_54_another_persons_known_browser_is_a_stranger(world: IdpWorld) -> None:
    app = idp_app(world)
    thief = Browser(world, app, source="198.51.100.7")
    await thief.log_in(world.zhao)
    await guess(thief, world, 20, pays=False)
    assert len(world.keys.passwords.verified) == 1 + 5
    own = Browser(world, app, source="192.0.2.10")
    await own.log_in(world.lin)
    await guess(own, world, 20, pays=False)
    assert len(world.keys.passwords.verified) == 1 + 5 + 1 + 10 + 5, "its own budget, then that of strangers"


async def test_a_puzzle_is_good_once_for_one_person_and_source_and_time(world: IdpWorld) -> None:
    app = idp_app(world)
    browser = Browser(world, app, source="198.51.100.7")
    await guess(browser, world, 5, pays=False)

    async def fresh() -> dict[str, str]:
        return solution(await browser.log_in(world.lin, password=WRONG))

    fields = await fresh()
    other = Browser(world, app, source="198.51.100.8")
    await guess(other, world, 5, pays=False)
    refused = {
        "of another source": await other.log_in(world.lin, **fields),
        "for another person": await browser.log_in(world.zhao, **fields),
        "changed": await browser.log_in(world.lin, **{**fields, "puzzle": "0" + fields["puzzle"][1:]}),
        "not computed": await browser.log_in(world.lin, **{**fields, "puzzle_number": ""}),
        "odd": await browser.log_in(world.lin, **{**fields, "puzzle_number": "１2"}),
    }
    assert {why: answer.status_code for why, answer in refused.items()} == dict.fromkeys(refused, 429)
    answers = await asyncio.gather(*(browser.log_in(world.lin, password=WRONG, **fields) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [400] + [429] * 7, "used once"
    late = await fresh()
    world.clock.advance(600)
    assert (await browser.log_in(world.lin, **late)).status_code == 429
    assert (await browser.log_in(world.lin, **await fresh())).status_code == 303, "the twin"


async def test_o_53_stuffing_from_one_source_soon_costs_computing(world: IdpWorld) -> None:
    browser = Browser(world, source="198.51.100.7")
    statuses = [
        (await browser.log_in(world.lin, identifier=citizen_number(300 + number), password=f"{number} {WRONG}"))
        for number in range(30)
    ]
    assert [answer.status_code for answer in statuses] == [400] * 20 + [429] * 10
    assert SecurityEventKind.STUFFING_SUSPECTED in await kinds(world)
    assert (await browser.log_in(world.zhao)).status_code == 429
    assert (await Browser(world, source="198.51.100.8").log_in(world.zhao)).status_code == 303, "from elsewhere"


async def test_o_53_one_password_on_many_accounts_is_seen_from_wherever(world: IdpWorld) -> None:
    app = idp_app(world)
    sprayed = "Summer2026!"
    for number in range(60):
        browser = Browser(world, app, source=f"198.51.100.{number}")
        await browser.log_in(world.lin, identifier=citizen_number(400 + number), password=sprayed)
    assert len(world.keys.passwords.verified) == 50
    assert SecurityEventKind.SPRAYING_SUSPECTED in await kinds(world)
    assert (await Browser(world, app, source="198.51.100.99").log_in(world.zhao)).status_code == 303, "another password"


async def test_o_53_mistyping_ones_own_password_is_no_pattern(world: IdpWorld) -> None:
    browser = Browser(world, source="198.51.100.7")
    for number in range(30):
        await browser.log_in(world.lin, password=f"wrong {number}")
    assert (await browser.log_in(world.zhao)).status_code == 303
    assert SecurityEventKind.STUFFING_SUSPECTED not in await kinds(world)


@pytest.mark.slow
async def test_o_53_a_burst_gains_nothing_on_the_servers(
    postgres_server: PostgresServer, redis_server: RedisServer, tmp_path: Path, clock: FakeClock
) -> None:
    async with cluster_world(postgres_server, redis_server, tmp_path, clock, settings=EASY) as world:
        app = idp_app(world)
        browsers = [Browser(world, app, source=f"198.51.100.{number}") for number in range(30)]
        await asyncio.gather(*(guess(browser, world, 2, pays=True) for browser in browsers))
        assert len(world.keys.passwords.verified) == 12

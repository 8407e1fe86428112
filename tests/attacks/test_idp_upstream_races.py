"""Upstream log-ins that come at once (O-57), on both columns: unique constraints decide, and nobody gets an error page
because somebody else was quicker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.upstream_world import UpstreamWorld, of, upstream_world

AT_ONCE = 8


@pytest.fixture(params=["embedded", "cluster"])
async def world(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[UpstreamWorld]:
    servers = None
    if request.param == "cluster":
        servers = (request.getfixturevalue("postgres_server"), request.getfixturevalue("redis_server"))
    async with upstream_world(tmp_path, clock, servers) as made:
        yield made


async def test_the_first_log_ins_of_one_person_make_one_account(world: UpstreamWorld) -> None:
    browsers = [world.browser() for _ in range(AT_ONCE)]
    backs = [await browser.back(world.province, person="new") for browser in browsers]
    answers = await asyncio.gather(*(b.http.get(back) for b, back in zip(browsers, backs, strict=True)))
    assert {answer.status_code for answer in answers} == {303}
    accounts = {await browser.who() for browser in browsers}
    assert len(accounts) == 1
    assert len([row for row in await world.idp.audit("identity.link") if row.content["outcome"] == "done"]) == 1


async def test_one_of_two_identities_with_the_same_number_is_linked(world: UpstreamWorld) -> None:
    stand_in = world.province.stand_in
    keys = [f"lin-{number}" for number in range(AT_ONCE)]
    for key in keys:
        stand_in.people[key] = of(world.idp.lin, key)
    browsers = [world.browser() for _ in keys]
    backs = [await b.back(world.province, person=key) for b, key in zip(browsers, keys, strict=True)]
    answers = await asyncio.gather(*(b.http.get(back) for b, back in zip(browsers, backs, strict=True)))
    assert sorted(answer.status_code for answer in answers) == [303] + [403] * (AT_ONCE - 1)
    assert await world.links(world.idp.lin.account_id) == ["province"]


async def test_one_of_two_people_gets_the_identity(world: UpstreamWorld) -> None:
    browsers = [world.browser(), world.browser()]
    backs = []
    for browser, somebody in zip(browsers, (world.idp.lin, world.idp.zhao), strict=True):
        await browser.log_in(somebody)
        page = await browser.http.post("/me/identities/university/link", data=await browser.form())
        location = page.text.partition('class="btn go" href="')[2].partition('"')[0].replace("&amp;", "&")
        backs.append(await browser.choose(world.university, location, "s1"))
    answers = await asyncio.gather(*(b.http.get(back) for b, back in zip(browsers, backs, strict=True)))
    assert sorted(answer.status_code for answer in answers) == [303, 403]
    linked = [await world.links(one.account_id) for one in (world.idp.lin, world.idp.zhao)]
    assert sorted(linked) == [[], ["university"]]


async def test_unlinking_twice_is_done_once(world: UpstreamWorld) -> None:
    browser = world.browser()
    await browser.log_in_at(world.province)
    await browser.log_in(world.idp.lin)
    form = await browser.form()
    answers = await asyncio.gather(
        *(browser.http.post("/me/identities/province/unlink", data=form) for _ in range(AT_ONCE))
    )
    assert sorted(answer.status_code for answer in answers) == [303] + [404] * (AT_ONCE - 1)


async def test_an_answer_counts_once(world: UpstreamWorld) -> None:
    browser = world.browser()
    back = await browser.back(world.province)
    answers = await asyncio.gather(*(browser.http.get(back) for _ in range(AT_ONCE)))
    assert sorted(answer.status_code for answer in answers) == [303] + [404] * (AT_ONCE - 1)

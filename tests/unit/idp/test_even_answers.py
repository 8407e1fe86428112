"""Answers wait for their moment, late ones for the next."""

from __future__ import annotations

import asyncio

import pytest

from idp.abuse.even import even, even_refusals


async def took(within: float, work: float, *, fails: bool = False) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        async with even(within):
            await asyncio.sleep(work)
            if fails:
                raise ValueError
    except ValueError:
        pass
    return loop.time() - began


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize(("work", "least"), [(0.0, 0.03), (0.01, 0.03), (0.04, 0.06), (0.07, 0.09)])
async def test_an_answer_waits_for_its_moment_and_a_late_one_for_the_next(
    fails: bool, work: float, least: float
) -> None:
    assert await took(0.03, work, fails=fails) >= least - 0.002


async def test_without_a_moment_nothing_waits() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with even(0):
        pass
    assert loop.time() - began < 1


async def test_what_is_right_need_not_wait() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with even_refusals(60):
        pass
    assert loop.time() - began < 30

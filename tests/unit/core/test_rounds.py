"""A worker's rounds go on after a failure, say what failed without the error's own words, and end when cancelled."""

from __future__ import annotations

import asyncio
import logging

import pytest

from core.rounds import rounds

_log = logging.getLogger(__name__)


async def test_a_failure_is_told_without_its_words_and_the_next_round_comes(caplog: pytest.LogCaptureFixture) -> None:
    done = asyncio.Event()
    calls = 0

    async def work() -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ValueError("410199198802291031")
        done.set()

    task = asyncio.create_task(rounds(work, every=0, log=_log, failed="the sweep failed"))
    await asyncio.wait_for(done.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert caplog.messages == ["the sweep failed: ValueError"]


async def test_cancelling_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(rounds(work, every=0, log=_log, failed="failed"))
    await asyncio.wait_for(begun.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert caplog.messages == []

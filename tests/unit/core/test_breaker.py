"""The circuit breaker: when calls go through, and who finds out that the part is back."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from core.breaker import CircuitBreaker, CircuitOpen, CircuitState
from tests.support.clock import FakeClock


class Broken(Exception):
    pass


@pytest.fixture
def breaker(clock: FakeClock) -> CircuitBreaker:
    return CircuitBreaker(clock, failures=3, rest=dt.timedelta(seconds=30))


def fail(breaker: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(Broken), breaker.attempt():
            raise Broken


def test_it_opens_after_failures_in_a_row(breaker: CircuitBreaker) -> None:
    fail(breaker, 2)
    with breaker.attempt():  # a success in between begins the count again
        pass
    fail(breaker, 2)
    assert breaker.state is CircuitState.CLOSED
    fail(breaker)
    assert breaker.state is CircuitState.OPEN
    with pytest.raises(CircuitOpen), breaker.attempt():
        pytest.fail("the call was made")


def test_after_its_rest_one_probe_decides(breaker: CircuitBreaker, clock: FakeClock) -> None:
    fail(breaker, 3)
    clock.advance(29)
    assert breaker.state is CircuitState.OPEN
    clock.advance(1)
    assert breaker.state is CircuitState.HALF_OPEN
    fail(breaker)
    assert breaker.state is CircuitState.OPEN
    clock.advance(30)
    with breaker.attempt(), pytest.raises(CircuitOpen), breaker.attempt():  # the others wait for the probe
        pytest.fail("a second probe was made")
    assert breaker.state is CircuitState.CLOSED
    fail(breaker, 2)
    assert breaker.state is CircuitState.CLOSED


async def test_a_cancelled_probe_tells_nothing(breaker: CircuitBreaker, clock: FakeClock) -> None:
    fail(breaker, 3)
    clock.advance(30)
    begun = asyncio.Event()

    async def probe() -> None:
        with breaker.attempt():
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(probe())
    await begun.wait()
    assert breaker.state is CircuitState.OPEN
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert breaker.state is CircuitState.HALF_OPEN
    with breaker.attempt():
        pass
    assert breaker.state is CircuitState.CLOSED


def test_a_clock_that_is_put_back_does_not_prolong_the_rest(breaker: CircuitBreaker, clock: FakeClock) -> None:
    fail(breaker, 3)
    clock.advance(-86_400)
    assert breaker.state is CircuitState.HALF_OPEN

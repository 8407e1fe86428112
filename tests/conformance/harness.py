"""What a contract needs to know about a backend: how to open it, how to let time pass, how to hurt it.

A contract is a class whose `test_…` methods take one harness. It names no backend, so the same methods run over
every backend (`test_<port>.py`) and over backends broken on purpose, which must fail (`test_bite_<port>.py`).
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.support.clock import FakeClock

Harness = TypeVar("Harness")
DELAY = 0.003  # seconds; a race that an instant store hides shows when each call takes a few milliseconds


@dataclass(frozen=True)
class Surroundings:
    """What a test hands to a backend's factory."""

    folder: Path
    clock: FakeClock
    server: Any = None  # what the fixture named by `Backend.requires` answered


@dataclass(frozen=True)
class Backend:
    """One implementation of a port.

    Attributes:
        id: as shown in test names.
        requires: name of the session fixture whose server it needs, or None.
        open: an empty store in these surroundings, as the harness that the contract takes.
    """

    id: str
    requires: str | None
    open: Callable[[Surroundings], AbstractAsyncContextManager[Any]]


def parametrised(backends: Sequence[Backend]) -> Any:
    """Runs a test once per backend: it takes the fixture `harness` of `tests/conformance/conftest.py`."""
    return pytest.mark.parametrize("backend", backends, ids=lambda backend: backend.id)


class Slow:
    """Wraps a store so that each call takes a few milliseconds before it and after it."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._store, name)

        async def delayed(*arguments: Any, **named: Any) -> Any:
            await asyncio.sleep(DELAY)
            answer = await call(*arguments, **named)
            await asyncio.sleep(DELAY)
            return answer

        return delayed if inspect.iscoroutinefunction(call) else call


async def at_once(*calls: Awaitable[Any]) -> list[Any]:
    """All at the same time; answers in order, the first exception raised when all have ended."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return answers


async def failing(
    contracts: Sequence[type],
    opened: Callable[[], AbstractAsyncContextManager[Any]],
    *,
    only: str | None = None,
    seconds: float = 20,
) -> set[str]:
    """Names of the contract's methods that a backend fails, each run on a fresh store; `only` runs just that one."""
    failed = set()
    for contract in contracts:
        for name in sorted(dir(contract)):
            if not name.startswith("test_") or only not in {None, name}:
                continue
            async with opened() as harness:
                try:
                    async with asyncio.timeout(seconds):
                        await getattr(contract(), name)(harness)
                except (Exception, pytest.fail.Exception):  # whatever way it breaks, it is caught
                    failed.add(name)
    return failed


@asynccontextmanager
async def closing(*stores: Any) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for store in stores:
            stack.push_async_callback(store.close)
        yield

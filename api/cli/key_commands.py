"""`yizheng keys …`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from api.settings import Settings
from api.wiring.keys import KeysServices, build_keys
from core.clock import SystemClock
from keys.spec import KeyState

Result = TypeVar("Result")


async def _with_keys(settings: Settings, work: Callable[[KeysServices], Awaitable[Result]]) -> Result:
    services = await build_keys(settings.keys, SystemClock())
    try:
        return await work(services)
    finally:
        await services.close()


async def list_keys(settings: Settings) -> list[str]:
    """A line for each key: purpose, state, algorithm, where it lives, id."""

    async def work(services: KeysServices) -> list[str]:
        records = sorted(services.ring.records(), key=lambda record: (record.purpose, record.state.value))
        return [
            f"{record.purpose:28} {record.state.value:12} {record.algorithm or 'secret':8} {record.key_id}"
            for record in records
        ]

    return await _with_keys(settings, work)


async def rotate_key(settings: Settings, purpose: str, *, at_once: bool) -> str:
    """Prepare a next key if there is none; make it active if there is one.

    Raises:
        core.errors.AppError: the next key has not been published for long enough, and `at_once` was not given.
    """

    async def work(services: KeysServices) -> str:
        ring = services.ring
        waiting = [r for r in ring.records() if r.purpose == purpose and r.state is KeyState.NEXT]
        if not waiting:
            await ring.prepare_next(purpose)
            if not at_once:
                return f"{purpose}: the next key is published; rotate again when portals have seen it"
        await ring.rotate(purpose, at_once=at_once)
        return f"{purpose}: rotated; the key before still verifies what it signed"

    return await _with_keys(settings, work)

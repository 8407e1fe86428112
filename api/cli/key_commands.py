"""`yizheng keys …`: each change is an audit event of the service itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from api.cli.prepare import check_current, with_database
from api.settings import Settings
from api.wiring.keys import KeysServices, build_keys
from core.audit.event import AuditEvent
from core.clock import SystemClock
from core.principal import SYSTEM
from keys.keyring import KeyRing
from keys.spec import KeyState

Result = TypeVar("Result")


async def _with_ring(settings: Settings, work: Callable[[KeyRing], Awaitable[Result]]) -> Result:
    services: KeysServices = await build_keys(settings.keys, SystemClock())
    try:
        return await work(services.ring)
    finally:
        await services.close()


async def _audited(settings: Settings, action: str, subject: str, work: Callable[[KeyRing], Awaitable[str]]) -> str:
    """The key store is a database of its own, so the event says `attempted` before and `done` after the change."""
    await check_current(settings)
    await with_database(settings, lambda db: db.record(AuditEvent(action, "attempted", SYSTEM, subject)))
    said = await _with_ring(settings, work)
    await with_database(settings, lambda db: db.record(AuditEvent(action, "done", SYSTEM, subject)))
    return said


async def list_keys(settings: Settings) -> list[str]:
    """A line for each key: purpose, state, algorithm, id."""

    await check_current(settings)

    async def work(ring: KeyRing) -> list[str]:
        records = sorted(ring.records(), key=lambda record: (record.purpose, record.state.value))
        return [f"{one.purpose:36} {one.state.value:12} {one.algorithm:8} {one.key_id}" for one in records]

    return await _with_ring(settings, work)


async def rotate_key(settings: Settings, purpose: str, *, at_once: bool) -> str:
    """Publish a next key if there is none; make it active if there is one.

    Raises:
        core.errors.AppError: no such purpose, or the next key has not been published for long enough.
    """

    async def work(ring: KeyRing) -> str:
        if not any(one.purpose == purpose and one.state is KeyState.NEXT for one in ring.records()):
            await ring.prepare_next(purpose)
            if not at_once:
                return f"{purpose}: the next key is published; rotate again when portals have seen it"
        await ring.rotate(purpose, at_once=at_once)
        return f"{purpose}: rotated; the key before still verifies what it signed"

    return await _audited(settings, "key.rotate", purpose, work)


async def retire_key(settings: Settings, key_id: str) -> str:
    """Accept a next or verify-only key no longer.

    Raises:
        core.errors.AppError: no such key, or it is the active one.
    """

    async def work(ring: KeyRing) -> str:
        await ring.retire(key_id)
        return f"{key_id}: retired; workers refuse it within seconds"

    return await _audited(settings, "key.retire", key_id, work)

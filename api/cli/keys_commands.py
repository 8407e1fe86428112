"""The work of `yizheng keys …`: each change is an audit event of whoever ordered it, and each step one of its own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from api.cli.composed import composed
from api.cli.tables import Row, lines_of
from api.settings import Settings
from api.wiring.container import Container
from core.audit.event import AuditEvent
from core.errors import NotFound
from core.principal import SYSTEM
from core.text import Text
from keys.ports import KeyRecord
from keys.spec import KeyState, SignatureAlgorithm, certified


@contextlib.asynccontextmanager
async def audited(settings: Settings, action: str, subject: str) -> AsyncIterator[Container]:
    """The key store is a database of its own, so the event says `attempted` before and `done` after the change."""
    async with composed(settings) as container:
        database = container.ground.database
        await database.record(AuditEvent(action, "attempted", SYSTEM, subject))
        yield container
        await container.rotation.carry()
        await database.record(AuditEvent(action, "done", SYSTEM, subject))


async def list_keys(settings: Settings, *, as_json: bool) -> list[str]:
    """A line for each key that is not retired."""
    async with composed(settings) as container:
        records = sorted(container.ground.keys.ring.records(), key=lambda one: (one.purpose, one.state, one.key_id))
        return lines_of([_row(record) for record in records], as_json=as_json)


def _row(record: KeyRecord) -> Row:
    return {
        "purpose": record.purpose,
        "state": record.state.value,
        "algorithm": record.algorithm,
        "since": f"{record.state_since:%Y-%m-%d %H:%M}",
        "place": record.uri.partition(":")[0],
        "key_id": record.key_id,
    }


async def show_key(settings: Settings, key_id: str, *, as_json: bool) -> list[str]:
    """The key, and a line for each step of its life.

    Raises:
        core.errors.NotFound: there is no such key.
    """
    async with composed(settings) as container:
        record = await container.ground.keys.store.find(key_id)
        if record is None:
            raise NotFound(
                "key-not-found", Text("没有这个密钥。", "There is no such key; look at `yizheng keys list`.")
            )
        events = await container.rotation.journal.of_key(key_id)
        life: list[Row] = [{"at": f"{one.at:%Y-%m-%d %H:%M:%S}", "step": one.step.value} for one in events]
        facts: Row = {
            **_row(record),
            "uri": record.uri,
            "made": f"{record.created_at:%Y-%m-%d %H:%M}",
            "private_part": "destroyed" if record.sealed is None else "there",
        }
        if as_json:
            return lines_of([facts, *life], as_json=True)
        return [
            *(f"{name.replace('_', ' '):14}{value}" for name, value in facts.items()),
            *lines_of(life, as_json=False),
        ]


async def schedule(settings: Settings, *, as_json: bool) -> list[str]:
    """A line for each step that is to come, by its time (UTC); what has none changes by people's decision."""
    async with composed(settings) as container:
        now = container.ground.clock.now()
        rows: list[Row] = [
            {
                "at": f"{step.at:%Y-%m-%d %H:%M}",
                "due": step.at <= now,
                "step": step.kind.value,
                "purpose": step.purpose,
                "key_id": step.key_id,
            }
            for step in await container.rotation.keeper.upcoming()
        ]
        return lines_of(rows, as_json=as_json)


async def rotate_key(settings: Settings, purpose: str, *, at_once: bool) -> list[str]:
    """Publish a next key if there is none; make it active if there is one.

    Raises:
        core.errors.AppError: no such purpose, or the next key has not been published for long enough.
    """
    async with audited(settings, "key.rotate", purpose) as container:
        ring = container.ground.keys.ring
        if not any(one.purpose == purpose and one.state is KeyState.NEXT for one in ring.records()):
            await ring.prepare_next(purpose)
            if not at_once:
                return [f"{purpose}: the next key is published; rotate again when portals have seen it"]
        await ring.rotate(purpose, at_once=at_once)
        return [f"{purpose}: rotated; the key before still verifies what it signed"]


async def retire_key(settings: Settings, key_id: str) -> list[str]:
    """Accept a next or verify-only key no longer.

    Raises:
        core.errors.AppError: no such key, it is the active one, or stored values need it.
    """
    async with audited(settings, "key.retire", key_id) as container:
        await container.ground.keys.ring.retire(key_id, usage=container.reencryption.usage)
        return [f"{key_id}: retired; {_promise(container)}"]


async def revoke_key(settings: Settings, key_id: str, *, replace: bool) -> list[str]:
    """Replace a key that leaked, at once.

    Raises:
        core.errors.AppError: no such key, stored values need it, or no successor could be made.
    """
    async with audited(settings, "key.revoke", key_id) as container:
        keys = container.ground.keys
        record = await keys.store.find(key_id)
        following = await keys.ring.revoke(key_id, replace=replace)
        lines = [f"{key_id}: revoked; {_promise(container)}"]
        if following is not None:
            return [*lines, f"{following} has taken over"]
        if record is not None and record.state is KeyState.ACTIVE:
            certificate = " and its certificate" if certified(record.purpose) else ""
            return [*lines, f"{record.purpose} has no key now: make a new one{certificate}"]
        return lines


async def destroy_key(settings: Settings, key_id: str) -> list[str]:
    """Destroy the private part of a retired key.

    Raises:
        core.errors.AppError: the key is not retired, its device does not answer, or stored values need it.
    """
    async with audited(settings, "key.destroy", key_id) as container:
        done = await container.ground.keys.ring.destroy(key_id, usage=container.reencryption.usage)
        return [f"{key_id}: destroyed" if done else f"{key_id}: was destroyed before"]


async def adopt_key(
    settings: Settings, purpose: str, uri: str, algorithm: SignatureAlgorithm, *, imported: bool
) -> list[str]:
    """Take a key that is on its device already.

    Raises:
        core.errors.AppError: the key is not there, could leave its device, does not fit, or the purpose has a next key.
    """
    async with audited(settings, "key.adopt", purpose) as container:
        state = await container.ground.keys.ring.adopt(purpose, uri, algorithm, imported=imported)
        if state is KeyState.ACTIVE:
            return [f"{purpose}: the key is active"]
        return [f"{purpose}: the key is published as the next one; `yizheng keys rotate {purpose}` makes it active"]


def _promise(container: Container) -> str:
    settings = container.ground.keys.settings
    return (
        f"no worker uses it after {settings.known_seconds:g} s "
        f"(one that cannot reach the key store stops within {settings.stale_seconds:g} s)"
    )

"""The work of `yizheng keys reencrypt …`; each change is audited in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence

from api.cli.composed import composed
from api.cli.tables import Row, lines_of
from api.settings import Settings
from core.principal import SYSTEM
from keys.reencrypt.model import Standing


async def status(settings: Settings, *, as_json: bool) -> list[str]:
    """A line for each table."""
    async with composed(settings) as container:
        return lines_of([_row(one) for one in await container.reencryption.control.standing()], as_json=as_json)


def _row(standing: Standing) -> Row:
    job = standing.job
    return {
        "name": standing.name,
        "state": "not begun" if job is None else job.state.value,
        "remaining": standing.remaining,
        "found": job.found if job else None,
        "rewritten": job.rewritten if job else None,
        "unreadable": job.faulty if job else None,
        "since": f"{job.began_at:%Y-%m-%d %H:%M}" if job else None,
    }


async def start(settings: Settings, name: str | None, *, here: bool) -> list[str]:
    """
    Raises:
        core.errors.NotFound: no table has this name.
    """
    async with composed(settings) as container:
        services = container.reencryption
        said = _said("begun anew", await services.control.start(name, SYSTEM))
        if here:
            batches = await services.work.through()
            left = sum(one.remaining for one in await services.control.standing())
            said.append(f"{batches} batches written; {left} values remain")
        return said


async def pause(settings: Settings, name: str | None) -> list[str]:
    """
    Raises:
        core.errors.NotFound: no table has this name.
    """
    async with composed(settings) as container:
        return _said("paused", await container.reencryption.control.pause(name, SYSTEM))


async def resume(settings: Settings, name: str | None) -> list[str]:
    """
    Raises:
        core.errors.NotFound: no table has this name.
    """
    async with composed(settings) as container:
        return _said("running", await container.reencryption.control.resume(name, SYSTEM))


def _said(what: str, names: Sequence[str]) -> list[str]:
    return [f"{name}: {what}" for name in names] or [f"nothing {what}: `yizheng keys reencrypt status` shows why"]

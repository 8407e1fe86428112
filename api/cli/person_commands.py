"""`yizheng person …`: the work behind it, through the same use cases as the API and the console."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from api.cli.prepare import check_current
from api.cli.tables import Row, lines_of
from api.settings import Settings
from api.wiring.container import build_container
from api.wiring.persons import PersonServices
from core.identifiers.documents import DocumentKind
from core.principal import SYSTEM
from idp.persons.looking import SeenPerson
from idp.persons.model import FreezeReason, PersonProposal


async def find(
    settings: Settings, kind: DocumentKind, number: str, issuer: str, note: str, *, as_json: bool
) -> list[str]:
    async with _persons(settings) as persons:
        seen = await persons.look.find(kind, number, issuer, note, SYSTEM)
    return lines_of([_row(seen)], as_json=as_json)


async def freeze(settings: Settings, account: str, reason: FreezeReason, note: str) -> list[str]:
    async with _persons(settings) as persons:
        await persons.freeze.freeze(account, reason, note, SYSTEM)
    return [f"{account}: out of use; every session and token is over"]


async def unfreeze(settings: Settings, account: str, note: str) -> list[str]:
    async with _persons(settings) as persons:
        await persons.freeze.unfreeze(account, note, SYSTEM)
    return [f"{account}: in use again"]


async def propose_merge(settings: Settings, stays: str, goes: str, note: str) -> list[str]:
    async with _persons(settings) as persons:
        proposal = await persons.changes.propose_merge(stays, goes, note, SYSTEM)
    return [f"{proposal.id}: waits for a security administrator until {proposal.expires_at:%Y-%m-%d}"]


async def proposals(settings: Settings, *, as_json: bool) -> list[str]:
    rows: list[Row] = []
    async with _persons(settings) as persons:
        cursor = None
        while True:
            page = await persons.changes.open(SYSTEM, cursor=cursor, limit=100)
            rows += [_waiting(one) for one in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return lines_of(rows, as_json=as_json)


def _row(seen: SeenPerson) -> Row:
    return {
        "account": seen.id,
        "name": seen.masked_name,
        "number": seen.masked_number,
        "status": seen.status.value,
        "reason": seen.status_reason,
        "level": seen.level,
        "since": f"{seen.created_at:%Y-%m-%d}",
    }


def _waiting(one: PersonProposal) -> Row:
    return {
        "proposal": one.id,
        "kind": one.kind.value,
        "account": one.account_id,
        "proposed_by": one.proposed_by,
        "until": f"{one.expires_at:%Y-%m-%d}",
    }


@contextlib.asynccontextmanager
async def _persons(settings: Settings) -> AsyncIterator[PersonServices]:
    await check_current(settings)
    container = await build_container(settings)
    try:
        yield container.idp.persons
    finally:
        await container.close()

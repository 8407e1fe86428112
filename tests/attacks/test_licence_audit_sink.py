"""L-16: the audit log takes no more rows (a full disk). Nothing happens then and nothing is told; with room it goes on.

Each act stands beside its twin: the same call before and after. A look that leaves no trace would be the worst of all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from certstore.end import EndCommand
from certstore.lifecycle import Event
from certstore.presentation.read_code import ReadCommand
from certstore.shares.make import ShareCommand
from certstore.stores.share_tables import licence_share
from certstore.stores.tables import access_record, consent, licence, licence_copy, licence_event, licence_version
from certstore.stores.use_tables import use_code
from certstore.verify_fields import FieldClaim
from core.audit.tables import audit_event
from core.db.database import Database
from tests.support.certstore_world import (
    BASIS,
    CASE,
    HOME,
    ITEM,
    LIN,
    LIN_NAME,
    PERMIT,
    POLICE_SYSTEM,
    PORTAL,
    ZHAO_NUMBER,
    World,
    world,
)
from tests.support.clock import FakeClock
from tests.support.licence_life import Life

TABLES = (licence, licence_version, licence_event, access_record, consent, licence_copy, use_code, licence_share)


@pytest.fixture
async def city(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    async with world(sqlite_database, clock, tmp_path) as made:
        yield made


async def execute(city: World, statement: str) -> None:
    async with city.database.write() as tx:
        await tx.connection.execute(text(statement))
        await tx.commit()


async def counts(city: World) -> list[int]:
    return [await city.rows(table) for table in (*TABLES, audit_event)]


async def test_l16_without_room_in_the_audit_log_nothing_is_done_and_nothing_is_told(city: World) -> None:
    permit, services = await city.issue_permit(), city.services
    (issued,) = await services.use.codes(city.code_query(types=(PERMIT,), uses=20), PORTAL)
    copy = await services.copies.make(city.copy_command(permit.id), PORTAL)
    asked = await city.ask_consent()
    await city.issue_property()
    claims = {"holder_name": LIN_NAME}
    claim = FieldClaim(PERMIT, claims, ITEM, CASE, BASIS, identifier=permit.current.identifier)
    shown = {"code": (await city.presentation.show(permit.id, LIN, anew=True)).code or ""}
    acts: list[Callable[[], Awaitable[Any]]] = [
        lambda: city.issue_permit(ZHAO_NUMBER, "赵映雪", key="once"),
        lambda: city.search(PORTAL),
        lambda: city.check(PORTAL),
        lambda: services.use.codes(city.code_query(types=(PERMIT,)), PORTAL),
        lambda: services.use.redeem.data(issued.code, PORTAL),
        lambda: services.use.redeem.copy(issued.code, PORTAL),
        lambda: services.use.redeem.ticket(issued.code, PORTAL),
        lambda: services.copies.make(city.copy_command(permit.id), PORTAL),
        lambda: services.copies.file(permit.id, copy.id, PORTAL),
        lambda: services.read.licence(permit.id, POLICE_SYSTEM),
        lambda: services.read.original(permit.id, LIN),
        lambda: services.compare_fields(claim, PORTAL),
        lambda: services.verify.by_identifier(permit.current.identifier, PORTAL),
        lambda: city.presentation.read(ReadCommand(shown["code"]), PORTAL),
        lambda: city.own.shares.make(ShareCommand(permit.id, ["holder_name"], "租房"), LIN),
        lambda: services.consents.decide(asked.id, LIN, True),
        lambda: city.own.attachments.of_licence(permit.id, POLICE_SYSTEM),
        lambda: Life(city).change(permit, HOME | {"address": "示例市新城区演示大道 1 号"}),
        lambda: services.end(EndCommand(permit.id, Event.REVOKE, "材料不实"), POLICE_SYSTEM),
    ]
    before = await counts(city)
    await execute(
        city, "CREATE TRIGGER full BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
    )
    for number, act in enumerate(acts):
        with pytest.raises((DBAPIError, sqlite3.Error)):  # to the caller: 500, without a word of the cause
            await act()
        assert await counts(city) == before, number
    await execute(city, "DROP TRIGGER full")
    shown["code"] = (await city.presentation.show(permit.id, LIN, anew=True)).code or ""  # the first one is used up
    for act in acts[:12]:
        await act()  # the twins: what was refused had left nothing behind that stands in the way
    for act in acts[12:]:
        events = await city.rows(audit_event)
        await act()
        assert await city.rows(audit_event) > events

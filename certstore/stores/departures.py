"""Licences of people who have died, in SQL; reports are read from the audit log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from certstore.departures.ports import Departure, DepartureStore, Report, ReportSource
from certstore.lifecycle import State
from certstore.model import Licence
from certstore.stores.departure_tables import holder_departure
from certstore.stores.tables import CURRENT_VERSION, licence, licence_version
from core.audit.tables import audit_event
from core.db.database import ReadTx, WriteTx

_RUNS = (State.VALID.value, State.SUSPENDED.value)
_PART = 500
_DIED, _BACK = "account.death-reported", "account.unfreeze"


class AuditReports:
    """Implements `certstore.departures.ports.ReportSource`."""

    async def part(self, tx: ReadTx, after: int, *, limit: int) -> tuple[Sequence[Report], int]:
        columns = audit_event.c
        number = select(columns.number).where(columns.number > after).order_by(columns.number).limit(limit).subquery()
        last = (await tx.connection.execute(select(func.max(number.c.number)))).scalar()
        if last is None:
            return (), after
        query = select(audit_event).where(
            columns.number > after,
            columns.number <= last,
            columns.action.in_((_DIED, _BACK)),
            columns.outcome == "done",
        )
        rows = await tx.connection.execute(query.order_by(columns.number))
        return [report for row in rows if (report := _report(row)) is not None], int(last)


class SqlDepartureStore:
    """Implements `certstore.departures.ports.DepartureStore`."""

    async def add(self, tx: WriteTx, licence_: Licence, *, account_id: str, died_on: dt.date, now: dt.datetime) -> None:
        values = {
            "licence_id": licence_.id,
            "reported_for": account_id,
            "issuer": licence_.issuer,
            "died_on": died_on,
            "reported_at": now,
        }
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(insert(holder_departure).values(values))
        except IntegrityError:
            return

    async def take_back(self, tx: WriteTx, account_id: str) -> int:
        gone = delete(holder_departure).where(holder_departure.c.reported_for == account_id)
        return (await tx.connection.execute(gone)).rowcount

    async def of_issuer(self, tx: ReadTx, issuer: str, *, limit: int = 100) -> Sequence[Departure]:
        columns = holder_departure.c
        query = (
            select(holder_departure, licence.c.type_code, licence_version.c.identifier)
            .join(licence, licence.c.id == columns.licence_id)
            .join(licence_version, CURRENT_VERSION)
            .where(columns.issuer == issuer, licence.c.state.in_(_RUNS))
            .order_by(columns.reported_at, columns.licence_id)
            .limit(limit)
        )
        rows = await tx.connection.execute(query)
        return [Departure(row.licence_id, row.identifier, row.type_code, row.died_on, row.reported_at) for row in rows]

    async def delete_ended(self, tx: WriteTx) -> int:
        ended = (
            select(holder_departure.c.licence_id)
            .join(licence, licence.c.id == holder_departure.c.licence_id)
            .where(licence.c.state.not_in(_RUNS))
            .limit(_PART)
        )
        gone = delete(holder_departure).where(holder_departure.c.licence_id.in_(ended))
        return (await tx.connection.execute(gone)).rowcount


def _report(row: Row[Any]) -> Report | None:
    if row.action == _DIED:
        return Report(row.number, row.subject, dt.date.fromisoformat(row.detail["on"]))
    mistaken = row.detail.get("was") == "death-reported"
    return Report(row.number, row.subject, None) if mistaken else None


_: tuple[type[ReportSource], type[DepartureStore]] = (AuditReports, SqlDepartureStore)

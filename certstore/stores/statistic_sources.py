"""What the statistics are counted from, in SQL: the audit log, the looks, and the feed of what changed.

Audit events are numbered as they are committed and changes have their position from then on, so neither is ever passed
by. Looks are read once they are some minutes old.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select

from certstore.lifecycle import Event
from certstore.model import Look
from certstore.statistics.model import SETTLED, CaseTally, Measure, Part, Tally
from certstore.statistics.ports import Source
from certstore.stores.subscription_tables import licence_change
from certstore.stores.tables import access_record, licence
from core.audit.tables import audit_event
from core.clock import calendar_day
from core.db.database import ReadTx
from core.ids import first_id

_COUNTED: Mapping[str, Measure] = {
    "exemption.check": Measure.CHECK,
    "licence.search": Measure.SEARCH,
    "copy.make": Measure.COPY,
    "use-code.redeem": Measure.CODE,
    "licence.present": Measure.PRESENTED,
}
_LOOKS: Mapping[str, Measure] = {
    Look.SEARCH.value: Measure.LOOK,
    Look.EXEMPTION.value: Measure.LOOK,
}
_CHANGES: Mapping[str, Measure] = {
    **{event.value: Measure.ISSUED for event in (Event.ISSUE, Event.TRANSFER_IN)},
    Event.RENEW.value: Measure.RENEWED,
    **{
        event.value: Measure.CHANGED
        for event in (Event.CHANGE, Event.CORRECT, Event.REISSUE, Event.ANNUAL_PASS, Event.SUSPEND, Event.RESUME)
    },
    **{
        event.value: Measure.ENDED
        for event in (Event.CANCEL, Event.WITHDRAW, Event.REVOKE, Event.ANNUL, Event.TRANSFER_OUT, Event.EXPIRE)
    },
}
_OF_A_LICENCE = frozenset({"copy.make", "licence.present"})
_OF_A_LOOK = ("id", "look", "organisation", "type_code", "service_item", "at", "about_other")


class AuditSource:
    """Implements `Source`: uses, exemption checks, what was shown to departments, and their refusals."""

    name = "audit"

    async def part(self, tx: ReadTx, position: str, *, now: dt.datetime, limit: int) -> Part | None:
        columns = audit_event.c
        query = select(audit_event).where(columns.number > int(position or 0)).order_by(columns.number).limit(limit)
        rows = (await tx.connection.execute(query)).all()
        if not rows:
            return None
        wanted = [row for row in rows if row.actor_organisation and _counts(row)]
        types = await _types(tx, [row.subject for row in wanted if row.action in _OF_A_LICENCE and row.subject])
        counts: Counter[Tally] = Counter()
        for row in wanted:
            counts[_of_event(row, types)] += 1
        return Part(str(rows[-1].number), counts, _cases(wanted))


class LookSource:
    """Implements `Source`: whose licences were looked at, by type; of several holders the one who was asked for."""

    name = "looks"

    async def part(self, tx: ReadTx, position: str, *, now: dt.datetime, limit: int) -> Part | None:
        columns = access_record.c
        query = select(*(columns[name] for name in _OF_A_LOOK)).where(
            columns.id > position, columns.id < first_id(now - SETTLED, "acr")
        )
        rows = (await tx.connection.execute(query.order_by(columns.id).limit(limit))).all()
        if not rows:
            return None
        counts: Counter[Tally] = Counter()
        for row in rows:
            if row.look in _LOOKS and row.organisation and row.type_code and not row.about_other:
                day, item = calendar_day(row.at), row.service_item or ""
                counts[Tally(day, row.organisation, _LOOKS[row.look], item, row.type_code)] += 1
        return Part(rows[-1].id, counts)


class ChangeSource:
    """Implements `Source`: what issuers did with their licences, by type."""

    name = "changes"

    async def part(self, tx: ReadTx, position: str, *, now: dt.datetime, limit: int) -> Part | None:
        columns = licence_change.c
        query = select(licence_change).where(columns.position > int(position or 0)).order_by(columns.position)
        rows = (await tx.connection.execute(query.limit(limit))).all()
        if not rows:
            return None
        counts: Counter[Tally] = Counter()
        for row in rows:
            if row.event in _CHANGES:
                counts[Tally(calendar_day(row.at), row.issuer, _CHANGES[row.event], "", row.type_code)] += 1
        return Part(str(rows[-1].position), counts)


def _counts(row: Row[Any]) -> bool:
    if row.action == "licence.present":  # shown, read, or asked for again: once it is read
        return row.outcome == "done" and bool(row.detail.get("first", True))  # events of an earlier release say nothing
    return row.action in _COUNTED


def _of_event(row: Row[Any], types: Mapping[str, str]) -> Tally:
    item = row.service_item or ""
    if row.outcome == "refused":
        mark = str(row.detail.get("error", ""))[:64]
        return Tally(_day(row), row.actor_organisation, Measure.REFUSAL, item, "", mark)
    type_code = types.get(row.subject or "", "")
    return Tally(_day(row), row.actor_organisation, _COUNTED[row.action], item, type_code)


def _cases(rows: Sequence[Row[Any]]) -> Sequence[tuple[dt.date, CaseTally]]:
    return [
        (
            _day(row),
            CaseTally(
                row.actor_organisation,
                row.service_item,
                row.case_number,
                int(row.detail.get("materials", 0)),
                int(row.detail.get("exempt", 0)),
            ),
        )
        for row in rows
        if row.action == "exemption.check" and row.outcome == "done" and row.service_item and row.case_number
    ]


async def _types(tx: ReadTx, licence_ids: Sequence[str]) -> Mapping[str, str]:
    if not licence_ids:
        return {}
    query = select(licence.c.id, licence.c.type_code).where(licence.c.id.in_(licence_ids))
    return {row.id: row.type_code for row in await tx.connection.execute(query)}


def _day(row: Row[Any]) -> dt.date:
    return calendar_day(dt.datetime.fromisoformat(row.at))


_: tuple[Source, ...] = (AuditSource(), LookSource(), ChangeSource())

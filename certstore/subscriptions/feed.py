"""The change feed: what changed since a cursor, in order for each licence, without personal data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from certstore.authorise import refusals_audited, require_scope
from certstore.subscriptions.errors import ChangesGone
from certstore.subscriptions.model import Change
from certstore.subscriptions.numbering import number_waiting
from certstore.subscriptions.ports import ChangeStore
from certstore.subscriptions.reach import READ, reach_of_actor
from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database, ReadTx
from core.errors import InvalidInput
from core.paging import decode_cursor, encode_cursor, page_size
from core.principal import Principal
from core.text import Text

LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Changes:
    """A part of the feed.

    Attributes:
        next_cursor: where to read on; always there, also when nothing is new.
        more: there is more at once.
    """

    items: Sequence[Change]
    next_cursor: str
    more: bool


class ReadChanges:
    """The use case."""

    def __init__(self, database: Database, changes: ChangeStore, clock: Clock) -> None:
        self._database = database
        self._changes = changes
        self._clock = clock

    async def __call__(
        self, actor: Principal, after: str | None = None, types: Sequence[str] = (), limit: int | None = None
    ) -> Changes:
        """What the actor's organisation may hear of behind the cursor.

        Args:
            after: a cursor of an earlier answer; None for all that is kept, `latest` for none but what is to come.
            types: type codes; empty for all.

        Raises:
            InvalidInput: `cursor-invalid`.
            NotPermitted: no `licence:read`, or nobody's organisation.
            Conflict: `changes-gone`.
        """
        async with refusals_audited(self._database, "change.list", actor):
            require_scope(actor, READ)
            await number_waiting(self._database, self._changes, self._clock)
            day = calendar_day(self._clock.now())
            async with self._database.read() as tx:
                reach = await reach_of_actor(self._changes, tx, actor, day, types)
                end = await self._changes.end(tx)
                position = await position_of(self._changes, tx, after)
                size = page_size(limit)
                found = await self._changes.after(tx, position, reach, limit=size + 1)
            await self._database.record(AuditEvent("change.list", "done", actor, detail={"count": len(found[:size])}))
        more = len(found) > size
        # at the end of what is there, nothing of the rest is for this caller: go past it
        last = found[size - 1].position if more else max(end, position)
        return Changes(found[:size], encode_cursor(last), more)


async def position_of(changes: ChangeStore, tx: ReadTx, cursor: str | None) -> int:
    """The place that a cursor names: None for the beginning of what is kept, `latest` for its end.

    Raises:
        InvalidInput: `cursor-invalid`.
        Conflict: `changes-gone`.
    """
    beginning = await changes.beginning(tx)
    if not cursor:
        return beginning
    if cursor == LATEST:
        return await changes.end(tx)
    (place,) = decode_cursor(cursor, 1)
    if not isinstance(place, int) or not 0 <= place < 2**63:
        raise InvalidInput(
            "cursor-invalid",
            Text(
                "位置标记无效。请用上一次答复里的 next_cursor，或 latest。",
                "The cursor is not valid. Use next_cursor of an earlier answer, or “latest”.",
            ),
            field="after",
        )
    if place < beginning:
        raise ChangesGone
    return place

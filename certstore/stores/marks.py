"""Marks of licences that a holder can have only once: whoever holds the mark holds the one valid licence.

A mark is found by the blind index of its holder under any accepted key, and has one index row under each, so that two
claims meet in the database even while one index key gives way to the next.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Select, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from certstore.lifecycle import State
from certstore.model import Licence
from certstore.stores.holder_index import holder_indexes
from certstore.stores.tables import CURRENT_VERSION, licence, licence_mark, licence_mark_index, licence_version
from core.db.database import WriteTx
from keys.ports import BlindIndex


class SingleMarks:
    """Claims marks."""

    def __init__(self, index: BlindIndex) -> None:
        self._index = index

    async def claim(self, tx: WriteTx, licence_: Licence, *, today: dt.date) -> bool:
        """Of several licences of one holder, one gets the mark; all of a licence's holders must get theirs."""
        holders = list(enumerate(licence_.current.holders))
        # in one order, so that two who meet wait for each other and not in a ring
        for position, holder in sorted(holders, key=lambda pair: (pair[1].code.kind, pair[1].code.number)):
            digests = holder_indexes(self._index, holder.code)
            if not await self._claim_one(tx, licence_, position, digests, today):
                return False
        return True

    async def give_back(self, tx: WriteTx, licence_id: str) -> None:
        """Free a licence's marks: its next version may have other holders, and claims its marks anew."""
        own = select(licence_mark.c.id).where(licence_mark.c.licence_id == licence_id)
        await tx.connection.execute(delete(licence_mark_index).where(licence_mark_index.c.mark_id.in_(own)))
        await tx.connection.execute(delete(licence_mark).where(licence_mark.c.licence_id == licence_id))

    async def _claim_one(
        self, tx: WriteTx, licence_: Licence, position: int, digests: tuple[bytes, ...], today: dt.date
    ) -> bool:
        if await self._make(tx, licence_, position, digests):
            return True
        columns = licence_mark_index.c
        query = select(columns.mark_id).where(columns.type_code == licence_.type_code, columns.digest.in_(digests))
        mark_id = (await tx.connection.execute(query.limit(1))).scalar_one()  # whoever was faster has committed it
        return await self._take_over(tx, licence_, position, mark_id, today)

    async def _make(self, tx: WriteTx, licence_: Licence, position: int, digests: tuple[bytes, ...]) -> bool:
        version = licence_.current
        # a later version has names of its own: the first one's may have passed on with its holder's mark
        nth = "" if version.number == 1 else f"_{version.number}"
        mark_id = f"mrk_{version.licence_id.partition('_')[2]}_{position}{nth}"
        mark = {"id": mark_id, "licence_id": licence_.id, "version": version.number, "position": position}
        names = [{"type_code": licence_.type_code, "digest": one, "mark_id": mark_id} for one in sorted(digests)]
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(insert(licence_mark).values(mark))
                await tx.connection.execute(insert(licence_mark_index), names)
        except IntegrityError:
            return False
        return True

    async def _take_over(self, tx: WriteTx, licence_: Licence, position: int, mark_id: str, today: dt.date) -> bool:
        """The mark of a licence that ended or ran out; of two who try, the row's lock lets one win."""
        change = (
            update(licence_mark)
            .where(
                licence_mark.c.id == mark_id,
                or_(licence_mark.c.licence_id == licence_.id, licence_mark.c.licence_id.in_(_ended(today))),
            )
            .values(licence_id=licence_.id, version=licence_.current.number, position=position)
        )
        return (await tx.connection.execute(change)).rowcount == 1


def _ended(today: dt.date) -> Select[tuple[str]]:
    holding = licence.c.state.in_((State.VALID.value, State.SUSPENDED.value))
    return (
        select(licence.c.id)
        .join(licence_version, CURRENT_VERSION)
        .where(or_(~holding, licence_version.c.valid_until < today))
    )

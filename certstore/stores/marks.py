"""Marks of licences that a holder can have only once: whoever holds the mark holds the one valid licence.

A mark is found by the blind index of its holder under any accepted key, and has one index row under each, so that two
claims meet in the database even while one index key gives way to the next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from certstore.codes import HolderCode
from certstore.lifecycle import State
from certstore.model import Licence
from certstore.stores.holder_index import holder_indexes
from certstore.stores.tables import (
    CURRENT_VERSION,
    licence,
    licence_holder,
    licence_mark,
    licence_mark_index,
    licence_version,
)
from core.db.database import ReadTx, WriteTx
from core.db.long_lists import among, plan_anew
from core.db.many import add_many
from keys.ports import BlindIndex

_HOLDING = licence.c.state.in_((State.VALID.value, State.SUSPENDED.value))


@dataclass(frozen=True, slots=True)
class _Claim:
    """What one holder of a licence needs: a mark with a name under each accepted key."""

    licence: Licence
    position: int
    code: HolderCode = field(repr=False)
    digests: tuple[bytes, ...] = field(repr=False)

    @property
    def mark(self) -> dict[str, object]:
        version = self.licence.current
        # a later version has names of its own: the first one's may have passed on with its holder's mark
        nth = "" if version.number == 1 else f"_{version.number}"
        mark_id = f"mrk_{version.licence_id.partition('_')[2]}_{self.position}{nth}"
        return {"id": mark_id, "licence_id": self.licence.id, "version": version.number, "position": self.position}


class SingleMarks:
    """Claims marks."""

    def __init__(self, index: BlindIndex) -> None:
        self._index = index

    async def claim(self, tx: WriteTx, licence_: Licence, *, today: dt.date) -> bool:
        """Of several licences of one holder, one gets the mark; all of a licence's holders must get theirs."""
        return await self._each(tx, self._claims([licence_]), today)

    async def claim_all(self, tx: WriteTx, licences: Sequence[Licence], *, today: dt.date) -> bool:
        """The same for many licences of one type: what nobody has is taken at once, the rest one by one."""
        claims = self._claims(licences)
        marked = await self._marked(tx, claims)
        for known, found in groupby(claims, key=lambda one: not marked.isdisjoint(one.digests)):
            run = list(found)
            if (known or not await self._make(tx, run)) and not await self._each(tx, run, today):
                return False
        return True

    async def held(
        self, tx: ReadTx, type_code: str, holders: Collection[HolderCode], *, today: dt.date
    ) -> set[HolderCode]:
        """Those among the holders who have a licence of the type that has neither ended nor run out."""
        owners = {digest: code for code in holders for digest in holder_indexes(self._index, code)}
        await plan_anew(tx)
        found = await tx.connection.execute(_living(tx, type_code, list(owners), today))
        return {owners[bytes(row.code_index)] for row in found}

    async def give_back(self, tx: WriteTx, licence_id: str) -> None:
        """Free a licence's marks: its next version may have other holders, and claims its marks anew."""
        own = select(licence_mark.c.id).where(licence_mark.c.licence_id == licence_id)
        await tx.connection.execute(delete(licence_mark_index).where(licence_mark_index.c.mark_id.in_(own)))
        await tx.connection.execute(delete(licence_mark).where(licence_mark.c.licence_id == licence_id))

    def _claims(self, licences: Sequence[Licence]) -> list[_Claim]:
        """In one order, so that two who meet wait for each other and not in a ring."""
        claims = [
            _Claim(one, position, holder.code, tuple(sorted(holder_indexes(self._index, holder.code))))
            for one in licences
            for position, holder in enumerate(one.current.holders)
        ]
        return sorted(claims, key=lambda claim: (claim.code.kind, claim.code.number))

    async def _marked(self, tx: WriteTx, claims: Sequence[_Claim]) -> set[bytes]:
        if not claims:
            return set()
        columns = licence_mark_index.c
        digests = [digest for one in claims for digest in one.digests]
        await plan_anew(tx)
        query = select(columns.digest).where(
            columns.type_code == claims[0].licence.type_code, among(tx, columns.digest, digests)
        )
        return {bytes(row.digest) for row in await tx.connection.execute(query)}

    async def _each(self, tx: WriteTx, claims: Sequence[_Claim], today: dt.date) -> bool:
        for one in claims:
            if not await self._make(tx, [one]) and not await self._take(tx, one, today):
                return False
        return True

    async def _make(self, tx: WriteTx, claims: Sequence[_Claim]) -> bool:
        """New marks, all or none: none when somebody has one of them."""
        marks = [one.mark for one in claims]
        names = [
            {"type_code": one.licence.type_code, "digest": digest, "mark_id": mark["id"]}
            for one, mark in zip(claims, marks, strict=True)
            for digest in one.digests
        ]
        try:
            async with tx.connection.begin_nested():
                await add_many(tx, licence_mark, marks)
                await add_many(tx, licence_mark_index, names)
        except IntegrityError:
            return False
        return True

    async def _take(self, tx: WriteTx, claim: _Claim, today: dt.date) -> bool:
        columns = licence_mark_index.c
        query = select(columns.mark_id).where(
            columns.type_code == claim.licence.type_code, columns.digest.in_(claim.digests)
        )
        mark_id = (await tx.connection.execute(query.limit(1))).scalar_one()  # whoever was faster has committed it
        return await self._take_over(tx, claim.licence, claim.position, mark_id, today)

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


def _living(tx: ReadTx, type_code: str, digests: Sequence[bytes], today: dt.date) -> Select[tuple[bytes]]:
    columns, until = licence_holder.c, licence_version.c.valid_until
    # the holders first, by their index: a planner that begins with the licences compares each with all the numbers
    holders = (
        select(columns.licence_id, columns.version, columns.code_index)
        .where(among(tx, columns.code_index, digests))
        .cte("holders")
        .prefix_with("MATERIALIZED")
    )
    return (
        select(holders.c.code_index)
        .join(licence, (licence.c.id == holders.c.licence_id) & (licence.c.version == holders.c.version))
        .join(licence_version, CURRENT_VERSION)
        .where(licence.c.type_code == type_code, _HOLDING, or_(until.is_(None), until >= today))
    )


def _ended(today: dt.date) -> Select[tuple[str]]:
    return (
        select(licence.c.id)
        .join(licence_version, CURRENT_VERSION)
        .where(or_(~_HOLDING, licence_version.c.valid_until < today))
    )

"""Revocations and their lists on SQLite or PostgreSQL: one UPDATE hands out the number of the next list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from core.db.engine import reading
from keys.stores.certificate_tables import authorities, register, revocation_lists
from keys.stores.transactions import writing
from keys.x509.model import CertificateStatus, ListHead, Revocation, RevocationReason, StoredList
from keys.x509.ports import ListStore

_WHOLE = -1


class SqlListStore:
    """Implements `keys.x509.ports.ListStore` in the key store's database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._reading = reading(engine)

    async def revocations(
        self, issuer_key_id: str, *, part: int | None, ended_after: dt.datetime | None
    ) -> tuple[int, Sequence[Revocation]]:
        columns = (register.c.serial, register.c.revoked_at, register.c.reason, register.c.invalidity_at)
        query = select(*columns).where(
            register.c.issuer_key_id == issuer_key_id, register.c.status != str(CertificateStatus.GOOD)
        )
        if part is not None:
            query = query.where(register.c.part == part)
        if ended_after is not None:
            query = query.where(register.c.not_after >= ended_after)
        changes = select(authorities.c.changes).where(authorities.c.key_id == issuer_key_id)
        async with self._reading.connect() as connection:  # both as of one moment
            number = (await connection.execute(changes)).scalar_one()
            rows = await connection.execute(query.order_by(register.c.revoked_at, register.c.serial))
            return int(number), [
                Revocation(int(row.serial, 16), row.revoked_at, RevocationReason(row.reason), row.invalidity_at)
                for row in rows
            ]

    async def claim(self, key_id: str, *, moment: dt.datetime, lease: dt.timedelta) -> int | None:
        free = or_(authorities.c.making_until.is_(None), authorities.c.making_until <= moment)
        taken = (
            update(authorities)
            .where(authorities.c.key_id == key_id, free)
            .values(list_number=authorities.c.list_number + 1, making_until=moment + lease)
            .returning(authorities.c.list_number)
        )
        async with writing(self.engine) as connection:
            number = (await connection.execute(taken)).scalar_one_or_none()
        return None if number is None else int(number)

    async def release(self, key_id: str) -> None:
        async with writing(self.engine) as connection:
            await connection.execute(
                update(authorities).where(authorities.c.key_id == key_id).values(making_until=None)
            )

    async def keep(self, made: StoredList) -> bool:
        values = {
            "authority_key_id": made.authority_key_id,
            "part": _WHOLE if made.part is None else made.part,
            "number": made.number,
            "der": made.der,
            "this_update": made.this_update,
            "next_update": made.next_update,
            "changes": made.changes,
            "entries": made.entries,
        }
        insert = postgresql.insert if self.engine.dialect.name == "postgresql" else sqlite.insert
        statement = insert(revocation_lists).values(values)
        statement = statement.on_conflict_do_update(
            index_elements=["authority_key_id", "part"],
            set_={name: statement.excluded[name] for name in values if name not in ("authority_key_id", "part")},
            where=revocation_lists.c.number < statement.excluded.number,
        )
        async with writing(self.engine) as connection:
            done = await connection.execute(statement.returning(revocation_lists.c.number))
            return done.first() is not None

    async def get(self, key_id: str, part: int | None) -> StoredList | None:
        query = select(revocation_lists).where(
            revocation_lists.c.authority_key_id == key_id,
            revocation_lists.c.part == (_WHOLE if part is None else part),
        )
        async with self.engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else StoredList(**{**row._mapping, "part": part})

    async def heads(self, key_id: str) -> Sequence[ListHead]:
        columns = [revocation_lists.c[name] for name in ListHead.__dataclass_fields__]
        query = select(*columns).where(revocation_lists.c.authority_key_id == key_id)
        async with self.engine.connect() as connection:
            rows = await connection.execute(query.order_by(revocation_lists.c.part))
            return [ListHead(**{**row._mapping, "part": None if row.part == _WHOLE else row.part}) for row in rows]


_: type[ListStore] = SqlListStore

"""Trust lists on SQLite or PostgreSQL: an append-only log, in which the primary key decides who comes first."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from keys.stores.transactions import writing
from keys.stores.trust_tables import trust_lists, trust_signers
from keys.trust.ports import ListRevision, TrustStore

_LAST = func.coalesce(func.max(trust_lists.c.revision), 0)


class SqlTrustStore:
    """Implements `keys.trust.ports.TrustStore` in the key store's database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    async def revision(self) -> int:
        async with self.engine.connect() as connection:
            return int((await connection.execute(select(_LAST))).scalar_one())

    async def latest(self) -> Sequence[ListRevision]:
        newest = select(func.max(trust_lists.c.revision)).group_by(trust_lists.c.source)
        query = select(trust_lists).where(trust_lists.c.revision.in_(newest)).order_by(trust_lists.c.source)
        async with self.engine.connect() as connection:
            return [ListRevision(**row._mapping) for row in await connection.execute(query)]

    async def history(self, source: str) -> Sequence[ListRevision]:
        query = select(trust_lists).where(trust_lists.c.source == source).order_by(trust_lists.c.revision)
        async with self.engine.connect() as connection:
            return [ListRevision(**row._mapping) for row in await connection.execute(query)]

    async def append(self, change: ListRevision) -> bool:
        values = {name: getattr(change, name) for name in trust_lists.c.keys()}  # noqa: SIM118 - columns, no dict
        try:
            async with writing(self.engine) as connection:
                last = (await connection.execute(select(_LAST))).scalar_one()
                if change.revision != last + 1:
                    return False
                await connection.execute(insert(trust_lists).values(values))
        except IntegrityError:  # somebody else took the number between the two statements
            return False
        return True

    async def signer_certificate(self, key_id: str) -> bytes | None:
        query = select(trust_signers.c.certificate).where(trust_signers.c.key_id == key_id)
        async with self.engine.connect() as connection:
            found: bytes | None = (await connection.execute(query)).scalar_one_or_none()
            return found

    async def keep_signer_certificate(self, key_id: str, certificate: bytes) -> bytes:
        try:
            async with writing(self.engine) as connection:
                await connection.execute(insert(trust_signers).values(key_id=key_id, certificate=certificate))
        except IntegrityError:
            return await self.signer_certificate(key_id) or certificate
        return certificate


_: type[TrustStore] = SqlTrustStore

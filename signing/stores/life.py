"""Keeps applications for seals, and the steps in the life of each, in SQL (SQLite and PostgreSQL)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, or_, select, update

from core.db.database import ReadTx, WriteTx
from signing.model import SealApplication, SealStatus, SealStep
from signing.stores.rows import application_of, application_values, step_of, step_values
from signing.stores.tables import seal_application, seal_event


class SqlSealLifeStore:
    """Implements `signing.ports.SealLifeStore`."""

    async def add_application(self, tx: WriteTx, application: SealApplication) -> None:
        await tx.connection.execute(insert(seal_application).values(application_values(application)))

    async def application(self, tx: ReadTx, application_id: str) -> SealApplication | None:
        query = select(seal_application).where(seal_application.c.id == application_id)
        row = (await tx.connection.execute(query)).mappings().one_or_none()
        return None if row is None else application_of(row)

    async def applications_of(
        self,
        tx: ReadTx,
        organisation: str,
        *,
        statuses: Sequence[SealStatus] = (),
        before: str | None = None,
        limit: int = 100,
    ) -> list[SealApplication]:
        listed = [column for column in seal_application.c if column is not seal_application.c.scan]
        query = select(*listed).where(seal_application.c.organisation == organisation)
        if statuses:
            query = query.where(seal_application.c.status.in_([one.value for one in statuses]))
        if before is not None:
            query = query.where(seal_application.c.id < before)
        found = await tx.connection.execute(query.order_by(seal_application.c.id.desc()).limit(limit))
        return [application_of(row) for row in found.mappings()]

    async def move_application(
        self,
        tx: WriteTx,
        application_id: str,
        *,
        expected: Sequence[SealStatus],
        new: SealStatus,
        seal_id: str | None = None,
    ) -> bool:
        moved = await tx.connection.execute(
            update(seal_application)
            .where(
                seal_application.c.id == application_id,
                seal_application.c.status.in_([one.value for one in expected]),
            )
            .values(status=new.value, seal_id=seal_id)
        )
        return moved.rowcount == 1

    async def add_step(self, tx: WriteTx, step: SealStep) -> None:
        await tx.connection.execute(insert(seal_event).values(step_values(step)))

    async def steps_of(
        self, tx: ReadTx, *, application_id: str | None = None, seal_id: str | None = None
    ) -> list[SealStep]:
        about = []
        if application_id is not None:
            about.append(seal_event.c.application_id == application_id)
        if seal_id is not None:
            # a seal's story begins with that of the application that it was made of
            made_of = select(seal_application.c.id).where(seal_application.c.seal_id == seal_id)
            about += [seal_event.c.seal_id == seal_id, seal_event.c.application_id.in_(made_of)]
        if not about:
            return []
        query = select(seal_event).where(or_(*about)).order_by(seal_event.c.number)
        return [step_of(row) for row in (await tx.connection.execute(query)).mappings()]

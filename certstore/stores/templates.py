"""Face templates in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, func, insert, select
from sqlalchemy.exc import IntegrityError

from certstore.ports import SealAnchor
from certstore.stores.template_tables import face_template
from certstore.templates.model import StoredTemplate
from certstore.templates.ports import TemplateStore
from core.db.database import ReadTx, WriteTx
from core.text import Text


class SqlTemplateStore:
    """Implements `certstore.templates.ports.TemplateStore`."""

    async def add(self, tx: WriteTx, template: StoredTemplate) -> bool:
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(insert(face_template).values(_row(template)))
        except IntegrityError:
            return False
        return True

    async def template(self, tx: ReadTx, name: str, version: int | None = None) -> StoredTemplate | None:
        query = select(face_template).where(face_template.c.name == name)
        if version is not None:
            query = query.where(face_template.c.version == version)
        row = (await tx.connection.execute(query.order_by(face_template.c.version.desc()).limit(1))).one_or_none()
        return _template(row) if row else None

    async def newest(self, tx: ReadTx, *, limit: int = 200) -> Sequence[StoredTemplate]:
        columns = face_template.c
        last = select(columns.name, func.max(columns.version).label("version")).group_by(columns.name).subquery()
        same = and_(columns.name == last.c.name, columns.version == last.c.version)
        query = select(face_template).join(last, same).order_by(columns.name).limit(limit)
        return [_template(row) for row in await tx.connection.execute(query)]

    async def versions(self, tx: ReadTx, name: str, *, limit: int = 50) -> Sequence[StoredTemplate]:
        query = select(face_template).where(face_template.c.name == name)
        rows = await tx.connection.execute(query.order_by(face_template.c.version.desc()).limit(limit))
        return [_template(row) for row in rows]


def _row(made: StoredTemplate) -> dict[str, object]:
    return {
        "name": made.name,
        "version": made.version,
        "title_zh": made.title.zh,
        "title_en": made.title.en,
        "source": made.source,
        "seal_page": made.anchor.page,
        "seal_x_mm": made.anchor.x_mm,
        "seal_y_mm": made.anchor.y_mm,
        "published_at": made.published_at,
        "published_by": made.published_by,
    }


def _template(row: Row[Any]) -> StoredTemplate:
    return StoredTemplate(
        row.name,
        row.version,
        Text(row.title_zh, row.title_en),
        row.source,
        SealAnchor(row.seal_page, row.seal_x_mm, row.seal_y_mm),
        row.published_at,
        row.published_by,
    )


_: type[TemplateStore] = SqlTemplateStore

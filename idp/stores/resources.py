"""The register of protected resources in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, select, update

from core.db.database import ReadTx, WriteTx
from core.text import Text
from idp.client_metadata import AccessTokenFormat
from idp.resources.model import ProtectedResource, ResourceScope, ResourceStatus
from idp.stores.resources_tables import protected_resource, resource_scope
from idp.stores.upsert import insert_if_new

_KEPT = frozenset({"identifier", "status", "created_at"})


class SqlProtectedResourceStore:
    """Implements `idp.resources.ports.ProtectedResourceStore`."""

    async def add(self, tx: WriteTx, resource: ProtectedResource) -> bool:
        if not await insert_if_new(tx.connection, protected_resource, _values(resource)):
            return False
        return await self._add_scopes(tx, resource)

    async def get(self, tx: ReadTx, identifier: str) -> ProtectedResource | None:
        return next(iter(await self._found(tx, protected_resource.c.identifier == identifier)), None)

    async def named(self, tx: ReadTx, identifiers: Sequence[str]) -> Sequence[ProtectedResource]:
        return await self._found(tx, protected_resource.c.identifier.in_(identifiers))

    async def of_client(self, tx: ReadTx, client_id: str) -> Sequence[ProtectedResource]:
        return await self._found(tx, protected_resource.c.client_id == client_id)

    async def page(self, tx: ReadTx, *, after: str, limit: int) -> Sequence[ProtectedResource]:
        return await self._found(tx, protected_resource.c.identifier > after, limit)

    async def replace(self, tx: WriteTx, resource: ProtectedResource) -> bool:
        values = {name: value for name, value in _values(resource).items() if name not in _KEPT}
        change = update(protected_resource).where(protected_resource.c.identifier == resource.identifier).values(values)
        if (await tx.connection.execute(change)).rowcount != 1:
            return False
        await tx.connection.execute(delete(resource_scope).where(resource_scope.c.resource == resource.identifier))
        return await self._add_scopes(tx, resource)

    async def change_status(self, tx: WriteTx, identifier: str, status: ResourceStatus) -> bool:
        change = (
            update(protected_resource).where(protected_resource.c.identifier == identifier).values(status=status.value)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def scope_words(self, tx: ReadTx, names: Sequence[str]) -> Mapping[str, Text]:
        query = select(resource_scope).where(resource_scope.c.name.in_(names))
        rows = (await tx.connection.execute(query)).all()
        return {row.name: Text(row.words_zh, row.words_en) for row in rows}

    async def _add_scopes(self, tx: WriteTx, resource: ProtectedResource) -> bool:
        for scope in resource.scopes:
            values = {
                "name": scope.name,
                "resource": resource.identifier,
                "words_zh": scope.words.zh,
                "words_en": scope.words.en,
            }
            if not await insert_if_new(tx.connection, resource_scope, values):
                return False
        return True

    async def _found(
        self, tx: ReadTx, condition: ColumnElement[bool], limit: int | None = None
    ) -> Sequence[ProtectedResource]:
        query = select(protected_resource).where(condition).order_by(protected_resource.c.identifier).limit(limit)
        rows = (await tx.connection.execute(query)).all()
        if not rows:
            return []
        identifiers = [row.identifier for row in rows]
        of_them = select(resource_scope).where(resource_scope.c.resource.in_(identifiers)).order_by("name")
        scopes = (await tx.connection.execute(of_them)).all()
        return [_resource(row, [one for one in scopes if one.resource == row.identifier]) for row in rows]


def _values(resource: ProtectedResource) -> dict[str, object]:
    return {
        "identifier": resource.identifier,
        "name_zh": resource.name.zh,
        "name_en": resource.name.en,
        "access_token_format": resource.access_token_format.value,
        "client_id": resource.client_id,
        "status": resource.status.value,
        "created_at": resource.created_at,
    }


def _resource(row: Row[Any], scopes: Sequence[Row[Any]]) -> ProtectedResource:
    return ProtectedResource(
        identifier=row.identifier,
        name=Text(row.name_zh, row.name_en),
        scopes=tuple(ResourceScope(one.name, Text(one.words_zh, one.words_en)) for one in scopes),
        access_token_format=AccessTokenFormat(row.access_token_format),
        client_id=row.client_id,
        status=ResourceStatus(row.status),
        created_at=row.created_at,
    )

"""Registers of protected resources that are wrong on purpose: the contract must catch each of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from sqlalchemy import update

from api.wiring.idp import IdpStores, sql_stores
from core.db.database import ReadTx, WriteTx
from idp.resources.model import ProtectedResource, ResourceStatus
from idp.stores.resources import SqlProtectedResourceStore
from idp.stores.resources_tables import protected_resource
from tests.conformance.harness import Surroundings, failing
from tests.conformance.idp_stores_backends import IdpStoresHarness, sqlite
from tests.conformance.resource_stores import ResourceStoresBasic, ResourceStoresContention
from tests.support.clock import FakeClock


class _SharesScopes(SqlProtectedResourceStore):
    """Says yes although a scope belongs to another resource."""

    async def add(self, tx: WriteTx, resource: ProtectedResource) -> bool:
        await super().add(tx, resource)
        return True


class _EnablesAgain(SqlProtectedResourceStore):
    """Writes the status with the terms: a change lets a disabled resource work again."""

    async def replace(self, tx: WriteTx, resource: ProtectedResource) -> bool:
        done = await super().replace(tx, resource)
        await tx.connection.execute(update(protected_resource).values(status=ResourceStatus.ACTIVE.value))
        return done


class _ServesEverybody(SqlProtectedResourceStore):
    """Any client may introspect for any resource."""

    async def of_client(self, tx: ReadTx, client_id: str) -> Sequence[ProtectedResource]:
        return await self.page(tx, after="", limit=100)


class _ForgetsItsPlace(SqlProtectedResourceStore):
    async def page(self, tx: ReadTx, *, after: str, limit: int) -> Sequence[ProtectedResource]:
        return await super().page(tx, after="", limit=limit)


_BROKEN = [_SharesScopes, _EnablesAgain, _ServesEverybody, _ForgetsItsPlace]


@pytest.mark.parametrize("broken", _BROKEN, ids=lambda store: store.__name__)
async def test_bite(broken: type[SqlProtectedResourceStore], tmp_path: Path, clock: FakeClock) -> None:
    def make() -> IdpStores:
        return dataclasses.replace(sql_stores(), resources=broken())

    folders = iter(range(1_000))

    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        folder = tmp_path / str(next(folders))
        folder.mkdir()
        return sqlite(Surroundings(folder, clock), make)

    assert await failing((ResourceStoresBasic, ResourceStoresContention), opened)

"""Stores of seals' lives and of requests that are broken in one way each: the contracts must catch every one."""

from __future__ import annotations

import datetime as dt
import inspect
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from core.db.database import ReadTx, WriteTx
from signing.model import RequestState, SealApplication, SealStatus, SealStep, UseRequest
from signing.stores.life import SqlSealLifeStore
from signing.stores.requests import SqlUseRequestStore
from signing.stores.tables import seal_application, seal_request
from tests.conformance.seal_life_stores import LifeContract, RequestContract
from tests.support.clock import FakeClock
from tests.support.databases import sqlite_database


class MovesFromAnywhere(SqlSealLifeStore):
    """Moves an application whatever it is."""

    async def move_application(self, tx: WriteTx, application_id: str, *, new: SealStatus, **_: Any) -> bool:
        where = seal_application.c.id == application_id
        await tx.connection.execute(update(seal_application).where(where).values(status=new.value))
        return True


class ForgetsBearer(SqlSealLifeStore):
    """Loses whose seal it will be."""

    async def add_application(self, tx: WriteTx, application: SealApplication) -> None:
        await super().add_application(tx, replace(application, bearer=None))


class ForgetsInk(SqlSealLifeStore):
    """Loses the scan of which a seal shall be made."""

    async def add_application(self, tx: WriteTx, application: SealApplication) -> None:
        await super().add_application(tx, replace(application, scan=None))


class TellsStoriesBackwards(SqlSealLifeStore):
    """Newest step first."""

    async def steps_of(self, tx: ReadTx, **about: Any) -> list[SealStep]:
        return list(reversed(await super().steps_of(tx, **about)))


class ForgetsTheBeginning(SqlSealLifeStore):
    """Leaves a seal's application out of its story."""

    async def steps_of(self, tx: ReadTx, **about: Any) -> list[SealStep]:
        found = await super().steps_of(tx, **about)
        return [one for one in found if about.get("seal_id") is None or one.seal_id is not None]


class DecidesTwice(SqlUseRequestStore):
    """Lets a second person overrule the first."""

    async def decide(
        self, tx: WriteTx, request_id: str, new: RequestState, *, by: str, answer: str, at: dt.datetime
    ) -> bool:
        values = {"state": new.value, "decided_by": by, "decided_at": at, "answer": answer}
        where = (seal_request.c.id == request_id, seal_request.c.expires_at > at)
        changed = await tx.connection.execute(update(seal_request).where(*where).values(values))
        return changed.rowcount == 1


class SpendsTwice(SqlUseRequestStore):
    """Lets an approval be used again."""

    async def spend(self, tx: WriteTx, request_id: str, *, signature_id: str, at: dt.datetime) -> bool:
        values = {"state": RequestState.SEALED.value, "signature_id": signature_id}
        states = [RequestState.APPROVED.value, RequestState.SEALED.value]
        where = (seal_request.c.id == request_id, seal_request.c.state.in_(states), seal_request.c.expires_at > at)
        changed = await tx.connection.execute(update(seal_request).where(*where).values(values))
        return changed.rowcount == 1


class NeverRunsOut(SqlUseRequestStore):
    """Forgets that an approval has a last day."""

    async def spend(self, tx: WriteTx, request_id: str, *, signature_id: str, at: dt.datetime) -> bool:
        return await super().spend(tx, request_id, signature_id=signature_id, at=at - dt.timedelta(days=365))


class ShowsEverybodys(SqlUseRequestStore):
    """Lists requests of all, whoever is asked for."""

    async def of_seals(self, tx: ReadTx, organisation: str, *, requester: Any = None, **more: Any) -> list[UseRequest]:
        return await super().of_seals(tx, organisation, **more)


class KeepsFiles(SqlUseRequestStore):
    """Says that it let a file go, and does not."""

    async def drop_file(self, tx: WriteTx, request_id: str) -> bool:
        found = await self.request(tx, request_id)
        return found is not None and found.document is not None


LIVES = [MovesFromAnywhere, ForgetsBearer, ForgetsInk, TellsStoriesBackwards, ForgetsTheBeginning]
REQUESTS = [DecidesTwice, SpendsTwice, NeverRunsOut, ShowsEverybodys, KeepsFiles]


@pytest.mark.parametrize("broken", LIVES, ids=lambda broken: broken.__name__)
async def test_contract_of_lives_catches_it(
    broken: type[SqlSealLifeStore], tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert await _caught(LifeContract(), broken(), tmp_path_factory)


@pytest.mark.parametrize("broken", REQUESTS, ids=lambda broken: broken.__name__)
async def test_contract_of_requests_catches_it(
    broken: type[SqlUseRequestStore], tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert await _caught(RequestContract(), broken(), tmp_path_factory)


async def test_contracts_pass_what_is_whole(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert not await _caught(LifeContract(), SqlSealLifeStore(), tmp_path_factory)
    assert not await _caught(RequestContract(), SqlUseRequestStore(), tmp_path_factory)


async def _caught(contract: object, store: object, folders: pytest.TempPathFactory) -> bool:
    for name, check in inspect.getmembers(contract, inspect.iscoroutinefunction):
        if name.startswith("test_"):
            async with sqlite_database(folders.mktemp("bite"), FakeClock()) as database:
                try:
                    await check(database, store)
                except AssertionError:
                    return True
    return False

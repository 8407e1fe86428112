"""The stores of second factors on SQLite and PostgreSQL, and stores that are wrong on purpose."""

from __future__ import annotations

import dataclasses
import datetime as dt
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from sqlalchemy import select, update

from api.wiring.factors import FactorStores
from api.wiring.idp import sql_stores
from core.db.database import WriteTx
from idp.factors.recovery.ports import RecoveryCodes
from idp.login.rules import LoginRule
from idp.stores.factor_tables import authenticator
from idp.stores.factors import SqlAuthenticatorStore, SqlRecoveryCodeStore
from idp.stores.login_rules import SqlLoginRuleStore
from tests.conformance.factor_stores import FactorStoresBasic, FactorStoresContention
from tests.conformance.harness import Surroundings, failing, parametrised
from tests.conformance.idp_stores_backends import BACKENDS, IdpStoresHarness, sqlite
from tests.support.clock import FakeClock


@parametrised(BACKENDS)
class TestFactorStoresBasic(FactorStoresBasic):
    pass


@parametrised(BACKENDS)
class TestFactorStoresContention(FactorStoresContention):
    pass


class _CountsTheSameStepAgain(SqlAuthenticatorStore):
    async def use(self, tx: WriteTx, authenticator_id: str, *, step: int, at: dt.datetime) -> bool:
        return await super().use(tx, authenticator_id, step=step + 1, at=at) and bool(
            (
                await tx.connection.execute(
                    update(authenticator).where(authenticator.c.id == authenticator_id).values(last_step=step - 1)
                )
            ).rowcount
        )


class _CountsEarlierSteps(SqlAuthenticatorStore):
    async def use(self, tx: WriteTx, authenticator_id: str, *, step: int, at: dt.datetime) -> bool:
        query = select(authenticator.c.last_step).where(authenticator.c.id == authenticator_id)
        if (await tx.connection.execute(query)).scalar_one() == step:
            return False
        change = update(authenticator).where(authenticator.c.id == authenticator_id).values(last_step=step)
        return (await tx.connection.execute(change)).rowcount == 1


class _RemovesAnybodys(SqlAuthenticatorStore):
    async def remove(self, tx: WriteTx, authenticator_id: str, *, account_id: str) -> bool:
        return await super().remove(tx, authenticator_id, account_id="acc_1")


class _ForgetsTheRevision(SqlRecoveryCodeStore):
    async def replace(self, tx: WriteTx, codes: RecoveryCodes, *, revision: int) -> bool:
        await self.put(tx, codes)
        return True


class _LastOneWins(SqlLoginRuleStore):
    async def put(self, tx: WriteTx, rule: LoginRule, *, before: int) -> bool:
        return await super().put(tx, rule, before=before) or await super().put(tx, rule, before=rule.revision)


BROKEN: list[tuple[FactorStores, str]] = [
    (FactorStores(authenticators=_CountsTheSameStepAgain()), "test_a_step_counts_once_and_none_before_it"),
    (FactorStores(authenticators=_CountsEarlierSteps()), "test_a_step_counts_once_and_none_before_it"),
    (FactorStores(authenticators=_RemovesAnybodys()), "test_an_app_comes_back_as_it_went_in_and_is_its_owners"),
    (FactorStores(recovery=_ForgetsTheRevision()), "test_recovery_codes_change_from_the_revision_that_was_seen"),
    (FactorStores(rules=_LastOneWins()), "test_a_rule_changes_from_the_revision_that_was_seen"),
]


@pytest.mark.parametrize(("stores", "only"), BROKEN, ids=[type(one).__name__ + only for one, only in BROKEN])
async def test_bite_the_contract_catches(tmp_path: Path, clock: FakeClock, stores: FactorStores, only: str) -> None:
    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        return sqlite(Surroundings(tmp_path, clock), lambda: dataclasses.replace(sql_stores(), factors=stores))

    assert await failing((FactorStoresBasic,), opened, only=only) == {only}

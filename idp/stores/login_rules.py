"""Rules for log-ins in SQL; the revision decides between two who change one at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, select, update

from core.db.database import ReadTx, WriteTx
from idp.login.proofs import Method
from idp.login.rules import LoginRule, LoginRuleStore
from idp.stores.factor_tables import login_rule
from idp.stores.upsert import insert_if_new


class SqlLoginRuleStore:
    """Implements `idp.login.rules.LoginRuleStore`."""

    async def all(self, tx: ReadTx) -> Sequence[LoginRule]:
        query = select(login_rule).order_by(login_rule.c.subject)
        return [_rule(row) for row in (await tx.connection.execute(query)).all()]

    async def put(self, tx: WriteTx, rule: LoginRule, *, before: int) -> bool:
        values = {name: getattr(rule, name) for name in login_rule.c.keys()}  # noqa: SIM118 - not a dict
        values["refused"] = sorted(rule.refused)
        if before == 0:
            return await insert_if_new(tx.connection, login_rule, values)
        same = (login_rule.c.subject == rule.subject, login_rule.c.revision == before)
        return (await tx.connection.execute(update(login_rule).where(*same).values(values))).rowcount == 1

    async def remove(self, tx: WriteTx, subject: str, *, revision: int) -> bool:
        same = (login_rule.c.subject == subject, login_rule.c.revision == revision)
        return (await tx.connection.execute(delete(login_rule).where(*same))).rowcount == 1


def _rule(row: Row[Any]) -> LoginRule:
    values = dict(row._mapping)
    return LoginRule(**{**values, "refused": frozenset(Method(one) for one in values["refused"])})


_: type[LoginRuleStore] = SqlLoginRuleStore

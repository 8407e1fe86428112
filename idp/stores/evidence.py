"""Evidence for real names in SQL; the account's row is the lock under which its level changes."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, insert, or_, select, update

from core.db.database import ReadTx, WriteTx
from idp.evidence.model import Evidence, EvidenceKind, Result
from idp.evidence.ports import EvidenceStore
from idp.stores.evidence_tables import identity_evidence
from idp.stores.some import delete_some
from idp.stores.tables import account

_C = identity_evidence.c


class SqlEvidenceStore:
    """Implements `idp.evidence.ports.EvidenceStore`."""

    async def hold(self, tx: WriteTx, account_id: str) -> int | None:
        query = select(account.c.level).where(account.c.id == account_id).with_for_update()
        level: int | None = (await tx.connection.execute(query)).scalar_one_or_none()
        return level

    async def set_level(self, tx: WriteTx, account_id: str, level: int) -> None:
        await tx.connection.execute(update(account).where(account.c.id == account_id).values(level=level))

    async def add(self, tx: WriteTx, evidence: Evidence) -> None:
        values = dataclasses.asdict(evidence) | {"kind": evidence.kind.value, "result": evidence.result.value}
        await tx.connection.execute(insert(identity_evidence).values(values))

    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[Evidence]:
        query = select(identity_evidence).where(_C.account_id == account_id).order_by(_C.id.desc())
        return [_evidence(row) for row in await tx.connection.execute(query)]

    async def end(
        self,
        tx: WriteTx,
        account_id: str,
        *,
        kind: EvidenceKind,
        at: dt.datetime,
        reason: str,
        reference: str | None = None,
        source: str | None = None,
    ) -> int:
        chosen = [_C.account_id == account_id, _C.kind == kind.value, _C.ended_at.is_(None)]
        chosen += [_C.result == Result.AGREED.value]
        chosen += [_C.reference == reference] if reference is not None else []
        chosen += [_C.source == source] if source is not None else []
        change = update(identity_evidence).where(*chosen).values(ended_at=at, ended_for=reason)
        return (await tx.connection.execute(change)).rowcount

    async def lapse(self, tx: WriteTx, evidence_id: str, *, at: dt.datetime, reason: str) -> None:
        change = update(identity_evidence).where(_C.id == evidence_id, _C.ended_at.is_(None))
        await tx.connection.execute(change.values(ended_at=at, ended_for=reason))

    async def move(self, tx: WriteTx, *, account_id: str, to: str) -> int:
        change = update(identity_evidence).where(_C.account_id == account_id).values(account_id=to)
        return (await tx.connection.execute(change)).rowcount

    async def run_out(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[str]:
        query = select(_C.account_id).where(_C.ended_at.is_(None), _C.expires_at <= now).distinct().limit(limit)
        return list((await tx.connection.execute(query)).scalars())

    async def delete_before(self, tx: WriteTx, before: dt.datetime) -> int:
        differed = and_(_C.result == Result.DIFFERED.value, _C.at < before)
        return await delete_some(tx, identity_evidence, or_(_C.ended_at < before, differed))


def _evidence(row: Row[Any]) -> Evidence:
    values = dict(row._mapping)
    return Evidence(**{**values, "kind": EvidenceKind(values["kind"]), "result": Result(values["result"])})


_: type[EvidenceStore] = SqlEvidenceStore

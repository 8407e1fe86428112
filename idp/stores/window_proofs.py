"""Proofs at windows, and positions in feeds, in SQL; one conditional UPDATE decides who decided."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, update

from core.db.database import ReadTx, WriteTx
from idp.proofing.ports import PositionStore, WindowProofStore
from idp.proofing.window_model import WindowDocument, WindowProof, WindowState
from idp.stores.evidence_tables import source_position, window_proof
from idp.stores.some import delete_some
from idp.stores.upsert import insert_if_new

_C = window_proof.c
_WAITS = _C.state == WindowState.WAITING.value


class SqlWindowProofStore:
    """Implements `idp.proofing.ports.WindowProofStore`."""

    async def add(self, tx: WriteTx, proof: WindowProof) -> bool:
        late = update(window_proof).where(_C.account_id == proof.account_id, _WAITS, _C.expires_at <= proof.recorded_at)
        await tx.connection.execute(late.values(state=WindowState.LAPSED.value, waiting=None))
        values = dataclasses.asdict(proof) | {
            "state": proof.state.value,
            "document": proof.document.value,
            "waiting": proof.account_id,
        }
        return await insert_if_new(tx.connection, window_proof, values)

    async def get(self, tx: ReadTx, proof_id: str) -> WindowProof | None:
        row = (await tx.connection.execute(select(window_proof).where(_C.id == proof_id))).one_or_none()
        return None if row is None else _proof(row)

    async def waiting(self, tx: ReadTx, organisation: str, now: dt.datetime, limit: int) -> Sequence[WindowProof]:
        chosen = (_C.organisation == organisation, _WAITS, _C.expires_at > now)
        query = select(window_proof).where(*chosen).order_by(_C.id).limit(limit)
        return [_proof(row) for row in await tx.connection.execute(query)]

    async def decide(self, tx: WriteTx, proof: WindowProof) -> bool:
        change = (
            update(window_proof)
            .where(
                _C.id == proof.id,
                _WAITS,
                _C.expires_at > proof.decided_at,
                _C.recorded_by != proof.decided_by,
            )
            .values(state=proof.state.value, waiting=None, decided_by=proof.decided_by, decided_at=proof.decided_at)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def lapse(self, tx: WriteTx, now: dt.datetime) -> int:
        change = update(window_proof).where(_WAITS, _C.expires_at <= now)
        return (await tx.connection.execute(change.values(state=WindowState.LAPSED.value, waiting=None))).rowcount

    async def delete_before(self, tx: WriteTx, before: dt.datetime) -> int:
        return await delete_some(tx, window_proof, _C.expires_at < before)


class SqlPositionStore:
    """Implements `idp.proofing.ports.PositionStore`."""

    async def get(self, tx: ReadTx, feed: str) -> int:
        query = select(source_position.c.position).where(source_position.c.feed == feed)
        return (await tx.connection.execute(query)).scalar_one_or_none() or 0

    async def advance(self, tx: WriteTx, feed: str, position: int, at: dt.datetime) -> None:
        row = {"feed": feed, "position": position, "read_at": at}
        if await insert_if_new(tx.connection, source_position, row):
            return
        on = update(source_position).where(source_position.c.feed == feed, source_position.c.position < position)
        await tx.connection.execute(on.values(position=position, read_at=at))


def _proof(row: Row[Any]) -> WindowProof:
    values = {name: value for name, value in row._mapping.items() if name != "waiting"}
    return WindowProof(
        **{**values, "state": WindowState(values["state"]), "document": WindowDocument(values["document"])}
    )


_: tuple[type[WindowProofStore], type[PositionStore]] = (SqlWindowProofStore, SqlPositionStore)

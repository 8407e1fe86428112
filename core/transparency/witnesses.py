"""Brings checkpoints to the places outside that keep them, and remembers how far each has come."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from core.clock import Clock
from core.db.database import Database, ReadTx
from core.transparency.checkpoints import Checkpoints, KeptCheckpoint
from core.transparency.ports import Witness, WitnessFault
from core.transparency.tables import audit_witness

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WitnessState:
    """How far a witness is.

    Attributes:
        size, root: of the newest checkpoint that it keeps; 0 for none.
        fault: why it does not keep the newest; empty when it does.
        answer: what it signed, if it signs.
    """

    name: str
    size: int
    root: bytes | None
    kept_at: dt.datetime | None
    fault: str
    answer: str


class Witnesses:
    """The use case; one worker at a time, though several do no harm."""

    def __init__(
        self, database: Database, checkpoints: Checkpoints, witnesses: Sequence[Witness], clock: Clock
    ) -> None:
        self._database = database
        self._checkpoints = checkpoints
        self._witnesses = witnesses
        self._clock = clock

    async def states(self, tx: ReadTx) -> Sequence[WitnessState]:
        """Of every witness that is set up."""
        rows = {row.name: row for row in await tx.connection.execute(select(audit_witness))}
        return [_state(one.name, rows.get(one.name)) for one in self._witnesses]

    async def carry(self) -> Sequence[WitnessState]:
        """Bring the newest checkpoint to each that does not have it; answers how far all are."""
        async with self._database.read() as tx:
            newest, states = await self._checkpoints.newest(tx), await self.states(tx)
        if newest is None:
            return states
        return [
            state if _has(state, newest) else await self._carry(witness, state, newest)
            for witness, state in zip(self._witnesses, states, strict=True)
        ]

    async def _carry(self, witness: Witness, state: WitnessState, newest: KeptCheckpoint) -> WitnessState:
        try:
            answer = await self._keep(witness, newest, state.size)
            state = WitnessState(state.name, newest.size, newest.root, self._clock.now(), "", answer)
        except WitnessFault as fault:
            _log.warning("audit witness %s did not take checkpoint %d: %s", state.name, newest.size, fault.code)
            state = replace(state, fault=fault.code)
        await self._remember(state)
        return state

    async def _keep(self, witness: Witness, newest: KeptCheckpoint, after: int) -> str:
        try:
            return await witness.keep(newest.signed(), after=after, proof=await self._proof(after, newest.size))
        except WitnessFault as fault:
            if fault.code != "elsewhere":
                raise
            proof = await self._proof(fault.size, newest.size)
            return await witness.keep(newest.signed(), after=fault.size, proof=proof)

    async def _proof(self, first: int, second: int) -> Sequence[bytes]:
        """
        Raises:
            WitnessFault: `forked`: it keeps a longer log than we have.
        """
        if first > second:
            raise WitnessFault("forked")
        async with self._database.read() as tx:
            return await self._checkpoints.tree(tx).consistency(first, second)

    async def _remember(self, state: WitnessState) -> None:
        row = {
            "name": state.name,
            "size": state.size,
            "root": state.root,
            "kept_at": state.kept_at,
            "fault": state.fault,
            "answer": state.answer,
        }
        async with self._database.write() as tx:
            insert_into = postgresql.insert if tx.connection.dialect.name == "postgresql" else sqlite.insert
            statement = insert_into(audit_witness).values(row)
            await tx.connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))
            await tx.commit()


def _has(state: WitnessState, checkpoint: KeptCheckpoint) -> bool:
    return (state.size, state.root, state.fault) == (checkpoint.size, checkpoint.root, "")


def _state(name: str, row: object | None) -> WitnessState:
    if row is None:
        return WitnessState(name, 0, None, None, "", "")
    return WitnessState(name, row.size, row.root and bytes(row.root), row.kept_at, row.fault, row.answer)  # type: ignore[attr-defined]  # a row

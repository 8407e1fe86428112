"""What an auditor sees at a glance: how long the log is, what is signed, who keeps it; and a verification on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.audit.event import AuditEvent
from core.audit.sql import read_head
from core.db.database import Database
from core.principal import Principal
from core.transparency.checkpoints import Checkpoints, KeptCheckpoint
from core.transparency.ports import NoteSigner
from core.transparency.prove import AUDIT_PURPOSE, require_audit
from core.transparency.verify import LogVerdict, VerifyLog, verdict_facts
from core.transparency.witnesses import Witnesses, WitnessState

AT_ONCE = 50_000
"""Rows that a verification on a page looks at; the command looks at all."""


@dataclass(frozen=True, slots=True)
class LogState:
    """The log now.

    Attributes:
        size: rows in all.
        keys: with which anybody verifies checkpoints, one line each; today's first.
    """

    origin: str
    size: int
    newest: KeptCheckpoint | None
    witnesses: Sequence[WitnessState]
    keys: Sequence[str]


class LogOverview:
    """The use cases of the auditor's page."""

    def __init__(
        self, database: Database, checkpoints: Checkpoints, witnesses: Witnesses, verify: VerifyLog, signer: NoteSigner
    ) -> None:
        self._database = database
        self._checkpoints = checkpoints
        self._witnesses = witnesses
        self._verify = verify
        self._signer = signer

    async def state(self, actor: Principal) -> LogState:
        """
        Raises:
            NotPermitted: `audit-duty-missing`.
        """
        require_audit(actor)
        origin = self._checkpoints.origin
        async with self._database.read() as tx:
            size, _ = await read_head(tx.connection)
            newest = await self._checkpoints.newest(tx)
            witnesses = await self._witnesses.states(tx)
        return LogState(origin, size, newest, witnesses, [one.line() for one in self._signer.keys(origin)])

    async def verify(self, actor: Principal, *, outside: Sequence[str] = (), last: int | None = AT_ONCE) -> LogVerdict:
        """Verify the end of the log, at least `last` rows, and put the outcome on record.

        Args:
            outside: notes that the auditor kept.

        Raises:
            NotPermitted: `audit-duty-missing`.
        """
        require_audit(actor)
        verdict = await self._verify(outside=outside, last=last)
        outcome = AuditEvent("audit.verify", "done", actor, None, AUDIT_PURPOSE, verdict_facts(verdict))
        await self._database.record(outcome)
        return verdict

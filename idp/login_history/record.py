"""Writes the history of log-ins: a log-in in its own transaction, a refusal without letting anybody wait.

Whether there is an account must not be seen from how long a refusal takes (attacks O-52, F-07), so refusals are
gathered in memory, equal ones as one with a count, and written by the worker every second or so.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from core.clock import Clock
from core.db.database import Database, WriteTx
from core.ids import new_id
from core.rounds import rounds
from idp.gathering import Gathered
from idp.login_history.model import LogInOutcome, LogInRecord
from idp.login_history.ports import LogInRecordStore
from idp.model import Session

KEPT = 200
"""Rows that are kept for one account, of log-ins and of refusals each."""

KEPT_FOR = dt.timedelta(days=180)
"""Half a year, the least that the Cybersecurity Law (Art. 21) has logs of this kind kept for."""

_AGENT_LENGTH = 255
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Sort:
    account_id: str
    method: str
    reason: str
    source: str
    user_agent: str


class RecordLogIns:
    """One for each worker."""

    def __init__(self, database: Database, store: LogInRecordStore, clock: Clock, *, every: float = 1.0) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._every = every
        self._gathered: Gathered[_Sort] = Gathered()

    async def opened(self, tx: WriteTx, session: Session, method: str) -> None:
        """A log-in that opens or renews a session; the caller commits."""
        record = LogInRecord(
            new_id(self._clock, "lin"),
            session.account_id,
            self._clock.now(),
            LogInOutcome.DONE,
            method,
            user_agent=session.user_agent,
            source=session.source,
            session_id=session.id,
        )
        await self._store.add(tx, [record], keep=KEPT)

    def refused(self, account_id: str | None, *, method: str, reason: str, source: str, user_agent: str = "") -> None:
        """Take note of a try that was refused; does not wait and never fails.

        Args:
            account_id: whose it would have been; nothing happens where there is none.
            source: shortened, as `idp.source.source_of` gives it.
        """
        if account_id is None:
            return
        sort = _Sort(account_id, method, reason, source, user_agent[:_AGENT_LENGTH])
        self._gathered.note(sort, self._clock.now())

    async def write(self) -> int:
        """Write what was gathered; answers how many rows. The audit log has what cannot be written here."""
        records = [self._record(sort, at, times) for sort, at, times in self._gathered.take()]
        if records:
            async with self._database.write() as tx:
                await self._store.add(tx, records, keep=KEPT)
                await tx.commit()
        return len(records)

    async def forever(self) -> None:
        await rounds(self.write, every=self._every, log=_log, failed="refused log-ins could not be written")

    def _record(self, sort: _Sort, at: dt.datetime, times: int) -> LogInRecord:
        return LogInRecord(
            new_id(self._clock, "lin"),
            sort.account_id,
            at,
            LogInOutcome.REFUSED,
            sort.method,
            sort.reason,
            sort.user_agent,
            sort.source,
            times=times,
        )

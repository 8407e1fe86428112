"""The level as a state machine: after any history of evidence, expiry and endings it is what the rules say, at once."""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from api.wiring.idp import sql_stores
from core.principal import SYSTEM
from idp.evidence.book import EvidenceBook, LapseEvidence
from idp.evidence.model import EvidenceKind, NewEvidence, Result
from idp.evidence.rules import VALID_FOR
from tests.conformance.idp_stores import account, indexes
from tests.support.clock import FakeClock
from tests.support.databases import sqlite_database

NEEDS = {  # the model: what each level takes, said in another way than the rules say it
    1: {"number-and-name", "in-person"},
    2: {"phone", "bank", "in-person"},
    3: {"in-person", "remote"},
    4: {"bound-key"},
}
KINDS = st.sampled_from([kind for kind in EvidenceKind if kind not in (EvidenceKind.VOUCHED, EvidenceKind.CARRIED)])


class Levels(RuleBasedStateMachine):
    """One account and its evidence."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.clock = FakeClock()
        self.known: dict[str, dt.datetime | None] = {}  # kind: until when
        self.vouched: tuple[int, dt.datetime] | None = None

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def begin(self) -> None:
        self.run(self._begin())

    async def _begin(self) -> None:
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.database = await self.stack.enter_async_context(sqlite_database(folder, self.clock))
        self.stores = sql_stores()
        store = self.stores.proofing.evidence
        self.book = EvidenceBook(store, self.clock)
        self.lapse = LapseEvidence(self.database, store, self.book, self.clock)
        async with self.database.write() as tx:
            await self.stores.accounts.add(tx, account(level=0), indexes())
            await tx.commit()

    @rule(kind=KINDS, agreed=st.booleans())
    def show(self, kind: EvidenceKind, agreed: bool) -> None:
        result = Result.AGREED if agreed else Result.DIFFERED
        self.run(self._add(NewEvidence(kind, "source", by="system", result=result)))
        if agreed:
            span = VALID_FOR[kind]
            self.known[kind.value] = None if span is None else self.clock.now() + span

    @rule(level=st.integers(1, 4))
    def vouch(self, level: int) -> None:
        self.run(self._add(NewEvidence(EvidenceKind.VOUCHED, "source", by="system", level=level)))
        self.vouched = (level, self.clock.now() + dt.timedelta(days=5 * 365))

    @rule(kind=KINDS)
    def end(self, kind: EvidenceKind) -> None:
        self.run(self._end(kind))
        self.known.pop(kind.value, None)

    @rule(days=st.integers(1, 1500))
    def wait(self, days: int) -> None:
        self.clock.advance(days * 86400)
        self.run(self.lapse())
        now = self.clock.now()
        self.known = {kind: until for kind, until in self.known.items() if until is None or until > now}
        if self.vouched is not None and self.vouched[1] <= now:
            self.vouched = None

    @invariant()
    def the_level_is_what_the_evidence_carries(self) -> None:
        level, vouched = 0, 0 if self.vouched is None else self.vouched[0]
        while level < 4 and (level + 1 <= vouched or not NEEDS[level + 1].isdisjoint(self.known)):
            level += 1
        assert self.run(self._level()) == level

    async def _add(self, new: NewEvidence) -> None:
        async with self.database.write() as tx:
            await self.book.add(tx, "acc_1", new, SYSTEM)
            await tx.commit()

    async def _end(self, kind: EvidenceKind) -> None:
        async with self.database.write() as tx:
            await self.book.end(tx, "acc_1", kind, reason="key-removed", actor=SYSTEM)
            await tx.commit()

    async def _level(self) -> int:
        async with self.database.read() as tx:
            found = await self.stores.accounts.get(tx, "acc_1")
        assert found is not None
        return found.level

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.loop.close()


TestLevels = Levels.TestCase
TestLevels.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)

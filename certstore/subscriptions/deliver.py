"""Delivers changes to those who subscribe: at least once, in order for each licence, by one worker at a time.

1 give places to what was committed · 2 take the lease of a subscription that is due · 3 dead letters that somebody
asked for again · 4 what is new, bundled · 5 write down what came of it, under the lease.

A receiver that is away is asked again with growing pauses, and after days left alone until its owner resumes: nothing
is lost, for the cursor stays. A receiver that refuses a bundle gets its changes one by one; the one that it refuses
several times becomes a dead letter, and so does every later change of the same licence, until the first is taken.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from certstore.subscriptions.messenger import DELIVERED, REFUSED
from certstore.subscriptions.model import Change, DeadLetter, Outcome, Subscription, SubscriptionState
from certstore.subscriptions.numbering import number_waiting
from certstore.subscriptions.ports import ChangeStore, Messenger, SubscriptionStore
from certstore.subscriptions.reach import reach_of
from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database, ReadTx, WriteTx
from core.ids import new_id
from core.principal import SYSTEM
from core.rounds import rounds

BUNDLE = 100
REFUSALS = 5  # of one change, before it is a dead letter
HALT_AFTER = dt.timedelta(days=3)
BEHIND = "behind-a-dead-letter"
_LEASE = dt.timedelta(minutes=2)  # many times what a message may take
_ROUNDS = 50  # messages in a row to one receiver, before others have their turn
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 3600.0
_PARALLEL = 8
_EVERY_SECONDS = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Part:
    """What comes next for a receiver.

    Attributes:
        held: changes of licences that have dead letters; they wait with these.
        reached: where the cursor will stand.
        end: of the feed.
    """

    sent: Sequence[Change]
    held: Sequence[Change]
    reached: int
    end: int


class DeliverChanges:
    """The worker. Any number may run; leases keep them apart.

    Args:
        spread: a factor around 1 that keeps receivers which failed together from being asked together.
    """

    def __init__(
        self,
        database: Database,
        store: SubscriptionStore,
        changes: ChangeStore,
        messenger: Messenger,
        clock: Clock,
        spread: Callable[[], float],
    ) -> None:
        self._database = database
        self._store = store
        self._changes = changes
        self._messenger = messenger
        self._clock = clock
        self._spread = spread
        self._slots = asyncio.Semaphore(_PARALLEL)

    async def forever(self) -> None:
        """Look every second. A failure is tried again at the next look."""
        await rounds(self.run_due, every=_EVERY_SECONDS, log=_log, failed="changes could not be delivered")

    async def run_due(self) -> int:
        """Number what is new and deliver what is due; answers how many subscriptions were worked at."""
        await number_waiting(self._database, self._changes, self._clock)
        async with self._database.read() as tx:
            due = await self._store.due(tx, now=self._clock.now(), end=await self._changes.end(tx))
        done = await asyncio.gather(*(self._serve(one) for one in due))
        return sum(done)

    async def _serve(self, subscription_id: str) -> bool:
        async with self._slots:
            mine = new_id(self._clock, "lea")
            if not await self._claim(subscription_id, mine):
                return False
            for rest in reversed(range(_ROUNDS)):
                if not await self._round(subscription_id, mine, last=rest == 0):
                    break
        return True

    async def _claim(self, subscription_id: str, mine: str) -> bool:
        now = self._clock.now()
        async with self._database.write() as tx:
            won = await self._store.claim(tx, subscription_id, by=mine, now=now, until=now + _LEASE)
            await tx.commit()
        return won

    async def _round(self, subscription_id: str, mine: str, *, last: bool) -> bool:
        """One message, or less; True if there is more to do at once and the lease is still ours."""
        day = calendar_day(self._clock.now())
        async with self._database.read() as tx:
            one = await self._store.subscription(tx, subscription_id)
            if one is None or one.state is not SubscriptionState.ACTIVE:
                return False
            letters = await self._store.dead_letters(tx, one.id, limit=1, again=True) if one.letters_due else []
            part = await self._next_part(tx, one, day)
            secrets = await self._store.secrets(tx, one.id)
        if letters:
            outcome = self._of_letter(one, letters[0], await self._messenger.post(one, [letters[0].change], secrets))
        elif one.letters_due:
            outcome = Outcome(replace(one, letters_due=False))
        else:
            result = await self._messenger.post(one, part.sent, secrets) if part.sent else DELIVERED
            outcome = self._of_part(one, part, result)
        after = outcome.subscription
        more = not outcome.failed and (after.letters_due or one.letters_due or after.cursor < part.end)
        return await self._write(outcome, mine, day, keep=more and not last) and more

    async def _next_part(self, tx: ReadTx, one: Subscription, day: dt.date) -> _Part:
        end = await self._changes.end(tx)
        reach = await reach_of(self._changes, tx, one.organisation, day, one.types)
        size = 1 if one.cursor < one.singly_until else BUNDLE
        found = await self._changes.after(tx, one.cursor, reach, limit=size)
        parked = await self._store.dead_licences(tx, one.id, {change.licence_id for change in found})
        # where nothing more was found, none of the rest is for this receiver: go past it
        reached = found[-1].position if len(found) == size else max(end, one.cursor)
        sent = [change for change in found if change.licence_id not in parked]
        return _Part(sent, [change for change in found if change.licence_id in parked], reached, end)

    async def _write(self, outcome: Outcome, mine: str, day: dt.date, *, keep: bool) -> bool:
        until = self._clock.now() + _LEASE if keep else None
        async with self._database.write() as tx:
            held = await self._store.finish(tx, outcome, by=mine, day=day, until=until)
            if held:
                self._audit(tx, outcome)
                await tx.commit()
        return held

    def _audit(self, tx: WriteTx, outcome: Outcome) -> None:
        one = outcome.subscription
        if outcome.lost:
            tx.audit(
                AuditEvent("subscription.dead-letter", "done", SYSTEM, one.id, detail={"count": len(outcome.lost)})
            )
        if one.state is SubscriptionState.HALTED:
            tx.audit(AuditEvent("subscription.halt", "done", SYSTEM, one.id, detail={"result": one.last_result}))

    # --- what an attempt comes to ------------------------------------------------------------------------------

    def _of_part(self, one: Subscription, part: _Part, result: str) -> Outcome:
        now = self._clock.now()
        if result == DELIVERED:
            behind = [DeadLetter(change, BEHIND, now) for change in part.held]
            passed = self._succeeded(one) if part.sent else one
            return Outcome(replace(passed, cursor=part.reached), len(part.sent), lost=behind)
        if not result.startswith(REFUSED):
            return Outcome(self._failed(one, result), failed=1)
        if len(part.sent) + len(part.held) > 1:  # one of them will not do: find out which
            singly = replace(self._failed(one, result), singly_until=part.sent[-1].position, attempts=0, due_at=now)
            return Outcome(singly, failed=1)
        refusals = one.attempts + 1 if one.last_result.startswith(REFUSED) else 1
        if refusals < REFUSALS:
            return Outcome(self._failed(replace(one, attempts=refusals - 1), result), failed=1)
        lost = [DeadLetter(part.sent[0], result, now)]
        return Outcome(replace(self._rested(one, result), cursor=part.reached), failed=1, lost=lost)

    def _of_letter(self, one: Subscription, letter: DeadLetter, result: str) -> Outcome:
        if result == DELIVERED:
            return Outcome(self._succeeded(one), 1, settled=[letter.change.position])
        if not result.startswith(REFUSED):
            return Outcome(self._failed(one, result), failed=1)
        # refused anew: it rests, and so do the others, until somebody asks again
        lost = [DeadLetter(letter.change, result, self._clock.now())]
        return Outcome(replace(self._rested(one, result), letters_due=False), failed=1, lost=lost)

    def _rested(self, one: Subscription, result: str) -> Subscription:
        """After a change that was given up: the receiver answers, so it is not failing."""
        now = self._clock.now()
        return replace(one, attempts=0, failing_since=None, due_at=now, last_result=result, tried_at=now)

    def _succeeded(self, one: Subscription) -> Subscription:
        now = self._clock.now()
        return replace(
            one, attempts=0, failing_since=None, due_at=now, last_result=DELIVERED, tried_at=now, delivered_at=now
        )

    def _failed(self, one: Subscription, result: str) -> Subscription:
        now = self._clock.now()
        since = one.failing_since or now
        pause = min(_FIRST_PAUSE * 2**one.attempts, _LONGEST_PAUSE) * self._spread()
        return replace(
            one,
            state=SubscriptionState.HALTED if now - since >= HALT_AFTER else one.state,
            attempts=min(one.attempts + 1, 30),
            due_at=now + dt.timedelta(seconds=pause),
            last_result=result,
            tried_at=now,
            failing_since=since,
        )

"""Steers a subscription: pause, resume, replay, dead letters once more, secrets, end.

Whoever steers takes the row's lease away from the worker that holds it: what is on its way may still arrive, and is
sent again; nothing is passed by.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from certstore.authorise import refusals_audited
from certstore.subscriptions.errors import ChangesGone
from certstore.subscriptions.feed import position_of
from certstore.subscriptions.manage import ShownSecret, owned, owner_of
from certstore.subscriptions.model import SigningSecret, Subscription, SubscriptionState
from certstore.subscriptions.ports import ChangeStore, SubscriptionStore
from core.audit.event import AuditEvent, Detail
from core.clock import Clock
from core.db.database import Database, WriteTx
from core.ids import new_id, new_secret
from core.principal import Principal


class SteerSubscription:
    """The use cases."""

    def __init__(self, database: Database, store: SubscriptionStore, changes: ChangeStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._changes = changes
        self._clock = clock

    async def pause(self, subscription_id: str, actor: Principal) -> Subscription:
        """Deliver nothing more until it is resumed; the cursor stays.

        Raises:
            NotFound: `subscription-not-found`.
        """
        async with self._changing("subscription.pause", subscription_id, actor) as (tx, found):
            paused = replace(found, state=SubscriptionState.PAUSED)
            return await self._write(tx, "subscription.pause", paused, actor)

    async def resume(self, subscription_id: str, actor: Principal) -> Subscription:
        """Go on from the cursor, at once.

        Raises:
            NotFound: `subscription-not-found`.
            Conflict: `changes-gone`: it rested for too long; replay from a cursor that is kept.
        """
        async with self._changing("subscription.resume", subscription_id, actor) as (tx, found):
            if found.cursor < await self._changes.beginning(tx):
                raise ChangesGone
            return await self._write(tx, "subscription.resume", self._afresh(found), actor)

    async def replay(self, subscription_id: str, after: str, actor: Principal) -> Subscription:
        """Deliver again everything behind a cursor, in order; receivers know what they have had by its position.

        Raises:
            InvalidInput: `cursor-invalid`.
            NotFound: `subscription-not-found`.
            Conflict: `changes-gone`.
        """
        async with self._changing("subscription.replay", subscription_id, actor) as (tx, found):
            moved = replace(found, cursor=await position_of(self._changes, tx, after), singly_until=0)
            return await self._write(tx, "subscription.replay", self._afresh(moved), actor)

    async def send_again(self, subscription_id: str, actor: Principal) -> int:
        """Send the dead letters once more, before anything new of the same licences.

        Raises:
            NotFound: `subscription-not-found`.
        """
        action = "subscription.send-again"
        async with self._changing(action, subscription_id, actor) as (tx, found):
            count = await self._store.send_again(tx, found.id)
            await self._write(tx, action, replace(self._afresh(found), letters_due=count > 0), actor, {"count": count})
            return count

    async def new_secret(self, subscription_id: str, actor: Principal) -> ShownSecret:
        """A further secret. Messages carry signatures under both until `forget_old_secrets`; of older ones only the
        newest stays.

        Raises:
            NotFound: `subscription-not-found`.
        """
        action = "subscription.new-secret"
        made = SigningSecret(new_id(self._clock, "key"), new_secret().encode(), self._clock.now())
        async with self._changing(action, subscription_id, actor) as (tx, found):
            kept = [secret.key_id for secret in await self._store.secrets(tx, found.id)][:1]
            await self._store.remove_secrets(tx, found.id, but=kept)
            await self._store.add_secret(tx, found.id, made)
            await self._write(tx, action, found, actor)
        return ShownSecret(made.key_id, made.value.decode())

    async def forget_old_secrets(self, subscription_id: str, actor: Principal) -> int:
        """Sign under the newest secret alone, once the receiver knows it; answers how many were forgotten.

        Raises:
            NotFound: `subscription-not-found`.
        """
        action = "subscription.forget-secrets"
        async with self._changing(action, subscription_id, actor) as (tx, found):
            kept = [secret.key_id for secret in await self._store.secrets(tx, found.id)][:1]
            count = await self._store.remove_secrets(tx, found.id, but=kept)
            await self._write(tx, action, found, actor, {"count": count})
            return count

    async def end(self, subscription_id: str, actor: Principal) -> None:
        """Send nothing more, ever; the secrets are forgotten at once.

        Raises:
            NotFound: `subscription-not-found`.
        """
        async with self._changing("subscription.end", subscription_id, actor) as (tx, found):
            await self._store.remove_secrets(tx, found.id, but=())
            ended = replace(found, state=SubscriptionState.ENDED, due_at=self._clock.now())
            await self._write(tx, "subscription.end", ended, actor)

    @asynccontextmanager
    async def _changing(
        self, action: str, subscription_id: str, actor: Principal
    ) -> AsyncIterator[tuple[WriteTx, Subscription]]:
        async with (
            refusals_audited(self._database, action, actor, subject=subscription_id),
            self._database.write() as tx,
        ):
            organisation = owner_of(actor)
            found = await self._store.locked(tx, subscription_id)
            yield tx, owned(found, organisation)

    async def _write(
        self, tx: WriteTx, action: str, changed: Subscription, actor: Principal, detail: Detail | None = None
    ) -> Subscription:
        await self._store.put(tx, changed)
        tx.audit(AuditEvent(action, "done", actor, changed.id, detail=detail or {}))
        await tx.commit()
        return changed

    def _afresh(self, one: Subscription) -> Subscription:
        """Due at once, and not counted as failing: somebody has mended something."""
        now = self._clock.now()
        return replace(one, state=SubscriptionState.ACTIVE, due_at=now, attempts=0, failing_since=None)

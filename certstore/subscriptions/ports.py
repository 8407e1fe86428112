"""What telling others of changes needs: two stores, a messenger, and a look at addresses before they are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Protocol

from certstore.subscriptions.model import Change, Day, DeadLetter, Outcome, Reach, SigningSecret, Subscription
from core.db.database import ReadTx, WriteTx


class ChangeStore(Protocol):
    """The feed. Changes are written by the licence store in the unit of the event, and get their places here."""

    async def waiting(self, tx: ReadTx) -> bool:
        """Whether any committed change has no place yet."""

    async def number(self, tx: WriteTx, *, now: dt.datetime, limit: int = 1000) -> int:
        """Give places to changes that were committed and have none; answers how many.

        Of several callers one at a time does so; the changes of one licence keep their order.
        """

    async def end(self, tx: ReadTx) -> int:
        """The last place given; 0 in an empty feed."""

    async def beginning(self, tx: ReadTx) -> int:
        """The place of the last change that was removed for its age; 0 while nothing was."""

    async def after(self, tx: ReadTx, position: int, reach: Reach, *, limit: int) -> Sequence[Change]:
        """Changes behind `position`, in order."""

    async def count_after(self, tx: ReadTx, position: int, reach: Reach, *, most: int) -> int:
        """How many there are, counted up to `most`."""

    async def granted_types(self, tx: ReadTx, organisation: str, day: dt.date) -> frozenset[str]:
        """Types that some grant in force lets the organisation use."""

    async def sweep(self, tx: WriteTx, *, before: dt.datetime, limit: int = 1000) -> int:
        """Remove changes older than `before`, oldest first; the beginning moves with them."""


class SubscriptionStore(Protocol):
    """Subscriptions; who delivers holds a lease on the row, and writes down only what it did under it."""

    async def add(self, tx: WriteTx, subscription: Subscription, secret: SigningSecret) -> None: ...

    async def subscription(self, tx: ReadTx, subscription_id: str) -> Subscription | None: ...

    async def locked(self, tx: WriteTx, subscription_id: str) -> Subscription | None:
        """The same, kept from changing until the unit ends."""

    async def of_organisation(self, tx: ReadTx, organisation: str) -> Sequence[Subscription]:
        """Those that were not ended, oldest first; at most 100."""

    async def put(self, tx: WriteTx, subscription: Subscription) -> None:
        """Write what its owner changed. A lease that somebody holds is void: what is on its way may arrive, but
        whoever sent it writes nothing down any more."""

    async def secrets(self, tx: ReadTx, subscription_id: str) -> Sequence[SigningSecret]:
        """Newest first."""

    async def add_secret(self, tx: WriteTx, subscription_id: str, secret: SigningSecret) -> None: ...

    async def remove_secrets(self, tx: WriteTx, subscription_id: str, *, but: Collection[str]) -> int:
        """All but those named; answers how many."""

    async def due(self, tx: ReadTx, *, now: dt.datetime, end: int, limit: int = 50) -> Sequence[str]:
        """Ids of active ones that nobody works at, have not been told all, and whose pause is over."""

    async def claim(self, tx: WriteTx, subscription_id: str, *, by: str, now: dt.datetime, until: dt.datetime) -> bool:
        """Take the lease if it is free (or has run out) and the subscription is due; True for one of many."""

    async def finish(self, tx: WriteTx, outcome: Outcome, *, by: str, day: dt.date, until: dt.datetime | None) -> bool:
        """Write an attempt down, if `by` still holds the lease; it is given back, or kept until `until`."""

    async def dead_licences(self, tx: ReadTx, subscription_id: str, licences: Collection[str]) -> frozenset[str]:
        """Those of the licences of which there are dead letters."""

    async def dead_letters(
        self, tx: ReadTx, subscription_id: str, *, after: int = 0, limit: int = 100, again: bool = False
    ) -> Sequence[DeadLetter]:
        """In the order of the feed; with `again`, only those to be sent once more."""

    async def count_dead(self, tx: ReadTx, subscription_id: str) -> int: ...

    async def send_again(self, tx: WriteTx, subscription_id: str) -> int:
        """Mark all its dead letters; answers how many."""

    async def days(self, tx: ReadTx, subscription_id: str, *, since: dt.date) -> Sequence[Day]:
        """Oldest first; a day without deliveries has no entry."""

    async def sweep(self, tx: WriteTx, *, letters_until: int, before: dt.datetime) -> int:
        """Remove dead letters whose changes are gone from the feed, old counts, and what was ended before."""


class Messenger(Protocol):
    """Brings one message to a receiver."""

    async def post(
        self, subscription: Subscription, changes: Sequence[Change], secrets: Sequence[SigningSecret]
    ) -> str:
        """`delivered`, `refused-…` when this message will not do, or another word when the receiver does not answer
        as it should."""

    async def send(self, subscription: Subscription, body: bytes, secrets: Sequence[SigningSecret]) -> str:
        """Another message than one of changes; answers as `post`."""

    def check(self, address: str) -> None:
        """
        Raises:
            InvalidInput: `address-refused`, or `subscription-address-invalid`.
        """

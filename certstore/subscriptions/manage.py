"""Subscriptions of an organisation: set up, listed, and how each is doing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from certstore.authorise import acting_organisation, refusals_audited, require_scope, require_type
from certstore.subscriptions.errors import SubscriptionNotFound
from certstore.subscriptions.feed import LATEST, position_of
from certstore.subscriptions.model import Day, DeadLetter, SigningSecret, Subscription, SubscriptionState
from certstore.subscriptions.numbering import number_waiting
from certstore.subscriptions.ports import ChangeStore, Messenger, SubscriptionStore
from certstore.subscriptions.reach import READ, reach_of
from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database
from core.errors import InvalidInput, LimitExceeded, NotPermitted
from core.ids import new_id, new_secret
from core.paging import encode_cursor
from core.principal import Principal, PrincipalKind
from core.text import Text

MOST_SUBSCRIPTIONS = 20
MOST_TYPES = 50
MAX_NAME = 60
BEHIND_SHOWN = 10_000  # how far a count of what is waiting goes
STAFF_RIGHTS = ("licence:issue", "client:manage")


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """What to set up.

    Attributes:
        types: empty for all that the organisation may hear of, now and later.
        after: a cursor of the feed to begin behind, or `latest`.
    """

    name: str
    address: str
    types: Sequence[str] = ()
    after: str = LATEST


@dataclass(frozen=True, slots=True)
class ShownSecret:
    """A secret as it is shown once."""

    key_id: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Health:
    """How a subscription is doing.

    Attributes:
        behind: changes that it has not been told, counted up to `BEHIND_SHOWN`.
        dead: dead letters.
        keys: ids of the secrets that messages are signed under, newest first.
        days: the last days with deliveries, oldest first.
        cursor: where it stands, as the feed writes cursors.
    """

    subscription: Subscription
    behind: int
    dead: int
    keys: Sequence[str]
    days: Sequence[Day]
    cursor: str


class Subscriptions:
    """The use cases. The actor's organisation owns them."""

    def __init__(
        self,
        database: Database,
        store: SubscriptionStore,
        changes: ChangeStore,
        messenger: Messenger,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._changes = changes
        self._messenger = messenger
        self._clock = clock

    async def set_up(self, wanted: NewSubscription, actor: Principal) -> tuple[Subscription, ShownSecret]:
        """A new subscription and its secret, which is never shown again.

        Raises:
            InvalidInput: name, address, types or cursor are not acceptable.
            NotPermitted: no right to it, or `licence-type-not-yours`.
            Conflict: `changes-gone`.
            LimitExceeded: `too-many-subscriptions`.
        """
        async with refusals_audited(self._database, "subscription.add", actor):
            organisation = owner_of(actor)
            name = _named(wanted.name)
            # who sees some types only cannot have others sent to where they read them
            types = _types(wanted.types or sorted(actor.types.get(READ, ())))
            for code in types or ("",):  # "" stands for all: nobody whose right has a limit gets that
                require_type(actor, READ, code)
            self._messenger.check(wanted.address)
            now = self._clock.now()
            secret = SigningSecret(new_id(self._clock, "key"), new_secret().encode(), now)
            await number_waiting(self._database, self._changes, self._clock)
            async with self._database.write() as tx:
                cursor = await position_of(self._changes, tx, wanted.after)
                if len(await self._store.of_organisation(tx, organisation)) >= MOST_SUBSCRIPTIONS:
                    raise LimitExceeded(
                        "too-many-subscriptions",
                        Text(
                            f"一个单位最多 {MOST_SUBSCRIPTIONS} 个订阅。请先停掉不用的。",
                            f"An organisation has at most {MOST_SUBSCRIPTIONS} subscriptions. End one that is unused.",
                        ),
                    )
                made = Subscription(
                    id=new_id(self._clock, "sub"),
                    organisation=organisation,
                    owner=actor.id,
                    name=name,
                    address=wanted.address,
                    types=types,
                    state=SubscriptionState.ACTIVE,
                    cursor=cursor,
                    created_at=now,
                    due_at=now,
                )
                await self._store.add(tx, made, secret)
                tx.audit(AuditEvent("subscription.add", "done", actor, made.id, detail={"types": len(types)}))
                await tx.commit()
        return made, ShownSecret(secret.key_id, secret.value.decode())

    async def own(self, actor: Principal) -> Sequence[Subscription]:
        """Those of the actor's organisation, oldest first."""
        organisation = owner_of(actor)
        async with self._database.read() as tx:
            return await self._store.of_organisation(tx, organisation)

    async def health(self, subscription_id: str, actor: Principal, *, days: int = 14) -> Health:
        """
        Raises:
            NotFound: `subscription-not-found`.
        """
        organisation, today = owner_of(actor), calendar_day(self._clock.now())
        async with self._database.read() as tx:
            found = owned(await self._store.subscription(tx, subscription_id), organisation)
            reach = await reach_of(self._changes, tx, organisation, today, found.types)
            behind = await self._changes.count_after(tx, found.cursor, reach, most=BEHIND_SHOWN)
            return Health(
                found,
                behind,
                await self._store.count_dead(tx, found.id),
                [secret.key_id for secret in await self._store.secrets(tx, found.id)],
                await self._store.days(tx, found.id, since=today - dt.timedelta(days=days - 1)),
                encode_cursor(found.cursor),
            )

    async def dead_letters(self, subscription_id: str, actor: Principal, *, after: int = 0) -> Sequence[DeadLetter]:
        """What the receiver would not take, in the order of the feed; at most 100.

        Raises:
            NotFound: `subscription-not-found`.
        """
        organisation = owner_of(actor)
        async with self._database.read() as tx:
            found = owned(await self._store.subscription(tx, subscription_id), organisation)
            return await self._store.dead_letters(tx, found.id, after=after)


def owner_of(actor: Principal) -> str:
    """The organisation whose subscriptions the actor looks after: its systems and its staff with a duty for it.

    Raises:
        NotPermitted: `scope-missing`, `organisation-missing`, or `duty-missing`.
    """
    if actor.kind is not PrincipalKind.STAFF:
        require_scope(actor, READ)
    elif not any(actor.may(right) for right in STAFF_RIGHTS):
        raise NotPermitted(
            "duty-missing",
            Text(
                "变更订阅由本单位的发证岗位或门户管理岗位管理。",
                "Subscriptions are looked after by those who issue licences or manage portals.",
            ),
        )
    return acting_organisation(actor)


def owned(found: Subscription | None, organisation: str) -> Subscription:
    """
    Raises:
        NotFound: `subscription-not-found`; another organisation's and one that was ended look like none.
    """
    if found is None or found.organisation != organisation or found.state is SubscriptionState.ENDED:
        raise SubscriptionNotFound
    return found


def _named(typed: str) -> str:
    name = " ".join(typed.split())
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise InvalidInput(
            "subscription-name-invalid",
            Text(f"名称应为 1 到 {MAX_NAME} 个可见字符。", f"The name takes 1 to {MAX_NAME} printable characters."),
            field="name",
        )
    return name


def _types(typed: Sequence[str]) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(code.strip() for code in typed))
    if len(codes) > MOST_TYPES or not all(code.isascii() and code.isalnum() and len(code) == 21 for code in codes):
        raise InvalidInput(
            "subscription-types-invalid",
            Text(
                f"证照类型代码是 21 位，最多写 {MOST_TYPES} 个；不写就是全部。",
                f"A type code has 21 characters; name up to {MOST_TYPES}, or none for all.",
            ),
            field="types",
        )
    return codes

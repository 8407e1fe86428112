"""Puts together the change feed and those who are told of changes."""

from __future__ import annotations

import secrets
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass

from api.wiring.certstore import CertstoreGround
from certstore.stores.changes import SqlChangeStore
from certstore.stores.subscriptions import SqlSubscriptionStore
from certstore.subscriptions.deliver import DeliverChanges
from certstore.subscriptions.feed import ReadChanges
from certstore.subscriptions.keep import KeepFeed
from certstore.subscriptions.manage import Subscriptions
from certstore.subscriptions.messenger import HttpMessenger
from certstore.subscriptions.other_news import OtherNews
from certstore.subscriptions.steer import SteerSubscription
from core.egress.fetch import Egress
from core.egress.port import Fetcher
from core.egress.rules import EgressRules

_DICE = secrets.SystemRandom()


@dataclass(frozen=True)
class SubscriptionServices:
    """The use cases, and the work behind them."""

    changes: ReadChanges
    manage: Subscriptions
    steer: SteerSubscription
    deliver: DeliverChanges
    keep: KeepFeed
    other_news: OtherNews

    def background(self) -> Iterable[Coroutine[None, None, None]]:
        return (self.deliver.forever(), self.keep.forever())


def compose_subscriptions(
    ground: CertstoreGround, rules: EgressRules, *, fetcher: Fetcher | None = None
) -> SubscriptionServices:
    """Compose from ports.

    Args:
        rules: which addresses may be registered and called.
    """
    changes, store = SqlChangeStore(), SqlSubscriptionStore(ground.fields)
    messenger = HttpMessenger(fetcher or Egress(rules), rules, ground.clock)
    shared = (ground.database, store, changes)
    return SubscriptionServices(
        changes=ReadChanges(ground.database, changes, ground.clock),
        manage=Subscriptions(*shared, messenger, ground.clock),
        steer=SteerSubscription(*shared, ground.clock),
        deliver=DeliverChanges(*shared, messenger, ground.clock, spread=lambda: _DICE.uniform(0.8, 1.2)),
        keep=KeepFeed(*shared, ground.clock),
        other_news=OtherNews(ground.database, store, messenger),
    )

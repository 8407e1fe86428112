"""`certstore.subscriptions.ports` stores over SQLite and PostgreSQL."""

from __future__ import annotations

from tests.conformance.harness import parametrised
from tests.conformance.subscription_stores import BACKENDS, FeedContention, FeedContract


@parametrised(BACKENDS)
class TestFeed(FeedContract):
    pass


@parametrised(BACKENDS)
class TestFeedContention(FeedContention):
    pass

"""Puts together what guards the ways in: the budget of tries, known devices, security events, what people are told."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.clock import Clock
from core.db.database import Database
from core.kv.port import KeyValueStore
from idp.abuse.budget import Budget
from idp.abuse.devices import KnownDevices
from idp.abuse.patterns import Patterns
from idp.abuse.ports import KnownDeviceStore
from idp.abuse.puzzle import Puzzles
from idp.notices import Notices
from idp.security_events.log import SecurityLog
from idp.security_events.ports import SecurityEventStore
from idp.security_events.read import ReadSecurityEvents
from idp.settings import IdpSettings
from idp.stores.known_devices import SqlKnownDeviceStore
from idp.stores.security_events import SqlSecurityEventStore
from idp.telling import NoReach, Reach, TellPerson
from keys.ports import TokenDigests


@dataclass(frozen=True)
class AbuseStores:
    """The stores that it needs."""

    security_events: SecurityEventStore = field(default_factory=SqlSecurityEventStore)
    known_devices: KnownDeviceStore = field(default_factory=SqlKnownDeviceStore)


@dataclass(frozen=True)
class AbuseServices:
    """Ready parts.

    Attributes:
        events: takes note; `read_events` is for those who watch.
        budget: of tries, on every way in.
        tell: people, what changed about how they log in.
    """

    events: SecurityLog
    read_events: ReadSecurityEvents
    budget: Budget
    devices: KnownDevices
    tell: TellPerson


def build_abuse(
    database: Database,
    stores: AbuseStores,
    kv: KeyValueStore,
    digests: TokenDigests,
    notices: Notices,
    clock: Clock,
    settings: IdpSettings,
    reach: Reach | None = None,
) -> AbuseServices:
    """Compose."""
    events = SecurityLog(database, stores.security_events, clock)
    patterns = Patterns(kv, digests, events, settings)
    return AbuseServices(
        events=events,
        read_events=ReadSecurityEvents(database, stores.security_events),
        budget=Budget(kv, Puzzles(kv, digests, clock), patterns, events, settings),
        devices=KnownDevices(database, stores.known_devices, digests, clock),
        tell=TellPerson(notices, events, reach or NoReach()),
    )

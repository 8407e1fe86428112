"""An authority of ours on fixed keys, without a database, and what a test may want to break in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from keys.errors import KeyMissing
from keys.ports import Signer
from keys.tsa.authority import TimestampAuthority
from keys.tsa.ports import Issued, SerialBlock
from keys.tsa.serials import Serials
from keys.tsa.units import TimestampUnits
from keys.x509.identifiers import TIMESTAMP_POLICY
from tests.support.clock import FakeClock
from tests.support.timestamp_pki import StampingAuthority, StampingCertificate

ACCURACY = dt.timedelta(seconds=1)


class MemorySerials:
    """A `SerialStore` for one worker."""

    def __init__(self) -> None:
        self._next = 1
        self.latest = dt.datetime.min.replace(tzinfo=dt.UTC)

    async def reserve(self, count: int, *, moment: dt.datetime) -> SerialBlock:
        first, self._next = self._next, self._next + count
        self.latest = max(self.latest, moment)
        return SerialBlock(first, self.latest)

    async def set_latest(self, moment: dt.datetime) -> None:
        self.latest = moment


class SettableCheck:
    """A `ClockCheck` that says what the test wants."""

    def __init__(self) -> None:
        self.said: str | None = None

    def fault(self) -> str | None:
        return self.said


@dataclass
class StampingKeys:
    """Keys and certificates by purpose; both ports over one table."""

    units: dict[str, StampingCertificate]
    without_certificate: set[str] = field(default_factory=set)
    replaced: dict[str, Signer] = field(default_factory=dict)

    def signer(self, purpose: str) -> Signer:
        if purpose not in self.units:
            raise KeyMissing(purpose)
        return self.replaced.get(purpose, self.units[purpose].signer)

    def verification_keys(self, purpose: str) -> tuple[()]:
        return ()

    async def create(self, purpose: str, *_: object, **__: object) -> Signer:
        raise NotImplementedError("fixed keys are not made")

    async def chain(self, purpose: str, key_id: str) -> tuple[bytes, ...]:
        return () if purpose in self.without_certificate else self.units[purpose].chain

    async def certify(self, purpose: str, key_id: str, public_key: bytes) -> None:
        raise NotImplementedError("fixed keys have their certificates")


class Recorded:
    """An `IssueLog` that a test can read."""

    def __init__(self) -> None:
        self.tokens: list[Issued] = []

    def issued(self, token: Issued) -> None:
        self.tokens.append(token)


@dataclass
class StampingWorld:
    clock: FakeClock
    keys: StampingKeys
    check: SettableCheck
    serials: MemorySerials
    log: Recorded
    authority: TimestampAuthority


def stamping_world(
    clock: FakeClock,
    units: Mapping[str, StampingCertificate] | None = None,
    *,
    accuracy: dt.timedelta = ACCURACY,
    waiting: int = 64,
) -> StampingWorld:
    """An authority with the given units, or with one P-256 key."""
    keys = StampingKeys(dict(units or {"tsa/1": StampingAuthority().unit()}))
    check, store, log = SettableCheck(), MemorySerials(), Recorded()
    authority = TimestampAuthority(
        TimestampUnits(keys, keys, clock, policy=TIMESTAMP_POLICY, accuracy=accuracy, purposes=tuple(keys.units)),
        Serials(store, clock, tolerance=accuracy),
        clock,
        policy=TIMESTAMP_POLICY,
        accuracy=accuracy,
        clock_check=check,
        log=log,
        waiting=waiting,
    )
    return StampingWorld(clock, keys, check, store, log, authority)

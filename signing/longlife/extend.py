"""Extends what is sealed: B-B → B-T → B-LT → B-LTA, and renews B-LTA (ETSI EN 319 142-1 §5.4, §5.5, §6).

Every step appends to the file and is looked at again by the same code that judges strangers' files: the level told at
the end is the one that is there.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from dataclasses import field as member

from core.clock import Clock
from core.errors import AppError
from core.files.reading import joined
from core.files.scratch import FileBytes
from keys.tsa.client import Stamped
from signing.errors import LevelNotReached, PdfRefused
from signing.isolation.asking import ask
from signing.isolation.port import Isolation
from signing.levels import Level
from signing.longlife.collect import CollectEvidence
from signing.longlife.inspect import Inspect, Inspection
from signing.longlife.ports import Timestamps
from signing.longlife.rooms import StampRoom
from signing.pades.revision import TIMESTAMP, VALIDATION_DATA, TimestampField
from signing.pades.update import Prepared
from signing.work_pool import WorkPool

_FIELD = "Timestamp"


@dataclass(frozen=True, slots=True)
class Extended:
    """A file after what could be done.

    Attributes:
        level: the one that it has, the lowest of its signatures.
        missing: why it has not the level asked for; None if it has.
        renew_by: when its outermost time-stamp stops counting.
    """

    content: FileBytes = member(repr=False)
    level: Level
    missing: AppError | None = None
    renew_by: dt.datetime | None = None


class ExtendSignature:
    """Makes a sealed file last, as far as can be had now."""

    def __init__(
        self,
        inspect: Inspect,
        collect: CollectEvidence,
        timestamps: Timestamps,
        room: StampRoom,
        clock: Clock,
        pool: WorkPool,
        isolation: Isolation,
    ) -> None:
        self._inspect = inspect
        self._collect = collect
        self._timestamps = timestamps
        self._room = room
        self._clock = clock
        self._pool = pool
        self._isolation = isolation

    async def __call__(
        self, content: FileBytes, target: Level, *, field: str | None = None, renew: bool = False
    ) -> Extended:
        """The file at `target`, or at the highest level below that can be had; never one that is lower than it was.

        Args:
            field: of the one signature that counts; None for all.
            renew: add a time-stamp with all that it takes, even if the file has the level.

        Raises:
            PdfRefused: the file is not genuine, or cannot be extended.
            core.errors.LimitExceeded: `busy`.
            core.errors.Unavailable: the lists cannot be read.
        """
        seen = await self._look(content, field)
        missing: AppError | None = None
        try:
            if seen.level is Level.B_B and target.rank >= Level.B_T.rank:
                content = await self._stamped(content, seen)
                seen = await self._look(content, field)
            if target.rank >= Level.B_LT.rank and (renew or seen.level.rank < Level.B_LT.rank):
                content = await self._with_data(content, seen)
                seen = await self._look(content, field)
            if target is Level.B_LTA and (renew or seen.level is Level.B_LT):
                content = await self._stamped(content, seen)
                seen = await self._look(content, field)
        except PdfRefused:
            raise
        except AppError as fault:  # what was reached is kept: each step is whole in itself
            missing = fault
        if missing is None and seen.level.rank < target.rank:
            missing = LevelNotReached(target.value, seen.level.value)
        return Extended(content, seen.level, missing, seen.renew_by())

    async def _stamped(self, content: FileBytes, seen: Inspection) -> FileBytes:
        """The file with one more document time-stamp."""
        tail = await self._stamp_tail(content, seen.free_name(_FIELD))
        return await self._pool.lane(len(content)).run(joined, content, tail)

    async def _stamp_tail(self, content: FileBytes, name: str) -> bytes:
        """The update that carries the time-stamp. A token that is longer than any before is asked for once more."""
        pool = self._pool.lane(len(content))
        for last in (False, True):
            field = TimestampField(name, self._room.octets)
            prepared = (await pool.run(ask, self._isolation, TIMESTAMP, content, field)).behind(content)
            digests = await pool.run(_digests, prepared)
            stamped: Stamped = await self._timestamps.stamp(digests.__getitem__)
            token, octets = stamped.token.encoded, (prepared.end - prepared.start - 2) // 2
            self._room.learn(len(token))
            if len(token) <= octets or last:
                return prepared.fill_tail(token)
        raise AssertionError("unreachable")

    async def _with_data(self, content: FileBytes, seen: Inspection) -> FileBytes:
        data = await self._collect(seen, now=self._clock.now())
        pool = self._pool.lane(len(content))
        tail = await pool.run(ask, self._isolation, VALIDATION_DATA, content, data)
        return await pool.run(joined, content, tail) if tail else content

    async def _look(self, content: FileBytes, field: str | None) -> Inspection:
        return await self._inspect(content, now=self._clock.now(), field=field)


def _digests(prepared: Prepared) -> dict[str, bytes]:
    """Every digest that an authority may be asked about, read in one thread."""
    return {name: prepared.digest(name) for name in ("sha256", "sha384", "sha512")}

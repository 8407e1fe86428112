"""Seals a prepared file at the level that is wanted, and says honestly which one was had (ETSI EN 319 142-1 §6).

The signature's own time-stamp stands beside it in the container, so at B-T a file has one revision and no more; what
B-LT and B-LTA add follows in revisions of their own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from core.errors import AppError
from core.files.scratch import FileBytes
from signing.levels import Level, LevelPolicy
from signing.longlife.extend import ExtendSignature
from signing.longlife.ports import Timestamps
from signing.longlife.rooms import StampRoom
from signing.pades.cms_writer import TIMESTAMP_FRAME, CmsWriter, SignatureValue
from signing.pades.update import Prepared
from signing.work_pool import WorkPool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A level, and what happens when it cannot be had now."""

    level: Level = Level.B_B
    policy: LevelPolicy = LevelPolicy.EXACTLY


@dataclass(frozen=True, slots=True)
class SealedAt:
    """A sealed file.

    Attributes:
        revision: where the signature's own revision ends, in octets.
        level: the one that it has.
        missing: why it has not the one that was wanted.
        renew_by: when its outermost time-stamp stops counting.
    """

    content: FileBytes = field(repr=False)
    revision: int
    level: Level
    missing: AppError | None = None
    renew_by: dt.datetime | None = None


class SealAtLevel:
    """Turns a file with room for a signature into a sealed one."""

    def __init__(self, timestamps: Timestamps, room: StampRoom, extend: ExtendSignature, pool: WorkPool) -> None:
        self._timestamps = timestamps
        self._room = room
        self._extend = extend
        self._pool = pool

    async def __call__(
        self, prepare: Callable[[int], Prepared], writer: CmsWriter, field_name: str, wanted: Wanted, *, octets: int = 0
    ) -> SealedAt:
        """
        Args:
            prepare: makes the file with room for so many octets; runs in a thread, twice at most.
            field_name: of the signature.
            octets: size of the file, which says in which line it waits.

        Raises:
            core.errors.Unavailable: the key does not answer; or the level cannot be had and nothing less will do.
            core.errors.AppError: whatever `prepare` raises.
        """
        if wanted.level is Level.B_B:
            content = await self._pool.lane(octets).run(_sign, prepare, writer)
            return SealedAt(content, len(content), Level.B_B)
        content, missing = await self._stamped(prepare, writer, wanted, self._pool.lane(octets))
        revision = len(content)
        if missing is None and wanted.level is not Level.B_T:
            extended = await self._extend(content, wanted.level, field=field_name)
            content, missing = extended.content, extended.missing
            made = SealedAt(content, revision, extended.level, missing, extended.renew_by)
        else:
            made = SealedAt(content, revision, Level.B_T if missing is None else Level.B_B, missing)
        if made.missing is not None and wanted.policy is LevelPolicy.EXACTLY:
            raise made.missing
        return made

    async def _stamped(
        self, prepare: Callable[[int], Prepared], writer: CmsWriter, wanted: Wanted, pool: WorkPool
    ) -> tuple[FileBytes, AppError | None]:
        """The file with the signature and its time-stamp; without it, and why, if none can be had. A token that is
        longer than any before makes it begin again, once: nothing has left the house yet."""
        for last in (False, True):
            room = self._room.octets
            prepared, value = await pool.run(_value, prepare, writer, writer.size + room + TIMESTAMP_FRAME)
            try:
                stamped = await self._timestamps.stamp(value.signature)
            except AppError as fault:
                if wanted.policy is LevelPolicy.EXACTLY:
                    raise
                return await pool.run(prepared.finished, writer.container(value)), fault
            token = stamped.token.encoded
            self._room.learn(len(token))
            if len(token) <= room or last:
                return await pool.run(prepared.finished, writer.container(value, token)), None
        raise AssertionError("unreachable")


def _sign(prepare: Callable[[int], Prepared], writer: CmsWriter) -> FileBytes:
    prepared = prepare(writer.size)
    return prepared.finished(writer.sign(prepared.digest(writer.digest)))


def _value(prepare: Callable[[int], Prepared], writer: CmsWriter, octets: int) -> tuple[Prepared, SignatureValue]:
    prepared = prepare(octets)
    return prepared, writer.value(prepared.digest(writer.digest))

"""What an administrator sees and does of re-encryption: how far it is, and to begin it anew, pause it, let it go on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database, WriteTx
from core.errors import NotFound
from core.principal import Principal
from core.text import Text
from keys.reencrypt.model import JobState, Standing
from keys.reencrypt.ports import Collection, JobStore


class ReencryptionControl:
    """The use cases. The workers do the work; what is changed here they see at their next look."""

    def __init__(self, database: Database, jobs: JobStore, collections: Sequence[Collection], clock: Clock) -> None:
        self._database = database
        self._jobs = jobs
        self._collections = collections
        self._clock = clock

    async def standing(self) -> Sequence[Standing]:
        """All collections, with what remains counted now."""
        async with self._database.read() as tx:
            jobs = {job.name: job for job in await self._jobs.all(tx)}
            return [Standing(one.name, jobs.get(one.name), await one.remaining(tx)) for one in self._collections]

    async def start(self, name: str | None, actor: Principal) -> Sequence[str]:
        """Go through a collection again that is done or stuck; None for all. Answers those that are begun anew."""
        return await self._each("start", name, actor, self._jobs.forget)

    async def pause(self, name: str | None, actor: Principal) -> Sequence[str]:
        """Begin no further batch; answers the collections that were running."""
        return await self._each("pause", name, actor, self._to(JobState.PAUSED))

    async def resume(self, name: str | None, actor: Principal) -> Sequence[str]:
        """Go on where it was paused; answers the collections that were paused."""
        return await self._each("resume", name, actor, self._to(JobState.RUNNING))

    def _to(self, state: JobState) -> Callable[[WriteTx, str], Awaitable[bool]]:
        return lambda tx, name: self._jobs.change_state(tx, name, state, now=self._clock.now())

    async def _each(
        self, verb: str, name: str | None, actor: Principal, change: Callable[[WriteTx, str], Awaitable[bool]]
    ) -> Sequence[str]:
        """
        Raises:
            NotFound: `collection-not-found`.
        """
        names = [one.name for one in self._collections if name in (None, one.name)]
        if not names:
            raise NotFound(
                "collection-not-found",
                Text(
                    "没有这组数据。请用 status 查看名称。", "There is no such collection; `status` lists their names."
                ),
            )
        async with self._database.write() as tx:
            changed = [one for one in names if await change(tx, one)]
            for one in changed:
                tx.audit(AuditEvent(f"secrets.reencrypt-{verb}", "done", actor, one))
            await tx.commit()
        return changed

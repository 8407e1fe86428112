"""The work of `yizheng audit …`."""

from __future__ import annotations

from collections.abc import Sequence

from api.cli.composed import composed
from api.cli.prepare import check_current, with_database
from api.settings import Settings
from api.wiring.transparency import origin_of
from core.audit.change_digest import change_to_sm3
from core.audit.verify import ChainVerdict, Checkpoint, verify_chain
from core.audit.walk import Seam
from core.clock import SystemClock
from core.db.database import Database
from core.errors import InvalidInput, NotFound
from core.principal import SYSTEM
from core.text import Text
from core.transparency.audit_log import AUDIT_LOG
from core.transparency.checkpoints import Checkpoints, KeptCheckpoint
from core.transparency.proof_document import Proved, check_document, event_document, growth_document
from core.transparency.verify import LogVerdict, VerifyLog
from keys.notes import NoteKey, read_note_key


class _PinnedKeys:
    """Keys that the caller holds; nothing is signed with them."""

    def __init__(self, keys: Sequence[NoteKey]) -> None:
        self._keys = keys

    async def sign(self, name: str, text: str) -> tuple[bytes, bytes]:
        raise TypeError("a pinned key signs nothing")

    def keys(self, name: str) -> Sequence[NoteKey]:
        return self._keys


async def verify(settings: Settings, *, outside: Sequence[str], pinned: Sequence[str], last: int | None) -> LogVerdict:
    """The whole log, or its last rows; with pinned keys our own key store is not opened."""
    await check_current(settings)
    if not pinned:
        async with composed(settings) as container:
            return await container.transparency.verify(outside=outside, last=last)
    signer, clock = _PinnedKeys([read_note_key(one) for one in pinned]), SystemClock()

    async def work(database: Database) -> LogVerdict:
        checkpoints = Checkpoints(database, signer, clock, log=AUDIT_LOG, origin=origin_of(settings.issuer))
        return await VerifyLog(database, checkpoints, signer, clock)(outside=outside, last=last)

    return await with_database(settings, work)


async def verify_from(settings: Settings, checkpoint: Checkpoint) -> ChainVerdict:
    """The chain alone, through a head that an earlier run printed."""
    await check_current(settings)
    return await with_database(settings, lambda database: verify_chain(database, checkpoint))


async def to_sm3(settings: Settings) -> Seam | None:
    """
    Raises:
        core.errors.InvalidInput: `profile-international`.
        core.errors.Conflict: `audit-log-broken`.
    """
    await check_current(settings)
    if not settings.profile.national:
        raise InvalidInput(
            "profile-international",
            Text(
                "本系统的密码配置是国际算法，审计日志不改用 SM3。请先把 YIZHENG_PROFILE 设为 national 或 both。",
                "This deployment's profile is international, so its audit log stays with SHA-256. Set "
                "YIZHENG_PROFILE to national or both first.",
            ),
            field="profile",
        )
    return await with_database(settings, lambda database: change_to_sm3(database, SYSTEM, SystemClock()))


async def checkpoint(settings: Settings) -> KeptCheckpoint:
    """Sign the log as it is now; the newest checkpoint if it has not grown since.

    Raises:
        core.errors.NotFound: the log is empty.
        core.errors.Conflict: the log is not what was signed before.
    """
    async with composed(settings) as container:
        made = await container.transparency.keeper.turn()
        if made is None:
            async with container.ground.database.read() as tx:
                made = await container.transparency.checkpoints.newest(tx)
    if made is None:
        raise NotFound("audit-log-empty", Text("审计日志还是空的。", "The audit log is empty."))
    return made


async def prove_event(settings: Settings, number: int, size: int | None) -> object:
    """The proof that a row is in the log, as a document."""
    async with composed(settings) as container:
        return event_document(await container.transparency.prove.event(number, SYSTEM, size=size))


async def prove_growth(settings: Settings, first: int, second: int) -> object:
    """The proof that the log of one checkpoint begins that of another, as a document."""
    async with composed(settings) as container:
        return growth_document(await container.transparency.prove.growth(first, second, SYSTEM))


async def key_lines(settings: Settings) -> Sequence[str]:
    """The keys to pin, today's first."""
    async with composed(settings) as container:
        return (await container.transparency.overview.state(SYSTEM)).keys


def check(settings: Settings, document: bytes, pinned: Sequence[str]) -> Proved:
    """Check a proof with pinned keys alone: no database, no key store."""
    keys = [read_note_key(one) for one in pinned]
    return check_document(document, origin_of(settings.issuer), keys, SystemClock())

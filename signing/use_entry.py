"""Enters a use of a seal once for each idempotency key, and finds again what an earlier request made.

Sealing a PDF, an OFD or a digest ends the same way: kept, entered in one unit with its key, and only then handed out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from core.clock import Clock
from core.db.database import Database, WriteTx
from core.files.scratch import FileBytes
from core.idempotency import AlreadyDone, find_result, remember_result
from core.principal import Principal
from keys.ports import DocumentVault
from signing.errors import SignatureNotFound
from signing.model import SealGrant, SignatureRecord
from signing.ports import SealStore
from signing.seals.look_up import open_kept
from signing.use_rights import Use, UseRights


@dataclass(frozen=True, slots=True)
class Once:
    """A request that may come twice: its caller's key, and what it asks for."""

    scope: str
    key: str
    fingerprint: str

    @classmethod
    def of(cls, actor: Principal, verb: str, key: str | None, fingerprint: str) -> Once | None:
        """None for a request without a key, which is another one each time."""
        return None if key is None else cls(f"{actor.kind.value}:{actor.id} {verb}"[:128], key, fingerprint)


class UseEntry:
    """The last steps of every use."""

    def __init__(
        self, database: Database, store: SealStore, rights: UseRights, vault: DocumentVault, clock: Clock
    ) -> None:
        self._database = database
        self._store = store
        self._rights = rights
        self._vault = vault
        self._clock = clock

    async def earlier(self, once: Once | None) -> str | None:
        """The use that an earlier request with this key made.

        Raises:
            core.errors.InvalidInput: `idempotency-key-invalid`.
            core.errors.Conflict: `idempotency-key-reused`.
        """
        if once is None:
            return None
        async with self._database.read() as tx:
            return await find_result(tx, scope=once.scope, key=once.key, fingerprints=(once.fingerprint,))

    async def enter(
        self,
        use: Use,
        usable: Sequence[SealGrant],
        record: SignatureRecord,
        once: Once | None,
        *,
        first: Callable[[WriteTx], Awaitable[None]] | None = None,
        last: Callable[[WriteTx], Awaitable[None]] | None = None,
    ) -> str | None:
        """Enter a use in one unit with its key; answers the one that another request with this key entered first,
        which then stands alone.

        Args:
            first, last: what else belongs to the unit, before and after the entry.

        Raises:
            UseRequestOver, SealUsesSpent, SealNotGranted, SealNotActive; and whatever the others raise.
        """
        try:
            async with self._database.write() as tx:
                if first is not None:
                    await first(tx)
                if once is not None:
                    keyed = {"scope": once.scope, "key": once.key}
                    await remember_result(tx, self._clock, **keyed, fingerprints=(once.fingerprint,), result=record.id)
                await self._rights.enter(tx, use, usable, record)
                if last is not None:
                    await last(tx)
                await tx.commit()
        except AlreadyDone as done:
            return done.result
        return None

    async def made(self, signature_id: str) -> tuple[SignatureRecord, FileBytes]:
        """A use, and what was kept of it.

        Raises:
            SignatureNotFound
        """
        async with self._database.read() as tx:
            record = await self._store.signature(tx, signature_id)
        if record is None:
            raise SignatureNotFound
        return record, await open_kept(self._vault, record)

"""What can be seen of a batch: its progress, its files, the list that is approved."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from core.audit.event import AuditEvent
from core.db.database import Database
from core.files.reading import whole
from core.files.scratch import FileBytes
from core.paging import Page, cursor_invalid, decode_cursor, encode_cursor, last_id, page_size
from core.principal import Principal
from keys.ports import DocumentVault
from signing.batches.errors import BatchFileNotFound, BatchNotFound
from signing.batches.model import LIVING, Batch, BatchFile, Counts, FileState, Owner
from signing.batches.ports import BatchStore
from signing.batches.sources import BatchSources
from signing.batches.start import list_line
from signing.errors import SealNotYours
from signing.policy import may_approve, may_look
from signing.ports import SealStore
from signing.seals.look_up import open_kept

_AT_ONCE = 500
_NO_MORE = 1 << 31  # what a column of numbers takes


@dataclass(frozen=True, slots=True)
class SeenBatch:
    """A batch and how far it is.

    Attributes:
        own: it is the caller's.
        may_decide: the caller is a second person for it.
    """

    batch: Batch
    counts: Counts
    own: bool
    may_decide: bool


class Batches:
    """For owners; and, of those that a second person decides over, for those who look after the seal."""

    def __init__(
        self,
        database: Database,
        store: BatchStore,
        seals: SealStore,
        sources: BatchSources,
        vault: DocumentVault,
    ) -> None:
        self._database = database
        self._store = store
        self._seals = seals
        self._sources = sources
        self._vault = vault

    async def one(self, batch_id: str, actor: Principal) -> SeenBatch:
        """
        Raises:
            BatchNotFound: also when it is nothing to this caller.
        """
        async with self._database.read() as tx:
            batch = await self._store.batch(tx, batch_id)
            seal = await self._seals.seal(tx, batch.seal_id) if batch else None
            counts = await self._store.counts(tx, batch_id)
        if batch is None or seal is None:
            raise BatchNotFound
        own = batch.owner.is_(actor)
        # others see it once it was brought to somebody's decision, never while it is the owner's alone
        if not own and not (batch.approval is not None and may_look(actor, seal.organisation)):
            raise BatchNotFound
        return SeenBatch(batch, counts, own, not own and may_approve(actor, seal.organisation))

    async def page(self, actor: Principal, *, cursor: str | None = None, limit: int | None = None) -> Page[Batch]:
        """The caller's own, newest first."""
        size, before = page_size(limit), last_id(cursor)
        async with self._database.read() as tx:
            found = await self._store.of_owner(tx, Owner.of(actor), before=before, limit=size + 1)
        return _page(found, size)

    async def to_decide(self, actor: Principal, *, cursor: str | None = None, limit: int | None = None) -> Page[Batch]:
        """Those over which somebody of the caller's organisation must decide, newest first.

        Raises:
            SealNotYours: the caller does not look after seals.
        """
        organisation, size, before = actor.organisation or "", page_size(limit), last_id(cursor)
        if not may_look(actor, organisation):
            raise SealNotYours
        async with self._database.read() as tx:
            found = await self._store.waiting_for(tx, organisation, before=before, limit=size + 1)
        return _page(found, size)

    async def counts(self, batches: Sequence[Batch]) -> list[Counts]:
        """Of some that the caller has."""
        async with self._database.read() as tx:
            return [await self._store.counts(tx, batch.id) for batch in batches]

    async def files(
        self,
        batch_id: str,
        actor: Principal,
        *,
        state: FileState | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[BatchFile]:
        """In their order.

        Raises:
            BatchNotFound
            core.errors.InvalidInput: `cursor-invalid`.
        """
        await self.one(batch_id, actor)
        size, after = page_size(limit), _number(cursor)
        async with self._database.read() as tx:
            found = await self._store.files(tx, batch_id, state=state, after=after, limit=size + 1)
        more = len(found) > size
        return Page(found[:size], encode_cursor(found[size - 1].number) if more else None)

    async def list_of_files(self, batch_id: str, actor: Principal) -> AsyncIterator[bytes]:
        """Digests and names, a line each, as `sha256sum` writes them: its SHA-256 is what a second person approves.

        Raises:
            BatchNotFound
        """
        await self.one(batch_id, actor)
        await self._database.record(AuditEvent("seal.batch-list", "done", actor, subject=batch_id))
        return self._lines(batch_id)

    async def _lines(self, batch_id: str) -> AsyncIterator[bytes]:
        async for files in self.all_files(batch_id):
            yield b"".join(list_line(file.digest, file.name) for file in files)

    async def all_files(self, batch_id: str) -> AsyncIterator[Sequence[BatchFile]]:
        """Some at a time, for whoever was let in."""
        after = 0
        while True:
            async with self._database.read() as tx:
                files = await self._store.files(tx, batch_id, after=after, limit=_AT_ONCE)
            if not files:
                return
            yield files
            after = files[-1].number

    async def brought(self, batch_id: str, file_id: str, actor: Principal) -> bytes:
        """A file as it was brought: for the owner, and for those who decide over it. Each look is on record.

        Raises:
            BatchNotFound
            BatchFileNotFound: also when it is not kept any more.
        """
        seen, file = await self._file(batch_id, file_id, actor)
        waits = seen.batch.state in LIVING
        if file.document is None or not (seen.own or (seen.may_decide and waits)):
            raise BatchFileNotFound
        content = await self._sources.open(file.id, file.document)
        await self._looked("seal.batch-read", batch_id, file_id, actor)
        return content

    async def sealed(self, batch_id: str, file_id: str, actor: Principal) -> tuple[BatchFile, FileBytes]:
        """A sealed file, for the owner. Each look is on record.

        Raises:
            BatchNotFound
            BatchFileNotFound: also when it is not sealed.
        """
        seen, file = await self._file(batch_id, file_id, actor)
        if not seen.own:
            raise BatchFileNotFound
        content = await self.open_sealed(file)
        await self._looked("seal.batch-fetch", batch_id, file_id, actor)
        return file, content

    async def open_sealed(self, file: BatchFile) -> FileBytes:
        """For whoever was let in.

        Raises:
            BatchFileNotFound: it is not sealed.
        """
        async with self._database.read() as tx:
            record = await self._seals.signature(tx, file.signature_id) if file.signature_id else None
        if record is None:
            raise BatchFileNotFound
        return whole(await open_kept(self._vault, record))

    async def _file(self, batch_id: str, file_id: str, actor: Principal) -> tuple[SeenBatch, BatchFile]:
        seen = await self.one(batch_id, actor)
        async with self._database.read() as tx:
            file = await self._store.file(tx, batch_id, file_id)
        if file is None:
            raise BatchFileNotFound
        return seen, file

    async def _looked(self, action: str, batch_id: str, file_id: str, actor: Principal) -> None:
        await self._database.record(AuditEvent(action, "done", actor, subject=batch_id, detail={"file": file_id}))


def _page(found: list[Batch], size: int) -> Page[Batch]:
    return Page(found[:size], encode_cursor(found[size - 1].id) if len(found) > size else None)


def _number(cursor: str | None) -> int:
    (number,) = decode_cursor(cursor, 1) if cursor else (0,)
    if not isinstance(number, int) or not 0 <= number < _NO_MORE:
        raise cursor_invalid()
    return number

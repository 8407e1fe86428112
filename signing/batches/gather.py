"""Begins batches and takes their files in. Whatever was answered for is stored, encrypted, before the answer."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass, field, replace

import orjson

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import InvalidInput
from core.idempotency import AlreadyDone, find_result, fingerprint_of, remember_result
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from signing.batches.commands import command_for
from signing.batches.errors import (
    BatchFileNotFound,
    BatchMoved,
    FileNameTaken,
    batch_full,
    too_many_batches,
)
from signing.batches.grounds import own_batch
from signing.batches.model import (
    LIFE,
    MOST_FILE_OCTETS,
    MOST_FILES,
    MOST_LIVING,
    MOST_OCTETS,
    Batch,
    BatchFile,
    BatchState,
    Owner,
    Wishes,
)
from signing.batches.names import clean_name, name_digest
from signing.batches.ports import BatchStore, Receivers
from signing.batches.sources import BatchSources
from signing.batches.wishes import kept
from signing.errors import too_large
from signing.placing.prepare import check_notes
from signing.refusals import refusals_on_record
from signing.seal_pdf import check_words
from signing.use_rights import Use, UseRights

_KEY_OCTETS = 32


@dataclass(frozen=True, slots=True)
class NewBatch:
    """What to begin.

    Attributes:
        receiver: the subscription whose address is told when it is done; None for nobody.
        idempotency_key: a repeated call with the same key answers with the first one's batch.
    """

    seal_id: str
    wishes: Wishes = field(repr=False)
    actor: Principal
    receiver: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file as it comes; `name` tells it apart from the others of its batch."""

    name: str = field(repr=False)
    content: bytes = field(repr=False)


class GatherBatch:
    """For whoever will start it."""

    def __init__(
        self,
        database: Database,
        store: BatchStore,
        rights: UseRights,
        sources: BatchSources,
        receivers: Receivers,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._rights = rights
        self._sources = sources
        self._receivers = receivers
        self._clock = clock

    async def begin(self, wanted: NewBatch) -> Batch:
        """
        Raises:
            SealNotGranted, SealNotActive: as for a single file.
            core.errors.InvalidInput: words, or the receiver, are not acceptable.
            core.errors.LimitExceeded: `too-many-batches`.
            core.errors.Conflict: `idempotency-key-reused`.
        """
        actor, wishes = wanted.actor, wanted.wishes
        made = self._made(wanted)
        check_words(wishes.document_class, wishes.reason)
        check_notes(command_for(made, b"", actor))
        async with refusals_on_record(self._database, "seal.batch", actor, subject=wanted.seal_id):
            await self._rights.granted(Use(actor, wanted.seal_id, wishes.document_class))
            if wanted.receiver is not None and not await self._receivers.knows(
                wanted.receiver, actor.organisation or ""
            ):
                raise _receiver_unknown()
            try:
                return await self._entered(made, wanted)
            except AlreadyDone as done:
                return await own_batch(self._database, self._store, done.result, actor)

    def _made(self, wanted: NewBatch) -> Batch:
        now = self._clock.now()
        return Batch(
            id=new_id(self._clock, "batch"),
            seal_id=wanted.seal_id,
            owner=Owner.of(wanted.actor),
            wishes=wanted.wishes,
            state=BatchState.COLLECTING,
            name_key=secrets.token_bytes(_KEY_OCTETS),
            created_at=now,
            changed_at=now,
            expires_at=now + LIFE,
            receiver=wanted.receiver,
        )

    async def _entered(self, made: Batch, wanted: NewBatch) -> Batch:
        scope = f"{made.owner.kind.value}:{made.owner.id} seal.batch"[:128]
        print_ = fingerprint_of(made.seal_id, made.receiver or "", orjson.dumps(kept(made.wishes)))
        if wanted.idempotency_key is not None:
            async with self._database.read() as tx:
                earlier = await find_result(tx, scope=scope, key=wanted.idempotency_key, fingerprints=(print_,))
            if earlier is not None:
                raise AlreadyDone(earlier)
        async with self._database.write() as tx:
            if wanted.idempotency_key is not None:
                await remember_result(
                    tx, self._clock, scope=scope, key=wanted.idempotency_key, fingerprints=(print_,), result=made.id
                )
            if await self._store.living_of(tx, made.owner) >= MOST_LIVING:
                raise too_many_batches()
            await self._store.add(tx, made)
            detail: dict[str, str | int | bool | None] = {"batch": made.id, "class": made.wishes.document_class}
            tx.audit(AuditEvent("seal.batch", "done", wanted.actor, subject=made.seal_id, detail=detail))
            await tx.commit()
        return made

    async def add(self, batch_id: str, files: Sequence[Incoming], actor: Principal) -> Sequence[BatchFile]:
        """Add some files, all or none; answers them as the batch has them. The same file under the same name is there
        once, however often it is sent.

        Raises:
            BatchNotFound, BatchMoved, FileNameTaken
            core.errors.InvalidInput: `batch-file-name-invalid`.
            core.errors.LimitExceeded: `too-large`, `batch-full`.
            core.errors.Unavailable: the document store does not answer; nothing was added.
        """
        async with refusals_on_record(self._database, "seal.batch-add", actor, subject=batch_id):
            batch = await own_batch(self._database, self._store, batch_id, actor)
            if batch.state is not BatchState.COLLECTING:
                raise BatchMoved(batch.state)
            brought = self._read(batch, files)
            async with self._database.read() as tx:
                known = await self._store.named(tx, batch_id, [file.name_digest for file, _ in brought])
            there = _matched(known, [file for file, _ in brought])
            new = [(file, content) for file, content in brought if file.name_digest not in there]
            if batch.files + len(new) > MOST_FILES:  # told before anything is stored
                raise batch_full()
            addresses = await self._sources.keep([(file.id, content) for file, content in new]) if new else ()
            stored = [replace(one[0], document=address) for one, address in zip(new, addresses, strict=True)]
            return await self._written(batch, [file for file, _ in brought], stored, actor)

    async def add_all(self, batch_id: str, parts: AsyncIterable[Sequence[Incoming]], actor: Principal) -> int:
        """Add files as they come, some at a time; answers how many of them the batch has. A part is in, or not at all.

        Raises:
            As `add`; what came before stays.
        """
        count = 0
        async for part in parts:
            count += len(await self.add(batch_id, part, actor))
        return count

    def _read(self, batch: Batch, files: Sequence[Incoming]) -> list[tuple[BatchFile, bytes]]:
        brought: dict[bytes, tuple[BatchFile, bytes]] = {}
        for one in files:
            if len(one.content) > MOST_FILE_OCTETS:
                raise too_large(MOST_FILE_OCTETS)
            name = clean_name(one.name)
            key, digest = name_digest(batch.name_key, name), hashlib.sha256(one.content).hexdigest()
            file = BatchFile(new_id(self._clock, "bfile"), batch.id, 0, name, key, digest, len(one.content), None)
            if key in brought and brought[key][0].digest != digest:
                raise FileNameTaken
            brought.setdefault(key, (file, one.content))
        return list(brought.values())

    async def _written(
        self, batch: Batch, brought: Sequence[BatchFile], stored: Sequence[BatchFile], actor: Principal
    ) -> Sequence[BatchFile]:
        now = self._clock.now()
        async with self._database.write() as tx:
            held = await self._store.hold(tx, batch.id)
            if held is None or held.state is not BatchState.COLLECTING:
                raise BatchMoved(held.state if held else BatchState.LAPSED)
            # another call may have brought the same ones meanwhile: what was stored twice is discarded by itself
            there = _matched(await self._store.named(tx, batch.id, [file.name_digest for file in brought]), brought)
            new = [file for file in stored if file.name_digest not in there]
            if held.files + len(new) > MOST_FILES or held.octets + sum(file.octets for file in new) > MOST_OCTETS:
                raise batch_full()
            first = await self._store.last_number(tx, batch.id) + 1
            numbered = [replace(file, number=number) for number, file in enumerate(new, first)]
            await self._store.add_files(tx, held, numbered, now=now)
            if numbered:
                detail: dict[str, str | int | bool | None] = {"files": len(numbered)}
                tx.audit(AuditEvent("seal.batch-add", "done", actor, subject=batch.id, detail=detail))
            await tx.commit()
        every = there | {file.name_digest: file for file in numbered}
        return [every[file.name_digest] for file in brought]

    async def remove(self, batch_id: str, file_id: str, actor: Principal) -> None:
        """Take a file out again, before the batch is started.

        Raises:
            BatchNotFound, BatchFileNotFound, BatchMoved
        """
        async with refusals_on_record(self._database, "seal.batch-remove", actor, subject=batch_id):
            await own_batch(self._database, self._store, batch_id, actor)
            now = self._clock.now()
            async with self._database.write() as tx:
                held = await self._store.hold(tx, batch_id)
                if held is None or held.state is not BatchState.COLLECTING:
                    raise BatchMoved(held.state if held else BatchState.LAPSED)
                address = await self._store.remove_file(tx, held, file_id, now=now)
                if address is None:
                    raise BatchFileNotFound
                await self._sources.discard(tx, [address], now)
                tx.audit(AuditEvent("seal.batch-remove", "done", actor, subject=batch_id, detail={"file": file_id}))
                await tx.commit()


def _matched(known: Sequence[BatchFile], brought: Sequence[BatchFile]) -> dict[bytes, BatchFile]:
    """Those that the batch has already, by their names' digests.

    Raises:
        FileNameTaken: a name is another file's.
    """
    digests = {file.name_digest: file.digest for file in brought}
    if any(digests[file.name_digest] != file.digest for file in known):
        raise FileNameTaken
    return {file.name_digest: file for file in known}


def _receiver_unknown() -> InvalidInput:
    return InvalidInput(
        "batch-receiver-unknown",
        Text(
            "没有这个订阅，或它不属于本单位、已停用。请先登记接收地址。",
            "There is no such subscription, or it is not your organisation's, or it was ended. Register one first.",
        ),
        field="receiver",
    )

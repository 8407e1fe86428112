"""Pours archives into the marked target: rows of each database in one transaction, documents one by one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack

from sqlalchemy.ext.asyncio import AsyncConnection

from api.backup.columns import ColumnForm
from api.backup.errors import ArchiveUnfit
from api.backup.examine import Examined, read_archive
from api.backup.frames import Document, Ended, PartBegan, PartEnded, Rows
from api.backup.load import LoadTable, check_shape, count_all, follow_numbers, make_missing
from api.backup.model import Progress
from api.backup.ports import Target
from api.backup.tables import DOCUMENTS, DOMAIN, KEYS
from core.blobs.port import BlobStore
from core.db.engine import writing
from keys.archive.errors import ArchiveDamaged
from keys.archive.locks import Openers

_AT_ONCE = 8


async def fill(target: Target, archives: Sequence[Examined], openers: Openers, progress: Progress) -> dict[str, int]:
    """Rows counted in the target, by part.

    Raises:
        ArchiveUnfit, ArchiveDamaged: nothing is kept but the mark, and documents that nothing names.
    """
    counted: dict[str, int] = {}
    for archive in archives:
        counted |= await _Pouring(target, archive, openers, progress)()
    return counted


class _Pouring:
    """One archive."""

    def __init__(self, target: Target, archive: Examined, openers: Openers, progress: Progress) -> None:
        self._target = target
        self._archive = archive
        self._openers = openers
        self._progress = progress
        self._into: dict[str, AsyncConnection] = {}
        self._shapes: dict[str, dict[str, Sequence[ColumnForm]]] = {DOMAIN: {}, KEYS: {}}
        self._load: LoadTable | None = None

    async def __call__(self) -> dict[str, int]:
        target, what = self._target, self._archive.what
        async with AsyncExitStack() as stack:
            if what.data:
                self._into[DOMAIN] = await stack.enter_async_context(writing(target.database.engine).connect())
            if what.keys:
                self._into[KEYS] = await stack.enter_async_context(writing(target.key_store.engine).connect())
                await target.key_store.make_tables(self._into[KEYS])
            await self._pour()
            counted = await self._settle()
            for prefix in (KEYS, DOMAIN):
                if prefix in self._into:
                    await self._into[prefix].commit()
        return counted

    async def _pour(self) -> None:
        documents_of = self._target.tables.documents_of()
        documents = _Documents(self._target.blobs)
        for event in read_archive(self._archive.file, self._openers, documents_of):
            match event:
                case PartBegan():
                    await self._begin(event)
                case Rows():
                    assert self._load is not None
                    await self._load(event.rows)
                    self._progress.advance(len(event.rows))
                case Document():
                    await documents.keep(event)
                    self._progress.advance(1)
                case PartEnded():
                    await documents.settle()
                    self._load = None
                case Ended():
                    if event.manifest_octets != self._archive.manifest_octets:
                        raise ArchiveDamaged("the archive changed while it was restored", "the manifest")

    async def _begin(self, part: PartBegan) -> None:
        total = next((one.count for one in self._archive.manifest.parts if one.name == part.name), None)
        self._progress.begin(part.name, total)
        if part.name.startswith(DOCUMENTS):
            return
        prefix, _, table = part.name.partition("/")
        connection = self._into.get(f"{prefix}/")
        if connection is None:
            raise ArchiveUnfit(f"part {part.name} does not belong into such an archive")
        self._shapes[f"{prefix}/"][table] = part.columns
        version = self._archive.manifest.key_version or 0
        if f"{prefix}/" == KEYS and version < self._target.key_store.newest:
            await make_missing(connection, table, part.columns)
        self._load = LoadTable(connection, table, part.columns)

    async def _settle(self) -> dict[str, int]:
        """What is in the tables now fits them, and is all there."""
        counted: dict[str, int] = {}
        for prefix, connection in self._into.items():
            shapes = self._shapes[prefix]
            await check_shape(connection, shapes, all_of_them=prefix == DOMAIN)
            await follow_numbers(connection, list(shapes))
            counted |= {prefix + table: count for table, count in (await count_all(connection, list(shapes))).items()}
        version = self._archive.manifest.key_version
        if KEYS in self._into and version is not None:
            await self._target.key_store.bring_up(self._into[KEYS], version)
        return counted


class _Documents:
    """Keeps several documents at a time: each waits for the disk or for the network."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._under_way: deque[asyncio.Task[None]] = deque()

    async def keep(self, document: Document) -> None:
        if document.content is None:  # it was lost when the backup was made
            return
        if len(self._under_way) == _AT_ONCE:
            await self._under_way.popleft()
        self._under_way.append(asyncio.create_task(self._put(document.digest, document.content)))

    async def settle(self) -> None:
        """All are on the disk when this returns."""
        while self._under_way:
            await self._under_way.popleft()

    async def _put(self, digest: str, content: bytes) -> None:
        if await self._blobs.put(content) != digest:
            raise ArchiveDamaged("a document is not what its name says", "the documents")

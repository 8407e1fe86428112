"""Gathers rows and documents into the frames of an archive, while the service goes on."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from api.backup.columns import RowCoder, forms_of
from api.backup.frames import FrameWriter, document_name
from api.backup.model import Progress
from api.backup.tables import documents_part
from api.backup.walk import count_rows, pages
from core.blobs.port import BlobStore
from core.errors import NotFound, Unavailable

_AT_ONCE = 8  # documents fetched ahead; an object store answers each after some milliseconds
_MOST_LOST = 1000  # names that are written down; the count goes on


async def gather_table(
    connection: AsyncConnection,
    table: Table,
    part: str,
    frames: FrameWriter,
    progress: Progress,
    *,
    document_column: str | None = None,
) -> None:
    """One table, all of it."""
    coder = RowCoder(forms_of(table))
    names = [form.name for form in coder.forms]
    addresses = names.index(document_column) if document_column else None
    progress.begin(part, await count_rows(connection, table))
    frames.begin(part, coder.forms)
    async for page in pages(connection, table, names):
        frames.rows([coder.write(row) for row in page])
        if addresses is not None:
            for row in page:
                if row[addresses] is not None:
                    frames.names(document_name(row[addresses]))
        progress.advance(len(page))
    frames.end()


class GatherDocuments:
    """Copies the documents that rows name, in the order of the rows.

    The rows were seen at one moment, and a document is kept before its row is written, so each was there then.
    One that is gone or damaged is no reason to have no backup at all: its name is put on record.
    """

    def __init__(self, blobs: BlobStore, frames: FrameWriter, progress: Progress) -> None:
        self._blobs = blobs
        self._frames = frames
        self._progress = progress
        self.lost: list[str] = []
        self.lost_count = 0

    async def __call__(self, connection: AsyncConnection, table: Table, column: str) -> None:
        """
        Raises:
            core.errors.Unavailable: the document store does not answer.
        """
        part = documents_part(table.name, column)
        self._progress.begin(part, None)
        self._frames.begin(part)
        async for digest, content in self._ahead(_digests(connection, table, column)):
            if content is None:
                self.lost_count += 1
                self.lost += [digest] if len(self.lost) < _MOST_LOST else []
            self._frames.document(digest, content)
            self._progress.advance(1)
        self._frames.end()

    async def _ahead(self, digests: AsyncIterator[str]) -> AsyncIterator[tuple[str, bytes | None]]:
        """Contents in order, a few of them under way at any time."""
        fetching: deque[tuple[str, asyncio.Task[bytes | None]]] = deque()
        try:
            async for digest in digests:
                fetching.append((digest, asyncio.create_task(self._content(digest))))
                if len(fetching) == _AT_ONCE:
                    first, task = fetching.popleft()
                    yield first, await task
            while fetching:
                first, task = fetching.popleft()
                yield first, await task
        finally:
            for _, task in fetching:
                task.cancel()

    async def _content(self, digest: str) -> bytes | None:
        try:
            return await self._blobs.get(digest)
        except NotFound:
            return None
        except Unavailable as error:
            if error.code == "blob-damaged":
                return None
            raise


async def _digests(connection: AsyncConnection, table: Table, column: str) -> AsyncIterator[str]:
    async for page in pages(connection, table, [column]):
        for (address,) in page:
            if address is not None:
                yield document_name(address)

"""The implementations of `core.blobs.port.BlobStore`, ready for its contract."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3  # type: ignore[import-untyped]  # ships no types

from core.blobs.filesystem import FilesystemBlobStore
from core.blobs.port import BlobStore
from core.blobs.s3 import S3BlobStore
from tests.conformance.harness import Backend, Slow, Surroundings
from tests.support.servers import S3Server, free_port

_filesystem: type[BlobStore] = FilesystemBlobStore  # mypy says here whether they implement the port
_s3: type[BlobStore] = S3BlobStore
_buckets = itertools.count(1)


@dataclass
class BlobsHarness:
    """An empty store, and what happens to it.

    Attributes:
        store: the store under test.
        others: further workers on the same data.
        overwrite: puts other bytes where a document is kept, as a failing disk or an intruder would.
        names: names of everything that is kept, leavings included.
        unreachable: a store whose folder or server does not answer.
    """

    store: BlobStore
    others: Sequence[BlobStore]
    overwrite: Callable[[str, bytes], Awaitable[None]]
    names: Callable[[], Awaitable[list[str]]]
    unreachable: BlobStore

    @property
    def slow_workers(self) -> list[BlobStore]:
        """All workers, each call delayed by a few milliseconds."""
        return [Slow(store) for store in (self.store, *self.others)]


@asynccontextmanager
async def filesystem(around: Surroundings) -> AsyncIterator[BlobsHarness]:
    root = around.folder / "blobs"

    async def overwrite(digest: str, content: bytes) -> None:
        (place,) = root.rglob(digest)
        place.write_bytes(content)

    async def names() -> list[str]:
        return sorted(path.name for path in root.rglob("*") if path.is_file())

    (around.folder / "a-file").write_text("not a folder")
    stores = [FilesystemBlobStore(root) for _ in range(3)]
    yield BlobsHarness(stores[0], stores[1:], overwrite, names, FilesystemBlobStore(Path(around.folder / "a-file")))
    for store in stores:
        await store.close()


@asynccontextmanager
async def s3(around: Surroundings) -> AsyncIterator[BlobsHarness]:
    server: S3Server = around.server
    bucket = f"blobs-{os.getpid()}-{next(_buckets)}"
    client = boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        region_name=server.region,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
    )
    client.create_bucket(Bucket=bucket)

    def connect(endpoint: str) -> S3BlobStore:
        return S3BlobStore(
            bucket,
            prefix="documents",
            endpoint=endpoint,
            region=server.region,
            access_key_id=server.access_key,
            secret_access_key=server.secret_key,
            retries=0 if endpoint != server.endpoint else 2,
        )

    async def overwrite(digest: str, content: bytes) -> None:
        client.put_object(Bucket=bucket, Key=f"documents/{digest}", Body=content)

    async def names() -> list[str]:
        listed = client.list_objects_v2(Bucket=bucket).get("Contents", [])
        return sorted(entry["Key"].removeprefix("documents/") for entry in listed)

    stores = [connect(server.endpoint) for _ in range(3)]
    yield BlobsHarness(stores[0], stores[1:], overwrite, names, connect(f"http://127.0.0.1:{free_port()}"))
    for store in stores:
        await store.close()
    client.close()


BACKENDS = [Backend("filesystem", None, filesystem), Backend("s3", "s3_server", s3)]

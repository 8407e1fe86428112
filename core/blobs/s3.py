"""Documents in an S3-compatible object store."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import S3Store

from core.blobs.digest import blob_not_found, blobs_unavailable, digest_of, is_digest, verified, verified_file
from core.errors import NotFound, Unavailable
from core.files.reading import LARGE
from core.files.scratch import FileBytes, Scratch, ScratchFile

_PARTS_AT_ONCE = 3
_RANGE = 8 << 20


class S3BlobStore:
    """Implements `core.blobs.port.BlobStore` over one bucket.

    Args:
        bucket: must exist.
        prefix: put before each digest, without slashes at its ends.
        endpoint: address of the store when it is not Amazon's; `http://` is accepted, for a store on loopback.
        access_key_id: None for the credentials of the machine or of the process's environment.
        scratch: where large documents lie while they are read.
        retries: how often a request is sent again when the store answers with a fault or not at all.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint: str | None = None,
        region: str = "us-east-1",
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
        retries: int = 2,
        scratch: Scratch | None = None,
    ) -> None:
        self._scratch = scratch or Scratch()
        config: Any = {"region": region}
        if endpoint:
            config["endpoint"] = endpoint
        if access_key_id and secret_access_key:
            config |= {"access_key_id": access_key_id, "secret_access_key": secret_access_key}
        self._store = S3Store(
            bucket,
            prefix=prefix or None,
            config=config,
            client_options={"timeout": dt.timedelta(seconds=30), "allow_http": bool(endpoint)},
            retry_config={"max_retries": retries, "retry_timeout": dt.timedelta(seconds=15)},
        )

    async def put(self, content: bytes) -> str:
        digest = digest_of(content)
        try:
            await self._store.put_async(digest, content, mode="create")  # If-None-Match: *
        except AlreadyExistsError:
            await self._mend(digest, content)
        except (BaseError, OSError) as error:
            raise blobs_unavailable(error) from error
        return digest

    async def put_file(self, content: ScratchFile) -> str:
        digest = (await asyncio.to_thread(content.hashed, "sha256")).hexdigest()
        if await self.exists(digest) and await self._is_whole(digest):
            return digest
        try:
            # in parts, of which a few are in memory at a time; the name says what it is, so twice is harmless
            await self._store.put_async(digest, content.slices(), use_multipart=True, max_concurrency=_PARTS_AT_ONCE)
        except (BaseError, OSError) as error:
            raise blobs_unavailable(error) from error
        return digest

    async def get_file(self, digest: str) -> FileBytes:
        if not is_digest(digest):
            raise blob_not_found(digest)
        try:
            size = (await self._store.head_async(digest))["size"]
            if size <= LARGE:
                return await self.get(digest)
            made = self._scratch.create()
            for start in range(0, size, _RANGE):  # each within the time that a request may take
                part = await self._store.get_range_async(digest, start=start, end=min(size, start + _RANGE))
                await asyncio.to_thread(made.write, memoryview(part))
            return await asyncio.to_thread(verified_file, made.done(), digest)
        except (NotFoundError, FileNotFoundError):
            raise blob_not_found(digest) from None
        except (BaseError, OSError) as error:
            raise blobs_unavailable(error) from error

    async def _is_whole(self, digest: str) -> bool:
        """Whether a copy that is there already is the good one."""
        try:
            await self.get_file(digest)
        except (NotFound, Unavailable):
            return False
        return True

    async def get(self, digest: str) -> bytes:
        if not is_digest(digest):
            raise blob_not_found(digest)
        return verified(await self._read(digest), digest)

    async def exists(self, digest: str) -> bool:
        if not is_digest(digest):
            return False
        try:
            await self._store.head_async(digest)
        except (NotFoundError, FileNotFoundError):
            return False
        except (BaseError, OSError) as error:
            raise blobs_unavailable(error) from error
        return True

    async def delete(self, digest: str) -> None:
        if not is_digest(digest):
            return
        try:
            await self._store.delete_async(digest)
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise blobs_unavailable(error) from error

    async def close(self) -> None:
        """Connections end with the object."""

    async def _read(self, digest: str) -> bytes:
        try:
            answer = await self._store.get_async(digest)
            return bytes(await answer.bytes_async())
        except (NotFoundError, FileNotFoundError):
            raise blob_not_found(digest) from None
        except (BaseError, OSError) as error:
            raise blobs_unavailable(error) from error

    async def _mend(self, digest: str, content: bytes) -> None:
        """What is there already should be the same; a damaged copy is replaced by the good one."""
        if await self._read(digest) == content:
            return
        try:
            await self._store.put_async(digest, content, mode="overwrite")
        except (BaseError, OSError) as error:
            raise blobs_unavailable(error) from error

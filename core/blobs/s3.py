"""Documents in an S3-compatible object store."""

from __future__ import annotations

import datetime as dt
from typing import Any

from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import S3Store

from core.blobs.digest import blob_not_found, blobs_unavailable, digest_of, is_digest, verified


class S3BlobStore:
    """Implements `core.blobs.port.BlobStore` over one bucket.

    Args:
        bucket: must exist.
        prefix: put before each digest, without slashes at its ends.
        endpoint: address of the store when it is not Amazon's; `http://` is accepted, for a store on loopback.
        access_key_id: None for the credentials of the machine or of the process's environment.
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
    ) -> None:
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

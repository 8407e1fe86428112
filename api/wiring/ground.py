"""The ground that all domains stand on: one place that chooses the concrete stores."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from api.settings import Settings
from api.wiring.keys import KeysServices, build_keys
from core.blobs.filesystem import FilesystemBlobStore
from core.blobs.port import BlobStore
from core.clock import Clock
from core.db.database import Database
from core.db.engine import create_engine
from core.files.scratch import Scratch
from core.kv.embedded import EmbeddedKeyValueStore
from core.kv.port import KeyValueStore
from core.settings import BlobSettings, KvSettings
from keys.secrets.vault import EncryptedVault

_SPARE = 200_000_000  # octets of the disk that large files leave to the database beside them


@dataclass(frozen=True)
class Ground:
    """Ready-made ports, shared by the domains."""

    settings: Settings
    clock: Clock
    database: Database
    kv: KeyValueStore
    blobs: BlobStore
    documents: EncryptedVault
    scratch: Scratch
    keys: KeysServices

    async def close(self) -> None:
        await self.kv.close()
        await self.blobs.close()
        await self.keys.close()
        await self.database.close()


def open_kv(settings: KvSettings, clock: Clock) -> KeyValueStore:
    parts = urlsplit(settings.url)
    if parts.scheme == "sqlite":
        return EmbeddedKeyValueStore(Path(unquote(parts.path)), clock)
    if parts.scheme in ("redis", "rediss"):
        from core.kv.redis import RedisKeyValueStore  # costs 150 ms of every start elsewhere

        return RedisKeyValueStore(settings.url)
    raise ValueError(f"YIZHENG_KV_URL: unknown scheme {parts.scheme!r}; use sqlite:///FILE or redis://HOST:PORT/DB")


def open_blobs(settings: BlobSettings, scratch: Scratch | None = None) -> BlobStore:
    parts = urlsplit(settings.url)
    if parts.scheme == "file":
        return FilesystemBlobStore(Path(unquote(parts.path)))
    if parts.scheme == "s3":
        from core.blobs.s3 import S3BlobStore

        return S3BlobStore(
            parts.netloc,
            parts.path.strip("/"),
            endpoint=settings.s3_endpoint,
            region=settings.s3_region,
            scratch=scratch,
        )
    raise ValueError(f"YIZHENG_BLOBS_URL: unknown scheme {parts.scheme!r}; use file:///FOLDER or s3://BUCKET/PREFIX")


async def build_ground(settings: Settings, clock: Clock) -> Ground:
    """Open everything that the settings name."""
    keys = await build_keys(settings.keys, clock)
    database = Database(create_engine(settings.database.url, pool_size=settings.database.pool_size), clock)
    scratch = Scratch(settings.scratch_folder, spare=_SPARE)
    blobs = open_blobs(settings.blobs, scratch)
    documents = EncryptedVault(blobs, keys.secrets.fields.documents, scratch)
    return Ground(settings, clock, database, open_kv(settings.kv, clock), blobs, documents, scratch, keys)

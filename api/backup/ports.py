"""What backup and restore need of the rest of the service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.backup.model import Signature
from api.backup.tables import Tables
from core.blobs.port import BlobStore
from core.clock import Clock
from core.db.database import Database, WriteTx
from keys.archive.inventory import KeyInventory
from keys.archive.runs import RunStore


class ManifestSigner(Protocol):
    """Signs manifests with the key ring's `statement.backup`."""

    async def prepare(self) -> None:
        """Make the key if it is not there yet: before the key store is looked at, so that the backup has it too."""

    async def sign(self, content: bytes) -> Signature: ...


HoldDocuments = Callable[[WriteTx, dt.datetime], Awaitable[None]]
TakeInventory = Callable[[AsyncConnection], Awaitable[KeyInventory | None]]


@dataclass(frozen=True)
class Sources:
    """The live stores of one deployment.

    Attributes:
        hold_documents: lets no document be removed before a moment, while rows of before may still refer to it.
    """

    issuer: str
    made_by: str
    clock: Clock
    database: Database
    key_engine: AsyncEngine
    take_inventory: TakeInventory
    blobs: BlobStore
    hold_documents: HoldDocuments
    tables: Tables
    runs: RunStore
    signer: ManifestSigner


class OpenedKeys(Protocol):
    """The restored key ring, open."""

    def missing(self, key_ids: Sequence[str]) -> Sequence[str]:
        """Those of the secrets that the ring does not hold."""

    def holds(self, content: bytes, signature: Signature) -> bool:
        """Whether the signature is by a key of `statement.backup` that the ring accepts."""

    async def end_tokens(self) -> None:
        """Let no access token of before be accepted: a new signing key at once, the old one retired."""

    async def authority_stands(self) -> bool | None:
        """Whether the certificate authority's own certificates hold; None where there is none."""

    async def close(self) -> None: ...


class KeyStoreTarget(Protocol):
    """Where a key store is restored to."""

    @property
    def engine(self) -> AsyncEngine: ...

    @property
    def newest(self) -> int:
        """Version of the tables that this program makes."""

    async def state(self) -> str:
        """`empty`, `unfinished` or `in-use`."""

    async def inventory(self) -> KeyInventory | None: ...

    async def make_tables(self, connection: AsyncConnection) -> None:
        """Empty tables, whatever a broken-off restore has left."""

    async def bring_up(self, connection: AsyncConnection, version: int) -> None:
        """Lead restored rows of an earlier version to today's tables; let nobody open the store until `release`."""

    async def release(self) -> None:
        """The store is whole: it may be opened, and what workers remember of another one is out of date."""

    async def close(self) -> None: ...


EndEverything = Callable[[WriteTx, dt.datetime], Awaitable[Mapping[str, int]]]
JumpAhead = Callable[[AsyncEngine, dt.datetime], Awaitable[None]]


@dataclass(frozen=True)
class Target:
    """The empty stores of the deployment that is to come back.

    Attributes:
        issuer: its public address.
        open_keys: opens the restored key ring with the deployment's master key; raises `core.errors.AppError`.
        master_key_check: of the master key at hand; None when there is none.
        clear_short_lived: removes codes, log-in steps and counters of another life.
        end_everything: what of the domains must not come back to life.
        jump_ahead: numbers that must never be given twice (serials of time-stamps, numbers of CRLs).
        rehearsal: a drill: no key is made or retired, for devices are the live ones.
    """

    issuer: str
    clock: Clock
    database: Database
    key_store: KeyStoreTarget
    blobs: BlobStore
    tables: Tables
    runs: RunStore
    open_keys: Callable[[], Awaitable[OpenedKeys]]
    master_key_check: bytes | None
    clear_short_lived: Callable[[], Awaitable[None]]
    end_everything: Sequence[EndEverything]
    jump_ahead: Sequence[JumpAhead]
    rehearsal: bool = False

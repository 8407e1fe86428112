"""Workers of one service over one database, each with its own view of the key ring; people, licences and documents."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.wiring.secrets import SecretServices, build_secrets
from certstore.codes import HolderCode
from certstore.documents import SealedDocuments
from certstore.lifecycle import Event, State
from certstore.model import FileKind, Licence
from certstore.ports import SealedFile
from certstore.stores.access import SqlAccessStore
from certstore.stores.consents import SqlConsentStore
from certstore.stores.files import SqlFileStore
from certstore.stores.key_holders import licence_collections, licence_documents
from certstore.stores.licences import SqlLicenceStore
from core.blobs.filesystem import FilesystemBlobStore
from core.db.database import Database, WriteTx
from core.ids import new_id
from idp.directory import PersonVault
from idp.identifiers import CITIZEN_ID, PHONE
from idp.model import Account, AccountStatus
from idp.stores.key_holders import people_collections, token_holders
from idp.stores.people import SqlAccountStore
from keys.ports import KeyRecord
from keys.reencrypt.control import ReencryptionControl
from keys.reencrypt.documents import RemoveDiscarded
from keys.reencrypt.model import Batch, Change, Key
from keys.reencrypt.ports import Collection
from keys.reencrypt.run import Reencryption
from keys.reencrypt.usage import StoredKeyUsage
from keys.secrets.purposes import FIELD_PURPOSES, INDEX_PURPOSES, SERVICE_SECRETS
from keys.secrets.vault import EncryptedVault
from keys.stores.reencryption import SqlDiscardList, SqlJobStore
from tests.conformance.certstore_stores_backends import StoreHarness
from tests.support.clock import FakeClock
from tests.support.secrets import MemorySecrets, WorkersView

PURPOSES = (*FIELD_PURPOSES, *INDEX_PURPOSES)


class PowerCut(Exception):
    """The worker ends in the middle of a batch."""


class Fragile:
    """A collection whose worker may end after some rows: nothing of the batch is kept then."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self.rows_until_cut: int | None = None
        self.before_apply: Callable[[], Any] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)

    async def batch(self, last: Key | None, limit: int) -> Batch:
        found = await self._collection.batch(last, limit)
        if self.before_apply is not None:
            await self.before_apply()
        return found

    async def apply(self, tx: WriteTx, change: Change) -> bool:
        if self.rows_until_cut is not None:
            if self.rows_until_cut == 0:
                raise PowerCut
            self.rows_until_cut -= 1
        return await self._collection.apply(tx, change)


@dataclass
class Worker:
    """One process of the service."""

    view: WorkersView
    secrets: SecretServices
    stores: StoreHarness
    accounts: SqlAccountStore
    people: PersonVault
    documents: SealedDocuments
    collections: Sequence[Fragile]
    work: Reencryption
    control: ReencryptionControl
    usage: StoredKeyUsage
    discarded: RemoveDiscarded

    async def add_person(self, number: str, phone: str | None = None) -> str | None:
        """An account's id; None when the number or the phone is taken."""
        account_id = new_id(self.stores.clock, "acc")
        typed = {CITIZEN_ID: number} | ({PHONE: phone} if phone else {})
        account = Account(
            account_id,
            self.people.seal(account_id, "number", number),
            self.people.seal(account_id, "name", f"name of {number}"),
            self.people.seal(account_id, "phone", phone) if phone else None,
            "hash",
            2,
            AccountStatus.ACTIVE,
            self.stores.clock.now(),
        )
        indexes = {kind: self.people.indexes(kind, value) for kind, value in typed.items()}
        async with self.stores.database.write() as tx:
            added = await self.accounts.add(tx, account, indexes)
            if added:
                await tx.commit()
        return account_id if added else None

    async def find_person(self, kind: str, value: str) -> tuple[str, str] | None:
        """The account's id and the person's name, decrypted."""
        async with self.stores.database.read() as tx:
            account = await self.accounts.by_identifier(tx, self.people.indexes(kind, value))
        return None if account is None else (account.id, self.people.name(account))

    async def issue(self, *holders: HolderCode) -> Licence | None:
        """A licence of a type that a holder can have only once, with its document; None when one is held already."""
        harness, licence = self.stores, self.stores.a_licence(*holders)
        sealed = SealedFile(f"%PDF of {licence.id}".encode(), "seal", "sig")
        file = await self.documents.keep(sealed, licence_id=licence.id, version=1, kind=FileKind.ORIGINAL)
        async with harness.database.write() as tx:
            await harness.licences.add(tx, licence, harness.change(1, Event.ISSUE, State.VALID))
            if not await harness.licences.claim_single(tx, licence, today=harness.today):
                return None
            await harness.files.add(tx, file)
            await tx.commit()
        return licence

    async def end(self, licence: Licence) -> None:
        assert await self.stores.end(licence, Event.REVOKE, State.REVOKED)

    async def licences_of(self, holder: HolderCode) -> dict[str, Licence]:
        async with self.stores.database.read() as tx:
            return {one.id: one for one in await self.stores.licences.by_holder(tx, holder)}

    async def document_of(self, licence_id: str) -> bytes:
        async with self.stores.database.read() as tx:
            file = await self.stores.files.original(tx, licence_id, 1)
        assert file is not None
        return await self.documents.content(file)

    async def run(self) -> int:
        """Work until there is nothing to do; answers the number of batches."""
        async with asyncio.timeout(60):  # it must come to an end
            return await self.work.through()

    async def remaining(self) -> dict[str, int]:
        return {one.name: one.remaining for one in await self.control.standing()}


@dataclass
class City:
    """What the workers share."""

    ring: MemorySecrets
    database: Database
    clock: FakeClock
    blobs: FilesystemBlobStore
    folder: Path

    def worker(self, *, rows: int = 3) -> Worker:
        view = WorkersView(self.ring)
        secrets = build_secrets(view)
        fields, index = secrets.fields.licences, secrets.indexes.licences
        stores = dataclasses.replace(
            StoreHarness(self.database, self.database, self.clock),
            licences=SqlLicenceStore(fields, index),
            files=SqlFileStore(),
            consents=SqlConsentStore(fields, index),
            access=SqlAccessStore(fields, index),
        )
        vault, discards, jobs = EncryptedVault(self.blobs, secrets.fields.documents), SqlDiscardList(), SqlJobStore()
        kept = licence_documents(self.database, vault, discards, self.clock)
        collections = [
            Fragile(one)
            for one in (
                *people_collections(self.database, secrets.fields.people, secrets.indexes.people),
                *licence_collections(self.database, fields, index),
                kept,
            )
        ]
        return Worker(
            view,
            secrets,
            stores,
            SqlAccountStore(),
            PersonVault(secrets.fields.people, secrets.indexes.people, self.clock),
            SealedDocuments(vault, self.clock, self.database, discards),
            collections,
            Reencryption(self.database, jobs, collections, view.target, self.clock, rows=rows),
            ReencryptionControl(self.database, jobs, collections, self.clock),
            StoredKeyUsage(self.database, self.record, (*collections, *token_holders(self.clock)), self.clock),
            RemoveDiscarded(self.database, discards, vault, [kept], self.clock),
        )

    async def record(self, key_id: str) -> KeyRecord | None:
        """The key store's record, as far as anybody asks for it."""
        for purpose in (*SERVICE_SECRETS, *self.former):
            for key in self.ring.accepted(purpose):
                if key.key_id == key_id:
                    now = self.clock.now()
                    return KeyRecord(key_id, purpose, str(key.kind), key.state, "software:x", None, b"", now, now)
        return None

    former: tuple[str, ...] = ()

    def documents(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "blobs").rglob("*") if path.is_file())


@contextlib.asynccontextmanager
async def city(database: Database, folder: Path, clock: FakeClock, *purposes: str) -> AsyncIterator[City]:
    """An empty city; `purposes` get secrets besides those of every service."""
    ring = MemorySecrets(*SERVICE_SECRETS, *purposes)
    yield City(ring, database, clock, FilesystemBlobStore(folder / "blobs"), folder, purposes)

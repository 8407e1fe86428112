"""Batches over a real database, with documents encrypted at rest; users and receivers as a test wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from api.wiring.batches import BatchServices, compose_batches
from core.blobs.filesystem import FilesystemBlobStore
from core.principal import Principal, PrincipalKind
from keys.secrets.field import EnvelopeCipher
from keys.secrets.purposes import DOCUMENTS
from keys.secrets.vault import EncryptedVault
from signing.batches.gather import Incoming, NewBatch
from signing.batches.model import Batch, BatchFile, Owner, Wishes
from signing.model import SealStatus
from signing.stores.batches import SqlBatchStore
from tests.support.secrets import MemorySecrets
from tests.support.signing_fakes import pdf
from tests.support.signing_world import CLIENT, ORGANISATION, PLACE, SealOffice

WISHES = Wishes("document", (PLACE,), "年度发函")
REVIEWER = Principal(PrincipalKind.STAFF, "acc_reviewer", ORGANISATION, scopes=frozenset({"seal:approve"}))
KEEPER = replace(REVIEWER, id="acc_keeper", scopes=frozenset({"seal:manage"}))


def cipher() -> EnvelopeCipher:
    """The same key in every process."""
    return EnvelopeCipher(MemorySecrets(DOCUMENTS, seed="batches"), DOCUMENTS)


def vault(folder: Path) -> EncryptedVault:
    return EncryptedVault(FilesystemBlobStore(folder), cipher())


def batch_store() -> SqlBatchStore:
    return SqlBatchStore(cipher())


@dataclass
class Users:
    """Implements `signing.batches.ports.SealUsers`: everybody is still who they were, but for those who left."""

    left: set[str] = field(default_factory=set)
    known: tuple[Principal, ...] = (CLIENT,)

    async def now(self, owner: Owner) -> Principal | None:
        return next((one for one in self.known if owner.is_(one) and one.id not in self.left), None)


@dataclass
class Hearing:
    """Implements `signing.batches.ports.Receivers`: notes what it is told, and answers what a test wants."""

    answers: list[str] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)

    async def knows(self, receiver: str, organisation: str) -> bool:
        return (receiver, organisation) == ("sub_own", ORGANISATION)

    async def tell(self, receiver: str, organisation: str, message: bytes) -> str:
        self.heard.append(message)
        return self.answers.pop(0) if self.answers else "delivered"


@dataclass
class BatchOffice:
    """A seal office and its batches."""

    office: SealOffice
    users: Users = field(default_factory=Users)
    hearing: Hearing = field(default_factory=Hearing)

    def __post_init__(self) -> None:
        self.store = batch_store()
        self.services: BatchServices = compose_batches(
            self.office.database,
            self.office.vault,
            cipher(),
            self.office.clock,
            self.office.seal_file,
            users=self.users,
            receivers=self.hearing,
        )

    async def begun(self, files: Sequence[Incoming], *, actor: Principal = CLIENT, **changes: Any) -> Batch:
        """A batch of the office's first seal with these files, not started."""
        (seal,) = await self.office.seals.of_organisation(ORGANISATION)
        batch = await self.services.gather.begin(replace(NewBatch(seal.id, WISHES, actor), **changes))
        await self.services.gather.add(batch.id, files, actor)
        return batch

    async def running(self, files: Sequence[Incoming], **changes: Any) -> Batch:
        batch = await self.begun(files, **changes)
        return await self.services.steer.start(batch.id, CLIENT)

    async def batch(self, batch_id: str) -> Batch:
        async with self.office.database.read() as tx:
            found = await self.store.batch(tx, batch_id)
        assert found is not None
        return found

    async def files(self, batch_id: str) -> list[BatchFile]:
        async with self.office.database.read() as tx:
            return await self.store.files(tx, batch_id, limit=1000)

    async def change_seal(self, new: SealStatus) -> None:
        (seal,) = await self.office.seals.of_organisation(ORGANISATION)
        await self.office.change_status(seal.id, new, actor=KEEPER if new is not SealStatus.ACTIVE else REVIEWER)


def letters(count: int, *, first: int = 1) -> list[Incoming]:
    """Small files, each unlike the others."""
    return [Incoming(f"信/{number:03}.pdf", pdf(text=f"Letter {number}")) for number in range(first, first + count)]


def bad(name: str = "坏.pdf") -> Incoming:
    return Incoming(name, b"no pdf at all")

"""Signs hashes of whatever a caller's software wants signed, under the grant that says so (CSC API v2 §11.9; S-53).

Nothing of what is signed is ours, so this tells nothing of it: no level, no document. All hashes of one call are signed
and entered, or none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.clock import Clock
from core.db.database import Database
from core.errors import AppError, Unavailable
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from keys.ports import KeyProvider, Signer, SignsDigests
from signing.digests.model import Digest
from signing.digests.words import check_algorithm
from signing.model import GrantForm, Seal, SignatureRecord
from signing.ports import SealStore, UseRequestStore
from signing.seal_pdf import check_words
from signing.use_rights import Use, UseRights
from signing.work_pool import WorkPool
from signing.writers import SealWriters

NO_LEVEL = "none"
"""In place of a signature level: what the signature will stand in is not known."""


@dataclass(frozen=True, slots=True)
class SignHashesCommand:
    """Hashes to sign, all of one algorithm.

    Attributes:
        names: what the caller calls the document of each hash, where they do.
    """

    hashes: tuple[Digest, ...]
    seal_id: str
    actor: Principal
    document_class: str
    reason: str | None = field(default=None, repr=False)
    names: tuple[str | None, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class SignedHash:
    """A signature's value, in the form of `keys.ports.Signer.sign`, and its entry in the ledger."""

    value: bytes
    signature_id: str


class SignHashes:
    """Signs for somebody who holds a grant for hashes."""

    def __init__(
        self,
        database: Database,
        store: SealStore,
        requests: UseRequestStore,
        keys: KeyProvider,
        clock: Clock,
        pool: WorkPool,
    ) -> None:
        self._database = database
        self._rights = UseRights(database, store, requests, clock)
        self._writers = SealWriters(keys)
        self._clock = clock
        self._pool = pool

    async def __call__(self, command: SignHashesCommand) -> Sequence[SignedHash]:
        """
        Raises:
            SealNotGranted, SealNotActive, SealUsesSpent: as `SealPdf`.
            core.errors.InvalidInput: `digest-algorithm-other`, `document-class-invalid`, `reason-invalid`.
            core.errors.LimitExceeded: `busy`.
            core.errors.Unavailable: the key does not answer, or takes no hashes.
        """
        use = Use(command.actor, command.seal_id, command.document_class, GrantForm.HASH)
        try:
            return await self._sign(command, use)
        except AppError as refusal:
            await self._rights.refuse(use, refusal)
            raise

    async def _sign(self, command: SignHashesCommand, use: Use) -> Sequence[SignedHash]:
        check_words(command.document_class, command.reason)
        seal, grants = await self._rights.granted(use)
        writer = self._writers.of(seal)
        for one in command.hashes:
            check_algorithm(one, writer.digest)
        usable = await self._rights.usable(use, grants, str, uses=len(command.hashes))
        values = await self._pool.run(_values, writer.signer, command.hashes)
        records = [self._record(command, seal, number, value) for number, value in enumerate(values)]
        async with self._database.write() as tx:
            for record in records:
                await self._rights.enter(tx, use, usable, record)
            await tx.commit()
        return [SignedHash(value, record.id) for value, record in zip(values, records, strict=True)]

    def _record(self, command: SignHashesCommand, seal: Seal, number: int, value: bytes) -> SignatureRecord:
        signed = command.hashes[number]
        return SignatureRecord(
            id=new_id(self._clock, "sig"),
            seal_id=seal.id,
            actor_kind=command.actor.kind.value,
            actor_id=command.actor.id[:128],
            actor_organisation=command.actor.organisation,
            document_class=command.document_class,
            reason=command.reason,
            digest_before=signed.fingerprint,
            digest_after=hashlib.sha256(value).hexdigest(),
            level=NO_LEVEL,
            signed_at=self._clock.now().replace(microsecond=0),
            certificate=hashlib.sha256(seal.certificate).hexdigest(),
            form=GrantForm.HASH,
            signed_digest=signed.text,
            document_name=command.names[number] if command.names else None,
        )


def _values(signer: Signer, hashes: Sequence[Digest]) -> list[bytes]:
    if not isinstance(signer, SignsDigests):
        raise Unavailable(
            "key-takes-no-hashes",
            Text("这枚印章的密钥不能直接签哈希值。", "The key of this seal does not sign hashes."),
        )
    return [signer.sign_digest(one.value) for one in hashes]

"""Signs the digest of a document that stays with its caller, with signed attributes of our own (attacks S-53).

The caller has a grant for digests, says what the document is, and gets a container; nobody here saw the document, and
the ledger and the public log say so. Everything else is as for files: ceilings, approvals, idempotency, revocation.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from core.clock import Clock
from core.db.database import Database
from core.errors import AppError, Conflict, InvalidInput
from core.files.reading import whole
from core.idempotency import fingerprint_of
from core.ids import new_id
from core.text import Text
from keys.ports import DocumentVault, KeyProvider
from signing.digests.model import SignDigestCommand, SignedDigest
from signing.digests.words import check_algorithm, check_unseen
from signing.errors import LevelNotReached
from signing.levels import Level, LevelPolicy
from signing.longlife.ports import Timestamps
from signing.longlife.rooms import StampRoom
from signing.model import GrantForm, Seal, SealGrant, SignatureRecord
from signing.pades.cms_writer import CmsWriter, SignatureValue
from signing.ports import SealStore, UseRequestStore
from signing.seals.look_up import document_context
from signing.use_entry import Once, UseEntry
from signing.use_rights import Use, UseRights
from signing.work_pool import WorkPool
from signing.writers import SealWriters


@dataclass(frozen=True, slots=True)
class _Made:
    """A signature before it is entered."""

    seal: Seal
    reason: str
    value: SignatureValue
    container: bytes
    level: Level


class SignDigest:
    """Signs one digest for somebody who holds a grant of this form."""

    def __init__(
        self,
        database: Database,
        store: SealStore,
        requests: UseRequestStore,
        vault: DocumentVault,
        keys: KeyProvider,
        clock: Clock,
        pool: WorkPool,
        timestamps: Timestamps,
        room: StampRoom,
    ) -> None:
        self._rights = UseRights(database, store, requests, clock)
        self._entry = UseEntry(database, store, self._rights, vault, clock)
        self._vault = vault
        self._writers = SealWriters(keys)
        self._clock = clock
        self._pool = pool
        self._timestamps = timestamps
        self._room = room

    async def __call__(self, command: SignDigestCommand) -> SignedDigest:
        """
        Raises:
            SealNotGranted: `seal-not-granted`; also for a seal that does not exist.
            SealNotActive, SealUsesSpent, SealApprovalNeeded, UseRequestNotFound, UseRequestOver: as `SealPdf`.
            core.errors.InvalidInput: the digest, a word or the level is not acceptable.
            core.errors.Conflict: `idempotency-key-reused`, `digest-room-too-small`.
            core.errors.LimitExceeded: `busy`.
            core.errors.Unavailable: the key does not answer, or the level cannot be had.
        """
        use = _use(command)
        try:
            return await self._sign(command, use)
        except AppError as refusal:
            await self._rights.refuse(use, refusal)
            raise

    async def _sign(self, command: SignDigestCommand, use: Use) -> SignedDigest:
        reason = check_unseen(command.document_class, command.document_name, command.reason)
        _check_level(command.level)
        seal, grants = await self._rights.granted(use)
        once = Once.of(command.actor, "seal.digest", command.idempotency_key, _fingerprint(command))
        earlier = await self._entry.earlier(once)
        if earlier is not None:
            return await self._signed(earlier)
        writer = self._writers.of(seal)
        check_algorithm(command.digest, writer.digest)
        usable = await self._rights.usable(use, grants, lambda: command.digest.fingerprint)
        value = await self._pool.run(writer.value, command.digest.value)
        container, level = await self._container(command, writer, value)
        if command.room is not None and len(container) > command.room:
            raise _too_small()
        made = _Made(seal, reason, value, container, level)
        return await self._kept(command, use, usable, once, made)

    async def _container(
        self, command: SignDigestCommand, writer: CmsWriter, value: SignatureValue
    ) -> tuple[bytes, Level]:
        """The signature with its time-stamp, if one is wanted and can be had."""
        if command.level is Level.B_B:
            return writer.container(value), Level.B_B
        try:
            stamped = await self._timestamps.stamp(value.signature)
        except AppError:
            if command.level_policy is LevelPolicy.EXACTLY:
                raise LevelNotReached(command.level.value, Level.B_B.value) from None
            return writer.container(value), Level.B_B
        self._room.learn(len(stamped.token.encoded))
        return writer.container(value, stamped.token.encoded), Level.B_T

    async def _kept(
        self, command: SignDigestCommand, use: Use, usable: Sequence[SealGrant], once: Once | None, made: _Made
    ) -> SignedDigest:
        """Keep the container for a repeated request, then enter the use; only then may it leave."""
        signature_id, signed_at = new_id(self._clock, "sig"), self._clock.now().replace(microsecond=0)
        address = await self._vault.keep(made.container, context=document_context(signature_id))
        record = _record(command, made, signature_id, signed_at, address)
        earlier = await self._entry.enter(use, usable, record, once)
        if earlier is not None:
            return await self._signed(earlier)
        return SignedDigest(
            made.container, signature_id, made.seal.id, signed_at, made.level.value, command.level.value
        )

    async def _signed(self, signature_id: str) -> SignedDigest:
        record, container = await self._entry.made(signature_id)
        return SignedDigest(whole(container), record.id, record.seal_id, record.signed_at, record.level, record.level)


def _use(command: SignDigestCommand) -> Use:
    return Use(command.actor, command.seal_id, command.document_class, GrantForm.DIGEST, command.request_id)


def _fingerprint(command: SignDigestCommand) -> str:
    words = (command.seal_id, command.document_class, command.document_name, command.reason)
    return fingerprint_of(command.digest.text, *words, command.level, command.level_policy)


def _record(
    command: SignDigestCommand, made: _Made, signature_id: str, signed_at: dt.datetime, address: str
) -> SignatureRecord:
    return SignatureRecord(
        id=signature_id,
        seal_id=made.seal.id,
        actor_kind=command.actor.kind.value,
        actor_id=command.actor.id[:128],
        actor_organisation=command.actor.organisation,
        document_class=command.document_class,
        reason=made.reason,
        digest_before=command.digest.fingerprint,
        digest_after=hashlib.sha256(made.value.signature).hexdigest(),
        level=made.level.value,
        signed_at=signed_at,
        document=address,
        certificate=hashlib.sha256(made.seal.certificate).hexdigest(),
        request_id=command.request_id,
        form=GrantForm.DIGEST,
        signed_digest=command.digest.text,
        document_name=command.document_name,
    )


def _check_level(level: Level) -> None:
    if level not in (Level.B_B, Level.B_T):
        raise InvalidInput(
            "level-needs-document",
            Text(
                "只送摘要时签名级别最高为 B-T；更长期的级别要把文件送来延长。",
                "A digest alone is signed at B-B or B-T; what lasts longer is written into the document itself.",
            ),
            field="level",
        )


def _too_small() -> Conflict:
    return Conflict(
        "digest-room-too-small",
        Text(
            "文件里为签名留的位置不够，没有盖。请重新取一次盖章条件，再准备文件。",
            "The room for the signature in the file is too small; nothing was sealed. Ask for the terms again and "
            "prepare the file anew.",
        ),
    )

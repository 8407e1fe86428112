"""Asks for a second person's approval of a digest; the one who decides knows name, class, reason, digest, no more."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from core.clock import Clock
from core.db.database import Database
from core.principal import Principal
from signing.digests.model import Digest
from signing.digests.words import check_unseen
from signing.model import GrantForm, UseRequest
from signing.ports import SealStore, UseRequestStore
from signing.refusals import refusals_on_record
from signing.use_rights import Use, UseRights
from signing.uses.ask import REQUESTING, add_request, new_request


@dataclass(frozen=True, slots=True)
class AskForDigestCommand:
    """A digest to have approved; the words are all that the one who decides has to go by."""

    digest: Digest
    seal_id: str
    actor: Principal
    document_class: str
    document_name: str = field(repr=False)
    reason: str = field(repr=False)


class AskForDigest:
    """Enters a request for this very digest."""

    def __init__(self, database: Database, store: SealStore, requests: UseRequestStore, clock: Clock) -> None:
        self._database = database
        self._rights = UseRights(database, store, requests, clock)
        self._requests = requests
        self._clock = clock

    async def __call__(self, command: AskForDigestCommand) -> UseRequest:
        """
        Raises:
            SealNotGranted: also for a seal that does not exist.
            SealNotActive
            core.errors.Conflict: `seal-approval-not-needed`.
            core.errors.InvalidInput: `reason-invalid`, `document-class-invalid`, `document-name-invalid`.
            core.errors.LimitExceeded: `too-many-requests-open`.
        """
        reason = check_unseen(command.document_class, command.document_name, command.reason)
        async with refusals_on_record(self._database, REQUESTING, command.actor, subject=command.seal_id):
            use = Use(command.actor, command.seal_id, command.document_class, GrantForm.DIGEST)
            grant = await self._rights.to_ask(use)
            made = new_request(use, grant, reason, command.digest.fingerprint, self._clock)
            request = replace(made, signed_digest=command.digest.text, document_name=command.document_name)
            async with self._database.write() as tx:
                await add_request(tx, self._requests, request, command.actor)
                await tx.commit()
        return request

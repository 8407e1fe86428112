"""What a caller needs to prepare a file on their own machine: the seal's name, picture, digest, and room to leave."""

from __future__ import annotations

from core.clock import Clock
from core.db.database import Database
from core.principal import Principal
from keys.ports import KeyProvider
from signing.digests.model import DigestTerms
from signing.longlife.rooms import StampRoom
from signing.model import GrantForm
from signing.pades.cms_writer import TIMESTAMP_FRAME
from signing.ports import SealStore, UseRequestStore
from signing.refusals import refusals_on_record
from signing.use_rights import Use, UseRights
from signing.writers import SealWriters


class TellDigestTerms:
    """For those who hold a grant for digests; to everybody else the seal's picture is not given away."""

    def __init__(
        self,
        database: Database,
        store: SealStore,
        requests: UseRequestStore,
        keys: KeyProvider,
        clock: Clock,
        room: StampRoom,
    ) -> None:
        self._database = database
        self._rights = UseRights(database, store, requests, clock)
        self._writers = SealWriters(keys)
        self._room = room

    async def __call__(self, seal_id: str, document_class: str, *, actor: Principal) -> DigestTerms:
        """
        Raises:
            SealNotGranted: also for a seal that does not exist.
            SealNotActive
            core.errors.Unavailable: the key is not there.
        """
        async with refusals_on_record(self._database, "seal.digest-terms", actor, subject=seal_id):
            seal, _ = await self._rights.granted(Use(actor, seal_id, document_class, GrantForm.DIGEST))
        writer = self._writers.of(seal)
        return DigestTerms(
            seal_id=seal.id,
            signer=seal.name.zh,
            algorithm=writer.digest,
            octets=writer.size + self._room.octets + TIMESTAMP_FRAME,
            image=seal.image,
            certificates=seal.certificates,
        )

"""Gives a seal the certificate that a licensed authority issued over its key, in place of ours.

What the seal signed under former certificates stays its own. Whether the new one counts is for the trust list to say.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.principal import Principal
from signing.errors import SealCertificateStale, SealNotActive, SealNotFound, SealNotYours
from signing.model import Seal, SealStatus
from signing.policy import may_manage
from signing.ports import SealCertificates, SealStore

_ACTION = "seal.certify"


class TakeOverCertificate:
    """Requests for a licensed authority, and what comes back."""

    def __init__(self, database: Database, store: SealStore, certificates: SealCertificates, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._certificates = certificates
        self._clock = clock

    async def __call__(self, seal_id: str, chain: Sequence[bytes], *, actor: Principal) -> Seal:
        """
        Args:
            chain: the certificate first, its root last, DER.

        Raises:
            SealNotFound, SealNotYours
            SealNotActive: the seal is suspended or revoked.
            SealCertificateStale: somebody else has changed the certificate meanwhile.
            core.errors.InvalidInput: the certificate is not for this seal's key, or cannot be of use.
        """
        seal = await self._managed(seal_id, actor)
        if seal.status is not SealStatus.ACTIVE:
            raise SealNotActive
        certificates = await self._certificates.take_over(seal.key_purpose, chain)
        async with self._database.write() as tx:
            put = await self._store.set_certificates(
                tx, seal_id, expected=seal.certificate, certificates=certificates, at=self._clock.now()
            )
            if not put:
                raise SealCertificateStale
            after = await self._store.seal(tx, seal_id)
            assert after is not None
            tx.audit(AuditEvent(_ACTION, "done", actor, subject=seal_id, detail={"how": "external"}))
            await tx.commit()
        return after

    async def request(self, seal_id: str, *, actor: Principal) -> bytes:
        """A request for the seal's key, PKCS #10 in DER, to be taken to a licensed authority.

        Raises:
            SealNotFound, SealNotYours
            core.errors.Unavailable: the key does not answer.
        """
        seal = await self._managed(seal_id, actor)
        return await self._certificates.request(
            organisation_name=seal.name.zh,
            organisation_code=seal.organisation,
            seal_name=seal.name.zh,
            seal_code=seal.code,
            purpose=seal.key_purpose,
        )

    async def _managed(self, seal_id: str, actor: Principal) -> Seal:
        async with self._database.read() as tx:
            seal = await self._store.seal(tx, seal_id)
        if seal is None:
            raise SealNotFound
        if not may_manage(actor, seal.organisation):
            await self._database.record(AuditEvent(_ACTION, "refused", actor, subject=seal_id))
            raise SealNotYours
        return seal

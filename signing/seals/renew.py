"""Gives a seal a new certificate over the same key, before the one that it has ends.

What the seal signed under former certificates stays its own: the register remembers every certificate it ever had.
"""

from __future__ import annotations

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.principal import Principal
from signing.errors import SealCertificateStale, SealNotActive, SealNotFound, SealNotYours
from signing.model import Seal, SealStatus
from signing.policy import may_manage
from signing.ports import CertificateAuthority, SealCertificates, SealStore
from signing.seals.revoke import stop_certificates


class RenewSealCertificate:
    """Puts a renewed certificate in place of the seal's present one, in one step."""

    def __init__(
        self,
        database: Database,
        store: SealStore,
        authority: CertificateAuthority,
        certificates: SealCertificates,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._authority = authority
        self._certificates = certificates
        self._clock = clock

    async def __call__(self, seal_id: str, *, actor: Principal) -> Seal:
        """A new certificate of our own authority, with the names that the seal's present one has.

        Raises:
            SealNotFound, SealNotYours
            SealNotActive: the seal is suspended or revoked.
            SealCertificateStale: somebody else has changed the certificate meanwhile.
            core.errors.Conflict: the present certificate is not ours, held or revoked.
            core.errors.Unavailable: `key-missing` without an authority; `key-unavailable`.
        """
        seal = await self._managed(seal_id, actor)
        certificate = await self._authority.renew_seal_certificate(seal.certificate)
        # the root is left out: who verifies must have it from elsewhere
        chain = (certificate, *list(self._authority.issuing_chain())[:-1])
        async with self._database.write() as tx:
            put = await self._store.set_certificates(
                tx, seal.id, expected=seal.certificate, certificates=chain, at=self._clock.now()
            )
            after = await self._store.seal(tx, seal.id)
            assert after is not None
            if not put:
                await stop_certificates(self._certificates, after)  # the seal may have been stopped meanwhile
                raise SealCertificateStale
            tx.audit(AuditEvent("seal.certify", "done", actor, subject=seal.id, detail={"how": "renewed"}))
            await tx.commit()
        return after

    async def _managed(self, seal_id: str, actor: Principal) -> Seal:
        async with self._database.read() as tx:
            seal = await self._store.seal(tx, seal_id)
        if seal is None:
            raise SealNotFound
        if not may_manage(actor, seal.organisation):
            await self._database.record(AuditEvent("seal.certify", "refused", actor, subject=seal_id))
            raise SealNotYours
        if seal.status is not SealStatus.ACTIVE:
            raise SealNotActive
        return seal

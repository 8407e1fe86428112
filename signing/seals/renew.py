"""Gives a seal a new certificate over the same key, before the one that it has ends; and its national form anew.

A national form comes with a new key: what SESeal says is signed once, and nothing in it can be renewed by itself.

What the seal signed under former certificates stays its own: the register remembers every certificate it ever had.
"""

from __future__ import annotations

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.principal import Principal
from signing.errors import SealCertificateStale, SealFormMissing, SealNotActive, SealNotFound, SealNotYours
from signing.model import Seal, SealStatus
from signing.national.give import make_form, settle_or_log
from signing.national.model import NationalForm
from signing.national.ports import NationalKeys, NationalStore
from signing.national.workshop import NationalWorkshop
from signing.policy import may_manage
from signing.ports import CertificateAuthority, SealCertificates, SealStore
from signing.seals.revoke import stop_certificates

_ANEW: dict[str, str | int | bool | None] = {"how": "national form renewed"}


class RenewSealCertificate:
    """Puts a renewed certificate in place of the seal's present one, in one step."""

    def __init__(
        self,
        database: Database,
        store: SealStore,
        national: NationalStore,
        workshop: NationalWorkshop,
        keys: NationalKeys,
        authority: CertificateAuthority,
        certificates: SealCertificates,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._national = national
        self._workshop = workshop
        self._keys = keys
        self._authority = authority
        self._certificates = certificates
        self._clock = clock

    async def __call__(self, seal_id: str, *, actor: Principal) -> Seal:
        """A new certificate of our own authority, with the names that the seal's present one has. SESeal is made anew
        with a certificate over a new SM2 key; the former one stays known, and its key is destroyed.

        Raises:
            SealNotFound, SealNotYours
            SealNotActive: the seal is suspended or revoked.
            SealCertificateStale: somebody else has changed the certificate meanwhile.
            core.errors.Conflict: the present certificate is not ours, held or revoked.
            core.errors.Unavailable: `key-missing` without an authority; `key-unavailable`.
        """
        seal = await self._managed(seal_id, actor)
        form = await make_form(self._workshop, seal) if seal.profile.national else None
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
            if form is not None:
                await self._national.add(tx, form, code=seal.code)
            tx.audit(AuditEvent("seal.certify", "done", actor, subject=seal.id, detail={"how": "renewed"}))
            await tx.commit()
        if form is not None:
            await settle_or_log(self._database, self._national, self._keys, form)
        return after

    async def national(self, seal_id: str, *, actor: Principal) -> NationalForm:
        """The national form alone, made anew; for a seal whose other certificate is not of our authority.

        Raises:
            SealNotFound, SealNotYours
            SealNotActive: the seal is suspended or revoked.
            SealFormMissing: it has no national form.
            core.errors.Unavailable: as `signing.national.workshop.NationalWorkshop.make`.
        """
        seal = await self._managed(seal_id, actor)
        if not seal.profile.national:
            raise SealFormMissing
        form = await make_form(self._workshop, seal)
        async with self._database.write() as tx:
            if not await self._national.widen(tx, seal.id, seal.profile):  # it was stopped meanwhile
                after = await self._store.seal(tx, seal.id)
                assert after is not None
                await stop_certificates(self._certificates, after)
                raise SealNotActive
            await self._national.add(tx, form, code=seal.code)
            tx.audit(
                AuditEvent("seal.certify", "done", actor, subject=seal.id, detail={"how": "national form renewed"})
            )
            await tx.commit()
        await settle_or_log(self._database, self._national, self._keys, form)
        return form

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

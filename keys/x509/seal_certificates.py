"""Certificates of a seal through its life: requested, taken over from elsewhere, held and ended with the seal."""

from __future__ import annotations

from collections.abc import Sequence

from keys.ports import KeyProvider
from keys.x509.csr import write_request
from keys.x509.external import ImportCertificate
from keys.x509.life import ChangeCertificate
from keys.x509.model import CertificateQuery, CertificateRecord, CertificateStatus, Origin, RevocationReason
from keys.x509.names import seal_name as seal_subject
from keys.x509.ports import CertificateStore

_MOST = 200


class SealCertificates:
    """Acts on every certificate that we issued for a seal's key; external ones are their issuer's to revoke."""

    def __init__(
        self, keys: KeyProvider, store: CertificateStore, change: ChangeCertificate, take_over: ImportCertificate
    ) -> None:
        self._keys = keys
        self._store = store
        self._change = change
        self._take_over = take_over

    async def suspend(self, purpose: str) -> None:
        """Hold every good certificate of the key."""
        for one in await self._own(purpose, CertificateStatus.GOOD):
            await self._change.suspend(one.sha256)

    async def resume(self, purpose: str) -> None:
        """Make every held certificate of the key good again."""
        for one in await self._own(purpose, CertificateStatus.HELD):
            await self._change.resume(one.sha256)

    async def revoke(self, purpose: str) -> None:
        """Revoke every certificate of the key: the seal is no longer used (cessationOfOperation)."""
        for status in (CertificateStatus.GOOD, CertificateStatus.HELD):
            for one in await self._own(purpose, status):
                await self._change.revoke(one.sha256, RevocationReason.CESSATION_OF_OPERATION)

    async def take_over(self, purpose: str, chain: Sequence[bytes]) -> tuple[bytes, ...]:
        """An external certificate for the key; as `ImportCertificate`."""
        return await self._take_over(purpose, chain)

    async def request(
        self, *, organisation_name: str, organisation_code: str, seal_name: str, seal_code: str, purpose: str
    ) -> bytes:
        """A request for a certificate of the key, to be taken to another authority: PKCS #10, DER.

        Raises:
            CertificateRefused: a name cannot stand in a certificate.
            core.errors.Unavailable: `key-missing`; `key-unavailable`.
        """
        subject = seal_subject(
            organisation_name=organisation_name,
            organisation_code=organisation_code,
            seal_name=seal_name,
            seal_code=seal_code,
        )
        return await write_request(subject, self._keys.signer(purpose))

    async def _own(self, purpose: str, status: CertificateStatus) -> list[CertificateRecord]:
        found = await self._store.search(CertificateQuery(purpose=purpose, status=status, limit=_MOST))
        return [one for one in found if one.origin is Origin.OWN]

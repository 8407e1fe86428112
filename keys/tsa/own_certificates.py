"""Certificates of our own units, issued by our own authority for time-stamps."""

from __future__ import annotations

import datetime as dt

from asn1crypto import x509

from core.clock import Clock
from keys.errors import KeyMissing, KeyStateConflict
from keys.keyring import KeyRing
from keys.ports import KeyStore, Signer
from keys.spec import SignatureAlgorithm
from keys.tsa.identifiers import TIME_STAMPING, TIMESTAMP_POLICY
from keys.x509.authority import ROOT_PURPOSE, record_of
from keys.x509.certificate import CertificateProfile, CertificateRequest, build_certificate
from keys.x509.names import authority_name

ISSUING_PURPOSE = "ca.timestamps"
TIMESTAMP = CertificateProfile(
    None,
    frozenset({"digital_signature"}),
    (TIME_STAMPING,),
    policies=(TIMESTAMP_POLICY,),
    critical_usage=True,  # RFC 3161 §2.3
)
ISSUING = CertificateProfile(0, frozenset({"key_cert_sign", "crl_sign"}), policies=(TIMESTAMP_POLICY,))
_LIFE = dt.timedelta(days=5 * 365)
_ISSUING_LIFE = dt.timedelta(days=15 * 365)


class OwnCertificates:
    """Implements `keys.tsa.ports.TimestampCertificates`.

    Args:
        city: the O of the units' subjects.
        development: make the issuing authority if it is not there.
    """

    def __init__(self, ring: KeyRing, store: KeyStore, clock: Clock, *, city: str, development: bool) -> None:
        self._ring = ring
        self._store = store
        self._clock = clock
        self._city = city
        self._development = development

    async def chain(self, purpose: str, key_id: str) -> tuple[bytes, ...]:
        found = await self._store.certificates(purpose, key_id)
        issuer = await self._issuing()
        if not found or issuer is None or found[0].not_after <= self._clock.now():
            return ()
        return found[0].der, issuer

    async def certify(self, purpose: str, key_id: str, public_key: bytes) -> None:
        if await self._store.certificates(purpose, key_id):
            return
        issuer = await self._issuing()
        if issuer is None:
            issuer = await self._make_issuing()
        issuing = x509.Certificate.load(issuer)
        subject = authority_name(self._city, f"Time-stamping Unit {purpose.partition('/')[2]}")
        now = self._clock.now().replace(microsecond=0)
        not_after = min(now + _LIFE, issuing.not_valid_after)
        request = CertificateRequest(subject, public_key, now, not_after, TIMESTAMP)
        signer = self._ring.signer(ISSUING_PURPOSE)
        certificate = await build_certificate(request, issuer=issuing.subject, signer=signer)
        await self._store.add_certificate(record_of(certificate, purpose, key_id, now))

    async def anchors(self) -> list[bytes]:
        """Our root, DER; empty when there is none yet."""
        found = await self._certificate_of(ROOT_PURPOSE)
        return [] if found is None else [found]

    async def _issuing(self) -> bytes | None:
        return await self._certificate_of(ISSUING_PURPOSE)

    async def _certificate_of(self, purpose: str) -> bytes | None:
        try:
            signer = self._ring.signer(purpose)
        except KeyMissing:
            return None
        found = await self._store.certificates(purpose, signer.key_id)
        return found[0].der if found else None

    async def _make_issuing(self) -> bytes:
        root = await self._certificate_of(ROOT_PURPOSE)
        if root is None or not self._development:
            raise KeyMissing(ISSUING_PURPOSE)
        key = await self._issuing_key()
        now = self._clock.now().replace(microsecond=0)
        issuer = x509.Certificate.load(root)
        subject = authority_name(self._city, "Yizheng Development Time-stamp Authority")
        not_after = min(now + _ISSUING_LIFE, issuer.not_valid_after)
        request = CertificateRequest(subject, key.public_key, now, not_after, ISSUING)
        made = await build_certificate(request, issuer=issuer.subject, signer=self._ring.signer(ROOT_PURPOSE))
        await self._store.add_certificate(record_of(made, ISSUING_PURPOSE, key.key_id, now))
        return (await self._store.certificates(ISSUING_PURPOSE, key.key_id))[0].der

    async def _issuing_key(self) -> Signer:
        try:
            return self._ring.signer(ISSUING_PURPOSE)
        except KeyMissing:
            pass
        try:
            return await self._ring.create(ISSUING_PURPOSE, SignatureAlgorithm.ES256)
        except KeyStateConflict:  # another worker was faster
            await self._ring.refresh()
            return self._ring.signer(ISSUING_PURPOSE)

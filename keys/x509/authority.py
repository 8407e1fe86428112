"""The certification authority for seals: issues certificates for keys that the key ring holds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from asn1crypto import x509

from core.clock import Clock
from core.text import Text
from keys.errors import CertificateRefused, KeyMissing, KeyRefused, KeyStoreDamaged
from keys.jose.jwk import thumbprint
from keys.ports import CertificateRecord, KeyProvider, KeyStore
from keys.spec import ALGORITHMS, Use
from keys.x509.certificate import ISSUING, ROOT, SEAL, CertificateRequest, build_certificate
from keys.x509.chain import check_chain
from keys.x509.names import seal_name as seal_subject

ROOT_PURPOSE = "ca.root"
ISSUING_PURPOSE = "ca.seals"
SEAL_PURPOSE = "seal"

_SEAL_LIFE = dt.timedelta(days=5 * 365)


@dataclass(frozen=True, slots=True)
class _Chain:
    issuing: x509.Certificate
    issuing_der: bytes
    root_der: bytes


class CertificateAuthority:
    """Issues and records seal certificates. `load` first; the chain then stays in memory.

    Args:
        provider: holds the keys `ca.root` and `ca.seals`.
        store: holds the certificates.
    """

    def __init__(self, provider: KeyProvider, store: KeyStore, clock: Clock) -> None:
        self._provider = provider
        self._store = store
        self._clock = clock
        self._chain: _Chain | None = None

    async def load(self) -> bool:
        """Read the authority's own certificates; False when there are none yet.

        Raises:
            KeyStoreDamaged: a stored certificate is not for the key of the ring, or the chain does not hold.
        """
        root = await self._own(ROOT_PURPOSE)
        issuing = await self._own(ISSUING_PURPOSE)
        if root is None or issuing is None:
            return False
        self._chain = _Chain(x509.Certificate.load(issuing), issuing, root)
        return True

    def issuing_chain(self) -> list[bytes]:
        """DER: the issuing authority, then the root.

        Raises:
            KeyMissing: there is no authority yet.
        """
        chain = self._ready()
        return [chain.issuing_der, chain.root_der]

    def trust_anchors(self) -> list[bytes]:
        """DER of the roots that our own verification trusts.

        Raises:
            KeyMissing: there is no authority yet.
        """
        return [self._ready().root_der]

    async def issue_seal_certificate(
        self,
        *,
        organisation_name: str,
        organisation_code: str,
        seal_name: str,
        seal_code: str,
        public_key: bytes,
        life: dt.timedelta = _SEAL_LIFE,
    ) -> bytes:
        """A certificate in DER for one electronic seal (RFC 5280; RFC 9336 documentSigning), recorded in the store.

        Args:
            organisation_code: 统一社会信用代码 of the organisation that owns the seal.
            seal_code: 印章编码.
            public_key: SubjectPublicKeyInfo of the seal's key: of any algorithm that may sign documents.
            life: how long it is valid; never longer than the issuing authority.

        Raises:
            CertificateRefused: a name or the key cannot be certified.
            core.errors.Unavailable: `key-missing` without an authority; `key-unavailable`.
        """
        chain = self._ready()
        now = self._clock.now().replace(microsecond=0)
        request = CertificateRequest(
            subject=seal_subject(
                organisation_name=organisation_name,
                organisation_code=organisation_code,
                seal_name=seal_name,
                seal_code=seal_code,
            ),
            public_key=public_key,
            not_before=now,
            not_after=min(now + life, chain.issuing.not_valid_after),
            profile=SEAL,
        )
        subject_key_id = self._certifiable(public_key)
        signer = self._provider.signer(ISSUING_PURPOSE)
        certificate = await build_certificate(request, issuer=chain.issuing.subject, signer=signer)
        der: bytes = certificate.dump()
        check_chain([der, *self.issuing_chain()], moment=now)
        await self._store.add_certificate(record_of(certificate, SEAL_PURPOSE, subject_key_id, now))
        return der

    def _certifiable(self, public_key: bytes) -> str:
        """The key's thumbprint; an authority never certifies its own key as a seal's."""
        for algorithm, row in ALGORITHMS.items():
            if Use.DOCUMENT not in row.uses:
                continue
            try:
                key_id = thumbprint(public_key, algorithm)
            except KeyRefused:
                continue
            own = {self._provider.signer(purpose).key_id for purpose in (ROOT_PURPOSE, ISSUING_PURPOSE)}
            if key_id not in own:
                return key_id
        text = Text("该公钥不能用于电子印章证书。", "This public key cannot be used for a seal's certificate.")
        raise CertificateRefused(text, field="public_key")

    def _ready(self) -> _Chain:
        if self._chain is None:
            raise KeyMissing(ISSUING_PURPOSE)
        return self._chain

    async def _own(self, purpose: str) -> bytes | None:
        try:
            signer = self._provider.signer(purpose)
        except KeyMissing:
            return None
        found = await self._store.certificates(purpose, signer.key_id)
        if not found:
            return None
        if x509.Certificate.load(found[0].der).public_key.dump() != signer.public_key:
            raise KeyStoreDamaged(f"the certificate of {purpose} is for another key")
        return found[0].der


def record_of(certificate: x509.Certificate, purpose: str, key_id: str, now: dt.datetime) -> CertificateRecord:
    """The row in which a certificate is kept."""
    serial = f"{certificate.serial_number:x}"
    return CertificateRecord(serial, purpose, key_id, certificate.dump(), certificate.not_valid_after, created_at=now)


PROFILES = {ROOT_PURPOSE: ROOT, ISSUING_PURPOSE: ISSUING}

"""Certificates that a licensed authority issued over keys of ours: taken over with the path above them.

Whether such a certificate counts is decided where documents are judged, by the trust lists. Here it is only made sure
that it is for the key, that it is whole, and that it can be of use at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from asn1crypto import x509

from core.clock import Clock
from core.text import Text
from keys.errors import CertificateRefused, ChainRefused, KeyRefused, SignatureRefused
from keys.ports import KeyProvider
from keys.spec import Use
from keys.verification import algorithm_of_identifier, check_signature
from keys.x509.chain import check_chain
from keys.x509.files import LARGEST
from keys.x509.identifiers import CLIENT_AUTH, OCSP_SIGNING, TIME_STAMPING
from keys.x509.model import CertificateRecord, Origin, record_of
from keys.x509.ports import CertificateStore
from keys.x509.subject_key import key_id_of

_LONGEST_PATH = 6
_SERVER_AUTH, _CODE_SIGNING, _ANY = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.3", "2.5.29.37.0"
_NOT_DOCUMENTS = frozenset({_SERVER_AUTH, CLIENT_AUTH, _CODE_SIGNING, TIME_STAMPING, OCSP_SIGNING, _ANY})


class ImportCertificate:
    """Takes over an external certificate for a key of the ring."""

    def __init__(self, keys: KeyProvider, store: CertificateStore, clock: Clock) -> None:
        self._keys = keys
        self._store = store
        self._clock = clock

    async def __call__(self, purpose: str, chain: Sequence[bytes]) -> tuple[bytes, ...]:
        """The certificate and its issuers without the root, DER, as a signature carries them; entered in the register.

        Args:
            purpose: ring purpose of the key, `seal/…`.
            chain: the certificate first, its root last, DER.

        Raises:
            CertificateRefused: it is for another key, or not for signing documents.
            ChainRefused: the path does not hold now, or is signed with an algorithm that does not count.
            core.errors.Unavailable: `key-missing`.
        """
        if not 2 <= len(chain) <= _LONGEST_PATH or sum(map(len, chain)) > LARGEST:
            raise ChainRefused("the whole path is needed, from the certificate to its root")
        signer = self._keys.signer(purpose)
        now = self._clock.now()
        check_chain(chain, moment=now)
        path = [x509.Certificate.load(der) for der in chain]
        if path[0].public_key.dump() != signer.public_key:
            raise _other_key()
        _check_usage(path[0])
        for below, above in zip(path, [*path[1:], path[-1]], strict=True):
            self._check_algorithm(below, above)
        await self._enter(path, purpose, signer.key_id)
        return tuple(chain[:-1])

    def _check_algorithm(self, below: x509.Certificate, above: x509.Certificate) -> None:
        content = below["tbs_certificate"].dump()
        try:
            algorithm = algorithm_of_identifier(below["signature_algorithm"].dump())
            check_signature(
                above.public_key.dump(), algorithm, below.signature, content, use=Use.CERTIFICATE, at=self._clock.now()
            )
        except (KeyRefused, SignatureRefused) as refused:
            raise ChainRefused(refused.private) from None

    async def _enter(self, path: Sequence[x509.Certificate], purpose: str, key_id: str) -> CertificateRecord:
        while True:  # another edition may come in between
            known = await self._store.of_key(key_id)
            found = next((one for one in known if one.der == path[0].dump()), None)
            if found is not None:
                return found
            record = record_of(
                path[0],
                issuer="",
                issuer_key_id=_issuer_id(path[1]),
                profile="",
                purpose=purpose,
                subject_key_id=key_id,
                created_at=self._clock.now(),
                edition=known[0].edition + 1 if known else 1,
                origin=Origin.EXTERNAL,
            )
            if not await self._store.add(record) and await self._store.of_serial(record.issuer_key_id, record.serial):
                raise ChainRefused("its issuer has given this serial number to another certificate")


def _issuer_id(issuer: x509.Certificate) -> str:
    """The issuer's key where the algorithm table has such keys; otherwise a digest of its name."""
    try:
        return key_id_of(issuer.public_key.dump())
    except KeyRefused:
        return hashlib.sha256(issuer.subject.dump()).hexdigest()


def _check_usage(certificate: x509.Certificate) -> None:
    usage = certificate.key_usage_value
    extended = certificate.extended_key_usage_value
    constraints = certificate.basic_constraints_value
    signs = usage is not None and bool({"digital_signature", "non_repudiation"} & usage.native)
    # uses must be named; which names count besides documentSigning is said by the authority's entry in the trust list
    named = extended is not None and bool({one.dotted for one in extended} - _NOT_DOCUMENTS)
    if not (signs and named) or (constraints is not None and constraints["ca"].native):
        text = Text(
            "该证书不能用于签署文件（密钥用途或扩展用途不符）。",
            "This certificate is not for signing documents; ask its issuer for one with the right key usage.",
        )
        raise CertificateRefused(text, field="chain")


def _other_key() -> CertificateRefused:
    text = Text(
        "该证书不是为这枚印章的密钥签发的，请用本系统生成的请求申请。",
        "The certificate is not for this seal's key; apply for one with the request that this service makes.",
    )
    return CertificateRefused(text, field="chain")

"""Revocation lists and OCSP answers for tests: each good unless a test asks for a flaw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from core.egress.errors import FetchFailed
from core.egress.port import Fetched
from tests.support.trust_pki import DAY, NOW, Key, Made, Plan, key, make, name_of

CRL_URL = "http://crl.ca.example/ca.crl"
OCSP_URL = "http://ocsp.ca.example/"
Served = bytes | Callable[[bytes], bytes]


def points_to_crl(url: str = CRL_URL) -> tuple[x509.ExtensionType, bool]:
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
    return x509.CRLDistributionPoints([point]), False


def points_to_ocsp(url: str = OCSP_URL) -> tuple[x509.ExtensionType, bool]:
    access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url))
    return x509.AuthorityInformationAccess([access]), False


@dataclass
class Web:
    """Implements `core.egress.port.Fetcher`: pages by address, and a count of who was called."""

    pages: Mapping[str, Served] = field(default_factory=dict)
    called: list[str] = field(default_factory=list)

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        media_types: frozenset[str] | None = None,
    ) -> Fetched:
        self.called.append(url)
        page = self.pages.get(url)
        if page is None:
            raise FetchFailed("unreachable")
        content = page(body) if callable(page) else page
        return Fetched(200, "application/ocsp-response" if method == "POST" else "application/pkix-crl", content)


def crl(
    issuer: Made,
    *revoked: x509.Certificate,
    at: dt.datetime = NOW - dt.timedelta(hours=3),
    private: Key | None = None,
    issuer_name: x509.Name | None = None,
    this_update: dt.datetime = NOW - dt.timedelta(hours=1),
    next_update: dt.datetime = NOW + DAY,
    number: int | None = 7,
    more: Sequence[tuple[x509.ExtensionType, bool]] = (),
    entry_extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> bytes:
    builder = x509.CertificateRevocationListBuilder(issuer_name or issuer.certificate.subject, this_update, next_update)
    if number is not None:
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    for extension, critical in more:
        builder = builder.add_extension(extension, critical=critical)
    for certificate in revoked:
        one = x509.RevokedCertificateBuilder(certificate.serial_number, at)
        for extension, critical in (*entry_extensions, (x509.CRLReason(x509.ReasonFlags.key_compromise), False)):
            one = one.add_extension(extension, critical=critical)
        builder = builder.add_revoked_certificate(one.build())
    return builder.sign(private or issuer.private, hashes.SHA256()).public_bytes(Encoding.DER)


def responder(issuer: Made, name: str = "应答器", *, no_check: bool = True, **changes: object) -> Made:
    more = [(x509.OCSPNoCheck(), False)] if no_check else []
    planned = {
        "extended": [ExtendedKeyUsageOID.OCSP_SIGNING],
        "key_usage": ("digital_signature",),
        "more": more,
    } | changes
    return make(Plan(name_of(name), key(name), issuer, **planned))  # type: ignore[arg-type]


def answer(
    certificate: Made,
    issuer: Made,
    by: Made,
    *,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    this_update: dt.datetime = NOW - dt.timedelta(minutes=10),
    next_update: dt.datetime | None = NOW + DAY,
    revoked_at: dt.datetime | None = None,
    nonce: bytes | None = None,
    carry: bool = True,
    by_name: bool = False,
    more: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> bytes:
    """An answer about `certificate`, signed by `by` (which it carries unless it is the issuer itself)."""
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        certificate.certificate,
        issuer.certificate,
        hashes.SHA1(),
        status,
        this_update,
        next_update,
        (revoked_at or NOW - dt.timedelta(hours=3)) if revoked else None,
        x509.ReasonFlags.key_compromise if revoked else None,
    )
    encoding = ocsp.OCSPResponderEncoding.NAME if by_name else ocsp.OCSPResponderEncoding.HASH
    builder = builder.responder_id(encoding, by.certificate)
    if carry and by is not issuer:
        builder = builder.certificates([by.certificate])
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    for extension, critical in more:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(by.private, hashes.SHA256()).public_bytes(Encoding.DER)


def nonce_of(request: bytes) -> bytes:
    return ocsp.load_der_ocsp_request(request).extensions.get_extension_for_class(x509.OCSPNonce).value.nonce

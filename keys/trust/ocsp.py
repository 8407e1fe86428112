"""Asks for the status of one certificate and reads the answer (RFC 6960; nonces RFC 9654)."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtensionOID, OCSPExtensionOID

from keys.der import BIT_STRING, CONTEXT_0, OCTET_STRING, SEQUENCE, Element, NotDer, only
from keys.errors import KeyRefused, SignatureRefused
from keys.spec import Use
from keys.trust.certificate import Certificate, CertificateUnreadable, read_certificate
from keys.trust.crl import SKEW, RevocationRefused
from keys.trust.model import Service
from keys.trust.usage import usage_fault
from keys.verification import algorithm_of_identifier, check_signature

REQUEST_TYPE = "application/ocsp-request"
RESPONSE_TYPE = "application/ocsp-response"
NONCE_OCTETS = 32  # RFC 9654 §2.1
LARGEST = 64 * 1024
_WITHOUT_NEXT = dt.timedelta(hours=1)
"""How long an answer counts that does not say when the next one is due (RFC 6960 §4.2.2.1)."""

_MOST_CERTIFICATES = 4
_ARCHIVE_CUTOFF = "1.3.6.1.5.5.7.48.1.6"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an authorised responder said, signed, about one certificate.

    Attributes:
        revoked_at: None when it is good.
        next_update: until when the answer counts.
    """

    encoded: bytes = field(repr=False)
    this_update: dt.datetime
    next_update: dt.datetime
    revoked_at: dt.datetime | None
    reason: str | None


def build_request(certificate: Certificate, issuer: Certificate, nonce: bytes | None) -> bytes:
    """An OCSPRequest, DER. SHA-1 here is a name for the issuer, as every responder understands it (RFC 5019 §2.1.1)."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        certificate.parsed,
        issuer.parsed,
        hashes.SHA1(),  # noqa: S303 - see above
    )
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def read_answer(
    der: bytes,
    certificate: Certificate,
    issuer: Certificate,
    *,
    nonce: bytes | None,
    now: dt.datetime,
    existed: dt.datetime | None = None,
) -> Answer:
    """
    Args:
        nonce: that was sent; None for an answer from the cache. A responder may leave it out (RFC 6960 §4.4.1), but
            another one than ours is no answer to us.
        existed: when the answer certainly existed, for one that was kept: its signature is judged as of then.

    Raises:
        RevocationRefused: `malformed`, `not-successful`, `other-certificate`, `signature`, `responder`, `nonce`,
            `critical`, `future`, `outdated`, `unknown`, `expired-before`.
    """
    try:
        response = ocsp.load_der_ocsp_response(der)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise RevocationRefused("not-successful")
        basic = _basic(der)
        _check_subject(response, certificate, issuer)
        _check_responder(response, basic, issuer, existed or now)
        _check_extensions(response, nonce)
        return _answer(der, response, certificate, now)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension):
        raise RevocationRefused("malformed") from None


def _basic(der: bytes) -> Sequence[Element]:
    """tbsResponseData, signatureAlgorithm, signature, and the certificates if there are any (RFC 6960 §4.2.1)."""
    _, wrapped = only(der).of(SEQUENCE).items()
    (content,) = wrapped.of(CONTEXT_0).items()
    _, octets = content.of(SEQUENCE).items()
    return only(octets.of(OCTET_STRING).content).of(SEQUENCE).items()


def _check_subject(response: ocsp.OCSPResponse, certificate: Certificate, issuer: Certificate) -> None:
    """One answer, as to one question, about this certificate of this issuer (RFC 6960 §3.2 point 1)."""
    found = list(itertools.islice(response.responses, 2))
    if len(found) != 1 or found[0].serial_number != certificate.serial or not _names(found[0], issuer):
        raise RevocationRefused("other-certificate")


def _names(single: ocsp.OCSPSingleResponse, issuer: Certificate) -> bool:
    digest = single.hash_algorithm.name
    if digest not in ("sha1", "sha256", "sha384", "sha512"):
        return False
    name = hashlib.new(digest, issuer.parsed.subject.public_bytes(), usedforsecurity=False).digest()
    key = hashlib.new(digest, _key_bits(issuer), usedforsecurity=False).digest()
    return (single.issuer_name_hash, single.issuer_key_hash) == (name, key)


def _key_bits(certificate: Certificate) -> bytes:
    """The subjectPublicKey without tag, length and count of unused bits."""
    return only(certificate.public_key).of(SEQUENCE).items()[1].of(BIT_STRING).content[1:]


def _check_responder(
    response: ocsp.OCSPResponse, basic: Sequence[Element], issuer: Certificate, now: dt.datetime
) -> None:
    """RFC 6960 §4.2.2.2: the authority itself, or a responder that this very authority has certified for it."""
    signer = issuer if _is_responder(response, issuer) else _delegate(response, basic, issuer, now)
    tbs, identifier, bits = basic[:3]
    content = bits.of(BIT_STRING).content
    if not content.startswith(b"\x00"):
        raise NotDer("a signature that is not whole octets")
    _check(signer, identifier.encoded, content[1:], tbs.encoded, Use.REVOCATION, now)


def _is_responder(response: ocsp.OCSPResponse, certificate: Certificate) -> bool:
    """Whether the ResponderID means this certificate."""
    if response.responder_key_hash is not None:
        return response.responder_key_hash == hashlib.sha1(_key_bits(certificate), usedforsecurity=False).digest()
    return response.responder_name == certificate.parsed.subject


def _delegate(
    response: ocsp.OCSPResponse, basic: Sequence[Element], issuer: Certificate, now: dt.datetime
) -> Certificate:
    carried = basic[3].of(CONTEXT_0).items()[0].of(SEQUENCE).items() if len(basic) > 3 else []
    for one in carried[:_MOST_CERTIFICATES]:
        try:
            delegate = read_certificate(one.encoded)
        except CertificateUnreadable:
            continue
        if _is_responder(response, delegate):
            _check_delegate(delegate, issuer, now)
            return delegate
    raise RevocationRefused("responder")


def _check_delegate(delegate: Certificate, issuer: Certificate, now: dt.datetime) -> None:
    """Issued directly by the authority, for OCSP, now. It must say that it is not to be checked itself
    (id-pkix-ocsp-nocheck, §4.2.2.2.1): otherwise asking would go round in circles."""
    exempt = ExtensionOID.OCSP_NO_CHECK.dotted_string in delegate.extensions
    fault = usage_fault(delegate, Service.OCSP)
    if delegate.issuer != issuer.subject or fault or not exempt or delegate.unknown_critical:
        raise RevocationRefused("responder")
    if not delegate.valid_at(now) or delegate.algorithm is None:
        raise RevocationRefused("responder")
    try:
        check_signature(
            issuer.public_key, delegate.algorithm, delegate.signature, delegate.tbs, use=Use.CERTIFICATE, at=now
        )
    except SignatureRefused:
        raise RevocationRefused("responder") from None


def _check(signer: Certificate, identifier: bytes, signature: bytes, tbs: bytes, use: Use, now: dt.datetime) -> None:
    try:
        check_signature(signer.public_key, algorithm_of_identifier(identifier), signature, tbs, use=use, at=now)
    except (KeyRefused, SignatureRefused):
        raise RevocationRefused("signature") from None


def _check_extensions(response: ocsp.OCSPResponse, nonce: bytes | None) -> None:
    for extension in (*response.extensions, *response.single_extensions):
        if extension.critical and extension.oid != OCSPExtensionOID.NONCE:
            raise RevocationRefused("critical")
        if nonce is not None and isinstance(extension.value, x509.OCSPNonce) and extension.value.nonce != nonce:
            raise RevocationRefused("nonce")


def _answer(der: bytes, response: ocsp.OCSPResponse, certificate: Certificate, now: dt.datetime) -> Answer:
    begins, ends = response.this_update_utc, response.next_update_utc or response.this_update_utc + _WITHOUT_NEXT
    if begins > now + SKEW:
        raise RevocationRefused("future")
    if ends < now or ends <= begins:  # RFC 6960 §4.2.2.1
        raise RevocationRefused("outdated")
    if response.certificate_status is ocsp.OCSPCertStatus.REVOKED:
        reason = response.revocation_reason or x509.ReasonFlags.unspecified
        return Answer(der, begins, ends, response.revocation_time_utc, reason.value)
    if response.certificate_status is not ocsp.OCSPCertStatus.GOOD:
        raise RevocationRefused("unknown")
    if certificate.not_after < begins and not _keeps_expired(response, certificate):
        raise RevocationRefused("expired-before")
    return Answer(der, begins, ends, None, None)


def _keeps_expired(response: ocsp.OCSPResponse, certificate: Certificate) -> bool:
    """RFC 6960 §4.4.4 archive cutoff: the responder still knows certificates that ended at that moment or later."""
    for extension in response.single_extensions:
        if extension.oid.dotted_string == _ARCHIVE_CUTOFF and isinstance(extension.value, x509.UnrecognizedExtension):
            text = only(extension.value.value).content.decode("ascii")
            since = dt.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=dt.UTC)
            return certificate.not_after >= since
    return False

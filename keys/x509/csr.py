"""Certification requests: PKCS #10 (RFC 2986), read strictly and believed only when signed by the key that they name.

What a request asks for beyond its subject and its key is ignored: what a certificate says is the profile's to decide.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from dataclasses import dataclass

from asn1crypto import csr, x509

from core.text import Text
from keys.der import BIT_STRING, CONTEXT_0, INTEGER, OID, SEQUENCE, SET, Element, NotDer, integer_of, only
from keys.errors import KeysError
from keys.ports import Signer
from keys.spec import ALGORITHMS, Use
from keys.verification import algorithm_of_identifier, check_signature
from keys.x509.certificate import sign
from keys.x509.errors import RequestRefused

LARGEST = 16 * 1024
_MOST_ATTRIBUTES = 16
_BEGIN, _END = b"-----BEGIN CERTIFICATE REQUEST-----", b"-----END CERTIFICATE REQUEST-----"


@dataclass(frozen=True, slots=True)
class CertificationRequest:
    """Who asks, and for which key. `public_key` is a SubjectPublicKeyInfo in DER."""

    subject: x509.Name
    public_key: bytes


def read_request(content: bytes, *, at: dt.datetime) -> CertificationRequest:
    """
    Args:
        content: DER, or PEM as `openssl req` writes it.

    Raises:
        RequestRefused: too large, not the one DER encoding of a request, an attribute twice, or not signed by its own
            key with an algorithm of the table.
    """
    if len(content) > LARGEST:
        raise _refused("it is too large")
    try:
        der = _from_pem(content) if content.lstrip().startswith(b"-----") else content
        info, algorithm, signature = only(der).of(SEQUENCE).items()
        subject, public_key = _read_info(info)
        if signature.of(BIT_STRING).content[:1] != b"\0":
            raise NotDer("a signature is whole octets")
        used = algorithm_of_identifier(algorithm.encoded)
        # RFC 2986 §4.2: proof that whoever asks has the key
        check_signature(public_key, used, signature.content[1:], info.encoded, use=Use.LOGIN, at=at)
        name = x509.Name.load(subject.encoded, strict=True)
        _ = name.native  # read now, so that nothing fails later
    except KeysError as refused:
        raise _refused(refused.private) from None
    except (NotDer, ValueError, TypeError, KeyError) as error:
        raise _refused(f"it is no PKCS #10 request in DER ({type(error).__name__})") from None
    return CertificationRequest(name, public_key)


def _read_info(info: Element) -> tuple[Element, bytes]:
    """CertificationRequestInfo (RFC 2986 §4.1): subject and key."""
    version, subject, key, attributes = info.of(SEQUENCE).items()
    if integer_of(version.of(INTEGER)) != 0:
        raise NotDer("version")
    _check_attributes(attributes.of(CONTEXT_0))
    return subject.of(SEQUENCE), key.of(SEQUENCE).encoded


def _check_attributes(attributes: Element) -> None:
    """They are ignored, but an attribute that stands there twice says two things: then nothing is believed."""
    found = attributes.items()
    if len(found) > _MOST_ATTRIBUTES:
        raise NotDer("too many attributes")
    kinds = set()
    for one in found:
        kind, values = one.of(SEQUENCE).items()
        kinds.add(kind.of(OID).content)
        values.of(SET)
    if len(kinds) != len(found):
        raise NotDer("an attribute twice")


def _from_pem(content: bytes) -> bytes:
    text = content.strip().replace(b" NEW CERTIFICATE REQUEST", b" CERTIFICATE REQUEST")
    if not text.startswith(_BEGIN) or not text.endswith(_END):
        raise NotDer("PEM of something else")
    try:
        return base64.b64decode(b"".join(text[len(_BEGIN) : -len(_END)].split()), validate=True)
    except binascii.Error:
        raise NotDer("PEM that is not base64") from None


async def write_request(subject: x509.Name, signer: Signer) -> bytes:
    """A request for one of our own keys, DER.

    Raises:
        core.errors.Unavailable: the key's device does not answer.
    """
    info = csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": subject,
            "subject_pk_info": x509.PublicKeyInfo.load(signer.public_key),
            "attributes": [],
        }
    )
    signature = await sign(signer, info.dump())
    request = csr.CertificationRequest(
        {
            "certification_request_info": info,
            "signature_algorithm": csr.SignedDigestAlgorithm.load(ALGORITHMS[signer.algorithm].identifier),
            "signature": signature,
        }
    )
    encoded: bytes = request.dump()
    return encoded


def _refused(private: str) -> RequestRefused:
    return RequestRefused(
        Text(f"证书请求不能接受（{private}）。", f"The certification request is not accepted: {private}."),
        private=private,
    )

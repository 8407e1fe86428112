"""Requests of issuing authorities: PKCS#10 (RFC 2986), believed only when signed by the key that they name."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from asn1crypto import csr, x509

from core.text import Text
from keys.ceremony.errors import CeremonyRefused
from keys.errors import KeysError
from keys.spec import Use
from keys.verification import algorithm_of_identifier, check_signature

_LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class CertificationRequest:
    """Name and key of who asks. Requested extensions are ignored: what a certificate says is ours to decide."""

    subject: x509.Name
    public_key: bytes


def read_certification_request(der: bytes, *, at: dt.datetime) -> CertificationRequest:
    """
    Raises:
        CeremonyRefused: no request in DER, no name, a key or an algorithm that no authority may have, or a
            signature by another key.
    """
    try:
        if len(der) > _LARGEST:
            raise ValueError("size")
        request = csr.CertificationRequest.load(der, strict=True)
        info = request["certification_request_info"]
        public_key = info["subject_pk_info"].dump()
        algorithm = algorithm_of_identifier(request["signature_algorithm"].dump())
        # RFC 2986 §4.2: proof that whoever asks has the key
        check_signature(public_key, algorithm, request["signature"].native, info.dump(), use=Use.CERTIFICATE, at=at)
        subject = info["subject"]
        if request.dump() != der or not subject.native:
            raise ValueError("form")
    except (KeysError, ValueError, TypeError, KeyError):
        raise CeremonyRefused(
            Text(
                "不是由其自身密钥签名的 PKCS#10 请求（DER）。",
                "It is no PKCS#10 request in DER, signed by its own key.",
            )
        ) from None
    return CertificationRequest(subject, public_key)

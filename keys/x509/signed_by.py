"""Whether a key signed a certificate or a revocation list, for every algorithm of the table (RFC 5280 §4.1.1, §5.1.1).

pyca/cryptography answers the same question for the families that it knows, which the national one is not among.
"""

from __future__ import annotations

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from keys.der import BIT_STRING, CONTEXT_0, SEQUENCE, Element, NotDer, only
from keys.errors import KeyRefused, SignatureRefused
from keys.public_key import public_key_of
from keys.spec import Use
from keys.verification import algorithm_of_identifier, check_signature


def check_issued(certificate: x509.Certificate, issuer: x509.Certificate, *, at: dt.datetime) -> None:
    """Names and signature of one step of a path.

    Args:
        at: the moment by which algorithm and size are judged.

    Raises:
        SignatureRefused: another issuer is named, or its key did not sign, or not in a way that counts.
    """
    if certificate.issuer != issuer.subject:
        raise SignatureRefused("another issuer is named")
    check_signed(certificate.public_bytes(Encoding.DER), issuer, use=Use.CERTIFICATE, at=at)


def check_signed(signed: bytes, issuer: x509.Certificate, *, use: Use, at: dt.datetime) -> None:
    """
    Args:
        signed: a certificate or a list, DER: content, algorithm, signature.

    Raises:
        SignatureRefused: not signed by the issuer's key, or the algorithm inside is not the one outside.
    """
    try:
        content, algorithm, signature = only(signed).of(SEQUENCE).items()
        bits = signature.of(BIT_STRING).content
        inside = content.of(SEQUENCE).items()
        named = algorithm_of_identifier(algorithm.encoded)
        public_key = public_key_of(issuer)
    except KeyRefused as refused:
        raise SignatureRefused(refused.private or "algorithm") from None
    except (NotDer, ValueError):
        raise SignatureRefused("not content, algorithm and signature") from None
    if bits[:1] != b"\x00" or algorithm.encoded not in _algorithms(inside):
        raise SignatureRefused("the algorithm inside is another")  # RFC 5280 §4.1.1.2, §5.1.1.2
    check_signature(public_key, named, bits[1:], content.encoded, use=use, at=at)


def _algorithms(inside: list[Element]) -> tuple[bytes, ...]:
    """Where the content names its algorithm: third in a certificate with its version, second in a list."""
    place = 2 if inside and inside[0].tag == CONTEXT_0 else 1
    return tuple(one.encoded for one in inside[place : place + 1])

"""Keys that come in a file, with their certificates (PKCS #12, RFC 7292).

Such a key was outside once, and whoever had the file may have kept a copy: nobody can say that it signs here alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from core.errors import InvalidInput
from core.text import Text
from keys.errors import KeyRefused
from keys.spec import SignatureAlgorithm

MOST_BYTES = 256 * 1024
_CURVES = {"secp256r1": SignatureAlgorithm.ES256, "secp384r1": SignatureAlgorithm.ES384}


@dataclass(frozen=True, slots=True)
class CarriedKey:
    """What a PKCS #12 file holds.

    Attributes:
        private: PKCS #8 in DER; its arithmetic was checked.
        chain: its certificate first, then the others in the file, DER; empty if there is none for the key.
    """

    algorithm: SignatureAlgorithm
    private: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(repr=False)


def read_pkcs12(content: bytes, passphrase: str) -> CarriedKey:
    """
    Raises:
        InvalidInput: `pkcs12-unreadable`: not such a file, or not its passphrase.
        KeyRefused: no key in it, or one of a kind that no seal has.
    """
    if len(content) > MOST_BYTES:
        raise _unreadable()
    try:
        found = pkcs12.load_pkcs12(content, passphrase.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _unreadable() from error
    key = found.key
    if isinstance(key, rsa.RSAPrivateKey):
        algorithm = SignatureAlgorithm.RS256
    elif isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        algorithm = _CURVES[key.curve.name]
    else:
        raise KeyRefused("the file has no RSA or NIST curve key")
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    own = [found.cert.certificate] if found.cert is not None else []
    others = [one.certificate for one in found.additional_certs] if own else []
    return CarriedKey(algorithm, private, tuple(one.public_bytes(Encoding.DER) for one in (*own, *others)))


def _unreadable() -> InvalidInput:
    return InvalidInput(
        "pkcs12-unreadable",
        Text(
            "这个文件打不开：不是 PKCS #12，或口令不对。",
            "The file cannot be opened: it is not PKCS #12, or the passphrase is wrong.",
        ),
    )

"""How the content key of a JWE reaches its reader (RFC 7518 §4): to an RSA key, or by agreement on P-256 or P-384.

RSA1_5, PBES2, `dir` and symmetric wrapping are not here: the first is an oracle (RFC 7518 §8.3), the second lets a
stranger choose how long we compute, the rest would need a shared secret.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from cryptography.hazmat.primitives.serialization import load_der_public_key

from keys.errors import KeyRefused
from keys.jose.jwe_content import ContentEncryption
from keys.primitives import base64url
from keys.primitives.registry import primitive
from keys.spec import SignatureAlgorithm

_OAEP = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)
_CURVES = {"P-256": SignatureAlgorithm.ES256, "P-384": SignatureAlgorithm.ES384}
_A256KW_SIZE = 32


class KeyManagement(StrEnum):
    """`alg` (RFC 7518 §4.1)."""

    RSA_OAEP_256 = "RSA-OAEP-256"
    ECDH_ES = "ECDH-ES"
    ECDH_ES_A256KW = "ECDH-ES+A256KW"

    @property
    def agrees(self) -> bool:
        """Whether reader and writer agree on a key instead of one sending it."""
        return self is not KeyManagement.RSA_OAEP_256


@dataclass(frozen=True, slots=True)
class SentKey:
    """A content key, and what the reader needs to get at it: header members and the second part of the JWE."""

    content_key: bytes
    header: Mapping[str, Any]
    encrypted_key: bytes


def send_key(management: KeyManagement, encryption: ContentEncryption, members: Mapping[str, str]) -> SentKey:
    """A new content key for the reader whose public JWK members these are.

    Raises:
        KeyRefused: the key does not fit `management`.
    """
    if not management.agrees:
        content_key = secrets.token_bytes(encryption.key_size)
        return SentKey(content_key, {}, _rsa_key(members).encrypt(content_key, _OAEP))
    reader = _point(members)
    own = ec.generate_private_key(reader.curve)  # RFC 7518 §4.6: a new one for each
    header = {"epk": _members(own.public_key())}
    shared = own.exchange(ec.ECDH(), reader)
    if management is KeyManagement.ECDH_ES:
        return SentKey(derive(shared, str(encryption), encryption.key_size), header, b"")
    content_key = secrets.token_bytes(encryption.key_size)
    wrapping = derive(shared, str(management), _A256KW_SIZE)
    return SentKey(content_key, header, aes_key_wrap(wrapping, content_key))


def receive_key(
    management: KeyManagement,
    encryption: ContentEncryption,
    own: ec.EllipticCurvePrivateKey,
    header: Mapping[str, Any],
    encrypted_key: bytes,
) -> bytes:
    """The content key that a writer agreed on with us.

    Raises:
        ValueError: the header or the encrypted key is not as it must be, or not for this key.
    """
    epk = header.get("epk")
    if not isinstance(epk, Mapping):
        raise ValueError("no ephemeral key")
    try:
        theirs = _point(epk)  # on its curve, or it would tell our key bit by bit (CVE-2017-16007 and many others)
    except KeyRefused:
        raise ValueError("the ephemeral key is not acceptable") from None
    if theirs.curve.name != own.curve.name:
        raise ValueError("the ephemeral key is on another curve")
    shared = own.exchange(ec.ECDH(), theirs)
    party_u, party_v = _party(header, "apu"), _party(header, "apv")
    if management is KeyManagement.ECDH_ES:
        if encrypted_key:  # RFC 7518 §4.6: the part is empty
            raise ValueError("a key where none belongs")
        return derive(shared, str(encryption), encryption.key_size, party_u, party_v)
    wrapping = derive(shared, str(management), _A256KW_SIZE, party_u, party_v)
    try:
        return aes_key_unwrap(wrapping, encrypted_key)
    except (InvalidUnwrap, ValueError):
        raise ValueError("the key does not unwrap") from None


def derive(shared: bytes, name: str, size: int, party_u: bytes = b"", party_v: bytes = b"") -> bytes:
    """Concat KDF with SHA-256 (RFC 7518 §4.6.2; NIST SP 800-56A §5.8.1)."""
    parts = [name.encode("ascii"), party_u, party_v]
    info = b"".join(len(part).to_bytes(4, "big") + part for part in parts) + (8 * size).to_bytes(4, "big")
    return ConcatKDFHash(SHA256(), length=size, otherinfo=info).derive(shared)


def _party(header: Mapping[str, Any], name: str) -> bytes:
    value = header.get(name, "")
    if not isinstance(value, str) or len(value) > 128:
        raise ValueError(f"{name} is no text of a sensible length")
    return base64url.decode(value)


def _rsa_key(members: Mapping[str, str]) -> rsa.RSAPublicKey:
    key = load_der_public_key(primitive(SignatureAlgorithm.RS256).of_members(members).encoded)
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def _point(members: Mapping[str, object]) -> ec.EllipticCurvePublicKey:
    curve = members.get("crv")
    algorithm = _CURVES.get(curve) if isinstance(curve, str) else None
    if algorithm is None:
        raise KeyRefused("no key for an agreement")
    key = load_der_public_key(primitive(algorithm).of_members(members).encoded)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def _members(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    octets, numbers = (key.curve.key_size + 7) // 8, key.public_numbers()
    name = "P-256" if octets == 32 else "P-384"
    x, y = (base64url.encode_number(number, octets) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": name, "x": x, "y": y}

"""ECDSA over the NIST curves (FIPS 186-5 §6; RFC 5480, RFC 3279 §2.2.3)."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import HashAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from keys.errors import KeyRefused
from keys.primitives import base64url, jwk_members
from keys.primitives.digests import check_length, hash_of
from keys.primitives.ports import Primitive, PrivateKey, PublicKey
from keys.spec import AlgorithmRow

_CURVES: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}


class Ecdsa:
    """ECDSA with the curve and the digest of one row."""

    def __init__(self, row: AlgorithmRow) -> None:
        self.row = row
        self.curve = _CURVES[row.curve or ""]
        self.scheme = ec.ECDSA(hash_of(row.digest))
        self.octets = (self.curve.key_size + 7) // 8

    def generate(self, bits: int) -> bytes:
        if bits != self.curve.key_size:
            raise KeyRefused(f"{self.row.algorithm} with {bits} bits")
        made = ec.generate_private_key(self.curve)
        return made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def load_private(self, private: bytes) -> PrivateKey:
        try:
            key = load_der_private_key(private, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise KeyRefused("not a private key") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != self.curve.name:
            raise KeyRefused(f"the private key is not for {self.row.algorithm}")
        return EcdsaPrivateKey(key, self.scheme, hash_of(self.row.digest))

    def load_public(self, public: bytes) -> PublicKey:
        try:
            key = load_der_public_key(public)
        except (ValueError, TypeError, UnsupportedAlgorithm):  # also a point that is not on its curve
            raise KeyRefused("not a public key") from None
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != self.curve.name:
            raise KeyRefused(f"the key does not fit {self.row.algorithm}")
        found = EcdsaPublicKey(key, self)
        if found.encoded != public:  # a compressed point, written-out curve parameters
            raise KeyRefused("the public key is not in its one encoding")
        return found

    def of_members(self, members: Mapping[str, object]) -> PublicKey:
        jwk_members.expect(members, kty=self.row.key_type, crv=self.row.curve)
        x, y = jwk_members.octets(members, "x"), jwk_members.octets(members, "y")
        if not len(x) == len(y) == self.octets:  # RFC 7518 §6.2.1.2
            raise KeyRefused("a coordinate has the wrong length")
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(self.curve, b"\x04" + x + y)
        except ValueError:
            raise KeyRefused("the point is not on the curve") from None
        return EcdsaPublicKey(key, self)

    def to_jose(self, signature: bytes) -> bytes:
        return b"".join(part.to_bytes(self.octets, "big") for part in decode_dss_signature(signature))

    def from_jose(self, signature: bytes) -> bytes:
        if len(signature) != 2 * self.octets:  # RFC 7518 §3.4
            raise ValueError("length")
        r, s = signature[: self.octets], signature[self.octets :]
        return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))


class EcdsaPrivateKey:
    """A key on a NIST curve; signatures are DER."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, scheme: ec.ECDSA, digest: HashAlgorithm) -> None:
        self._sign = key.sign
        self._scheme = scheme
        self._digest = digest
        self.public_key = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, message: bytes) -> bytes:
        return self._sign(message, self._scheme)

    def sign_digest(self, digest: bytes) -> bytes:
        check_length(digest, self._digest)
        return self._sign(digest, ec.ECDSA(Prehashed(self._digest)))


class EcdsaPublicKey:
    """A point on a NIST curve."""

    def __init__(self, key: ec.EllipticCurvePublicKey, primitive: Ecdsa) -> None:
        self._key = key
        self._primitive = primitive
        self._verify = key.verify
        self._scheme = primitive.scheme
        self.bits = key.curve.key_size
        self.encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def verify(self, signature: bytes, message: bytes) -> bool:
        try:
            # Read by a strict DER parser first: a signature has one spelling, whatever library checks its numbers.
            decode_dss_signature(signature)
            self._verify(signature, message, self._scheme)
        except (InvalidSignature, ValueError):
            return False
        return True

    def members(self) -> dict[str, str]:
        numbers, octets = self._key.public_numbers(), self._primitive.octets
        return {
            "kty": self._primitive.row.key_type,
            "crv": self._primitive.row.curve or "",
            "x": base64url.encode_number(numbers.x, octets),
            "y": base64url.encode_number(numbers.y, octets),
        }


_: type[Primitive] = Ecdsa

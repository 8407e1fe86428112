"""RSA signatures: RSASSA-PKCS1-v1_5 and RSASSA-PSS (RFC 8017 §8)."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
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

_EXPONENT = 65537
_EXPONENTS = range(3, 1 << 32, 2)
"""Public exponents of strangers: odd and not 1. Ours are 65537 (FIPS 186-5 §A.1.1); a small one harms nobody where
padding is checked to its last octet. Long ones would make us compute for them."""


class Rsa:
    """RSA with the padding and the digest of one row."""

    def __init__(self, row: AlgorithmRow, scheme: AsymmetricPadding) -> None:
        self.row = row
        self.scheme = scheme
        self.digest = hash_of(row.digest)

    def generate(self, bits: int) -> bytes:
        self._check_size(bits)
        made = rsa.generate_private_key(public_exponent=_EXPONENT, key_size=bits)
        return made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def load_private(self, private: bytes) -> PrivateKey:
        try:
            # The bytes came out of an authenticated seal, so the slow check of RSA's arithmetic proves nothing new.
            key = load_der_private_key(private, password=None, unsafe_skip_rsa_key_validation=True)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise KeyRefused("not a private key") from None
        if not isinstance(key, rsa.RSAPrivateKey):
            raise KeyRefused(f"the private key is not for {self.row.algorithm}")
        self._check_size(key.key_size)
        return RsaPrivateKey(key, self)

    def load_public(self, public: bytes) -> PublicKey:
        try:
            key = load_der_public_key(public)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise KeyRefused("not a public key") from None
        found = self._checked(key)
        if found.encoded != public:  # parameters left out, or a key that names a padding of its own
            raise KeyRefused("the public key is not in its one encoding")
        return found

    def of_members(self, members: Mapping[str, object]) -> PublicKey:
        jwk_members.expect(members, kty=self.row.key_type)
        n, e = jwk_members.number(members, "n"), jwk_members.number(members, "e")
        self._check_size(n.bit_length())
        try:
            return self._checked(rsa.RSAPublicNumbers(e, n).public_key())
        except ValueError:
            raise KeyRefused("not an RSA key") from None

    def to_jose(self, signature: bytes) -> bytes:
        return signature

    def from_jose(self, signature: bytes) -> bytes:
        return signature

    def _checked(self, key: object) -> RsaPublicKey:
        if not isinstance(key, rsa.RSAPublicKey):
            raise KeyRefused(f"the key does not fit {self.row.algorithm}")
        self._check_size(key.key_size)
        numbers = key.public_numbers()
        if numbers.e not in _EXPONENTS or numbers.n % 2 == 0:
            raise KeyRefused("an RSA key with a weak exponent or modulus")
        return RsaPublicKey(key, numbers, self)

    def _check_size(self, bits: int) -> None:
        if not self.row.has_size(bits):
            raise KeyRefused(f"{self.row.algorithm} with {bits} bits")


class RsaPrivateKey:
    """An RSA key; signatures are as long as the modulus."""

    def __init__(self, key: rsa.RSAPrivateKey, primitive: Rsa) -> None:
        self._sign = key.sign
        self._scheme = primitive.scheme
        self._digest = primitive.digest
        self.public_key = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, message: bytes) -> bytes:
        return self._sign(message, self._scheme, self._digest)

    def sign_digest(self, digest: bytes) -> bytes:
        check_length(digest, self._digest)
        return self._sign(digest, self._scheme, Prehashed(self._digest))


class RsaPublicKey:
    """An RSA modulus and exponent."""

    def __init__(self, key: rsa.RSAPublicKey, numbers: rsa.RSAPublicNumbers, primitive: Rsa) -> None:
        self._numbers = numbers
        self._key_type = primitive.row.key_type
        self._verify = key.verify
        self._scheme = primitive.scheme
        self._digest = primitive.digest
        self._octets = (key.key_size + 7) // 8
        self.bits = key.key_size
        self.encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def verify(self, signature: bytes, message: bytes) -> bool:
        if len(signature) != self._octets:  # RFC 8017 §8.1.2, §8.2.2: step 1
            return False
        try:
            self._verify(signature, message, self._scheme, self._digest)
        except (InvalidSignature, ValueError):
            return False
        return True

    def members(self) -> dict[str, str]:
        number = base64url.encode_number
        return {"kty": self._key_type, "n": number(self._numbers.n), "e": number(self._numbers.e)}


def pkcs1(row: AlgorithmRow) -> Primitive:
    """RSASSA-PKCS1-v1_5 (RFC 8017 §8.2)."""
    return Rsa(row, padding.PKCS1v15())


def pss(row: AlgorithmRow) -> Primitive:
    """RSASSA-PSS (RFC 8017 §8.1); mask and salt as RFC 7518 §3.5 and RFC 4055 §3.1 have them: exactly so long."""
    digest = hash_of(row.digest)
    return Rsa(row, padding.PSS(padding.MGF1(digest), digest.digest_size))

"""SM2 with SM3 (GB/T 32918.2, GB/T 32905; encodings of GM/T 0009 and GM/T 0015), with the customary user ID.

What comes from elsewhere is judged here before libcrypto sees it: the one encoding of a key, a point on the curve, the
one encoding of a signature with r and s in 1 to n - 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from keys.der import OCTET_STRING, SEQUENCE, NotDer, integer, integer_of, only, tlv
from keys.errors import KeyRefused
from keys.libcrypto.sm2 import Sm2Key
from keys.primitives import base64url, jwk_members
from keys.primitives.ports import Primitive, PrivateKey, PublicKey
from keys.spec import AlgorithmRow

_BITS = 256
_OCTETS = 32
_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF  # GB/T 32918.5 §2
_A = _P - 3
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
"""SubjectPublicKeyInfo up to the point: id-ecPublicKey on the curve 1.2.156.10197.1.301, uncompressed (RFC 5480 §2)."""


class Sm2:
    """SM2 with SM3 over the recommended curve."""

    def __init__(self, row: AlgorithmRow) -> None:
        self.row = row

    def generate(self, bits: int) -> bytes:
        if bits != _BITS:
            raise KeyRefused(f"{self.row.algorithm} with {bits} bits")
        return Sm2Key.generated().pkcs8()

    def load_private(self, private: bytes) -> PrivateKey:
        try:
            secret = secret_of(private)
        except NotDer:
            raise KeyRefused("not a private key") from None
        if not 0 < secret < _N - 1:  # GB/T 32918.1 §6.1
            raise KeyRefused("a private number out of range")
        return Sm2PrivateKey(Sm2Key.of_pkcs8(private))

    def load_public(self, public: bytes) -> PublicKey:
        head, point = public[: len(_HEAD)], public[len(_HEAD) :]
        if head != _HEAD or len(point) != 2 * _OCTETS:
            raise KeyRefused("not an SM2 key in its one encoding")
        return self._of_point(point)

    def of_members(self, members: Mapping[str, object]) -> PublicKey:
        jwk_members.expect(members, kty=self.row.key_type, crv=self.row.curve)
        x, y = jwk_members.octets(members, "x"), jwk_members.octets(members, "y")
        if not len(x) == len(y) == _OCTETS:  # RFC 7518 §6.2.1.2
            raise KeyRefused("a coordinate has the wrong length")
        return self._of_point(x + y)

    def to_jose(self, signature: bytes) -> bytes:
        r, s = numbers_of(signature)
        return r.to_bytes(_OCTETS, "big") + s.to_bytes(_OCTETS, "big")

    def from_jose(self, signature: bytes) -> bytes:
        if len(signature) != 2 * _OCTETS:
            raise ValueError("length")
        r, s = signature[:_OCTETS], signature[_OCTETS:]
        return tlv(SEQUENCE, integer(int.from_bytes(r, "big")), integer(int.from_bytes(s, "big")))

    def _of_point(self, point: bytes) -> PublicKey:
        x, y = int.from_bytes(point[:_OCTETS], "big"), int.from_bytes(point[_OCTETS:], "big")
        if not (x < _P and y < _P and (y * y - (x * x + _A) * x - _B) % _P == 0):  # GB/T 32918.1 §6.2
            raise KeyRefused("the point is not on the curve")
        return Sm2PublicKey(point, self.row)


class Sm2PrivateKey:
    """An SM2 key; signatures are SEQUENCE { r, s } in DER."""

    def __init__(self, key: Sm2Key) -> None:
        self.sign = key.sign
        self.decrypt = key.decrypt
        self.public_key = key.spki()

    def sign_digest(self, digest: bytes) -> bytes:
        raise KeyRefused("SM2 signs messages, not digests")  # GB/T 32918.2 §6.1 hashes the signer's ID with them


class Sm2PublicKey:
    """A point of the SM2 curve."""

    def __init__(self, point: bytes, row: AlgorithmRow) -> None:
        self._point = point
        self._row = row
        self.bits = _BITS
        self.encoded = _HEAD + point
        key = Sm2Key.of_spki(self.encoded)
        self._verify = key.verify
        self._verify_parts = key.verify_parts
        self.encrypt = key.encrypt

    def verify(self, signature: bytes, message: bytes) -> bool:
        try:
            numbers_of(signature)
        except ValueError:
            return False
        return self._verify(signature, message)

    def verify_as(self, user_id: bytes, signature: bytes, message: bytes) -> bool:
        """As `verify`, for a signer whose ID is not the customary one (GB/T 32918.2 §5.5)."""
        try:
            numbers_of(signature)
        except ValueError:
            return False
        return self._verify(signature, message, user_id)

    def verify_parts(self, signature: bytes, parts: Iterable[bytes]) -> bool:
        """As `verify`, of a message that is never whole in memory."""
        try:
            numbers_of(signature)
        except ValueError:
            return False
        return self._verify_parts(signature, parts)

    def members(self) -> dict[str, str]:
        return {
            "kty": self._row.key_type,
            "crv": self._row.curve or "",
            "x": base64url.encode(self._point[:_OCTETS]),
            "y": base64url.encode(self._point[_OCTETS:]),
        }


def spki_of(point: bytes) -> bytes:
    """SubjectPublicKeyInfo in DER around 04 || X || Y; whether it is a point is judged by who loads it."""
    return _HEAD + point[1:] if point[:1] == b"\x04" else b""


def point_of(public_key: bytes) -> bytes:
    """04 || X || Y of a SubjectPublicKeyInfo that was loaded."""
    return b"\x04" + public_key[len(_HEAD) :]


def pkcs8_of(secret: bytes) -> bytes:
    """PrivateKeyInfo in DER around a private number of 32 octets (RFC 5958 §2, RFC 5915 §3), judged by who loads it."""
    algorithm = only(_HEAD + bytes(2 * _OCTETS)).items()[0].encoded
    inner = tlv(SEQUENCE, integer(1), tlv(OCTET_STRING, secret))
    return tlv(SEQUENCE, integer(0), algorithm, tlv(OCTET_STRING, inner))


def secret_of(private: bytes) -> int:
    """The private number of a PrivateKeyInfo (RFC 5958 §2, RFC 5915 §3).

    Raises:
        NotDer: it has another shape.
    """
    try:
        _version, _algorithm, key, *_ = only(private).of(SEQUENCE).items()
        _version, number, *_ = only(key.of(OCTET_STRING).content).of(SEQUENCE).items()
    except NotDer:
        raise
    except ValueError:
        raise NotDer("too few parts") from None
    return int.from_bytes(number.of(OCTET_STRING).content, "big")


def numbers_of(signature: bytes) -> tuple[int, int]:
    """r and s of a signature in DER, each in 1 to n - 1 (GB/T 32918.2 §7.1 B1, B2).

    Raises:
        ValueError: not the one encoding of two such numbers.
    """
    parts = only(signature).of(SEQUENCE).items()
    if len(parts) != 2:
        raise NotDer("not two numbers")
    r, s = integer_of(parts[0]), integer_of(parts[1])
    if not (0 < r < _N and 0 < s < _N):
        raise ValueError("a number out of range")
    return r, s


_: type[Primitive] = Sm2

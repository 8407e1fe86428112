"""SM2EnvelopedKey (GM/T 0009-2012 §7.4, GB/T 35276-2017 §7.4): a key pair on its way to its holder.

The private number stands under a fresh SM4 key, which is encrypted to a public key that the holder has already. SM4
works in ECB mode as implementations of the standard have it: two blocks of a random number under a key of one use
repeat nothing. There is no padding, for the number is two whole blocks; those who pad are refused, not guessed at.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from keys.der import BIT_STRING, NULL, OCTET_STRING, SEQUENCE, Element, NotDer, dotted, integer_of, oid, only, tlv
from keys.errors import KeyRefused
from keys.primitives.registry import primitive
from keys.primitives.sm2 import Sm2PrivateKey, Sm2PublicKey, pkcs8_of, point_of, secret_of, spki_of
from keys.spec import SignatureAlgorithm

SM4_ECB, SM4_ALONE = "1.2.156.10197.1.104.1", "1.2.156.10197.1.104"
"""What symAlgID is; some makers leave the mode out, and mean this one."""

_OCTETS = 32
_SM4_KEY = 16
_POINT = 65
_NULL = bytes((NULL, 0))
_Reader = Callable[[Element], bytes]
_SM2 = primitive(SignatureAlgorithm.SM2_SM3)


class EnvelopeFault(StrEnum):
    """What is wrong with an enveloped key."""

    STRUCTURE = "structure"  # not four fields in DER
    ALGORITHM = "symmetric-algorithm"  # another cipher than SM4 in ECB mode, or parameters
    CIPHER = "symmetric-key"  # no SM2Cipher of 16 octets whose point is on the curve
    PUBLIC_KEY = "public-key"  # not 04 || X || Y on the curve
    PRIVATE_KEY = "private-key"  # not two blocks
    RECIPIENT = "recipient"  # made for another key, or changed
    PAIR = "pair"  # what came out is not the private number of the public key


class EnvelopeRefused(KeyRefused):
    """An enveloped key that is not opened."""

    def __init__(self, fault: EnvelopeFault) -> None:
        super().__init__(f"enveloped key: {fault.value}")
        self.fault = fault


@dataclass(frozen=True, slots=True)
class OpenedKey:
    """A key pair that was on its way: PrivateKeyInfo and SubjectPublicKeyInfo, DER."""

    private: bytes = field(repr=False)
    public: bytes


@dataclass(frozen=True, slots=True)
class _Fields:
    cipher: bytes
    public: bytes
    sealed: bytes


def envelop_key(private: bytes, recipient: bytes) -> bytes:
    """
    Args:
        private: PrivateKeyInfo of the SM2 key to send, DER.
        recipient: SubjectPublicKeyInfo of the SM2 key that will open it, DER.

    Returns:
        SM2EnvelopedKey, DER.

    Raises:
        KeyRefused: one of the two is no SM2 key.
        LibraryMissing
    """
    key, to = _SM2.load_private(private), _SM2.load_public(recipient)
    assert isinstance(to, Sm2PublicKey)
    once = secrets.token_bytes(_SM4_KEY)
    sealed = _sm4(once).encryptor().update(secret_of(private).to_bytes(_OCTETS, "big"))
    return tlv(
        SEQUENCE,
        tlv(SEQUENCE, oid(SM4_ECB), _NULL),
        to.encrypt(once),
        _bits(point_of(key.public_key)),
        _bits(sealed),
    )


def open_key(enveloped: bytes, private: bytes) -> OpenedKey:
    """
    Args:
        enveloped: SM2EnvelopedKey, from a stranger.
        private: PrivateKeyInfo of the key that it was made for, DER.

    Raises:
        EnvelopeRefused: with what is wrong.
        KeyRefused: `private` is no SM2 key.
        LibraryMissing
    """
    opener = _SM2.load_private(private)
    assert isinstance(opener, Sm2PrivateKey)
    fields = _read(enveloped)
    try:
        once = opener.decrypt(fields.cipher)
    except KeyRefused:
        raise EnvelopeRefused(EnvelopeFault.RECIPIENT) from None
    if len(once) != _SM4_KEY:
        raise EnvelopeRefused(EnvelopeFault.CIPHER)
    number = _sm4(once).decryptor().update(fields.sealed)
    try:
        opened = _SM2.load_private(pkcs8_of(number))
    except KeyRefused:  # no private number at all
        raise EnvelopeRefused(EnvelopeFault.PAIR) from None
    if opened.public_key != fields.public:
        raise EnvelopeRefused(EnvelopeFault.PAIR)
    return OpenedKey(pkcs8_of(number), fields.public)


def _read(enveloped: bytes) -> _Fields:
    try:
        algorithm, cipher, public, sealed = only(enveloped).of(SEQUENCE).items()
    except ValueError:  # of NotDer, or of unpacking
        raise EnvelopeRefused(EnvelopeFault.STRUCTURE) from None
    _check(EnvelopeFault.ALGORITHM, _check_algorithm, algorithm)
    _check(EnvelopeFault.CIPHER, _check_cipher, cipher)
    return _Fields(
        cipher.encoded,
        _check(EnvelopeFault.PUBLIC_KEY, _public, public),
        _check(EnvelopeFault.PRIVATE_KEY, _sealed, sealed),
    )


def _check_algorithm(algorithm: Element) -> bytes:
    """Without parameters, or with NULL: makers differ."""
    kind, *parameters = algorithm.of(SEQUENCE).items()
    if dotted(kind) not in (SM4_ECB, SM4_ALONE) or [one.encoded for one in parameters] not in ([], [_NULL]):
        raise NotDer("not SM4 in ECB mode")
    return algorithm.encoded


def _check_cipher(cipher: Element) -> bytes:
    """SM2Cipher (GM/T 0009 §7.2), with as many octets of cipher text as an SM4 key has."""
    x, y, digest, text = cipher.of(SEQUENCE).items()
    point = b"\x04" + b"".join(integer_of(one).to_bytes(_OCTETS, "big") for one in (x, y))
    _SM2.load_public(spki_of(point))
    if len(digest.of(OCTET_STRING).content) != _OCTETS or len(text.of(OCTET_STRING).content) != _SM4_KEY:
        raise NotDer("another length")
    return cipher.encoded


def _public(public: Element) -> bytes:
    point = _octets(public)
    if len(point) != _POINT:
        raise NotDer("another length")
    return _SM2.load_public(spki_of(point)).encoded


def _sealed(sealed: Element) -> bytes:
    octets = _octets(sealed)
    if len(octets) != _OCTETS:
        raise NotDer("not two blocks")
    return octets


def _check(fault: EnvelopeFault, reader: _Reader, element: Element) -> bytes:
    try:
        return reader(element)
    except (ValueError, OverflowError, KeyRefused):  # NotDer among them; a coordinate that does not fit
        raise EnvelopeRefused(fault) from None


def _octets(bits: Element) -> bytes:
    content = bits.of(BIT_STRING).content
    if content[:1] != b"\x00":
        raise NotDer("not whole octets")
    return content[1:]


def _bits(octets: bytes) -> bytes:
    return tlv(BIT_STRING, b"\x00", octets)


def _sm4(key: bytes) -> Cipher[modes.ECB]:
    return Cipher(SM4(key), modes.ECB())  # noqa: S305 - as the standard has it; see above

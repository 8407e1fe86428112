"""The families of algorithms: what they compute, and the keys and signatures that they refuse."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from asn1crypto.keys import PublicKeyInfo
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.der import INTEGER, SEQUENCE, integer, oid, tlv
from keys.errors import KeyRefused
from keys.primitives import base64url
from keys.primitives.ports import PrivateKey, PublicKey
from keys.primitives.registry import primitive
from keys.spec import ALGORITHMS, SignatureAlgorithm
from tests.unit.keys.rings import quick_size

EVERY = list(SignatureAlgorithm)
ES256, RS256, EDDSA = SignatureAlgorithm.ES256, SignatureAlgorithm.RS256, SignatureAlgorithm.EDDSA
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@cache
def pair(algorithm: SignatureAlgorithm) -> tuple[PrivateKey, PublicKey]:
    private = primitive(algorithm).load_private(primitive(algorithm).generate(quick_size(algorithm)))
    return private, primitive(algorithm).load_public(private.public_key)


def spki(key: Any) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


@pytest.mark.parametrize("algorithm", EVERY)
@settings(deadline=None, max_examples=40)  # RSA takes its time
@given(message=st.binary(max_size=300), noise=st.binary(max_size=600), bit=st.integers(0, 5000))
def test_only_the_signature_of_the_message_verifies(
    algorithm: SignatureAlgorithm, message: bytes, noise: bytes, bit: int
) -> None:
    private, public = pair(algorithm)
    signature = private.sign(message)
    assert public.verify(signature, message)
    assert not public.verify(signature, message + b"x")
    assert not public.verify(noise, message)  # and never raises
    assert not public.verify(signature + noise[:1] + b"\x00", message)
    assert not public.verify(signature[:-1], message)
    flipped = bytearray(signature)
    flipped[bit // 8 % len(signature)] ^= 1 << bit % 8
    assert not public.verify(bytes(flipped), message)


@pytest.mark.parametrize("algorithm", EVERY)
@settings(deadline=None, max_examples=40)  # RSA takes its time
@given(message=st.binary(max_size=50), noise=st.binary(max_size=150))
def test_the_form_of_jose_and_back(algorithm: SignatureAlgorithm, message: bytes, noise: bytes) -> None:
    private, public = pair(algorithm)
    signature = private.sign(message)
    raw = primitive(algorithm).to_jose(signature)
    assert primitive(algorithm).from_jose(raw) == signature
    octets = {"ES256": 64, "ES384": 96, "EdDSA": 64, "SGD_SM3_SM2": 64}.get(algorithm, public.bits // 8)
    assert len(raw) == octets
    if ALGORITHMS[algorithm].key_type == "EC":
        for wrong in (raw[:-1], raw + b"\x00", b"\x00" + raw, b"", noise if len(noise) != octets else b""):
            with pytest.raises(ValueError, match="length"):
                primitive(algorithm).from_jose(wrong)


@pytest.mark.parametrize("algorithm", EVERY)
def test_a_signature_takes_no_more_than_the_table_says(algorithm: SignatureAlgorithm) -> None:
    private, public = pair(algorithm)
    most = ALGORITHMS[algorithm].octets or public.bits // 8
    lengths = {
        len(private.sign(b"%d" % number)) for number in range(3 if ALGORITHMS[algorithm].key_type == "RSA" else 200)
    }
    assert max(lengths) <= most
    assert max(lengths) >= most - 2


@pytest.mark.parametrize("algorithm", EVERY)
def test_keys_of_every_size_and_of_no_other(algorithm: SignatureAlgorithm) -> None:
    assert pair(algorithm)[1].bits == quick_size(algorithm)
    for bits in (0, 1, 255, 512, 1024, 2047, 2049, 8192):
        with pytest.raises(KeyRefused):
            primitive(algorithm).generate(bits)


@pytest.mark.parametrize("algorithm", EVERY)
def test_members_and_back(algorithm: SignatureAlgorithm) -> None:
    public = pair(algorithm)[1]
    read = primitive(algorithm).of_members(public.members() | {"kid": "x", "use": "sig"})
    assert read.encoded == public.encoded
    assert read.members() == public.members()


@pytest.mark.parametrize("algorithm", EVERY)
def test_keys_of_another_kind_are_refused(algorithm: SignatureAlgorithm) -> None:
    ours = ALGORITHMS[algorithm]
    for other in EVERY:
        theirs = ALGORITHMS[other]
        if (theirs.key_type, theirs.curve) == (ours.key_type, ours.curve):
            assert primitive(algorithm).load_public(pair(other)[1].encoded).bits == pair(other)[1].bits
            continue
        with pytest.raises(KeyRefused):
            primitive(algorithm).load_public(pair(other)[1].encoded)
        with pytest.raises(KeyRefused):
            primitive(algorithm).of_members(pair(other)[1].members())
        with pytest.raises(KeyRefused):
            primitive(algorithm).load_private(primitive(other).generate(quick_size(other)))


@pytest.mark.parametrize("algorithm", EVERY)
@settings(deadline=None, max_examples=40)  # RSA takes its time
@given(noise=st.binary(max_size=100), cut=st.integers(0, 400), bit=st.integers(0, 3200))
def test_bytes_that_are_no_key_are_refused(algorithm: SignatureAlgorithm, noise: bytes, cut: int, bit: int) -> None:
    public = pair(algorithm)[1].encoded
    for wrong in (noise, public[: cut % len(public)], public + b"\x00"):
        with pytest.raises(KeyRefused):
            primitive(algorithm).load_public(wrong)
        with pytest.raises(KeyRefused):
            primitive(algorithm).load_private(wrong)
    flipped = bytearray(public)
    flipped[bit // 8 % len(public)] ^= 1 << bit % 8
    try:
        read = primitive(algorithm).load_public(bytes(flipped))
    except KeyRefused:
        return
    assert read.encoded == bytes(flipped)  # another key, in its one encoding


# -- one encoding ----------------------------------------------------------------------------------------------------


def test_a_compressed_point_is_another_encoding() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    info = PublicKeyInfo.load(spki(key))
    info["public_key"] = key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    assert primitive(ES256).load_public(spki(key))
    with pytest.raises(KeyRefused):
        primitive(ES256).load_public(info.dump(force=True))


def test_an_rsa_key_without_its_null_or_with_a_padding_of_its_own_is_another_encoding() -> None:
    public = pair(RS256)[1].encoded
    null = bytes.fromhex("300d06092a864886f70d0101010500")
    assert null in public
    bare = tlv(SEQUENCE, oid("1.2.840.113549.1.1.1"))
    for_pss = tlv(SEQUENCE, oid("1.2.840.113549.1.1.10"))
    bits = public[public.index(null) + len(null) :]
    for identifier in (bare, for_pss):
        for algorithm in (RS256, SignatureAlgorithm.PS256):
            with pytest.raises(KeyRefused):
                primitive(algorithm).load_public(tlv(SEQUENCE, identifier, bits))
    assert primitive(RS256).load_public(tlv(SEQUENCE, null, bits)).encoded == public


def ecdsa_der(r: bytes, s: bytes, after: bytes = b"") -> bytes:
    return tlv(SEQUENCE, r, s) + after


def test_an_ecdsa_signature_has_one_spelling() -> None:
    private, public = pair(ES256)
    signature = private.sign(b"law")
    r, s = decode_dss_signature(signature)
    good_r, good_s = integer(r), integer(s)
    assert public.verify(ecdsa_der(good_r, good_s), b"law")
    assert ecdsa_der(good_r, good_s) == signature
    long_r = tlv(INTEGER, b"\x00" * 2 + r.to_bytes(32, "big"))
    wrong = {
        "zeros before r": ecdsa_der(long_r, good_s),
        "something after": ecdsa_der(good_r, good_s, b"\x00"),
        "length of two octets": b"\x30\x81" + signature[1:],
        "indefinite length": b"\x30\x80" + good_r + good_s + b"\x00\x00",
        "r past the order": ecdsa_der(integer(r + _ORDER), good_s),
        "r negative": ecdsa_der(tlv(INTEGER, (r - _ORDER).to_bytes(33, "big", signed=True)), good_s),
        "three numbers": tlv(SEQUENCE, good_r, good_s, good_s),
        "raw": r.to_bytes(32, "big") + s.to_bytes(32, "big"),
    }
    assert not [name for name, spelled in wrong.items() if public.verify(spelled, b"law")]


# -- weak keys -------------------------------------------------------------------------------------------------------


def rsa_info(modulus: int, exponent: int) -> bytes:
    """A SubjectPublicKeyInfo that nobody has looked at."""
    key = tlv(SEQUENCE, integer(modulus), integer(exponent))
    return tlv(SEQUENCE, bytes.fromhex("300d06092a864886f70d0101010500"), tlv(0x03, b"\x00", key))


def rsa_members(modulus: int, exponent: int) -> dict[str, str]:
    return {"kty": "RSA", "n": base64url.encode_number(modulus), "e": base64url.encode_number(exponent)}


@pytest.mark.parametrize("algorithm", [RS256, SignatureAlgorithm.PS256])
def test_weak_rsa_keys_are_refused(algorithm: SignatureAlgorithm) -> None:
    modulus = rsa.generate_private_key(65537, 2048).public_key().public_numbers().n
    good = [(modulus, 65537), (modulus, 3)]
    weak = {
        "exponent 0": (modulus, 0),
        "exponent 1": (modulus, 1),
        "even exponent": (modulus, 65536),
        "long exponent": (modulus, (1 << 40) + 1),
        "exponent above the modulus": (modulus, modulus + 2),
        "even modulus": (modulus - 1, 65537),
        "modulus of one bit less": (modulus >> 1 | 1, 65537),
        "modulus of one bit more": (modulus << 1 | 1, 65537),
        "1024 bits": ((1 << 1023) + 1, 65537),
        "tiny": (15, 3),
        "16384 bits": ((1 << 16383) + 1, 65537),
    }
    for numbers in good:
        assert primitive(algorithm).load_public(rsa_info(*numbers)).bits == 2048
        assert primitive(algorithm).of_members(rsa_members(*numbers)).encoded == rsa_info(*numbers)
    for name, numbers in weak.items():
        with pytest.raises(KeyRefused):
            pytest.fail(f"{name} {primitive(algorithm).load_public(rsa_info(*numbers))}")
        with pytest.raises(KeyRefused):
            pytest.fail(f"{name} {primitive(algorithm).of_members(rsa_members(*numbers))}")


def edwards_info(point: bytes) -> bytes:
    return bytes.fromhex("302a300506032b6570032100") + point


def test_ed25519_points_of_small_order_are_refused() -> None:
    """The points of order 8, found by computing instead of copying (RFC 8032 §5.1)."""
    prime = 2**255 - 19
    d = -121665 * pow(121666, -1, prime) % prime

    def doubled(point: tuple[int, int]) -> tuple[int, int]:
        x, y = point
        product = d * x * x % prime * y % prime * y % prime
        return (
            2 * x * y * pow(1 + product, -1, prime) % prime,
            (y * y + x * x) * pow(1 - product, -1, prime) % prime,
        )

    root = pow(2, (prime - 1) // 4, prime)  # of -1
    small: set[tuple[int, int]] = {(0, 1), (0, prime - 1), (root, 0), (prime - root, 0)}
    # order 8: twice the point is (±root, 0), so x² = -y², and the curve's equation becomes d·y⁴ + 2y² - 1 = 0
    for sign in (1, -1):
        half = pow(1 + d, (prime + 3) // 8, prime)
        half = half if half * half % prime == (1 + d) % prime else half * root % prime
        square = (-1 + sign * half) * pow(d, -1, prime) % prime
        y = pow(square, (prime + 3) // 8, prime)
        y = y if y * y % prime == square else y * root % prime
        if y * y % prime == square:
            x = root * y % prime
            small |= {(x, y), (prime - x, y), (x, prime - y), (prime - x, prime - y)}
    assert len(small) == 8
    for point in small:
        assert doubled(doubled(doubled(point))) == (0, 1)
        encoded = (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")
        with pytest.raises(KeyRefused):
            primitive(EDDSA).load_public(edwards_info(encoded))
        with pytest.raises(KeyRefused):
            primitive(EDDSA).of_members({"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(encoded)})
    good = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    assert primitive(EDDSA).load_public(edwards_info(good)).bits == 256


@pytest.mark.parametrize("y", [2**255 - 19, 2**255 - 18, 2**255 - 1], ids=["p", "p+1", "2^255-1"])
def test_ed25519_coordinates_that_are_not_reduced_are_refused(y: int) -> None:
    for sign in (0, 1):
        with pytest.raises(KeyRefused):
            primitive(EDDSA).load_public(edwards_info((y | sign << 255).to_bytes(32, "little")))


# -- members of strangers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", EVERY)
def test_members_that_are_not_as_they_must_be_are_refused(algorithm: SignatureAlgorithm) -> None:
    good: dict[str, object] = dict(pair(algorithm)[1].members())
    value = next(name for name in ("x", "n") if name in good)
    text = str(good[value])
    for changes in (
        {value: None},
        {value: ""},
        {value: 5},
        {value: [text]},
        {value: text + "="},
        {value: text + "A"},
        {value: "A" + text},
        {value: base64url.encode(b"\x00" + base64url.decode(text))},
        {value: text[:-4]},
        {value: text.replace(text[0], "é")},
        {value: "A" * 100_000},
        {"kty": "oct"},
        {"kty": None},
    ):
        with pytest.raises(KeyRefused):
            primitive(algorithm).of_members(good | changes)
    if "crv" in good:
        for curve in ("P-521", "secp256k1", "Ed448", None, ["P-256"]):
            with pytest.raises(KeyRefused):
                primitive(algorithm).of_members(good | {"crv": curve})


def test_a_point_beside_the_curve_is_refused() -> None:
    members = pair(ES256)[1].members()
    with pytest.raises(KeyRefused):
        primitive(ES256).of_members(members | {"x": members["y"]})


@settings(deadline=None, max_examples=40)  # RSA takes its time
@given(st.binary(max_size=40))
def test_base64url_has_one_spelling(data: bytes) -> None:
    text = base64url.encode(data)
    assert base64url.decode(text) == data
    for wrong in (text + "=", text + "\n", " " + text, text + "é", "+" + text, "/" + text):
        with pytest.raises(ValueError):
            base64url.decode(wrong)


def test_a_private_key_of_a_size_that_the_table_does_not_have_is_refused() -> None:
    small = rsa.generate_private_key(65537, 1024).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(KeyRefused):
        primitive(RS256).load_private(small)

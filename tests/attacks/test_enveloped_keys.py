"""SM2EnvelopedKey (GM/T 0009 §7.4): two other hands agree with ours, and each field that is bad has its own refusal."""

from __future__ import annotations

from pathlib import Path

import pytest
from asn1crypto import core
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.der import BIT_STRING, OCTET_STRING, SEQUENCE, integer, oid, only, tlv
from keys.enveloped_key import SM4_ALONE, SM4_ECB, EnvelopeFault, EnvelopeRefused, envelop_key, open_key
from keys.errors import KeyRefused
from keys.libcrypto.sm2 import Sm2Key
from keys.primitives.sm2 import pkcs8_of, point_of
from tests.support.national_oracle import scalar_of
from tests.support.national_pair import Parts, opened, openssl_opens

HOLDER, SENT, OTHER = Sm2Key.generated(), Sm2Key.generated(), Sm2Key.generated()
SECRET = scalar_of(SENT.pkcs8())
GOOD = envelop_key(SENT.pkcs8(), HOLDER.spki())
ALGORITHM, CIPHER, PUBLIC, PRIVATE = (one.encoded for one in only(GOOD).items())
X, Y, HASH, TEXT = (one.encoded for one in only(CIPHER).items())
P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF


def bits(octets: bytes, unused: int = 0) -> bytes:
    return tlv(BIT_STRING, bytes((unused,)), octets)


def fault(enveloped: bytes) -> EnvelopeFault:
    with pytest.raises(EnvelopeRefused) as refused:
        open_key(enveloped, HOLDER.pkcs8())
    return refused.value.fault


# -- agreement -------------------------------------------------------------------------------------------------------


def test_a_pure_python_library_opens_ours() -> None:
    assert opened(GOOD, scalar_of(HOLDER.pkcs8())) == (SECRET, point_of(SENT.spki()))


def test_openssl_and_pyca_open_ours(tmp_path: Path) -> None:
    once = openssl_opens(GOOD, HOLDER.pkcs8(), tmp_path)
    sealed = only(PRIVATE).content[1:]
    assert Cipher(SM4(once), modes.ECB()).decryptor().update(sealed) == SECRET


@pytest.mark.parametrize("algorithm", [SM4_ECB, SM4_ALONE])
@pytest.mark.parametrize("parameters", [None, core.Null()])
def test_ours_opens_that_of_a_pure_python_library(algorithm: str, parameters: core.Asn1Value | None) -> None:
    theirs = Parts(SECRET, algorithm=algorithm, parameters=parameters)
    found = open_key(theirs.enveloped(point_of(SENT.spki()), point_of(HOLDER.spki())), HOLDER.pkcs8())
    assert found.public == SENT.spki()
    assert Sm2Key.of_pkcs8(found.private).spki() == SENT.spki()
    assert "private" not in repr(found)


@settings(deadline=None, max_examples=40)
@given(secret=st.integers(1, 2**255).map(lambda number: number.to_bytes(32, "big")))
def test_every_key_comes_out_as_it_went_in(secret: bytes) -> None:
    """Small numbers among them: they keep their leading zeros."""
    key = Sm2Key.of_pkcs8(pkcs8_of(secret))
    found = open_key(envelop_key(pkcs8_of(secret), HOLDER.spki()), HOLDER.pkcs8())
    assert (scalar_of(found.private), found.public) == (secret, key.spki())


def test_no_two_are_alike_and_the_key_is_not_in_them() -> None:
    again = envelop_key(SENT.pkcs8(), HOLDER.spki())
    mine, others = only(GOOD).items(), only(again).items()
    assert [a.encoded == b.encoded for a, b in zip(mine, others, strict=True)] == [True, False, True, False]
    assert SECRET not in GOOD


# -- refusals --------------------------------------------------------------------------------------------------------

BAD = {
    "nothing": (b"", EnvelopeFault.STRUCTURE),
    "something after it": (GOOD + b"\x05\x00", EnvelopeFault.STRUCTURE),
    "three fields": (tlv(SEQUENCE, ALGORITHM, CIPHER, PUBLIC), EnvelopeFault.STRUCTURE),
    "five fields": (tlv(SEQUENCE, ALGORITHM, CIPHER, PUBLIC, PRIVATE, PRIVATE), EnvelopeFault.STRUCTURE),
    "roundabout length": (
        b"\x30\x83" + len(only(GOOD).content).to_bytes(3, "big") + only(GOOD).content,
        EnvelopeFault.STRUCTURE,
    ),
    "another cipher": (
        tlv(SEQUENCE, tlv(SEQUENCE, oid("1.2.156.10197.1.104.2")), CIPHER, PUBLIC, PRIVATE),
        EnvelopeFault.ALGORITHM,
    ),
    "SM1": (tlv(SEQUENCE, tlv(SEQUENCE, oid("1.2.156.10197.1.102")), CIPHER, PUBLIC, PRIVATE), EnvelopeFault.ALGORITHM),
    "parameters": (
        tlv(SEQUENCE, tlv(SEQUENCE, oid(SM4_ECB), tlv(OCTET_STRING, bytes(16))), CIPHER, PUBLIC, PRIVATE),
        EnvelopeFault.ALGORITHM,
    ),
    "no identifier": (tlv(SEQUENCE, oid(SM4_ECB), CIPHER, PUBLIC, PRIVATE), EnvelopeFault.ALGORITHM),
    "a point off the curve": (
        tlv(SEQUENCE, ALGORITHM, tlv(SEQUENCE, X, integer(1), HASH, TEXT), PUBLIC, PRIVATE),
        EnvelopeFault.CIPHER,
    ),
    "a coordinate too large": (
        tlv(SEQUENCE, ALGORITHM, tlv(SEQUENCE, integer(P + 1), Y, HASH, TEXT), PUBLIC, PRIVATE),
        EnvelopeFault.CIPHER,
    ),
    "a coordinate of 33 octets": (
        tlv(SEQUENCE, ALGORITHM, tlv(SEQUENCE, integer(2**257), Y, HASH, TEXT), PUBLIC, PRIVATE),
        EnvelopeFault.CIPHER,
    ),
    "a negative coordinate": (
        tlv(SEQUENCE, ALGORITHM, tlv(SEQUENCE, integer(-5), Y, HASH, TEXT), PUBLIC, PRIVATE),
        EnvelopeFault.CIPHER,
    ),
    "a digest too short": (
        tlv(SEQUENCE, ALGORITHM, tlv(SEQUENCE, X, Y, tlv(OCTET_STRING, bytes(31)), TEXT), PUBLIC, PRIVATE),
        EnvelopeFault.CIPHER,
    ),
    "a key of 17 octets": (
        tlv(SEQUENCE, ALGORITHM, HOLDER.encrypt(bytes(17)), PUBLIC, PRIVATE),
        EnvelopeFault.CIPHER,
    ),
    "bare octets for the cipher": (
        tlv(SEQUENCE, ALGORITHM, tlv(OCTET_STRING, bytes(112)), PUBLIC, PRIVATE),
        EnvelopeFault.CIPHER,
    ),
    "a public key off the curve": (
        tlv(SEQUENCE, ALGORITHM, CIPHER, bits(b"\x04" + bytes(64)), PRIVATE),
        EnvelopeFault.PUBLIC_KEY,
    ),
    "a compressed public key": (
        tlv(SEQUENCE, ALGORITHM, CIPHER, bits(b"\x02" + point_of(SENT.spki())[1:33]), PRIVATE),
        EnvelopeFault.PUBLIC_KEY,
    ),
    "a public key with odd bits": (
        tlv(SEQUENCE, ALGORITHM, CIPHER, bits(point_of(SENT.spki()), 1), PRIVATE),
        EnvelopeFault.PUBLIC_KEY,
    ),
    "one block": (tlv(SEQUENCE, ALGORITHM, CIPHER, PUBLIC, bits(bytes(16))), EnvelopeFault.PRIVATE_KEY),
    "padded": (tlv(SEQUENCE, ALGORITHM, CIPHER, PUBLIC, bits(bytes(48))), EnvelopeFault.PRIVATE_KEY),
    "a private key with odd bits": (
        tlv(SEQUENCE, ALGORITHM, CIPHER, PUBLIC, bits(only(PRIVATE).content[1:], 3)),
        EnvelopeFault.PRIVATE_KEY,
    ),
    "for somebody else": (envelop_key(SENT.pkcs8(), OTHER.spki()), EnvelopeFault.RECIPIENT),
    "a changed digest": (
        tlv(SEQUENCE, ALGORITHM, tlv(SEQUENCE, X, Y, tlv(OCTET_STRING, bytes(32)), TEXT), PUBLIC, PRIVATE),
        EnvelopeFault.RECIPIENT,
    ),
    "the public key of another": (
        tlv(SEQUENCE, ALGORITHM, CIPHER, bits(point_of(OTHER.spki())), PRIVATE),
        EnvelopeFault.PAIR,
    ),
    "a changed private key": (
        tlv(SEQUENCE, ALGORITHM, CIPHER, PUBLIC, bits(bytes(32))),
        EnvelopeFault.PAIR,
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_each_bad_field_has_its_own_refusal(case: str) -> None:
    enveloped, expected = BAD[case]
    assert fault(enveloped) is expected
    assert open_key(GOOD, HOLDER.pkcs8()).public == SENT.spki()


def test_every_fault_has_a_case() -> None:
    assert {expected for _, expected in BAD.values()} == set(EnvelopeFault)


@pytest.mark.parametrize("secret", [bytes(32), b"\xff" * 32], ids=["zero", "beyond the order"])
def test_what_is_no_private_number_is_refused(secret: bytes) -> None:
    theirs = Parts(secret).enveloped(point_of(SENT.spki()), point_of(HOLDER.spki()))
    assert fault(theirs) is EnvelopeFault.PAIR


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_no_changed_octet_gives_another_key(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(GOOD) - 1))
    changed = bytearray(GOOD)
    changed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(EnvelopeRefused):
        open_key(bytes(changed), HOLDER.pkcs8())


@settings(deadline=None, max_examples=200)
@given(octets=st.binary(max_size=400))
def test_anything_at_all_is_refused_quietly(octets: bytes) -> None:
    with pytest.raises(EnvelopeRefused):
        open_key(octets, HOLDER.pkcs8())


def test_only_sm2_keys_are_sent_and_sent_to() -> None:
    for private, recipient in ((SENT.pkcs8(), b"\x30\x00"), (b"\x30\x00", HOLDER.spki())):
        with pytest.raises(KeyRefused):
            envelop_key(private, recipient)

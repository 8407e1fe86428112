"""SM2, SM3 and SM4: the published examples, and agreement with a pure-Python library and the openssl command line."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.backends.software import SoftwareBackend
from keys.der import INTEGER, OCTET_STRING, SEQUENCE, integer, oid, tlv
from keys.errors import KeyRefused, LibraryMissing
from keys.jose.jwk import public_jwk
from keys.jose.tokens import TokenSigner, TokenVerifier
from keys.libcrypto import library
from keys.libcrypto.sm2 import DEFAULT_USER_ID, LONGEST_USER_ID, Sm2Key
from keys.ports import VerificationKey
from keys.primitives.registry import primitive
from keys.primitives.sm2 import Sm2PublicKey, numbers_of
from keys.spec import KeyState, SignatureAlgorithm
from tests.support.clock import FakeClock
from tests.support.national_oracle import curve_of, openssl_accepts, pure_accepts, pure_signature, scalar_of
from tests.unit.keys.rings import CLIENT, ISSUER, FixedKeys, fixed_signer, id_token_claims

SM2_SM3 = SignatureAlgorithm.SM2_SM3
SM2 = primitive(SM2_SM3)
# GB/T 32918.5 A.2: the example on the recommended curve
SECRET = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
X = bytes.fromhex("09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020")
Y = bytes.fromhex("CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13")
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_CURVE = oid("1.2.840.10045.2.1") + oid("1.2.156.10197.1.301")
SPKI = tlv(SEQUENCE, tlv(SEQUENCE, _CURVE), tlv(3, b"\x00\x04" + X + Y))


def pkcs8(secret: bytes) -> bytes:
    """RFC 5958 around RFC 5915, without the public key."""
    inner = tlv(SEQUENCE, integer(1), tlv(OCTET_STRING, secret))
    return tlv(SEQUENCE, integer(0), tlv(SEQUENCE, _CURVE), tlv(OCTET_STRING, inner))


def der(r: int, s: int) -> bytes:
    return tlv(SEQUENCE, integer(r), integer(s))


# -- published examples ----------------------------------------------------------------------------------------------


def test_the_example_of_the_standard_verifies() -> None:
    assert SM2.load_public(SPKI).verify(der(R, S), b"message digest")
    assert not SM2.load_public(SPKI).verify(der(R, S), b"message digesu")
    assert not SM2.load_public(SPKI).verify(der(S, R), b"message digest")


def test_the_public_key_of_the_example_follows_from_its_private_key() -> None:
    private = SM2.load_private(pkcs8(SECRET))
    assert private.public_key == SPKI
    assert SM2.load_public(SPKI).verify(private.sign(b"law"), b"law")


def test_the_cipher_text_of_the_example_opens() -> None:
    # GB/T 32918.5 C.2, in the form of GM/T 0009 §7.2
    x = 0x04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73
    y = 0xE858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0
    digest = bytes.fromhex("59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766")
    text = bytes.fromhex("21886CA989CA9C7D58087307CA93092D651EFA")
    sealed = tlv(SEQUENCE, integer(x), integer(y), tlv(OCTET_STRING, digest), tlv(OCTET_STRING, text))
    key = Sm2Key.of_pkcs8(pkcs8(SECRET))
    assert key.decrypt(sealed) == b"encryption standard"
    with pytest.raises(KeyRefused):
        key.decrypt(sealed[:-1] + bytes((sealed[-1] ^ 1,)))


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_answers_as_the_examples_of_its_standard(message: bytes, digest: str) -> None:
    assert hashlib.new("sm3", message).hexdigest() == digest  # GB/T 32905 A.1, A.2


def test_sm4_answers_as_the_examples_of_its_standards() -> None:
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    block = Cipher(SM4(key), modes.ECB()).encryptor()
    assert block.update(key).hex() == "681edf34d206965e86b3e94f536e4246"
    gcm = Cipher(SM4(key), modes.GCM(bytes.fromhex("00001234567800000000abcd"))).encryptor()  # RFC 8998 A.1
    gcm.authenticate_additional_data(bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
    plain = b"".join(bytes((octet,)) * 8 for octet in b"\xaa\xbb\xcc\xdd\xee\xff\xee\xaa")
    sealed = gcm.update(plain) + gcm.finalize()
    assert sealed.hex().startswith("17f399f08c67d5ee19d0dc9969c4bb7d")
    assert gcm.tag.hex() == "83de3541e4c2b58177e065a9bf7b62ec"


# -- other hands -----------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=15)  # the other library takes its time
@given(message=st.binary(max_size=300), user_id=st.binary(min_size=1, max_size=40))
def test_a_pure_python_library_agrees_in_both_directions(message: bytes, user_id: bytes) -> None:
    key = Sm2Key.generated()
    public = SM2.load_public(key.spki())
    assert isinstance(public, Sm2PublicKey)
    ours, theirs = key.sign(message, user_id), pure_signature(scalar_of(key.pkcs8()), message, user_id)
    assert pure_accepts(key.spki(), ours, message, user_id)
    assert public.verify_as(user_id, theirs, message)
    assert not public.verify_as(user_id + b"x", theirs, message)
    assert not pure_accepts(key.spki(), ours, message, user_id + b"x")
    assert public.verify(theirs, message) is (user_id == DEFAULT_USER_ID)


def test_openssl_accepts_ours_under_the_id_that_was_used() -> None:
    key = Sm2Key.generated()
    assert curve_of(key.spki()) == "1.2.156.10197.1.301"
    assert openssl_accepts(key.spki(), key.sign(b"law"), b"law")
    assert openssl_accepts(key.spki(), key.sign(b"law", b"office@example"), b"law", b"office@example")
    assert not openssl_accepts(key.spki(), key.sign(b"law", b"office@example"), b"law")
    assert not openssl_accepts(key.spki(), key.sign(b"law"), b"lax")


def test_what_was_sealed_for_a_key_opens_with_that_key_alone() -> None:
    key, other = Sm2Key.generated(), Sm2Key.generated()
    sealed = Sm2Key.of_spki(key.spki()).encrypt(b"a key")
    assert key.decrypt(sealed) == b"a key"
    for wrong in (other, Sm2Key.of_spki(key.spki())):
        with pytest.raises(KeyRefused):
            wrong.decrypt(sealed)


# -- hostile input, beside its twin ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("r", "s"),
    [(0, S), (R, 0), (ORDER, S), (R, ORDER), (R + ORDER, S), (-R, S), (R, -S), (1 << 256, S), (R, ORDER - R)],
)
def test_numbers_out_of_range_are_no_signature(r: int, s: int) -> None:
    assert not SM2.load_public(SPKI).verify(der(r, s), b"message digest")
    assert SM2.load_public(SPKI).verify(der(R, S), b"message digest")


def test_a_signature_has_one_encoding() -> None:
    good = der(R, S)
    idle = tlv(SEQUENCE, tlv(INTEGER, b"\x00\x00" + R.to_bytes(32, "big")), integer(S))
    long_form = b"\x30\x81" + good[1:]
    endless = b"\x30\x80" + good[2:] + b"\x00\x00"
    bare = R.to_bytes(32, "big") + S.to_bytes(32, "big")
    for wrong in (idle, long_form, endless, bare, good + b"\x00", tlv(SEQUENCE, good[2:], integer(1)), b""):
        assert not SM2.load_public(SPKI).verify(wrong, b"message digest")
        with pytest.raises(ValueError, match=r".*"):
            numbers_of(wrong)
    assert numbers_of(good) == (R, S)


@pytest.mark.parametrize("wrong", [X + X, bytes(64), b"\xff" * 64, X + bytes(32)])
def test_a_point_beside_the_curve_is_no_key(wrong: bytes) -> None:
    with pytest.raises(KeyRefused):
        SM2.load_public(SPKI[:-64] + wrong)
    assert SM2.load_public(SPKI).encoded == SPKI


def test_a_point_of_p256_is_no_sm2_key_under_either_name() -> None:
    theirs = fixed_signer(SignatureAlgorithm.ES256).public_key
    with pytest.raises(KeyRefused):
        SM2.load_public(theirs)
    with pytest.raises(KeyRefused):
        SM2.load_public(SPKI[:-64] + theirs[-64:])
    with pytest.raises(KeyRefused):
        Sm2Key.of_spki(theirs)


@pytest.mark.parametrize(
    "secret", [bytes(32), (ORDER - 1).to_bytes(32, "big"), ORDER.to_bytes(32, "big"), b"\xff" * 32]
)
def test_a_private_number_out_of_range_is_no_key(secret: bytes) -> None:
    with pytest.raises(KeyRefused):
        SM2.load_private(pkcs8(secret))


def test_a_user_id_has_an_end() -> None:
    key = Sm2Key.generated()
    longest = b"i" * LONGEST_USER_ID
    assert key.verify(key.sign(b"law", longest), b"law", longest)
    with pytest.raises(KeyRefused):
        key.sign(b"law", longest + b"i")
    assert key.verify(key.sign(b"law", b""), b"law", b"")


@pytest.mark.parametrize("name", ["libnothing-of-the-kind.so.9", "libc.so.6"])
def test_a_system_without_the_library_says_so_and_offers_the_rest(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LibraryMissing) as refused:
        library.opened(name)
    assert refused.value.code == "library-missing"
    assert SM2_SM3 in SoftwareBackend().algorithms()
    monkeypatch.setattr(library, "libcrypto", lambda: library.opened(name))
    assert SM2_SM3 not in SoftwareBackend().algorithms()
    assert SignatureAlgorithm.ES256 in SoftwareBackend().algorithms()


# -- tokens ----------------------------------------------------------------------------------------------------------


def test_a_token_is_what_the_pure_python_library_verifies(clock: FakeClock) -> None:
    signer = fixed_signer(SM2_SM3)
    keys, purposes = FixedKeys({"oidc.sm2": signer}), {SM2_SM3: "oidc.sm2"}
    claims = id_token_claims(clock, name="王小明")
    token = TokenSigner(keys, purposes).sign(claims, typ="JWT", algorithm=SM2_SM3)
    head, body, last = token.split(".")
    raw = urlsafe_b64decode(last + "==")
    assert json.loads(urlsafe_b64decode(head + "=="))["alg"] == "SGD_SM3_SM2"
    both = der(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    assert pure_accepts(signer.public_key, both, f"{head}.{body}".encode())
    verifier = TokenVerifier(keys, clock, purposes)
    assert verifier.verify(token, typ="JWT", issuer=ISSUER, audience=CLIENT) == claims


def test_the_jwk_names_curve_and_algorithm_as_the_national_standard_does() -> None:
    key = VerificationKey("k", SM2_SM3, KeyState.ACTIVE, SPKI)
    jwk = public_jwk(key)
    assert (jwk["kty"], jwk["crv"], jwk["alg"], jwk["use"]) == ("EC", "SM2-P-256", "SGD_SM3_SM2", "sig")
    assert urlsafe_b64decode(jwk["x"] + "=") == X
    assert urlsafe_b64decode(jwk["y"] + "=") == Y

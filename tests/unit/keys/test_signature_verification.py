"""The algorithm table, enforced on what others signed."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from asn1crypto.algos import SignedDigestAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keys import spec
from keys.errors import KeyRefused, SignatureRefused
from keys.spec import ALGORITHMS, SignatureAlgorithm, SizeRule, Use, uses_of
from keys.verification import algorithm_of_identifier, check_signature, counts, load_verification_key
from tests.unit.keys.rings import fixed_signer

EVERY = list(SignatureAlgorithm)
ES256, RS256, EDDSA = SignatureAlgorithm.ES256, SignatureAlgorithm.RS256, SignatureAlgorithm.EDDSA
NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
LAST_DAY = dt.datetime(2030, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
SHANGHAI = dt.timezone(dt.timedelta(hours=8))


@pytest.mark.parametrize("algorithm", EVERY)
def test_a_signature_counts_for_what_the_table_says(algorithm: SignatureAlgorithm) -> None:
    signer = fixed_signer(algorithm)
    signature = signer.sign(b"law")
    for use in Use:
        if use in ALGORITHMS[algorithm].uses:
            check_signature(signer.public_key, algorithm, signature, b"law", use=use, at=NOW)
            with pytest.raises(SignatureRefused, match="not a signature"):
                check_signature(signer.public_key, algorithm, signature, b"lax", use=use, at=NOW)
        else:
            with pytest.raises(SignatureRefused, match="does not count"):
                check_signature(signer.public_key, algorithm, signature, b"law", use=use, at=NOW)


def test_ed25519_signs_no_documents_and_no_certificates() -> None:
    assert {Use.DOCUMENT, Use.CERTIFICATE, Use.REVOCATION, Use.TIMESTAMP}.isdisjoint(ALGORITHMS[EDDSA].uses)


@pytest.mark.parametrize(
    ("moment", "good"),
    [
        (LAST_DAY, True),
        (LAST_DAY + dt.timedelta(seconds=1), False),
        (dt.datetime(2031, 1, 1, 7, 59, 59, tzinfo=SHANGHAI), True),  # days of the table are in UTC
        (dt.datetime(2031, 1, 1, 8, 0, tzinfo=SHANGHAI), False),
    ],
)
def test_rsa_of_2048_bits_ends_with_2030(moment: dt.datetime, good: bool) -> None:
    signer = fixed_signer(RS256)
    signature = signer.sign(b"law")
    assert counts(RS256, 2048, use=Use.DOCUMENT, at=moment) is good
    assert counts(RS256, 3072, use=Use.DOCUMENT, at=moment)
    assert counts(ES256, 256, use=Use.DOCUMENT, at=moment)
    if good:
        check_signature(signer.public_key, RS256, signature, b"law", use=Use.DOCUMENT, at=moment)
    else:
        with pytest.raises(SignatureRefused, match="does not count"):
            check_signature(signer.public_key, RS256, signature, b"law", use=Use.DOCUMENT, at=moment)


def test_a_moment_without_its_zone_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="time zone"):
        counts(RS256, 2048, use=Use.TOKEN, at=dt.datetime(2026, 1, 1))


def test_a_row_of_the_table_is_all_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """An algorithm that falls is ended by its row."""
    row = dataclasses.replace(ALGORITHMS[ES256], sizes=(SizeRule(256, until=NOW.date() - dt.timedelta(days=1)),))
    signer = fixed_signer(ES256)
    signature = signer.sign(b"law")
    check_signature(signer.public_key, ES256, signature, b"law", use=Use.TOKEN, at=NOW)
    monkeypatch.setitem(spec.ALGORITHMS, ES256, row)
    with pytest.raises(SignatureRefused, match="does not count"):
        check_signature(signer.public_key, ES256, signature, b"law", use=Use.TOKEN, at=NOW)
    check_signature(signer.public_key, ES256, signature, b"law", use=Use.TOKEN, at=NOW - dt.timedelta(days=1))


def test_a_key_that_is_refused_verifies_nothing() -> None:
    small = rsa.generate_private_key(65537, 1024).public_key()
    public = small.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(SignatureRefused, match="1024 bits"):
        check_signature(public, RS256, bytes(128), b"law", use=Use.TOKEN, at=NOW)
    with pytest.raises(SignatureRefused, match="not a public key"):
        check_signature(b"", RS256, bytes(128), b"law", use=Use.TOKEN, at=NOW)


@pytest.mark.parametrize("algorithm", EVERY)
def test_identifiers_are_found_again(algorithm: SignatureAlgorithm) -> None:
    identifier = ALGORITHMS[algorithm].identifier
    assert algorithm_of_identifier(identifier) is algorithm
    for wrong in (identifier[:-1], identifier + b"\x00", identifier[:-1] + bytes([identifier[-1] ^ 0x40]), b""):
        with pytest.raises(KeyRefused):
            algorithm_of_identifier(wrong)


def test_identifiers_are_what_another_library_writes() -> None:
    names = {"sha256_ecdsa": "ES256", "sha384_ecdsa": "ES384", "ed25519": "EdDSA"}
    names |= {"sha256_rsa": "RS256", "sha384_rsa": "RS384", "sha512_rsa": "RS512"}
    for name, algorithm in names.items():
        assert algorithm_of_identifier(SignedDigestAlgorithm({"algorithm": name}).dump()) == algorithm
    sha256 = {"algorithm": "sha256"}
    for salt, mask in ((32, sha256), (20, sha256), (32, {"algorithm": "sha1"})):
        parameters = {
            "hash_algorithm": sha256,
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": mask},
            "salt_length": salt,
        }
        der = SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": parameters}).dump()
        if (salt, mask) == (32, sha256):
            assert SignedDigestAlgorithm.load(ALGORITHMS[SignatureAlgorithm.PS256].identifier).native == (
                SignedDigestAlgorithm.load(der).native
            )
        else:
            with pytest.raises(KeyRefused):
                algorithm_of_identifier(der)
    for name in ("sha1_rsa", "md5_rsa", "sha224_ecdsa", "sha512_ecdsa", "sha256_dsa"):
        with pytest.raises(KeyRefused):
            algorithm_of_identifier(SignedDigestAlgorithm({"algorithm": name}).dump())


def test_a_key_is_parsed_once() -> None:
    public = fixed_signer(RS256).public_key
    assert load_verification_key(public, RS256) is load_verification_key(bytes(bytearray(public)), RS256)
    assert load_verification_key(public, RS256) is not load_verification_key(public, SignatureAlgorithm.PS256)


def test_the_table_holds_together() -> None:
    identifiers = [row.identifier for row in ALGORITHMS.values()]
    assert len(set(identifiers)) == len(identifiers) == len(SignatureAlgorithm)
    for row in ALGORITHMS.values():
        assert row.has_size(row.bits)
        assert row.uses
        assert (row.curve is None) is (row.key_type == "RSA")
        assert row.until(1, row.uses) == dt.date.min
        assert row.until(row.bits, row.uses) == row.sizes[0].until
        assert row.until(row.bits, frozenset({*Use})) == (None if row.uses == {*Use} else dt.date.min)
    assert uses_of("seal/s_1") == {Use.DOCUMENT}
    assert uses_of("field.data") == frozenset()

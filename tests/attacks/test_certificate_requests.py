"""Hostile certification requests and keys: none is certified. Every attack has its twin, the same thing done right."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import csr as asn1_csr
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from api.wiring.pki import PkiServices
from keys.der import BIT_STRING, CONTEXT_0, NULL, OID, SEQUENCE, SET, integer, tlv
from keys.errors import CertificateRefused
from keys.spec import ALGORITHMS, SignatureAlgorithm
from keys.x509.csr import LARGEST, read_request, write_request
from keys.x509.errors import CertificateConflict, RequestRefused
from keys.x509.issue import Wanted
from keys.x509.names import authority_name, machine_name, person_name
from keys.x509.profiles import PERSON, SEAL, TIMESTAMP, TLS_CLIENT
from keys.x509.weak_rsa import _SMALL_PRIMES
from tests.support.clock import START, FakeClock
from tests.support.pki_world import pki_worker
from tests.unit.keys.rings import fixed_signer

SUBJECT = machine_name(organisation_name="局", identifier="portal-a")
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "portal-a")])
KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
async def pki(tmp_path: Path, clock: FakeClock) -> AsyncIterator[PkiServices]:
    async with pki_worker(tmp_path, clock) as worker:
        yield worker


def spki(key: Any) -> bytes:
    public = key.public_key() if hasattr(key, "public_key") else key
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def request(key: Any = KEY, digest: hashes.HashAlgorithm | None = None) -> bytes:
    builder = x509.CertificateSigningRequestBuilder(NAME)
    wanted = x509.BasicConstraints(ca=True, path_length=None)  # which nobody gets
    made = builder.add_extension(wanted, critical=True).sign(key, digest or hashes.SHA256())
    return made.public_bytes(Encoding.DER)


def written(*attributes: bytes, version: int = 0) -> bytes:
    """A request written by hand, whole and signed, with whatever attributes."""
    name = NAME.public_bytes()
    info = tlv(SEQUENCE, integer(version), name, spki(KEY), tlv(CONTEXT_0, *attributes))
    signature = KEY.sign(info, ec.ECDSA(hashes.SHA256()))
    algorithm = ALGORITHMS[SignatureAlgorithm.ES256].identifier
    return tlv(SEQUENCE, info, algorithm, tlv(BIT_STRING, b"\0", signature))


def attribute(number: int) -> bytes:
    """An attribute of a kind that nobody knows."""
    return tlv(SEQUENCE, tlv(OID, bytes((0x2A, 3, number))), tlv(SET, bytes((NULL, 0))))


def test_a_request_of_openssl_and_one_of_ours_are_read() -> None:
    sixteen = written(*map(attribute, range(16)))
    for content in (request(), x509.load_der_x509_csr(request()).public_bytes(Encoding.PEM), written(), sixteen):
        found = read_request(content, at=START)
        assert found.public_key == spki(KEY)
        assert found.subject.native == {"common_name": "portal-a"}
    signer = fixed_signer(SignatureAlgorithm.ES256)
    ours = asyncio.run(write_request(SUBJECT, signer))
    assert x509.load_der_x509_csr(ours).is_signature_valid
    assert read_request(ours, at=START).public_key == signer.public_key


def test_a_request_for_somebody_elses_key_is_refused() -> None:
    """Without the private key nobody can sign; and the signature of one request does not fit another."""
    stolen = asn1_csr.CertificationRequest.load(request())
    stolen["certification_request_info"]["subject_pk_info"] = asn1_x509.PublicKeyInfo.load(
        spki(ec.generate_private_key(ec.SECP256R1()))
    )
    renamed = asn1_csr.CertificationRequest.load(request())
    renamed["certification_request_info"]["subject"] = SUBJECT
    flipped = bytearray(request())
    flipped[-5] ^= 1
    for attack in (stolen.dump(force=True), renamed.dump(force=True), bytes(flipped)):
        with pytest.raises(RequestRefused):
            read_request(attack, at=START)


def test_what_is_not_one_whole_request_is_refused() -> None:
    good = request()
    pem = x509.load_der_x509_csr(good).public_bytes(Encoding.PEM)
    for attack in (
        b"",
        b"\x30\x80\x00\x00",
        good[:-1],
        good + b"\x00",
        good * 2,
        b"\x00" * (LARGEST + 1),
        pem + b"A" * LARGEST,
        pem.replace(b"CERTIFICATE REQUEST", b"CERTIFICATE"),
        pem.replace(b"\n", b"\n!"),
        written(attribute(1), attribute(1)),
        written(attribute(1)[:-2]),
        written(version=1),
        written(*map(attribute, range(17))),
    ):
        with pytest.raises(RequestRefused):
            read_request(attack, at=START)


@pytest.mark.parametrize("digest", [hashes.SHA224(), hashes.SHA512()], ids=lambda one: one.name)
def test_algorithms_outside_the_table_are_refused(digest: hashes.HashAlgorithm) -> None:
    with pytest.raises(RequestRefused):
        read_request(request(digest=digest), at=START)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_changed_request_is_refused_or_the_same(data: st.DataObject) -> None:
    octets = bytearray(_FIXED)
    for _ in range(data.draw(st.integers(1, 3))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_request(bytes(octets), at=START)
    except RequestRefused:
        return
    assert bytes(octets) == _FIXED
    assert found.public_key == spki(KEY)


_FIXED = request()


# -- keys ------------------------------------------------------------------------------------------------------------


def predictable(bits: int = 2048) -> bytes:
    """An RSA key as a certain maker's cards made them: modulo each small prime a power of 65537."""
    product = math.prod(_SMALL_PRIMES)
    factor = (1 << (bits - 1)) // product + 1
    modulus = 65537**3 % product + product * (factor + factor % 2)
    while modulus % 2 == 0 or modulus.bit_length() != bits:
        modulus += product
    return spki(rsa.RSAPublicNumbers(65537, modulus).public_key())


def small_exponent() -> bytes:
    numbers = rsa.generate_private_key(65537, 2048).public_key().public_numbers()
    return spki(rsa.RSAPublicNumbers(3, numbers.n).public_key())


WEAK = {
    "1024 bits": lambda: spki(rsa.generate_private_key(65537, 1024)),
    "exponent 3": small_exponent,
    "predictable primes": predictable,
    "P-521": lambda: spki(ec.generate_private_key(ec.SECP521R1())),
    "secp256k1": lambda: spki(ec.generate_private_key(ec.SECP256K1())),
    "nothing": lambda: b"",
}


@pytest.mark.parametrize("weakness", WEAK)
async def test_weak_keys_are_not_certified(weakness: str, pki: PkiServices) -> None:
    with pytest.raises(CertificateRefused) as refused:
        await pki.issue(Wanted(TLS_CLIENT, SUBJECT, WEAK[weakness]()))
    assert refused.value.field == "public_key"


async def test_good_keys_are_certified(pki: PkiServices) -> None:
    for number, key in enumerate((rsa.generate_private_key(65537, 2048), KEY, ed25519.Ed25519PrivateKey.generate())):
        subject = machine_name(organisation_name="局", identifier=f"good-{number}")
        assert (await pki.issue(Wanted(TLS_CLIENT, subject, spki(key)))).profile == "tls-client"


async def test_a_key_gets_no_certificate_for_what_its_algorithm_may_not_do(pki: PkiServices) -> None:
    key = spki(ed25519.Ed25519PrivateKey.generate())
    for profile in (SEAL, PERSON, TIMESTAMP):  # documents and time-stamps are not for Ed25519
        with pytest.raises(CertificateRefused):
            await pki.issue(Wanted(profile, SUBJECT, key))


async def test_a_certificate_ends_with_its_keys_algorithm(pki: PkiServices, clock: FakeClock) -> None:
    key = spki(rsa.generate_private_key(65537, 2048))
    record = await pki.issue(Wanted(SEAL, SUBJECT, key))
    assert f"{record.not_after:%Y-%m-%d %H:%M:%S}" == "2030-12-31 23:59:59"
    clock.set(record.not_after.replace(year=2031))
    with pytest.raises(CertificateRefused):
        await pki.issue(Wanted(SEAL, SUBJECT, spki(rsa.generate_private_key(65537, 2048))))


async def test_an_authoritys_key_is_nobody_elses(pki: PkiServices) -> None:
    for authority in pki.authorities.all():
        with pytest.raises(CertificateRefused):
            await pki.issue(Wanted(TLS_CLIENT, SUBJECT, authority.public_key))


async def test_a_key_belongs_to_one_subject(pki: PkiServices) -> None:
    first = await pki.issue(Wanted(TLS_CLIENT, SUBJECT, spki(KEY)))
    other = person_name(name="王小明", identifier="PNO-1")
    for profile in (TLS_CLIENT, PERSON):
        with pytest.raises(CertificateConflict) as refused:
            await pki.issue(Wanted(profile, other, spki(KEY)))
        assert refused.value.code == "key-certified"
    again = await pki.issue(Wanted(TLS_CLIENT, SUBJECT, spki(KEY)))
    assert (first.edition, again.edition) == (1, 2)


async def test_one_key_is_certified_once_at_a_time(tmp_path: Path, clock: FakeClock) -> None:
    async with pki_worker(tmp_path, clock) as here, pki_worker(tmp_path, clock) as there:
        subjects = [authority_name("局", f"racer {number}") for number in range(8)]
        workers = (here, there) * 4
        racing = [
            worker.issue(Wanted(TLS_CLIENT, subject, spki(KEY)))
            for worker, subject in zip(workers, subjects, strict=True)
        ]
        answers = await asyncio.gather(*racing, return_exceptions=True)
        made = [answer for answer in answers if not isinstance(answer, BaseException)]
        assert len(made) == 1
        assert all(isinstance(answer, CertificateConflict) for answer in answers if answer not in made)

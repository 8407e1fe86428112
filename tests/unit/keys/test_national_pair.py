"""The national pair of certificates: proved by the request, delivered under the signing key, kept nowhere."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from asn1crypto import x509

from api.wiring.pki import PkiServices
from keys.errors import CertificateRefused, KeyMissing
from keys.x509.errors import CertificateConflict, RequestRefused
from keys.x509.names import SubjectWords
from keys.x509.pair import IssuedPair
from tests.support.clock import FakeClock
from tests.support.national_oracle import curve_of, scalar_of
from tests.support.national_pair import opened, openssl_private, openssl_request
from tests.support.pki_world import pki_worker

WORDS = SubjectWords("王小明", "PNO-7Q2M4XK9", "示范市大数据管理局", "11410100MB1234567X")


@pytest.fixture
async def pki(tmp_path: Path, clock: FakeClock) -> AsyncIterator[PkiServices]:
    async with pki_worker(tmp_path, clock, national=True) as worker:
        yield worker


async def pair(pki: PkiServices, folder: Path, subject: str = "person", name: str = "a") -> IssuedPair:
    return await pki.issue_pair(subject, openssl_request(folder, name).read_bytes(), WORDS)


@pytest.mark.parametrize("subject", ["person", "agent"])
async def test_one_subject_gets_two_certificates_and_the_key_of_one(
    subject: str, pki: PkiServices, tmp_path: Path
) -> None:
    made = await pair(pki, tmp_path, subject)
    signing, encryption = (x509.Certificate.load(one.der) for one in (made.signing, made.encryption))
    assert signing.subject == encryption.subject
    assert "else" not in signing.subject.human_friendly
    private = openssl_private(tmp_path)
    secret, point = opened(made.enveloped, scalar_of(private))
    assert encryption.public_key.dump()[-65:] == point != signing.public_key.dump()[-65:]
    assert curve_of(encryption.public_key.dump()) == "1.2.156.10197.1.301"
    await pki.change.suspend(made.signing.sha256)  # both are in the register, and live their own lives
    assert (await pki.certificates.find(made.encryption.sha256)) == made.encryption
    for file in tmp_path.rglob("*.db*"):  # no escrow: neither the number nor the envelope stays here
        assert secret not in file.read_bytes()
        assert made.enveloped not in file.read_bytes()


async def test_asked_again_there_is_a_new_encryption_key(pki: PkiServices, tmp_path: Path) -> None:
    request = openssl_request(tmp_path).read_bytes()
    first, second = [await pki.issue_pair("person", request, WORDS) for _ in range(2)]
    assert first.signing.subject_key_id == second.signing.subject_key_id
    assert (first.signing.edition, second.signing.edition) == (1, 2)
    assert first.encryption.subject_key_id != second.encryption.subject_key_id


async def test_a_request_counts_only_when_its_own_key_signed_it_under_the_customary_id(
    pki: PkiServices, tmp_path: Path
) -> None:
    other_id = openssl_request(tmp_path, "b", user_id=b"8765432187654321").read_bytes()
    good = openssl_request(tmp_path).read_bytes()
    changed = bytearray(_der(tmp_path / "a.csr"))
    changed[-1] ^= 1
    for request in (other_id, bytes(changed), b"", good[:-40]):
        with pytest.raises(RequestRefused):
            await pki.issue_pair("person", request, WORDS)
    assert (await pki.issue_pair("person", good, WORDS)).signing.edition == 1


async def test_another_kind_of_key_and_a_key_of_another_subject_are_refused(pki: PkiServices, tmp_path: Path) -> None:
    command = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-keyout", "p256.key", "-subj", "/CN=x", "-out", "p256.csr"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    with pytest.raises(CertificateRefused) as refused:
        await pki.issue_pair("person", (tmp_path / "p256.csr").read_bytes(), WORDS)
    assert refused.value.field == "public_key"
    request = openssl_request(tmp_path).read_bytes()
    await pki.issue_pair("person", request, WORDS)
    with pytest.raises(CertificateConflict):
        await pki.issue_pair("person", request, replace(WORDS, identifier="PNO-OTHER"))


async def test_without_a_national_authority_nothing_is_issued(tmp_path: Path, clock: FakeClock) -> None:
    request = openssl_request(tmp_path).read_bytes()
    async with pki_worker(tmp_path, clock) as international:
        assert international.authorities.missing() == []
        with pytest.raises(KeyMissing):
            await international.issue_pair("person", request, WORDS)
    async with pki_worker(tmp_path, clock, national=True) as national:  # the deployment changes over
        assert (await national.issue_pair("person", request, WORDS)).signing.edition == 1


def _der(file: Path) -> bytes:
    command = ["openssl", "req", "-in", str(file), "-outform", "DER"]
    return subprocess.run(command, check=True, capture_output=True).stdout

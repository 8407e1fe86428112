"""The authority of national seals: a path of SM2 from its root on, and the maker who signs seals."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509

from api.wiring.pki import PkiServices
from api.wiring.trust import OwnAuthorities
from keys.errors import CertificateRefused, KeyMissing
from keys.spec import SignatureAlgorithm
from keys.trust.judge import Judge
from keys.trust.model import Service
from keys.x509.eseal_authority import MAKER
from keys.x509.profiles import NATIONAL_PERSONS, NATIONAL_SEALS
from keys.x509.signed_by import check_issued
from tests.support.clock import FakeClock
from tests.support.pki_world import CITY, pki_worker
from tests.support.trust_pki import FixedAnchors
from tests.unit.keys.rings import fixed_signer

SM2 = "1.2.156.10197.1.501"


@pytest.fixture
async def pki(tmp_path: Path, clock: FakeClock) -> AsyncIterator[PkiServices]:
    async with pki_worker(tmp_path, clock, national=True) as worker:
        yield worker


async def sealed(pki: PkiServices, purpose: str = "eseal/one") -> bytes:
    return await pki.national_seals.issue_seal_certificate(
        organisation_name="示范市大数据管理局",
        organisation_code="11410100MB1234567X",
        seal_name="公章",
        seal_code="4101000000001",
        public_key=fixed_signer(SignatureAlgorithm.SM2_SM3, purpose).public_key,
        purpose=purpose,
    )


async def test_every_certificate_of_the_path_is_signed_by_sm2(pki: PkiServices, clock: FakeClock) -> None:
    path = [x509.load_der_x509_certificate(one) for one in (await sealed(pki), *pki.national_seals.issuing_chain())]
    assert [one.signature_algorithm_oid.dotted_string for one in path] == [SM2] * 3
    for certificate, issuer in zip(path, [*path[1:], path[-1]], strict=True):
        check_issued(certificate, issuer, at=clock.now())


async def test_an_international_deployment_has_none(tmp_path: Path, clock: FakeClock) -> None:
    async with pki_worker(tmp_path, clock) as plain:
        assert plain.authorities.missing() == []
        assert plain.authorities.missing(national=True) == [NATIONAL_SEALS, NATIONAL_PERSONS]
        with pytest.raises(KeyMissing):
            await sealed(plain)
        with pytest.raises(KeyMissing):
            await plain.national_seals.maker(until=clock.now())


async def test_a_key_of_another_algorithm_gets_no_certificate_for_national_seals(pki: PkiServices) -> None:
    with pytest.raises(CertificateRefused):
        await pki.national_seals.issue_seal_certificate(
            organisation_name="示范市大数据管理局",
            organisation_code="11410100MB1234567X",
            seal_name="公章",
            seal_code="4101000000001",
            public_key=fixed_signer(SignatureAlgorithm.ES256, "other").public_key,
            purpose="eseal/other",
        )


async def test_the_maker_stays_the_same_and_is_certified_anew_before_a_seal_outlives_it(
    pki: PkiServices, clock: FakeClock
) -> None:
    soon = clock.now() + dt.timedelta(days=5 * 365)
    first = await pki.national_seals.maker(until=soon)
    assert (await pki.national_seals.maker(until=soon)).certificate == first.certificate
    later = await pki.national_seals.maker(until=first.until + dt.timedelta(days=3650))
    assert later.signer.key_id == first.signer.key_id
    assert later.until == first.until  # both end with their authority
    clock.advance(dt.timedelta(days=1).total_seconds())
    assert (await pki.national_seals.maker(until=soon)).certificate == first.certificate


async def test_a_seal_brings_no_certificate_of_its_authority_and_is_found_trusted_by_our_list(
    pki: PkiServices, clock: FakeClock
) -> None:
    entries = OwnAuthorities(pki.authorities, CITY)()
    judge = Judge(FixedAnchors(*entries), None, clock)
    maker = await pki.national_seals.maker(until=clock.now())
    for certificate in (await sealed(pki), maker.certificate):
        assert (await judge.judge(certificate, (), service=Service.DOCUMENTS)).good
        assert not (await judge.judge(certificate, (), service=Service.LOGIN)).good


async def test_revoking_follows_the_purpose(pki: PkiServices) -> None:
    await sealed(pki)
    maker = await pki.national_seals.maker(until=pki.authorities.issuing(NATIONAL_SEALS).record.not_before)
    await pki.seal_certificates.revoke("eseal/one")
    found = {one.purpose: one.status.value for one in await pki.certificates.of_key(maker.signer.key_id)}
    assert found == {MAKER: "good"}

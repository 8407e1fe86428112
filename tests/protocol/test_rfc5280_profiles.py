"""RFC 5280 §4: every profile's certificate as pkilint, openssl and pyca/cryptography see it."""

from __future__ import annotations

import datetime as dt
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from api.wiring.pki import PkiServices
from keys.errors import CertificateRefused
from keys.spec import SignatureAlgorithm, Use
from keys.x509 import names
from keys.x509.certificate import CertificateRequest, build_certificate
from keys.x509.files import to_pem
from keys.x509.issue import Wanted
from keys.x509.profiles import (
    AGENT,
    END_ENTITIES,
    EVERY_AUTHORITY,
    NATIONAL_PROFILES,
    OCSP,
    PAIRS,
    PERSON,
    SEAL,
    TIMESTAMP,
    TLS_CLIENT,
    CertificateProfile,
)
from keys.x509.publication import PARTS, PkiAddresses
from tests.support.clock import FakeClock
from tests.support.national_oracle import USER_ID
from tests.support.pki_world import PKI_URL, pki_worker
from tests.support.pkilint_findings import certificate_errors
from tests.unit.keys.rings import fixed_signer

CODE = "11410100MB1234567X"
ORGANISATION = "示范市大数据管理局"
SUBJECTS = {
    "seal": names.seal_name(
        organisation_name=ORGANISATION, organisation_code=CODE, seal_name="公章", seal_code="4101000000001"
    ),
    "person": names.person_name(name="王小明", identifier="PNO-7Q2M4XK9"),
    "agent": names.agent_name(
        organisation_name=ORGANISATION, organisation_code=CODE, name="王小明", identifier="PNO-7Q2M4XK9"
    ),
    "timestamp": names.authority_name(ORGANISATION, "Time-stamping Unit 1"),
    "tls-client": names.machine_name(organisation_name=ORGANISATION, identifier="portal-a"),
    "ocsp": names.authority_name(ORGANISATION, "OCSP Responder"),
}
SUBJECTS |= {"eseal": SUBJECTS["seal"], "eseal-maker": SUBJECTS["seal"]} | {
    half.name: SUBJECTS[kind] for kind, pair in PAIRS.items() for half in (pair.signing, pair.encryption)
}

ENCIPHERS = (
    "pkix.key_usage_value_prohibited_for_ec: Prohibited key usage value(s) present: dataEncipherment, keyEncipherment"
)
"""RFC 8813 §3 has these for no EC key, for no EC scheme of the IETF encrypts. SM2 does, and custom has it so."""


@pytest.fixture
async def pki(tmp_path: Path, clock: FakeClock) -> AsyncIterator[PkiServices]:
    async with pki_worker(tmp_path, clock, national=True) as worker:
        yield worker


async def issued(pki: PkiServices, profile: CertificateProfile) -> tuple[bytes, tuple[bytes, ...]]:
    """A certificate of the profile, and the chain above it."""
    key = fixed_signer(
        SignatureAlgorithm.SM2_SM3 if profile.name in NATIONAL_PROFILES else SignatureAlgorithm.ES256,
        f"subject of {profile.name}",
    )
    issuer = pki.authorities.issuing("seals") if profile is OCSP else None
    record = await pki.issue(Wanted(profile, SUBJECTS[profile.name], key.public_key), issuer=issuer)
    authority = pki.authorities.of_key(record.issuer_key_id)
    assert authority is not None
    return record.der, authority.chain


@pytest.mark.parametrize("profile", END_ENTITIES.values(), ids=lambda one: one.name)
async def test_pkilint_finds_no_error(profile: CertificateProfile, pki: PkiServices) -> None:
    leaf, _ = await issued(pki, profile)
    assert certificate_errors(leaf) == ([] if profile.signs else [ENCIPHERS])


async def test_pkilint_finds_no_error_in_authorities(pki: PkiServices) -> None:
    found = [authority.der for authority in pki.authorities.all()]
    assert len(found) == len(EVERY_AUTHORITY)
    assert [certificate_errors(der) for der in found] == [[]] * len(found)


async def test_pkilint_would_find_an_error(clock: FakeClock) -> None:
    """The twin of the tests above: an authority that may not sign certificates."""
    signer, name = fixed_signer(SignatureAlgorithm.ES256), names.authority_name(ORGANISATION, "Bad")
    bad = CertificateProfile("bad", 0, frozenset({"digital_signature"}), dt.timedelta(days=1), frozenset({Use.TOKEN}))
    request = CertificateRequest(name, signer.public_key, clock.now(), clock.now() + bad.life, bad)
    made = await build_certificate(request, issuer=name, signer=signer)
    errors = certificate_errors(made.dump())
    assert any(error.startswith("pkix.ca_certificate_keycertsign_keyusage_not_set") for error in errors)


@pytest.mark.parametrize("profile", END_ENTITIES.values(), ids=lambda one: one.name)
async def test_openssl_accepts_the_path(
    profile: CertificateProfile, pki: PkiServices, clock: FakeClock, tmp_path: Path
) -> None:
    leaf, chain = await issued(pki, profile)
    for name, der in zip(("leaf", "issuing", "root"), (leaf, *chain), strict=True):
        (tmp_path / name).write_text(to_pem(der))
    if profile.name in NATIONAL_PROFILES:
        assert _by_steps(profile, clock, tmp_path) == ["leaf: OK", "issuing: OK"]
        return
    command = ["openssl", "verify", "-x509_strict", "-attime", str(int(clock.now().timestamp()))]
    purposes = {"person": "sslclient", "agent": "sslclient", "tls-client": "sslclient"}
    purposes |= {"timestamp": "timestampsign", "ocsp": "ocsphelper"}
    command += ["-purpose", purposes.get(profile.name, "any"), "-policy_check"]
    command += ["-explicit_policy", "-policy", profile.policies[0]] if profile.policies else []
    done = subprocess.run(
        [*command, "-CAfile", "root", "-untrusted", "issuing", "leaf"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "leaf: OK\n", done.stderr


def _by_steps(profile: CertificateProfile, clock: FakeClock, folder: Path) -> list[str]:
    """openssl takes the user ID for the certificate that it is asked about alone, so it is asked about each."""
    said = []
    for name, above in (("leaf", "issuing"), ("issuing", "root")):
        command = ["openssl", "verify", "-x509_strict", "-attime", str(int(clock.now().timestamp())), "-policy_check"]
        command += ["-explicit_policy", "-policy", profile.policies[0]] if name == "leaf" else []
        command += ["-partial_chain", "-CAfile", above, "-vfyopt", f"distid:{USER_ID.decode()}", name]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        said.append(done.stdout.strip() or done.stderr)
    return said


def _usages(der: bytes) -> tuple[bool, list[x509.ObjectIdentifier]]:
    extension = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    return extension.critical, list(extension.value)


async def test_each_profile_says_what_its_key_is_for(pki: PkiServices) -> None:
    document, client = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"), ExtendedKeyUsageOID.CLIENT_AUTH
    expected = {
        SEAL: (False, [document]),  # RFC 9336 §3
        PERSON: (False, [client, document]),
        AGENT: (False, [client, document]),
        TIMESTAMP: (True, [ExtendedKeyUsageOID.TIME_STAMPING]),  # RFC 3161 §2.3: critical and alone
        TLS_CLIENT: (False, [client]),
        OCSP: (False, [ExtendedKeyUsageOID.OCSP_SIGNING]),
    }
    for profile, usages in expected.items():
        leaf, _ = await issued(pki, profile)
        assert _usages(leaf) == usages
        usage = x509.load_der_x509_certificate(leaf).extensions.get_extension_for_class(x509.KeyUsage)
        assert usage.critical
        assert usage.value.digital_signature
        assert usage.value.content_commitment == (profile is SEAL)
        assert not any((usage.value.key_cert_sign, usage.value.crl_sign, usage.value.key_encipherment))


@pytest.mark.parametrize("kind", PAIRS)
async def test_of_a_pair_one_only_signs_and_the_other_only_receives(kind: str, pki: PkiServices) -> None:
    signs, receives = [
        x509.load_der_x509_certificate((await issued(pki, half))[0])
        for half in (PAIRS[kind].signing, PAIRS[kind].encryption)
    ]
    assert signs.subject == receives.subject
    for one, wanted in (
        (signs, {"digital_signature", "content_commitment"}),
        (receives, {"key_encipherment", "data_encipherment", "key_agreement"}),
    ):
        usage = one.extensions.get_extension_for_class(x509.KeyUsage)
        assert usage.critical
        names_of = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment")
        assert {name for name in (*names_of, "key_agreement", "key_cert_sign") if getattr(usage.value, name)} == wanted
    with pytest.raises(x509.ExtensionNotFound):  # so no service takes it for a signature
        receives.extensions.get_extension_for_class(x509.ExtendedKeyUsage)


@pytest.mark.parametrize("profile", NATIONAL_PROFILES.values(), ids=lambda one: one.name)
async def test_the_national_authority_certifies_sm2_keys_alone(profile: CertificateProfile, pki: PkiServices) -> None:
    key = fixed_signer(SignatureAlgorithm.ES256, "not national")
    with pytest.raises(CertificateRefused) as refused:
        await pki.issue(Wanted(profile, SUBJECTS[profile.name], key.public_key))
    assert refused.value.field == "public_key"
    await issued(pki, profile)


async def test_a_certificate_says_where_to_ask(pki: PkiServices) -> None:
    leaf = x509.load_der_x509_certificate((await issued(pki, SEAL))[0])
    access = leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert {one.access_method: one.access_location.value for one in access} == {
        AuthorityInformationAccessOID.OCSP: f"{PKI_URL}/pki/ocsp/seals",
        AuthorityInformationAccessOID.CA_ISSUERS: f"{PKI_URL}/pki/ca/seals.cer",
    }
    (point,) = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert point.full_name is not None
    assert point.full_name[0].value == f"{PKI_URL}/pki/crl/seals/{leaf.serial_number % PARTS}.crl"


async def test_an_issuing_authority_points_to_the_root(pki: PkiServices) -> None:
    issuing = x509.load_der_x509_certificate(pki.authorities.issuing("persons").der)
    (point,) = issuing.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert point.full_name is not None
    assert point.full_name[0].value == f"{PKI_URL}/pki/crl/root.crl"
    (access,) = issuing.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert access.access_location.value == f"{PKI_URL}/pki/ca/root.cer"


async def test_a_responders_certificate_cannot_be_asked_about(pki: PkiServices) -> None:
    leaf = x509.load_der_x509_certificate((await issued(pki, OCSP))[0])
    assert leaf.extensions.get_extension_for_class(x509.OCSPNoCheck)  # RFC 6960 §4.2.2.2.1
    with pytest.raises(x509.ExtensionNotFound):
        leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == dt.timedelta(days=14)


async def test_a_policy_may_say_where_it_is_written_down(clock: FakeClock) -> None:
    signer, name = fixed_signer(SignatureAlgorithm.ES256), names.authority_name(ORGANISATION, "CPS")
    published = PkiAddresses(PKI_URL).below_issuing("seals", 1)
    request = CertificateRequest(
        name,
        signer.public_key,
        clock.now(),
        clock.now() + SEAL.life,
        SEAL,
        published=type(published)(published.ca_issuers, published.ocsp, published.crl, policy=f"{PKI_URL}/cps"),
    )
    made = (await build_certificate(request, issuer=name, signer=signer)).dump()
    (policy,) = x509.load_der_x509_certificate(made).extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert policy.policy_qualifiers == [f"{PKI_URL}/cps"]
    assert certificate_errors(made) == []


async def test_no_document_number_stands_in_a_certificate() -> None:
    for number in ("41010119900307123X", "410101199003071234", "410101900307123", "ID-41010119900307123X"):
        for make in (
            lambda value: names.person_name(name="王小明", identifier=value),
            lambda value: names.agent_name(
                organisation_name=ORGANISATION, organisation_code=CODE, name="王小明", identifier=value
            ),
        ):
            with pytest.raises(CertificateRefused) as refused:
                make(number)
            assert refused.value.field == "identifier"
            assert number not in str(refused.value)
    assert asn1_x509.Name.load(SUBJECTS["person"].dump()).native["serial_number"] == "PNO-7Q2M4XK9"

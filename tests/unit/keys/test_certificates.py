"""Certificates of the authority: judged by openssl and by pyca/cryptography, over every backend and algorithm."""

from __future__ import annotations

import asyncio
import datetime as dt
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID, ObjectIdentifier
from sqlalchemy import update

from keys.backends.pkcs11 import Pkcs11Backend
from keys.backends.registry import BackendRegistry
from keys.backends.software import SoftwareBackend
from keys.errors import CertificateRefused, ChainRefused, DevelopmentOnly, KeyMissing, KeyRefused, KeyStoreDamaged
from keys.keyring import KeyRing
from keys.ports import KeyBackend
from keys.spec import ALGORITHMS, SignatureAlgorithm, Use
from keys.stores.certificate_tables import register
from keys.stores.certificates import SqlCertificateStore
from keys.stores.sql import SqlKeyStore
from keys.stores.transactions import writing
from keys.x509.authority import CertificateAuthority
from keys.x509.certificate import CertificateRequest, build_certificate
from keys.x509.chain import check_chain
from keys.x509.identifiers import DOCUMENT_SIGNING, SEAL_POLICY
from keys.x509.names import authority_name
from keys.x509.profiles import AUTHORITIES, ROOT, SEAL
from tests.conformance.signer_backends import token_settings
from tests.support.clock import FakeClock
from tests.support.national_oracle import USER_ID
from tests.support.pki_world import CITY, development_pki, pki_of, pki_worker
from tests.unit.keys.rings import MASTER_KEY, fixed_signer, quick_size, software_ring

ROOT_PURPOSE, ISSUING_PURPOSE = "ca.root", "ca.seals"
ISSUING = AUTHORITIES["seals"].profile
ORGANISATION = "示范市大数据管理局"
CODE = "11410100MB1234567X"
SEAL_NAME = "示范市大数据管理局电子印章"
SEAL_CODE = "4101000000001"
DAY = dt.timedelta(days=1)
SEAL_KEY = fixed_signer(SignatureAlgorithm.ES256, "seal")


@pytest.fixture
async def authority(tmp_path: Path, clock: FakeClock) -> AsyncIterator[CertificateAuthority]:
    async with pki_worker(tmp_path, clock) as pki:
        yield pki.seals


async def _issue(authority: CertificateAuthority, **changes: object) -> bytes:
    arguments: dict[str, object] = {
        "organisation_name": ORGANISATION,
        "organisation_code": CODE,
        "seal_name": SEAL_NAME,
        "seal_code": SEAL_CODE,
        "public_key": SEAL_KEY.public_key,
    }
    return await authority.issue_seal_certificate(**(arguments | changes))  # type: ignore[arg-type]  # changed on purpose


def _openssl(chain: Sequence[bytes], moment: dt.datetime, folder: Path) -> str:
    """What the openssl command line says about a path, its strict checks switched on."""
    _write(chain, folder)
    command = ["openssl", "verify", "-x509_strict", "-policy_check", "-explicit_policy", "-policy", SEAL_POLICY]
    command += ["-attime", str(int(moment.timestamp())), "-CAfile", "root", "-untrusted", "issuing", "leaf"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.stdout + done.stderr


def _openssl_by_sm2(chain: Sequence[bytes], moment: dt.datetime, folder: Path) -> str:
    """Likewise step by step: it takes the user ID for the certificate that it is asked about, not for those above."""
    _write(chain, folder)
    said = ""
    for name, above in (("leaf", "issuing"), ("issuing", "root")):
        command = ["openssl", "verify", "-x509_strict", "-partial_chain", "-CAfile", above]
        command += ["-attime", str(int(moment.timestamp())), "-vfyopt", f"distid:{USER_ID.decode()}", name]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        said += done.stdout + done.stderr
    return said


def _write(chain: Sequence[bytes], folder: Path) -> None:
    for name, der in zip(("leaf", "issuing", "root"), chain, strict=True):
        (folder / name).write_bytes(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM))


@pytest.mark.parametrize("algorithm", [a for a, row in ALGORITHMS.items() if Use.DOCUMENT in row.uses])
async def test_openssl_accepts_a_seal_certificate(
    algorithm: SignatureAlgorithm, authority: CertificateAuthority, clock: FakeClock, tmp_path: Path
) -> None:
    leaf = await _issue(authority, public_key=fixed_signer(algorithm, "seal").public_key)
    assert "leaf: OK" in _openssl([leaf, *authority.issuing_chain()], clock.now(), tmp_path)
    clock.advance(-2)  # a second before it was issued
    assert "not yet valid" in _openssl([leaf, *authority.issuing_chain()], clock.now(), tmp_path)


@pytest.mark.parametrize("scheme", ["software", "pkcs11"])
@pytest.mark.parametrize("algorithm", [a for a, row in ALGORITHMS.items() if Use.CERTIFICATE in row.uses])
async def test_an_authority_signs_with_any_backend_and_algorithm(
    scheme: str, algorithm: SignatureAlgorithm, request: pytest.FixtureRequest, clock: FakeClock, tmp_path: Path
) -> None:
    backends: list[KeyBackend] = [SoftwareBackend()]
    if scheme == "pkcs11":
        backends.append(Pkcs11Backend(token_settings(request.getfixturevalue("softhsm"))))
    async with software_ring(tmp_path, clock) as (_, store):
        ring = KeyRing(store, MASTER_KEY, BackendRegistry(backends, default=scheme), clock)
        await ring.load()
        if algorithm not in backends[-1].algorithms():
            with pytest.raises(KeyRefused):  # said so, and nothing made in another place instead
                await ring.create(ROOT_PURPOSE, algorithm, bits=quick_size(algorithm))
            return
        for purpose in (ROOT_PURPOSE, ISSUING_PURPOSE):
            await ring.create(purpose, algorithm, bits=quick_size(algorithm))
        authority = (await development_pki(ring, store, clock)).seals
        leaf = await _issue(authority)
        chain = [leaf, *authority.issuing_chain()]
        if algorithm is SignatureAlgorithm.SM2_SM3:
            said = _openssl_by_sm2(chain, clock.now(), tmp_path)
            assert said.splitlines() == ["leaf: OK", "issuing: OK"]
        else:
            assert "leaf: OK" in _openssl(chain, clock.now(), tmp_path)


async def test_a_seal_certificate_says_what_it_is_for(authority: CertificateAuthority, clock: FakeClock) -> None:
    leaf = x509.load_der_x509_certificate(await _issue(authority))
    subject = [(attribute.oid, attribute.value) for attribute in leaf.subject]
    assert subject == [
        (NameOID.COUNTRY_NAME, "CN"),
        (NameOID.ORGANIZATION_NAME, ORGANISATION),
        (NameOID.ORGANIZATION_IDENTIFIER, f"NTRCN-{CODE}"),  # EN 319 412-1 §5.1.4
        (NameOID.COMMON_NAME, SEAL_NAME),
        (NameOID.SERIAL_NUMBER, SEAL_CODE),
    ]
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not any((usage.value.key_cert_sign, usage.value.crl_sign, usage.value.key_encipherment))
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ObjectIdentifier(DOCUMENT_SIGNING)]  # RFC 9336
    constraints = leaf.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert not constraints.value.ca
    policies = leaf.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert [policy.policy_identifier.dotted_string for policy in policies] == [SEAL_POLICY]
    assert leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == SEAL_KEY.public_key
    assert leaf.not_valid_before_utc == clock.now()
    assert leaf.not_valid_after_utc == clock.now() + 5 * 365 * DAY


async def test_identifiers_link_the_chain(authority: CertificateAuthority) -> None:
    chain = [x509.load_der_x509_certificate(der) for der in (await _issue(authority), *authority.issuing_chain())]
    subjects = [one.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest for one in chain]
    issuers = [
        one.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier for one in chain
    ]
    assert issuers == [*subjects[1:], subjects[-1]]
    for one, identifier in zip(chain, subjects, strict=True):  # RFC 5280 §4.2.1.2, method 1, by another library
        assert identifier == x509.SubjectKeyIdentifier.from_public_key(one.public_key()).digest
    lengths = [one.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length for one in chain]
    assert lengths == [None, 0, 1]
    assert list(authority.trust_anchors()) == authority.issuing_chain()[1:]


async def test_serial_numbers_are_long_random_and_positive(authority: CertificateAuthority) -> None:
    serials = {x509.load_der_x509_certificate(await _issue(authority)).serial_number for _ in range(20)}
    assert len(serials) == 20
    assert all(2**158 <= serial < 2**159 for serial in serials)  # RFC 5280 §4.1.2.2: 20 octets, not negative


async def test_every_certificate_is_on_record(
    authority: CertificateAuthority, tmp_path: Path, clock: FakeClock
) -> None:
    leaf = await _issue(authority)
    async with software_ring(tmp_path, clock) as (_, store):
        (record,) = await SqlCertificateStore(store.engine).of_key(SEAL_KEY.key_id)
    assert record.der == leaf
    assert int(record.serial, 16) == x509.load_der_x509_certificate(leaf).serial_number


async def test_a_certificate_does_not_outlive_its_issuer(authority: CertificateAuthority, clock: FakeClock) -> None:
    issuing = x509.load_der_x509_certificate(authority.issuing_chain()[0])
    leaf = x509.load_der_x509_certificate(await _issue(authority, life=100 * 365 * DAY))
    assert leaf.not_valid_after_utc == issuing.not_valid_after_utc
    clock.set(issuing.not_valid_after_utc + DAY)
    with pytest.raises(ChainRefused):
        await _issue(authority)


async def test_dates_from_2050_on_are_generalized_time(clock: FakeClock) -> None:
    signer = fixed_signer(SignatureAlgorithm.ES256)
    name = authority_name(CITY, "Long")
    for year, kind in ((2049, "utc_time"), (2050, "general_time")):  # RFC 5280 §4.1.2.5
        end = dt.datetime(year, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
        request = CertificateRequest(name, signer.public_key, clock.now(), end, ROOT)
        made = await build_certificate(request, issuer=name, signer=signer)
        assert made["tbs_certificate"]["validity"]["not_after"].name == kind
        assert x509.load_der_x509_certificate(made.dump()).not_valid_after_utc == end


@pytest.mark.parametrize(
    "changes",
    [
        {"seal_name": ""},
        {"seal_name": "   "},
        {"seal_name": "印" * 65},
        {"seal_name": "印章\x00"},
        {"seal_name": "印\u202e章"},
        {"organisation_name": ""},
        {"organisation_code": "示范"},
        {"organisation_code": ""},
        {"seal_code": "a@b"},
        {"seal_code": "印"},
        {"public_key": b""},
        {"public_key": ed25519.Ed25519PrivateKey.generate()},
        {"public_key": ec.generate_private_key(ec.SECP521R1())},
        {"public_key": ec.generate_private_key(ec.SECP256K1())},
        {"public_key": rsa.generate_private_key(65537, 1024)},
    ],
    ids=lambda changes: next(iter(changes)),  # a key of chance in a name would differ between workers
)
async def test_what_must_not_be_certified_is_refused(
    changes: dict[str, object], authority: CertificateAuthority
) -> None:
    key = changes.get("public_key")
    if key:
        der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]  # a private key
        changes = {"public_key": der}
    with pytest.raises(CertificateRefused) as refused:
        await _issue(authority, **changes)
    assert refused.value.field == next(iter(changes))


async def test_the_longest_names_are_accepted(authority: CertificateAuthority) -> None:
    leaf = await _issue(authority, organisation_name="局" * 64, seal_name="章" * 64, seal_code="9" * 64)
    # pyca counts octets and warns; RFC 5280 appendix A.1 counts characters, and so does openssl
    assert asn1_x509.Certificate.load(leaf).subject.native["organization_name"] == "局" * 64


async def test_the_authority_never_certifies_its_own_key_as_a_seal(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, store):
        authority = (await development_pki(ring, store, clock)).seals
        for purpose in (ROOT_PURPOSE, ISSUING_PURPOSE):
            with pytest.raises(CertificateRefused):
                await _issue(authority, public_key=ring.signer(purpose).public_key)


# -- the development authority ---------------------------------------------------------------------------------------


async def test_the_development_authority_is_made_once(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, store):
        made = (await development_pki(ring, store, clock)).seals
    clock.advance(3600)
    async with software_ring(tmp_path, clock) as (ring, store):
        again = (await development_pki(ring, store, clock)).seals
        assert again.issuing_chain() == made.issuing_chain()


async def test_workers_that_start_together_have_one_authority(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as one, software_ring(tmp_path, clock) as two:
        made = await asyncio.gather(*(development_pki(ring, store, clock) for ring, store in (one, two)))
        assert made[0].seals.issuing_chain() == made[1].seals.issuing_chain()
        assert await _issue(made[1].seals)


async def test_k10_there_is_no_development_authority_in_production(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, store):
        with pytest.raises(DevelopmentOnly):
            await development_pki(ring, store, clock, production=True)
        assert ring.records() == []
        authority = (await pki_of(ring, store, clock, production=True)).seals
        for ask in (authority.issuing_chain, authority.trust_anchors):
            with pytest.raises(KeyMissing):
                ask()


async def test_an_exchanged_root_is_noticed(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, store):
        await development_pki(ring, store, clock)
        name = authority_name(CITY, "Yizheng Development Root")
        stranger = fixed_signer(SignatureAlgorithm.ES256, "stranger")
        request = CertificateRequest(name, stranger.public_key, clock.now(), clock.now() + DAY, ROOT)
        forged = await build_certificate(request, issuer=name, signer=stranger)
        await _replace_certificate(store, ROOT_PURPOSE, forged.dump())
        with pytest.raises(KeyStoreDamaged):
            await pki_of(ring, store, clock)


async def _replace_certificate(store: SqlKeyStore, purpose: str, der: bytes) -> None:
    async with writing(store.engine) as connection:
        await connection.execute(update(register).where(register.c.purpose == purpose).values(der=der))


# -- the path check --------------------------------------------------------------------------------------------------


class _Pki:
    """Chains built to be wrong in one place."""

    def __init__(self, clock: FakeClock) -> None:
        self.now = clock.now()
        self.keys = {
            name: fixed_signer(SignatureAlgorithm.ES256, f"pki-{name}") for name in ("root", "mid", "low", "end")
        }

    async def made(self, name: str, by: str, profile: object, *, start: int = 0, days: int = 10) -> bytes:
        request = CertificateRequest(
            authority_name(CITY, name),
            self.keys[name].public_key,
            self.now + start * DAY,
            self.now + (start + days) * DAY,
            profile,  # type: ignore[arg-type]  # one of the three profiles
        )
        certificate = await build_certificate(request, issuer=authority_name(CITY, by), signer=self.keys[by])
        return bytes(certificate.dump())


async def test_a_right_path_holds(clock: FakeClock) -> None:
    pki = _Pki(clock)
    root, mid = await pki.made("root", "root", ROOT), await pki.made("mid", "root", ISSUING)
    end = await pki.made("end", "mid", SEAL)
    check_chain([end, mid, root], moment=clock.now())
    check_chain([mid, root], moment=clock.now())
    check_chain([root], moment=clock.now())


async def test_a_wrong_path_is_refused_with_the_place(clock: FakeClock) -> None:
    pki = _Pki(clock)
    root, mid = await pki.made("root", "root", ROOT), await pki.made("mid", "root", ISSUING)
    end = await pki.made("end", "mid", SEAL)
    low = await pki.made("low", "mid", ISSUING)
    flipped = bytearray(end)
    flipped[-1] ^= 1
    wrong: dict[str, tuple[list[bytes], str]] = {
        "empty": ([], "no certificate"),
        "not a certificate": ([b"\x30\x00", root], "0: not a certificate"),
        "other issuer": ([end, root], "0: not issued"),
        "signature changed": ([bytes(flipped), mid, root], "0: not issued"),
        "root not self-issued": ([end, mid], "1: not issued"),
        "expired issuer": ([end, await pki.made("mid", "root", ISSUING, start=-20), root], "1: not valid"),
        "not yet valid": ([await pki.made("end", "mid", SEAL, start=1), mid, root], "0: not valid"),
        "issued by a seal": ([end, await pki.made("mid", "root", SEAL), root], "1: must not issue"),
        "path too long": ([await pki.made("end", "low", SEAL), low, mid, root], "2: too many"),
        "a seal as root": ([await pki.made("end", "end", SEAL)], "0: must not issue"),
    }
    for chain, reason in wrong.values():
        with pytest.raises(ChainRefused, match=reason):
            check_chain(chain, moment=clock.now())


async def test_an_unknown_critical_extension_is_refused(clock: FakeClock) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "critical")])

    def certificate(*, critical: bool) -> bytes:
        builder = x509.CertificateBuilder(name, name, private.public_key(), 1, clock.now(), clock.now() + DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
        unknown = x509.UnrecognizedExtension(ObjectIdentifier("2.25.1"), b"\x05\x00")
        return builder.add_extension(unknown, critical=critical).sign(private, SHA256()).public_bytes(Encoding.DER)

    check_chain([certificate(critical=False)], moment=clock.now())
    with pytest.raises(ChainRefused, match="critical"):
        check_chain([certificate(critical=True)], moment=clock.now())


def test_the_encoding_is_der(clock: FakeClock) -> None:
    # re-encoded from scratch by asn1crypto the bytes are the same
    signer = fixed_signer(SignatureAlgorithm.RS256)
    name = authority_name(CITY, "Encoding")
    request = CertificateRequest(name, signer.public_key, clock.now(), clock.now() + DAY, ISSUING)
    der = asyncio.run(build_certificate(request, issuer=name, signer=signer)).dump()
    assert asn1_x509.Certificate.load(der).copy().dump(force=True) == der

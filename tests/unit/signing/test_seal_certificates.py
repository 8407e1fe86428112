"""Certificates follow their seal, whatever breaks in between; a seal gets a certificate from elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from api.wiring.pki import PkiServices
from core.db.database import Database
from core.principal import SYSTEM, Principal, PrincipalKind
from keys.errors import CertificateRefused, ChainRefused, KeyUnavailable
from keys.x509.model import CertificateQuery, CertificateRecord, CertificateStatus, Origin, RevocationReason
from signing.errors import SealCertificateStale, SealNotActive, SealNotYours
from signing.model import Seal, SealPdfCommand, SealStatus
from tests.support.clock import FakeClock
from tests.support.pki_world import development_pki
from tests.support.signing_fakes import pdf
from tests.support.signing_world import CLIENT, PLACE, SealOffice
from tests.unit.keys.rings import software_ring

DAY = dt.timedelta(days=1)
DOCUMENTS = x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")])
STRANGER = Principal(PrincipalKind.STAFF, "acc_1", organisation="11100000000013338W", scopes=frozenset({"seal:manage"}))


class World:
    """An e-seal service over a real authority."""

    def __init__(self, office: SealOffice, pki: PkiServices) -> None:
        self.office = office
        self.pki = pki

    async def certificates(self, seal: Seal) -> list[CertificateRecord]:
        return list(await self.pki.certificates.search(CertificateQuery(purpose=seal.key_purpose)))

    async def status(self, seal: Seal) -> CertificateStatus:
        (record,) = await self.certificates(seal)
        return record.status

    async def change(self, seal: Seal, status: SealStatus) -> Seal:
        return await self.office.change_status(seal.id, status, actor=SYSTEM)


@pytest.fixture
async def world(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    async with software_ring(tmp_path, clock) as (ring, store):
        pki = await development_pki(ring, store, clock)
        office = SealOffice(sqlite_database, clock, ring, pki.seals, pki.seal_certificates)
        yield World(office, pki)


async def test_a_certificate_follows_its_seal(world: World) -> None:
    seal = await world.office.make_seal()
    for status, expected in (
        (SealStatus.SUSPENDED, CertificateStatus.HELD),
        (SealStatus.ACTIVE, CertificateStatus.GOOD),
        (SealStatus.SUSPENDED, CertificateStatus.HELD),
        (SealStatus.REVOKED, CertificateStatus.REVOKED),
    ):
        await world.change(seal, status)
        assert await world.status(seal) is expected
    (record,) = await world.certificates(seal)
    assert record.reason is RevocationReason.CESSATION_OF_OPERATION
    with pytest.raises(SealNotActive):
        await world.change(seal, SealStatus.ACTIVE)
    assert await world.status(seal) is CertificateStatus.REVOKED


async def _away(*_: object) -> None:
    raise KeyUnavailable("the store is away")


async def test_a_seal_is_stopped_even_if_its_certificate_cannot_be(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = await world.office.make_seal()
    await world.office.grant(seal)
    with monkeypatch.context() as patched:
        patched.setattr(world.pki.certificates, "change_status", lambda *_, **__: _away())
        assert (await world.change(seal, SealStatus.REVOKED)).status is SealStatus.REVOKED
        with pytest.raises(KeyUnavailable):
            await world.office.follow_seals()
    assert await world.status(seal) is CertificateStatus.GOOD
    with pytest.raises(SealNotActive):
        await world.office.seal_pdf(SealPdfCommand(pdf(), seal.id, CLIENT, "document", PLACE))
    await world.office.follow_seals()
    assert await world.status(seal) is CertificateStatus.REVOKED


async def test_a_seal_stays_stopped_while_its_certificate_cannot_be_resumed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = await world.office.make_seal()
    await world.change(seal, SealStatus.SUSPENDED)
    with monkeypatch.context() as patched:
        patched.setattr(world.pki.certificates, "change_status", lambda *_, **__: _away())
        with pytest.raises(KeyUnavailable):
            await world.change(seal, SealStatus.ACTIVE)
    assert (await world.office.seals.get(seal.id)).status is SealStatus.SUSPENDED
    assert await world.status(seal) is CertificateStatus.HELD
    await world.change(seal, SealStatus.ACTIVE)
    assert await world.status(seal) is CertificateStatus.GOOD


async def test_a_certificate_that_was_resumed_for_nothing_is_held_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = await world.office.make_seal()
    await world.change(seal, SealStatus.SUSPENDED)

    async def broken(*_: object, **__: object) -> bool:
        raise KeyUnavailable("the register is away")

    with monkeypatch.context() as patched:
        patched.setattr(world.office.store, "set_status", broken)
        with pytest.raises(KeyUnavailable):
            await world.change(seal, SealStatus.ACTIVE)
    assert await world.status(seal) is CertificateStatus.GOOD  # the seal itself is still stopped
    await world.office.follow_seals()
    assert await world.status(seal) is CertificateStatus.HELD


async def test_an_active_seal_is_left_alone(world: World) -> None:
    seal = await world.office.make_seal()
    await world.office.follow_seals()
    assert await world.status(seal) is CertificateStatus.GOOD


# -- certificates from elsewhere -------------------------------------------------------------------------------------


class LicensedAuthority:
    """Somebody else's authority, made with another library."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now
        self.root_key, self.key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        self.root = self._authority("Licensed Root", self.root_key, "Licensed Root", self.root_key, 1)
        self.issuing = self._authority("Licensed CA", self.key, "Licensed Root", self.root_key, 0)

    def certify(
        self, request: bytes, usage: x509.ExtendedKeyUsage | None = DOCUMENTS, **changes: object
    ) -> list[bytes]:
        asked = x509.load_der_x509_csr(request)
        assert asked.is_signature_valid
        key = changes.get("key") or asked.public_key()
        builder = (
            x509.CertificateBuilder(issuer_name=self.issuing.subject, subject_name=asked.subject)
            .public_key(key)  # type: ignore[arg-type]  # a public key
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - DAY)
            .not_valid_after(changes.get("until", self.now + 365 * DAY))  # type: ignore[arg-type]  # a moment
            .add_extension(_usage(signs=bool(changes.get("signs", True))), True)
        )
        if usage is not None:
            builder = builder.add_extension(usage, False)
        leaf = builder.sign(self.key, hashes.SHA256())
        return [_der(one) for one in (leaf, self.issuing, self.root)]

    def _authority(
        self, name: str, key: ec.EllipticCurvePrivateKey, issuer: str, by: ec.EllipticCurvePrivateKey, length: int
    ) -> x509.Certificate:
        return (
            x509.CertificateBuilder(issuer_name=_name(issuer), subject_name=_name(name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - DAY)
            .not_valid_after(self.now + 3650 * DAY)
            .add_extension(x509.BasicConstraints(True, length), True)
            .add_extension(_usage(certifies=True), True)
            .sign(by, hashes.SHA256())
        )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, signs: bool = False, certifies: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(signs, signs, not signs and not certifies, False, False, certifies, certifies, False, False)


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


async def test_a_seal_gets_a_certificate_from_a_licensed_authority(world: World, clock: FakeClock) -> None:
    seal = await world.office.make_seal()
    await world.office.grant(seal)
    before = await world.office.seal_pdf(SealPdfCommand(pdf(), seal.id, CLIENT, "document", PLACE))
    request = await world.office.take_over.request(seal.id, actor=SYSTEM)
    chain = LicensedAuthority(clock.now()).certify(request)
    changed = await world.office.take_over(seal.id, chain, actor=SYSTEM)
    assert changed.certificates == tuple(chain[:2])
    external, own = sorted(await world.certificates(seal), key=lambda one: one.origin)
    assert (external.origin, external.der, external.profile) == (Origin.EXTERNAL, chain[0], "")
    assert own.status is CertificateStatus.GOOD
    sealed = await world.office.seal_pdf(SealPdfCommand(pdf(), seal.id, CLIENT, "document", PLACE))
    report = await world.office.verify_pdf(sealed.content)
    (signature,) = report.signatures
    assert signature.known_seal  # the register knows the seal; the trust list does not know its authority
    assert report.conclusion != "genuine"
    former = await world.office.verify_pdf(before.content)
    assert former.conclusion == "genuine"
    assert former.signatures[0].known_seal


async def test_a_renewed_certificate_of_ours_counts_at_once(world: World) -> None:
    seal = await world.office.make_seal()
    await world.office.grant(seal)
    renewed = await world.office.renew(seal.id, actor=SYSTEM)
    assert renewed.certificate != seal.certificate
    sealed = await world.office.seal_pdf(SealPdfCommand(pdf(), seal.id, CLIENT, "document", PLACE))
    assert (await world.office.verify_pdf(sealed.content)).conclusion == "genuine"


async def test_what_is_no_use_is_not_taken(world: World, clock: FakeClock) -> None:
    seal = await world.office.make_seal()
    request = await world.office.take_over.request(seal.id, actor=SYSTEM)
    licensed = LicensedAuthority(clock.now())
    good = licensed.certify(request)
    other = licensed.certify(request, key=ec.generate_private_key(ec.SECP256R1()).public_key())
    client = licensed.certify(request, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]))
    refused: list[tuple[type[Exception], list[bytes]]] = [
        (CertificateRefused, other),
        (CertificateRefused, client),
        (CertificateRefused, licensed.certify(request, None)),
        (CertificateRefused, licensed.certify(request, signs=False)),
        (ChainRefused, licensed.certify(request, until=clock.now() - dt.timedelta(hours=1))),
        (ChainRefused, good[:1]),
        (ChainRefused, good[:2]),
        (ChainRefused, [good[0], good[2]]),
        (ChainRefused, [good[0][:-1] + bytes((good[0][-1] ^ 1,)), *good[1:]]),
        (ChainRefused, [b"", *good[1:]]),
        (ChainRefused, good * 3),
    ]
    for error, chain in refused:
        with pytest.raises(error):
            await world.office.take_over(seal.id, chain, actor=SYSTEM)
    assert (await world.office.seals.get(seal.id)).certificates == seal.certificates
    assert len(await world.certificates(seal)) == 1
    await world.office.take_over(seal.id, good, actor=SYSTEM)


async def test_only_its_custodian_touches_a_seals_certificate(world: World) -> None:
    seal = await world.office.make_seal()
    with pytest.raises(SealNotYours):
        await world.office.renew(seal.id, actor=STRANGER)
    with pytest.raises(SealNotYours):
        await world.office.take_over.request(seal.id, actor=STRANGER)
    assert len(await world.certificates(seal)) == 1


async def test_a_stopped_seal_gets_no_certificate(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seal = await world.office.make_seal()
    issue = world.pki.seals.renew_seal_certificate

    async def stopped_meanwhile(certificate: bytes) -> bytes:
        made = await issue(certificate)
        await world.change(seal, SealStatus.REVOKED)
        await world.office.follow_seals()
        return made

    monkeypatch.setattr(world.pki.seals, "renew_seal_certificate", stopped_meanwhile)
    with pytest.raises(SealCertificateStale):
        await world.office.renew(seal.id, actor=SYSTEM)
    assert {one.status for one in await world.certificates(seal)} == {CertificateStatus.REVOKED}
    with pytest.raises(SealNotActive):
        await world.office.renew(seal.id, actor=SYSTEM)

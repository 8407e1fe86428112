"""Authorities whose root is elsewhere: requested, installed, renewed, moved to new keys; and what is not installed."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from api.wiring.pki import PkiServices
from keys.errors import CertificateRefused, ChainRefused, DevelopmentOnly, KeyMissing
from keys.keyring import KeyRing
from keys.ports import Signer
from keys.spec import KeyState, SignatureAlgorithm
from keys.stores.sql import SqlKeyStore
from keys.x509.certificate import CertificateRequest, build_certificate
from keys.x509.csr import read_request
from keys.x509.errors import AuthorityUnknown
from keys.x509.issue import Wanted
from keys.x509.model import RevocationReason
from keys.x509.names import authority_name, machine_name
from keys.x509.profiles import AUTHORITIES, ISSUING_NAMES, ROOT, SEAL, TLS_CLIENT, CertificateProfile
from tests.support.clock import FakeClock
from tests.support.pki_world import pki_of
from tests.unit.keys.rings import fixed_signer, software_ring

ES256 = SignatureAlgorithm.ES256
YEAR = dt.timedelta(days=365)


@dataclass
class Elsewhere:
    """A root whose key is not ours."""

    clock: FakeClock
    signer: Signer
    certificate: asn1_x509.Certificate

    @classmethod
    async def made(cls, clock: FakeClock, name: str = "root elsewhere") -> Elsewhere:
        signer, subject = fixed_signer(ES256, name), authority_name("省", name)
        request = CertificateRequest(subject, signer.public_key, clock.now(), clock.now() + 20 * YEAR, ROOT)
        return cls(clock, signer, await build_certificate(request, issuer=subject, signer=signer))

    @property
    def der(self) -> bytes:
        encoded: bytes = self.certificate.dump()
        return encoded

    async def certify(self, request: bytes, profile: CertificateProfile = AUTHORITIES["machines"].profile) -> bytes:
        asked = read_request(request, at=self.clock.now())
        now = self.clock.now().replace(microsecond=0)
        wanted = CertificateRequest(asked.subject, asked.public_key, now, now + 5 * YEAR, profile)
        encoded: bytes = (await build_certificate(wanted, issuer=self.certificate.subject, signer=self.signer)).dump()
        return encoded


@dataclass
class World:
    ring: KeyRing
    store: SqlKeyStore
    pki: PkiServices
    root: Elsewhere

    async def installed(self, name: str = "machines", *, new_key: bool = False) -> bytes:
        request = await self.pki.install.request_authority(name, new_key=new_key)
        made = await self.root.certify(request.der, AUTHORITIES[name].profile)
        await self.pki.install.install_authority(name, made, [self.root.der])
        return made


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with software_ring(tmp_path, clock) as (ring, store):
        pki = await pki_of(ring, store, clock, production=True)
        yield World(ring, store, pki, await Elsewhere.made(clock))


def machine(number: int = 1) -> Wanted:
    key = fixed_signer(ES256, f"installed {number}")
    subject = machine_name(organisation_name="局", identifier=f"m-{number}")
    return Wanted(TLS_CLIENT, subject, key.public_key)


async def test_an_authority_is_requested_and_installed(world: World, clock: FakeClock) -> None:
    pki = world.pki
    assert pki.authorities.missing() == list(ISSUING_NAMES)
    with pytest.raises(KeyMissing):
        await pki.issue(machine())
    with pytest.raises(DevelopmentOnly):
        await pki.ensure_development()
    first = await pki.install.request_authority("machines")
    again = await pki.install.request_authority("machines")
    assert first.key_id == again.key_id == world.ring.signer("ca.machines").key_id
    with pytest.raises(KeyMissing):  # a key alone issues nothing
        await pki.issue(machine())
    made = await world.root.certify(first.der)
    for _ in range(2):  # a second time changes nothing
        await pki.install.install_authority("machines", made, [world.root.der])
        assert pki.authorities.missing() == [name for name in ISSUING_NAMES if name != "machines"]
    record = await pki.issue(machine())
    authority = pki.authorities.of_key(record.issuer_key_id)
    assert authority is not None
    assert authority.chain == (made, world.root.der)
    assert list(pki.authorities.roots()) == [world.root.der]
    assert len(await pki.certificates.of_authorities()) == 2


async def test_another_worker_issues_as_soon_as_it_looks(world: World, tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, store):
        other = await pki_of(ring, store, clock, production=True)
        await world.installed()
        await ring.refresh()
        await other.watch.look()
        assert (await other.issue(machine())).issuer == "machines"


async def test_a_renewed_certificate_of_an_authority_takes_over(world: World, clock: FakeClock) -> None:
    first = await world.installed()
    old = await world.pki.issue(machine(1))
    clock.advance(4 * 365 * 86400)
    second = await world.installed()
    authority = world.pki.authorities.issuing("machines")
    assert (authority.der, authority.slug) == (second, "machines")
    assert first != second
    new = await world.pki.issue(machine(2))
    assert old.issuer_key_id == new.issuer_key_id
    assert new.not_after > x509.load_der_x509_certificate(first).not_valid_after_utc - YEAR


async def test_a_new_key_issues_and_the_former_one_looks_after_its_own(world: World, clock: FakeClock) -> None:
    await world.installed()
    before = await world.pki.issue(machine(1))
    await world.installed(new_key=True)
    states = [key.state for key in world.ring.verification_keys("ca.machines")]
    assert states == [KeyState.ACTIVE, KeyState.VERIFY_ONLY]
    after = await world.pki.issue(machine(2))
    former, present = (world.pki.authorities.of_key(one.issuer_key_id) for one in (before, after))
    assert former is not None
    assert present is not None
    assert (former.slug, present.slug) == ("machines", "machines-2")
    assert former.certificate.subject != present.certificate.subject
    leaf = x509.load_der_x509_certificate(after.der)
    (point,) = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert point.full_name is not None
    assert "/pki/crl/machines-2/" in point.full_name[0].value
    for one in (before, after):
        await world.pki.change.revoke(one.sha256, RevocationReason.SUPERSEDED)
    for slug, record in (("machines", before), ("machines-2", after)):
        found = x509.load_der_x509_crl((await world.pki.lists.get(slug)).der)
        assert [entry.serial_number for entry in found] == [record.number]


async def test_what_is_not_ours_or_no_authority_is_not_installed(world: World, clock: FakeClock) -> None:
    pki, root = world.pki, world.root
    request = await pki.install.request_authority("machines")
    good = await root.certify(request.der)
    stranger = await Elsewhere.made(clock, "stranger")
    foreign = fixed_signer(ES256, "foreign")
    wanted = CertificateRequest(
        authority_name("省", "x"), foreign.public_key, clock.now(), clock.now() + YEAR, AUTHORITIES["machines"].profile
    )
    not_ours = (await build_certificate(wanted, issuer=root.certificate.subject, signer=root.signer)).dump()
    refused: list[tuple[type[Exception], str, bytes, list[bytes]]] = [
        (AuthorityUnknown, "root", good, [root.der]),
        (AuthorityUnknown, "nobody", good, [root.der]),
        (CertificateRefused, "seals", good, [root.der]),  # the key of another authority
        (CertificateRefused, "machines", not_ours, [root.der]),
        (
            ChainRefused,
            "machines",
            await root.certify(request.der, SEAL),
            [root.der],
        ),  # signs documents, not certificates
        (ChainRefused, "machines", good, [stranger.der]),
        (ChainRefused, "machines", good, []),
        (CertificateRefused, "machines", root.der, []),
        (ChainRefused, "machines", b"no certificate", [root.der]),
    ]
    for error, name, certificate, above in refused:
        with pytest.raises(error):
            await pki.install.install_authority(name, certificate, above)
    assert "machines" in pki.authorities.missing()
    assert list(pki.authorities.roots()) == []
    with pytest.raises(AuthorityUnknown):
        await pki.install.request_authority("root")
    await pki.install.install_authority("machines", good, [root.der])
    assert "machines" not in pki.authorities.missing()


async def test_a_certificate_that_is_over_is_not_installed(world: World, clock: FakeClock) -> None:
    request = await world.pki.install.request_authority("machines")
    made = await world.root.certify(request.der)
    clock.advance(6 * 365 * 86400)
    with pytest.raises(ChainRefused):
        await world.pki.install.install_authority("machines", made, [world.root.der])


async def test_a_request_says_who_asks_for_which_key(world: World) -> None:
    made = await world.pki.install.request_authority("seals")
    read = x509.load_der_x509_csr(made.der)
    assert read.is_signature_valid
    assert read.subject.rfc4514_string().startswith("CN=Yizheng Seal Authority,O=示范市")
    signer = world.ring.signer("ca.seals")
    assert x509.load_der_x509_csr(made.der).public_bytes(Encoding.DER) == made.der
    assert read_request(made.der, at=world.root.clock.now()).public_key == signer.public_key

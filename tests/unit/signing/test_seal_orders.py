"""What somebody asks for is what a reviewer sees and what is made: drawn seals, scanned ones, keys of others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PublicFormat,
    load_der_private_key,
    pkcs12,
)
from pkcs11 import Attribute, KeyType, MechanismFlag, ObjectClass
from sqlalchemy import update

from api.bridges import RingSealKeys
from api.settings import Settings
from api.wiring.keys import build_keys
from core.clock import SystemClock
from core.db.database import Database
from core.errors import Conflict, InvalidInput
from core.principal import SYSTEM
from keys.backends import pkcs11_token
from keys.backends.pkcs11 import token_of
from keys.backends.pkcs11_token import TokenSession
from keys.errors import KeyMissing, KeyRefused, KeyUnavailable
from keys.pkcs12 import read_pkcs12
from keys.spec import SignatureAlgorithm
from signing.appearance.drawn import digest_of
from signing.appearance.official_seal import SealCentre, SealShape
from signing.appearance.scan_reader import ReadScan
from signing.errors import SealPictureChanged
from signing.model import SealPdfCommand
from signing.seals.apply import ApplyCommand
from signing.seals.order import SealOrder
from signing.seals.workshop import KeySource, Workshop
from signing.stores.tables import seal_application
from tests.conformance.signer_backends import token_settings
from tests.support.clock import FakeClock
from tests.support.scanned_seals import Paper, scan
from tests.support.servers import SoftHsmToken
from tests.support.signing_fakes import PlainAuthority, key_for, name, pdf
from tests.support.signing_world import CLIENT, PLACE, SealOffice, order
from tests.unit.keys.rings import software_ring

PASSPHRASE = "correct horse"


@pytest.fixture
def office(sqlite_database: Database, clock: FakeClock) -> SealOffice:
    return SealOffice(sqlite_database, clock)


async def asked(office: SealOffice, wanted: SealOrder) -> str:
    application = await office.apply(ApplyCommand(wanted, SYSTEM, "旧章磨损"))
    await office.review.approve(application.id, actor=SYSTEM)
    return application.id


@pytest.mark.parametrize(
    "wanted",
    [
        order(),
        order(centre=SealCentre.BLANK),
        order(numbered=False),
        order(shape=SealShape.OVAL, diameter_mm=30.0, line="发票专用章"),
        order(shape=SealShape.NAME, diameter_mm=20.0, line="林知远印"),
    ],
    ids=["star", "blank", "no number", "oval", "name"],
)
async def test_what_is_made_is_what_was_asked_for(office: SealOffice, wanted: SealOrder) -> None:
    application_id = await asked(office, wanted)
    application, _ = await office.seals.application(application_id, actor=SYSTEM)
    drawing = await office.apply.sketch(wanted, actor=SYSTEM)
    assert application.picture == digest_of(drawing)
    seal = await office.make(application_id, actor=SYSTEM)
    assert seal.image.svg == await office.apply.preview(application)
    assert seal.design is not None
    assert seal.design["centre"] == wanted.centre


async def test_a_scanned_seal_is_made_of_its_ink_and_seals_files(office: SealOffice) -> None:
    found = await ReadScan()(scan(Paper(turned=4)))
    wanted = order(shape=SealShape.SCAN, scan=found.ink)
    seal = await office.make(await asked(office, wanted), actor=SYSTEM)
    (listed,) = (await office.seals.applications(actor=replace(CLIENT, scopes=frozenset({"seal:manage"})))).items
    assert listed.scan is None, "lists do not carry scans"
    await office.activate(seal.id, actor=SYSTEM)
    await office.grant(seal)
    sealed = await office.seal_pdf(SealPdfCommand(pdf(), seal.id, CLIENT, "document", PLACE))
    report = await office.verify_pdf(sealed.content)
    assert report.conclusion == "genuine"


async def test_a_seal_that_would_look_different_from_what_was_approved_is_not_made(office: SealOffice) -> None:
    """As when a typeface was changed meanwhile, or somebody wrote into the database."""
    application_id = await asked(office, order())
    async with office.database.write() as tx:
        await tx.connection.execute(update(seal_application).values(line="假章"))
        await tx.commit()
    with pytest.raises(SealPictureChanged):
        await office.make(application_id, actor=SYSTEM)
    async with office.database.write() as tx:
        await tx.connection.execute(update(seal_application).values(line=""))
        await tx.commit()
    assert (await office.make(application_id, actor=SYSTEM)).image.svg


def carried(key: ec.EllipticCurvePrivateKey, chain: list[x509.Certificate]) -> bytes:
    secret = BestAvailableEncryption(PASSPHRASE.encode())
    return pkcs12.serialize_key_and_certificates(b"seal", key, chain[0], chain[1:], secret)


async def test_a_key_from_a_file_seals_and_is_refused_a_second_time(
    office: SealOffice, clock: FakeClock, tmp_path: Path
) -> None:
    authority = PlainAuthority.make()
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = authority.issuing.issue(name("示例市住房保障局", "公章"), key.public_key())
    file = carried(key, [leaf, authority.issuing.certificate, authority.root.certificate])
    found = read_pkcs12(file, PASSPHRASE)
    assert found.algorithm is SignatureAlgorithm.ES256
    assert found.chain[0] == leaf.public_bytes(Encoding.DER)
    assert len(found.chain) == 3
    async with software_ring(tmp_path, clock) as (ring, _):
        keys = RingSealKeys(ring)
        pool = office.make._workshop._pool
        workshop = Workshop(ring, office.authority, office.certificates, keys, clock, pool)
        office.create_seal._workshop = workshop
        seal = await office.create_seal(order(), actor=SYSTEM, source=KeySource(private=found.private))
        signer = ring.signer(seal.key_purpose)
        public = load_der_private_key(found.private, None).public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        assert signer.public_key == key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        again = order("4101990000025")
        with pytest.raises(Conflict):
            await office.create_seal(again, actor=SYSTEM, source=KeySource(private=found.private))
        for wrong in (SignatureAlgorithm.RS256, SignatureAlgorithm.ES384):
            with pytest.raises(KeyRefused):
                await office.create_seal(
                    replace(again, algorithm=wrong), actor=SYSTEM, source=KeySource(private=found.private)
                )


@pytest.mark.parametrize("what", ["passphrase", "noise", "too long"])
def test_a_file_that_cannot_be_opened_is_refused(what: str) -> None:
    key = key_for(SignatureAlgorithm.ES256)
    file = pkcs12.serialize_key_and_certificates(b"x", key, None, None, BestAvailableEncryption(PASSPHRASE.encode()))
    assert read_pkcs12(file, PASSPHRASE).chain == ()
    wrong = {"passphrase": file, "noise": b"\x30\x82noise", "too long": file + bytes(300_000)}[what]
    with pytest.raises(InvalidInput) as refused:
        read_pkcs12(wrong, "other" if what == "passphrase" else PASSPHRASE)
    assert refused.value.code == "pkcs12-unreadable"


def test_a_key_that_no_seal_has_is_refused() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    file = pkcs12.serialize_key_and_certificates(b"x", key, None, None, NoEncryption())
    with pytest.raises(KeyRefused):
        read_pkcs12(file, "")


async def test_a_key_that_a_device_has_seals_and_stays_there(softhsm: SoftHsmToken, tmp_path: Path) -> None:
    pin = tmp_path / "pin"
    pin.write_text(softhsm.pin)
    pkcs11_token._logins.clear()  # no PIN was refused
    settings = Settings(data=tmp_path, pkcs11_module=softhsm.module, pkcs11_token=softhsm.label, pkcs11_pin_file=pin)
    services = await build_keys(settings.keys, SystemClock())

    def made_elsewhere(session: TokenSession) -> None:
        session.raw.generate_keypair(
            KeyType.RSA,
            2048,
            id=b"\xde\x51",
            label="department",
            store=True,
            capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
            private_template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
        )

    token_of(token_settings(softhsm)).run(made_elsewhere)
    address = f"pkcs11:token={softhsm.label};id=%DE%51"
    keys = RingSealKeys(services.ring)
    signer = await keys.adopt("seal/seal_1", SignatureAlgorithm.RS256, address)
    assert signer.public_key == services.ring.signer("seal/seal_1").public_key
    assert len(signer.sign(b"law")) == 256
    with pytest.raises(Conflict):
        await keys.adopt("seal/seal_2", SignatureAlgorithm.RS256, address)
    with pytest.raises(KeyUnavailable):
        await keys.adopt("seal/seal_3", SignatureAlgorithm.RS256, f"pkcs11:token={softhsm.label};id=%DE%52")
    await keys.destroy("seal/seal_1")
    with pytest.raises(KeyMissing):
        services.ring.signer("seal/seal_1")
    await services.close()
    there = token_of(token_settings(softhsm)).run(
        lambda session: list(
            session.raw.get_objects({Attribute.ID: b"\xde\x51", Attribute.CLASS: ObjectClass.PRIVATE_KEY})
        )
    )
    assert len(there) == 1, "a key that was there before us is not ours to destroy"

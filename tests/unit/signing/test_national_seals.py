"""Seals in two forms under one life: made, stopped and ended together; what was stamped before stays what it was."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from PIL import Image

from api.bridges import RingNationalKeys
from api.settings import Settings
from api.wiring.keys import build_keys
from core.db.database import Database
from core.errors import AppError, Unavailable
from core.files.reading import whole
from core.principal import SYSTEM, Principal, PrincipalKind
from keys.backends import pkcs11_token
from keys.errors import AlgorithmNotOffered, KeyMissing, KeyUnavailable, LibraryMissing
from keys.profile import Profile
from keys.x509.model import CertificateQuery, CertificateStatus
from signing.errors import (
    SealFormMissing,
    SealFormThere,
    SealFormUnavailable,
    SealNotActive,
    SealNotYours,
    SealSecondPerson,
)
from signing.eseal.model import Edition
from signing.eseal.read import read_seal
from signing.eseal.write import write_seal
from signing.model import Seal, SealKind, SealPdfCommand, SealStatus
from signing.national.model import NationalForm, national_purpose
from signing.profiles import PdfProfile
from signing.seals.apply import ApplyCommand
from tests.support import eseal_world
from tests.support.clock import FakeClock
from tests.support.national_office import NationalOffice, national_office
from tests.support.servers import SoftHsmToken
from tests.support.signing_fakes import pdf
from tests.support.signing_world import CLIENT, OFFICE, ORGANISATION, PLACE, SEAL_CODE, SealOffice, order

HOUR = dt.timedelta(hours=1)
CUSTODIAN = Principal(PrincipalKind.STAFF, "acc_1", organisation=ORGANISATION, scopes=frozenset({"seal:manage"}))
REVIEWER = Principal(PrincipalKind.STAFF, "acc_2", organisation=ORGANISATION, scopes=frozenset({"seal:approve"}))
BOTH_DUTIES = frozenset({"seal:manage", "seal:approve"})


@pytest.fixture
async def city(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[NationalOffice]:
    async with national_office(sqlite_database, clock, tmp_path) as made:
        yield made


async def forms(city: NationalOffice, seal: Seal) -> list[NationalForm]:
    async with city.office.database.read() as tx:
        return await city.office.forms.of_seal(tx, seal.id)


async def states(city: NationalOffice, seal: Seal) -> dict[str, set[str]]:
    """Of the certificates of both forms."""
    found = {}
    for form, purpose in (("international", seal.key_purpose), ("national", national_purpose(seal.id))):
        records = await city.pki.certificates.search(CertificateQuery(purpose=purpose))
        found[form] = {one.status.value for one in records}
    return found


def keys(city: NationalOffice, seal: Seal) -> list[str]:
    every = (seal.key_purpose, national_purpose(seal.id))
    return sorted(one.purpose for one in city.ring.records() if one.purpose in every and one.state != "retired")


def told(verdict: Any) -> dict[str, str]:
    return {step.name.value: step.reason for step in verdict.steps if step.outcome != "good"}


async def test_a_seal_is_made_in_both_forms(city: NationalOffice) -> None:
    seal = await city.office.make_seal(kind=SealKind.FINANCE, line="财务专用章")
    (form,) = await forms(city, seal)
    read = read_seal(form.encoded)
    assert (seal.profile, read.edition, read.info.version) == (Profile.BOTH, Edition.GBT_38540_2020, 4)
    assert (read.info.seal_id, read.info.kind, read.info.name) == (SEAL_CODE, 2, f"{OFFICE}财务专用章")
    assert read.info.signers.certificates == (form.certificate,)
    named = x509.load_der_x509_certificate(form.certificate)
    assert read.info.valid_to == named.not_valid_after_utc == form.valid_to
    assert keys(city, seal) == sorted([seal.key_purpose, national_purpose(seal.id)])
    assert (await city.judged(await city.stamp(seal))).good


async def test_its_picture_is_a_png_that_lets_the_paper_through_and_has_its_size(city: NationalOffice) -> None:
    seal = await city.office.make_seal()
    picture = read_seal((await forms(city, seal))[0].encoded).info.picture
    assert (picture.kind, picture.width, picture.height) == ("PNG", 42, 42)
    drawn = Image.open(io.BytesIO(picture.data))
    assert (drawn.mode, drawn.size) == ("RGBA", (993, 993))  # 42 mm at 600 dots to the inch
    assert drawn.getpixel((0, 0))[3] == 0  # type: ignore[index]  # of this mode
    red, green, blue, opaque = drawn.getpixel((496, 400))  # type: ignore[misc]  # in the star
    assert opaque == 255
    assert red > 150 > max(green, blue)


async def test_an_application_goes_through_four_hands_to_a_seal_in_both_forms(city: NationalOffice) -> None:
    office = city.office
    asked = await office.apply(ApplyCommand(order(), CUSTODIAN, "开展业务"))
    assert asked.profile is Profile.BOTH
    await office.review.approve(asked.id, actor=REVIEWER)
    seal = await office.make(asked.id, actor=CUSTODIAN)
    assert await states(city, seal) == {"international": {"held"}, "national": {"held"}}
    stamp = await city.stamp(seal)
    assert told(await city.judged(stamp))["seal-state"] == "seal-not-active"
    city.clock.advance(60)
    await office.activate(seal.id, actor=REVIEWER)
    assert await states(city, seal) == {"international": {"good"}, "national": {"good"}}
    assert (await city.judged(await city.stamp(seal))).good


@pytest.mark.parametrize("status", [SealStatus.SUSPENDED, SealStatus.REVOKED])
async def test_what_stops_a_seal_stops_both_forms_and_leaves_older_stamps(
    status: SealStatus, city: NationalOffice
) -> None:
    seal = await city.office.make_seal()
    city.clock.advance(60)
    stamp, before = await city.stamp(seal), city.clock.now()
    city.clock.advance(3600)
    await city.office.change_status(seal.id, status, actor=SYSTEM)
    state = "held" if status is SealStatus.SUSPENDED else "revoked"
    assert await states(city, seal) == {"international": {state}, "national": {state}}
    city.clock.advance(60)
    after = await city.judged(stamp)
    assert after.bad
    assert told(after)["seal-state"] == f"seal-{status.value}"
    assert (await city.judged(stamp, proven=before)).good  # it was there before the seal was stopped
    late = await city.judged(stamp, proven=before + 2 * HOUR)
    assert told(late)["seal-state"] == f"seal-{status.value}"


async def test_a_resumed_seal_stamps_again(city: NationalOffice) -> None:
    seal = await city.office.make_seal()
    city.clock.advance(60)
    await city.office.change_status(seal.id, SealStatus.SUSPENDED, actor=SYSTEM)
    city.clock.advance(60)
    await city.office.change_status(seal.id, SealStatus.ACTIVE, actor=SYSTEM)
    assert await states(city, seal) == {"international": {"good"}, "national": {"good"}}
    assert (await city.judged(await city.stamp(seal))).good


async def test_one_form_that_cannot_be_resumed_keeps_the_other_stopped(
    city: NationalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = await city.office.make_seal()
    await city.office.change_status(seal.id, SealStatus.SUSPENDED, actor=SYSTEM)
    resume = city.pki.seal_certificates.resume

    async def fails(purpose: str) -> None:
        if purpose == national_purpose(seal.id):
            raise KeyUnavailable("gone")
        await resume(purpose)

    monkeypatch.setattr(city.pki.seal_certificates, "resume", fails)
    with pytest.raises(KeyUnavailable):
        await city.office.change_status(seal.id, SealStatus.ACTIVE, actor=SYSTEM)
    assert await states(city, seal) == {"international": {"held"}, "national": {"held"}}


async def test_a_destroyed_seal_has_no_key_of_either_form(city: NationalOffice) -> None:
    seal = await city.office.make_seal()
    await city.office.change_status(seal.id, SealStatus.REVOKED, actor=SYSTEM)
    await city.office.destroy(seal.id, actor=SYSTEM)
    assert keys(city, seal) == []
    with pytest.raises(KeyMissing):
        await city.office.signers.of(seal)


async def test_a_seal_that_takes_anothers_place_ends_both_its_forms(city: NationalOffice) -> None:
    former = await city.office.make_seal()
    city.clock.advance(60)
    stamp = await city.stamp(former)
    asked = await city.office.apply(ApplyCommand(order("4101990000025", replaces=former.id), SYSTEM, "换章"))
    await city.office.review.approve(asked.id, actor=SYSTEM)
    successor = await city.office.make(asked.id, actor=SYSTEM)
    city.clock.advance(60)
    await city.office.activate(successor.id, actor=SYSTEM)
    assert await states(city, former) == {"international": {"revoked"}, "national": {"revoked"}}
    assert told(await city.judged(stamp))["seal-state"] == "seal-replaced"
    assert (await city.judged(await city.stamp(successor))).good


async def test_renewing_makes_the_national_form_anew_over_a_new_key_and_leaves_older_stamps_good(
    city: NationalOffice,
) -> None:
    seal = await city.office.make_seal()
    city.clock.advance(60)
    old = await city.stamp(seal)
    former_signer = await city.office.signers.of(seal)
    city.clock.advance(3600)
    renewed = await city.office.renew(seal.id, actor=SYSTEM)
    current, former = await forms(city, seal)
    assert renewed.certificate != seal.certificate
    assert former.ended_at == current.created_at > former.created_at
    assert current.certificate != former.certificate
    assert read_seal(current.encoded).info.created_at == current.created_at
    assert keys(city, seal).count(national_purpose(seal.id)) == 1  # the former key is gone
    with pytest.raises(KeyMissing):
        await city.office.national_keys.signer_of(former.key_id)
    assert (await city.judged(old)).good
    assert (await city.judged(await city.stamp(seal))).good
    found = await city.office.register.of_certificate(hashlib.sha256(former_signer.certificates[0]).hexdigest())
    assert found is not None
    assert (found[0].id, found[1].id) == (seal.id, former.id)
    assert (await city.office.register.of_seal(current.encoded) or (None, None))[1] == current


async def test_a_former_key_that_could_not_be_ended_goes_at_the_next_walk(
    city: NationalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = await city.office.make_seal()
    with monkeypatch.context() as broken:

        async def away(purpose: str, key_id: str) -> None:
            raise KeyUnavailable("away")

        broken.setattr(city.office.national_keys, "settle", away)
        await city.office.renew.national(seal.id, actor=SYSTEM)
    assert (await city.judged(await city.stamp(seal))).good  # by the new key, which still waits
    assert keys(city, seal).count(national_purpose(seal.id)) == 2
    await city.office.follow_seals()
    assert keys(city, seal).count(national_purpose(seal.id)) == 1
    assert (await city.judged(await city.stamp(seal))).good


async def test_our_code_on_a_seal_that_we_never_made(city: NationalOffice) -> None:
    seal = await city.office.make_seal()
    signer = await city.office.signers.of(seal)
    genuine = read_seal(signer.seal)
    maker = await city.pki.national_seals.maker(until=city.clock.now())
    forged = write_seal(replace(genuine.info, name="另一个单位"), maker.certificate, maker.signer.sign)
    stamp = city.stamped_by(replace(signer, seal=forged))
    assert told(await city.judged(stamp)) == {"seal-state": "seal-not-registered"}
    assert (await city.judged(city.stamped_by(signer))).good


async def test_nothing_speaks_against_a_strangers_seal(city: NationalOffice) -> None:
    stranger = read_seal(eseal_world.Making().seal())
    assert await city.office.register(stranger, city.clock.now()) is None


# -- refused before anything is made -----------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [LibraryMissing("none"), AlgorithmNotOffered("no SM2")])
async def test_without_sm2_nothing_is_made_at_all(
    wrong: AppError, city: NationalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        raise wrong

    monkeypatch.setattr(city.office.national_keys, "check", check)
    before = len(city.ring.records())
    with pytest.raises(type(wrong)):
        await city.office.make_seal()
    with pytest.raises(type(wrong)):
        await city.office.apply(ApplyCommand(order(), SYSTEM, "开展业务"))
    assert len(city.ring.records()) == before
    assert await city.office.seals.of_organisation(ORGANISATION) == []


async def test_a_token_without_sm2_is_refused_by_name_and_software_beside_it_is_not(
    softhsm: SoftHsmToken, tmp_path: Path, clock: FakeClock
) -> None:
    pin = tmp_path / "pin"
    pin.write_text(softhsm.pin)
    pkcs11_token._logins.clear()  # no PIN was refused
    token = {"pkcs11_module": softhsm.module, "pkcs11_token": softhsm.label, "pkcs11_pin_file": pin}
    settings = Settings(data=tmp_path, key_backend="pkcs11", **token)
    services = await build_keys(settings.keys, clock)
    with pytest.raises(AlgorithmNotOffered) as refused:
        await RingNationalKeys(services.ring).check()
    assert (refused.value.code, services.ring.records()) == ("algorithm-not-offered", [])
    keys_of_software = RingNationalKeys(services.ring, "software")
    await keys_of_software.check()
    signer = await keys_of_software.make("eseal/seal_1")
    assert (await keys_of_software.signer_of(signer.key_id)).algorithm == "SGD_SM3_SM2"
    await services.close()


async def test_a_deployment_without_the_authority_says_so(sqlite_database: Database, clock: FakeClock) -> None:
    office = SealOffice(sqlite_database, clock, profile=Profile.BOTH)
    with pytest.raises(SealFormUnavailable):
        await office.make_seal()
    plain = await office.make_seal(profile=Profile.INTERNATIONAL)
    with pytest.raises(SealFormMissing):
        await office.signers.of(plain)


async def test_a_form_that_cannot_be_finished_leaves_no_key_and_no_good_certificate(
    city: NationalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {one.key_id for one in city.ring.records()}

    async def away(**_: object) -> None:
        raise Unavailable("key-unavailable", SealFormThere().text)

    monkeypatch.setattr(city.pki.national_seals, "maker", away)
    with pytest.raises(Unavailable):
        await city.office.make_seal()
    assert {one.key_id for one in city.ring.records() if one.state != "retired"} == before
    good = await city.pki.certificates.search(CertificateQuery(status=CertificateStatus.GOOD))
    assert not [one for one in good if one.purpose.startswith(("seal/", "eseal/"))]


# -- a deployment that turns to both -----------------------------------------------------------------------------------


async def international(city: NationalOffice) -> Seal:
    return await city.office.make_seal(profile=Profile.INTERNATIONAL)


async def test_a_seal_in_use_gets_the_national_form_and_keeps_its_own(city: NationalOffice) -> None:
    seal = await international(city)
    with pytest.raises(SealFormMissing):
        await city.office.signers.of(seal)
    assert [one.id for one in await city.office.give_form.waiting()] == [seal.id]
    form = await city.office.give_form(seal.id, actor=SYSTEM)
    after = await city.office.seals.get(seal.id)
    assert (after.profile, after.certificates) == (Profile.BOTH, seal.certificates)
    assert (await city.judged(await city.stamp(after))).good
    assert await city.office.give_form.waiting() == []
    with pytest.raises(SealFormThere):
        await city.office.give_form(seal.id, actor=SYSTEM)
    assert [one.id for one in await forms(city, seal)] == [form.id]


async def test_whoever_approved_a_seal_does_not_give_it_a_form(city: NationalOffice) -> None:
    office, both = city.office, replace(REVIEWER, scopes=BOTH_DUTIES)
    asked = await office.apply(ApplyCommand(order(profile=Profile.INTERNATIONAL), CUSTODIAN, "开展业务"))
    await office.review.approve(asked.id, actor=both)
    seal = await office.make(asked.id, actor=CUSTODIAN)
    with pytest.raises(SealNotActive):
        await office.give_form(seal.id, actor=CUSTODIAN)
    await office.activate(seal.id, actor=both)
    with pytest.raises(SealSecondPerson):
        await office.give_form(seal.id, actor=both)
    for stranger in (REVIEWER, replace(CUSTODIAN, organisation="11100000000013338W")):
        with pytest.raises(SealNotYours):
            await office.give_form(seal.id, actor=stranger)
    await office.give_form(seal.id, actor=CUSTODIAN)
    assert (await city.judged(await city.stamp(seal))).good


async def test_a_seal_that_is_stopped_while_its_form_is_made_gets_none(
    city: NationalOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = await international(city)
    maker = city.pki.national_seals.maker

    async def stopped_meanwhile(*, until: dt.datetime) -> object:
        await city.office.change_status(seal.id, SealStatus.REVOKED, actor=SYSTEM)
        return await maker(until=until)

    monkeypatch.setattr(city.pki.national_seals, "maker", stopped_meanwhile)
    with pytest.raises(SealNotActive):
        await city.office.give_form(seal.id, actor=SYSTEM)
    assert await forms(city, seal) == []
    assert national_purpose(seal.id) not in keys(city, seal)
    assert (await states(city, seal))["national"] == {"revoked"}


@pytest.mark.parametrize(
    ("profile", "asked", "made"),
    [
        (Profile.BOTH, None, "PAdES-B-B"),
        (Profile.NATIONAL, None, "SM2-SES"),  # what was chosen for this seal
        (Profile.NATIONAL, PdfProfile.PADES, "PAdES-B-B"),  # it has a key for the world as well
    ],
)
async def test_a_pdf_is_sealed_in_the_form_that_goes_with_its_seal(
    profile: Profile, asked: PdfProfile | None, made: str, city: NationalOffice
) -> None:
    seal = await city.office.make_seal(profile=profile)
    await city.office.grant(seal)
    command = SealPdfCommand(pdf(), seal.id, CLIENT, "document", PLACE, profile=asked)
    report = await city.office.verify_pdf(whole((await city.office.seal_pdf(command)).content))
    assert report.indication == "TOTAL-PASSED"
    assert [one.level for one in report.signatures] == [made]

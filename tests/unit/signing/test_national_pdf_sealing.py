"""Sealing a PDF in a national form: the rules of the house hold as for PAdES, and what is told is what there is."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Awaitable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext
from sqlalchemy import insert, select, update

from api.routes.pages.sealing import level_meant
from core.db.database import Database
from core.errors import AppError
from core.files.reading import whole
from core.files.scratch import FileBytes, ScratchFile
from keys.profile import Profile
from signing.eseal.read import read_seal
from signing.levels import Level, LevelPolicy
from signing.locks import Certification, Locks
from signing.longlife.extend_file import ExtendFileCommand
from signing.model import SealedPdf, SealPdfCommand, SealStatus
from signing.places import PagingPlacement, Placement, WordsPlacement
from signing.profiles import NATIONAL_FILTER, PdfProfile
from signing.public_log.entry import LogEvent, read_entry
from signing.settings import SigningSettings
from signing.stores.log_tables import seal_log_entry
from signing.stores.tables import seal as seal_table
from signing.stores.tables import seal_certificate
from signing.uses.ask import AskCommand
from signing.verification.look import LookAtFile
from signing.verification.report import VerificationReport
from signing.verify_pdf import VerifyPdf
from tests.support.batch_world import KEEPER, REVIEWER, WISHES, BatchOffice, letters
from tests.support.clock import FakeClock
from tests.support.eseal_world import Making, certificate, root
from tests.support.gmcms_oracle import sm3
from tests.support.large_files import volume
from tests.support.national_office import national_office
from tests.support.national_pdfs import FORMS, NationalForm, national_signer, trusting
from tests.support.national_pdfs import sealed as on_paper
from tests.support.placed_seals import red_on
from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_world import CLIENT, ORGANISATION, PLACE, SealOffice, shared_cells
from tests.unit.signing.test_tending import World

NATIONAL_CERTIFICATE = hashlib.sha256(certificate("signer")).hexdigest()
EVERY = (*FORMS, PdfProfile.DUAL)


@pytest.fixture
async def office(sqlite_database: Database, clock: FakeClock) -> SealOffice:
    """An office whose one seal has both forms; its lists have both roots."""
    authority = PlainAuthority.make()
    judge = trusting(root(), authority.issuing_chain()[-1], clock=clock)
    made = SealOffice(sqlite_database, clock, authority=authority, judge=judge, national=NationalForm())
    return await made.with_seal()


async def command(office: SealOffice, profile: PdfProfile | None, content: FileBytes | None = None, **more: Any) -> Any:
    seal = await office.seals.active_seal_of(ORGANISATION)
    made = SealPdfCommand(content or pdf(), seal.id, CLIENT, "document", PLACE, profile=profile)
    return replace(made, **more)


async def sealed(
    office: SealOffice, profile: PdfProfile | None, content: FileBytes | None = None, **more: Any
) -> SealedPdf:
    return await office.seal_pdf(await command(office, profile, content, **more))


async def code_of(refused: Any) -> str:
    with pytest.raises(AppError) as caught:
        await refused
    return caught.value.code


def genuine(report: VerificationReport) -> list[str | None]:
    """The levels of a genuine file's signatures."""
    assert (report.conclusion, report.indication) == ("genuine", "TOTAL-PASSED")
    assert all(one.conclusion == "genuine" for one in report.signatures)
    return [one.level for one in report.signatures]


@pytest.mark.parametrize("profile", FORMS)
async def test_a_seal_in_a_national_form_is_entered_like_any_other(office: SealOffice, profile: PdfProfile) -> None:
    done = await sealed(office, profile)
    level = "SM2-SES" if profile is PdfProfile.SM2_SEAL else "SM2-CMS"
    assert (done.level, done.level_wanted, done.renew_by) == (level, level, None)
    assert genuine(await office.verify_pdf(done.content)) == [level]
    record = await office.seals.use(done.signature_id, caller=CLIENT)
    assert (record.level, record.certificate, record.sealed_as) == (level, NATIONAL_CERTIFICATE, profile)
    assert record.digest_before == hashlib.sha256(pdf()).hexdigest()
    assert record.digest_after == hashlib.sha256(whole(done.content)).hexdigest()
    async with office.database.read() as tx:
        bodies = (await tx.connection.execute(select(seal_log_entry.c.body))).scalars().all()
    entries = [read_entry(bytes(one)) for one in bodies]
    (entry,) = [one for one in entries if one.event is LogEvent.SIGNATURE]
    assert (entry.document, entry.certificate) == (record.digest_after, NATIONAL_CERTIFICATE)
    assert await office.care_of_files(done.signature_id, caller=CLIENT) is None


async def test_without_a_word_the_international_form_is_made(office: SealOffice) -> None:
    done = await sealed(office, None)
    assert genuine(await office.verify_pdf(done.content)) == ["PAdES-B-B"]
    assert (await office.seals.use(done.signature_id, caller=CLIENT)).sealed_as == "pades"
    assert office.national.asked == []  # type: ignore[attr-defined]  # the test's own


async def test_a_stamp_is_over_the_very_bytes_and_names_its_field(office: SealOffice) -> None:
    done = await sealed(office, PdfProfile.SM2_SEAL)
    content = whole(done.content)
    (found,) = (await office.verify_pdf(content)).signatures
    assert found.national is not None
    assert [step.state for step in found.national.steps] == ["good"] * 10
    start, end = content.index(b"/Contents <") + 10, content.index(b">", content.index(b"/Contents <"))
    value = bytes.fromhex(content[start + 1 : end].decode())
    assert sm3(content[:start] + content[end + 1 :]) in value
    assert done.signature_id.encode() in value
    assert b"/Filter /%b\n" % NATIONAL_FILTER.encode() in content


async def test_the_filter_is_a_setting(sqlite_database: Database, clock: FakeClock) -> None:
    settings = SigningSettings(national_filter="Gomain.GMPkiLite")
    made = await SealOffice(sqlite_database, clock, settings=settings, national=NationalForm()).with_seal()
    for profile in EVERY:
        assert b"/Filter /Gomain.GMPkiLite\n" in whole((await sealed(made, profile)).content)
    assert b"Gomain" not in whole((await sealed(made, PdfProfile.PADES)).content)


# -- both forms in one file ------------------------------------------------------------------------------------------


async def test_a_dual_file_has_the_stamp_inside_and_pades_around_it(office: SealOffice) -> None:
    done = await sealed(office, PdfProfile.DUAL)
    report = await office.verify_pdf(done.content)
    assert genuine(report) == ["SM2-SES", "PAdES-B-B"]
    inner, outer = report.signatures
    assert (inner.coverage, outer.coverage) == ("signed-revision", "whole-file")
    assert inner.national is not None
    assert inner.national.good
    assert (outer.national, outer.field) == (None, done.signature_id)
    assert done.level == "PAdES-B-B"
    record = await office.seals.use(done.signature_id, caller=CLIENT)
    seal = await office.seals.get(record.seal_id)
    assert (record.certificate, record.sealed_as) == (hashlib.sha256(seal.certificate).hexdigest(), "dual")
    assert outer.known_seal is not None
    assert outer.known_seal.recorded_at == record.signed_at
    assert red_on(whole(done.content), 1) is not None
    assert office.national.asked == [seal.id]  # type: ignore[attr-defined]  # the test's own


async def test_viewers_of_the_world_show_a_dual_file_as_valid(office: SealOffice, tmp_path: Path) -> None:
    content = whole((await sealed(office, PdfProfile.DUAL)).content)
    file = tmp_path / "dual.pdf"
    file.write_bytes(content)
    said = _run("pdfsig", "-nocert", file)
    assert said.count("Signature is Valid") == 1, said
    assert "Total document signed" in said, said
    assert "unchanged since signing" in _run("mutool", "sign", "-v", file)
    assert "No syntax or stream encoding errors" in _run("qpdf", "--check", file)
    outer = PdfFileReader(BytesIO(content)).embedded_signatures[-1]
    anchors = [asn1_x509.Certificate.load(office.authority.issuing_chain()[-1])]
    context = ValidationContext(trust_roots=anchors, allow_fetching=False, moment=office.clock.now())
    usage = KeyUsageConstraints(key_usage={"non_repudiation"})
    status = await async_validate_pdf_signature(outer, context, key_usage_settings=usage)
    assert status.bottom_line


@pytest.mark.parametrize("profile", FORMS)
async def test_other_programs_find_a_well_formed_file(office: SealOffice, profile: PdfProfile, tmp_path: Path) -> None:
    file = tmp_path / "sealed.pdf"
    file.write_bytes(whole((await sealed(office, profile)).content))
    assert "No syntax or stream encoding errors" in _run("qpdf", "--check", file)
    said = _run("pdfsig", "-nocert", file)
    assert "Total document signed" in said, said
    assert "Signature is Valid" not in said, said  # it knows no SM2, and does not pretend to


def _run(*command: str | Path) -> str:
    done = subprocess.run([str(one) for one in command], capture_output=True, timeout=60)
    return (done.stdout + done.stderr).decode()


async def test_what_is_done_to_the_inner_file_of_a_dual_one_is_told(office: SealOffice) -> None:
    content = whole((await sealed(office, PdfProfile.DUAL)).content)
    report = await office.verify_pdf(content.replace(b"page 1)", b"Page 1)", 1))
    assert [one.sub_indication for one in report.signatures] == ["HASH_FAILURE", "HASH_FAILURE"]
    cut = content[: (await office.verify_pdf(content)).signatures[0].end]
    assert genuine(await office.verify_pdf(cut)) == ["SM2-SES"]  # the stamp's own revision stands by itself


# -- places, locks, levels -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", EVERY)
async def test_it_may_stand_anywhere_that_a_seal_may(office: SealOffice, profile: PdfProfile) -> None:
    places = (Placement(1, 60, 90), WordsPlacement("entitlement", 1), PagingPlacement())
    done = await sealed(office, profile, pdf(3), placement=places)
    assert len(genuine(await office.verify_pdf(done.content))) == (2 if profile is PdfProfile.DUAL else 1)
    assert all(red_on(whole(done.content), page) for page in (1, 2, 3))
    hidden = await sealed(office, profile, placement=None)
    genuine(await office.verify_pdf(hidden.content))
    assert red_on(whole(hidden.content), 1) is None


@pytest.mark.parametrize("profile", EVERY)
async def test_it_may_certify(office: SealOffice, profile: PdfProfile) -> None:
    done = await sealed(office, profile, locks=Locks(Certification.FORMS))
    genuine(await office.verify_pdf(done.content))


async def test_a_dual_file_cannot_forbid_its_own_outer_signature(office: SealOffice) -> None:
    locks = Locks(Certification.NOTHING)
    assert await code_of(sealed(office, PdfProfile.DUAL, locks=locks)) == "lock-not-with-dual"
    genuine(await office.verify_pdf((await sealed(office, PdfProfile.SM2_SEAL, locks=locks)).content))


@pytest.mark.parametrize("profile", FORMS)
async def test_a_level_that_the_form_has_not_is_refused_or_told(office: SealOffice, profile: PdfProfile) -> None:
    wanted = {"level": Level.B_T, "level_policy": LevelPolicy.EXACTLY}
    assert await code_of(sealed(office, profile, **wanted)) == "level-needs-pades"
    done = await sealed(office, profile, level=Level.B_T, level_policy=LevelPolicy.AT_LEAST_B_B)
    assert done.level.startswith("SM2-")
    assert (await sealed(office, profile, level=Level.B_B, level_policy=LevelPolicy.EXACTLY)).level == done.level


async def test_a_seal_without_the_form_seals_nothing(sqlite_database: Database, clock: FakeClock) -> None:
    plain = await SealOffice(sqlite_database, clock).with_seal()
    for profile in EVERY:
        assert await code_of(sealed(plain, profile)) == "seal-form-missing"
    assert genuine(await plain.verify_pdf((await sealed(plain, PdfProfile.PADES)).content)) == ["PAdES-B-B"]


# -- once, approved, many, large -------------------------------------------------------------------------------------


async def test_a_repeated_request_is_sealed_once_and_another_form_is_another_request(office: SealOffice) -> None:
    first = await sealed(office, PdfProfile.SM2_SEAL, idempotency_key="one")
    again = await sealed(office, PdfProfile.SM2_SEAL, idempotency_key="one")
    assert (again.signature_id, again.content, again.level) == (first.signature_id, first.content, "SM2-SES")
    for profile in (PdfProfile.DUAL, PdfProfile.PADES, None):
        assert await code_of(sealed(office, profile, idempotency_key="one")) == "idempotency-key-reused"


@pytest.mark.parametrize("profile", [PdfProfile.SM2_SEAL, PdfProfile.DUAL])
async def test_a_use_that_needs_approval_needs_it_in_every_form(office: SealOffice, profile: PdfProfile) -> None:
    seal = await office.seals.active_seal_of(ORGANISATION)
    async with office.database.read() as tx:
        (free,) = await office.store.grants_of(tx, seal.id)
    await office.end_grant(free.id, actor=KEEPER)
    await office.grant(seal, approval=True)
    assert await code_of(sealed(office, profile)) == "seal-approval-needed"
    asked = await office.uses.ask(AskCommand(pdf(), seal.id, CLIENT, "document", "年度发函"))
    await office.uses.decide.approve(asked.id, actor=REVIEWER)
    done = await office.uses.seal(asked.id, PLACE, actor=CLIENT, profile=profile)
    assert genuine(await office.verify_pdf(done.content))[0] == "SM2-SES"


@pytest.mark.parametrize("profile", [PdfProfile.SM2_CMS_DIGEST, PdfProfile.DUAL])
async def test_batches_take_a_form(office: SealOffice, profile: PdfProfile) -> None:
    batches = BatchOffice(office)
    batch = await batches.running(letters(2), wishes=replace(WISHES, profile=profile))
    await batches.services.run.through()
    assert (await batches.batch(batch.id)).wishes.profile is profile
    for one in await batches.files(batch.id):
        assert one.signature_id is not None, one.fault
        content = await office.seals.file(one.signature_id, caller=CLIENT)
        assert genuine(await office.verify_pdf(content))[0] in ("SM2-CMS", "SM2-SES")


@pytest.mark.parametrize("profile", [PdfProfile.SM2_SEAL, PdfProfile.DUAL])
async def test_a_large_file_is_sealed_where_it_lies(office: SealOffice, profile: PdfProfile, tmp_path: Path) -> None:
    done = await sealed(office, profile, volume(9_000_000, tmp_path / "scratch"))
    assert isinstance(done.content, ScratchFile)
    genuine(await office.verify_pdf(done.content))


# -- what our register says ------------------------------------------------------------------------------------------


async def registered(office: SealOffice) -> None:
    """Let our register have the SM2 certificate as one of the seal's own."""
    seal = await office.seals.active_seal_of(ORGANISATION)
    async with office.database.write() as tx:
        row = {"digest": NATIONAL_CERTIFICATE, "seal_id": seal.id, "since": office.clock.now()}
        await tx.connection.execute(insert(seal_certificate).values(row))
        await tx.commit()


@pytest.mark.parametrize("profile", EVERY)
async def test_a_use_is_on_record_in_every_form(office: SealOffice, profile: PdfProfile) -> None:
    await registered(office)
    done = await sealed(office, profile)
    for one in (await office.verify_pdf(done.content)).signatures:
        assert one.known_seal is not None
        assert one.known_seal.recorded_at == done.signed_at


@pytest.mark.parametrize("form", FORMS)
async def test_a_seal_that_ended_keeps_what_is_on_record_and_nothing_else(office: SealOffice, form: PdfProfile) -> None:
    await registered(office)
    done = await sealed(office, form)
    dual = await sealed(office, PdfProfile.DUAL)
    seal = await office.seals.active_seal_of(ORGANISATION)
    await office.change_status(seal.id, SealStatus.REVOKED, actor=KEEPER)
    genuine(await office.verify_pdf(done.content))
    genuine(await office.verify_pdf(dual.content))
    unrecorded = await office.verify_pdf(on_paper(pdf(), form))
    assert (unrecorded.conclusion, unrecorded.sub_indication) == ("unknown-signer", "REVOKED_NO_POE")
    national = unrecorded.signatures[0].national
    assert (national is not None) is (form is PdfProfile.SM2_SEAL)
    if national is not None:
        assert [step.id for step in national.steps if step.state != "good"] == ["seal-state"]


async def test_an_inner_signature_is_not_on_record_by_its_name_alone(office: SealOffice) -> None:
    """Whoever has the SM2 key cannot borrow the record of a file that the office sealed."""
    await registered(office)
    borrowed = on_paper(pdf(), PdfProfile.SM2_SEAL, field_name="sig_0-sm2")
    done = await sealed(office, PdfProfile.PADES, borrowed)
    inner, outer = (await office.verify_pdf(done.content)).signatures
    assert inner.known_seal is not None
    assert outer.known_seal is not None
    assert (inner.known_seal.recorded_at, outer.known_seal.recorded_at) == (None, done.signed_at)


# -- seals that were made in both forms ------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", list(Profile))
async def test_the_form_that_goes_with_a_seal_is_made_unless_another_is_named(
    sqlite_database: Database, clock: FakeClock, tmp_path: Path, profile: Profile
) -> None:
    async with national_office(sqlite_database, clock, tmp_path, profile) as world:
        office = await world.office.with_seal()
        usual = await sealed(office, None)
        expected = "SM2-SES" if profile is Profile.NATIONAL else "PAdES-B-B"
        report = await office.verify_pdf(usual.content)
        assert (usual.level, genuine(report)) == (expected, [expected])
        assert [one.known_seal and one.known_seal.recorded_at for one in report.signatures] == [usual.signed_at]
        named = {one: await code_or_level(sealed(office, one)) for one in PdfProfile}
        shortest = await sealed(office, None, level=Level.B_B, level_policy=LevelPolicy.EXACTLY)
        assert shortest.level == expected
    assert named[PdfProfile.PADES] == "PAdES-B-B"
    national = [named[one] for one in EVERY]
    if profile is Profile.INTERNATIONAL:
        assert national == ["seal-form-missing"] * 4
    else:
        assert national == ["SM2-SES", "SM2-CMS", "SM2-CMS", "PAdES-B-B"]


async def code_or_level(sealing: Awaitable[SealedPdf]) -> str:
    try:
        return (await sealing).level
    except AppError as refused:
        return refused.code


async def test_a_stamp_that_borrows_the_code_of_one_of_our_seals(
    sqlite_database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    """Its maker is on our lists, its signer too; only the register knows that we never made this seal."""
    async with national_office(sqlite_database, clock, tmp_path) as world:
        office = await world.office.with_seal()
        ours = await office.signers.of(await office.seals.active_seal_of(ORGANISATION))
        esid = read_seal(ours.seal).info.seal_id
        anchors = (root(), *world.pki.national_seals.issuing_chain(), *world.pki.seals.issuing_chain())
        look = LookAtFile(office.pool, shared_cells(office.settings))
        judge, store = trusting(*anchors, clock=clock), office.store
        verify = VerifyPdf(office.database, store, judge, clock, office.pool, look, office.settings, office.register)
        borrowed = national_signer(Making(info=replace(Making().info, seal_id=esid)))
        for signer, wrong in ((borrowed, ["seal-not-registered"]), (national_signer(), []), (ours, [])):
            content = on_paper(pdf(), PdfProfile.SM2_SEAL, signer, signed_at=clock.now())
            (one,) = (await verify(content)).signatures
            assert one.national is not None
            assert [step.reason for step in one.national.steps if step.state != "good"] == wrong
            assert (one.conclusion == "genuine") is (wrong == [])


# -- how long it lasts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [Level.B_T, Level.B_LTA])
async def test_a_dual_file_lasts_by_its_outer_signature(
    sqlite_database: Database, clock: FakeClock, level: Level
) -> None:
    """Its document time-stamp proves the stamp inside as well; SM2 alone cannot be made to last, and that is told."""
    world = World(sqlite_database, clock)
    office = world.office
    office.seal_pdf._seal_in._national = NationalForm()  # the lasting world makes its own office
    seal = await office.make_seal()
    await office.grant(seal)
    made = SealPdfCommand(pdf(), seal.id, CLIENT, "document", PLACE, level=level, profile=PdfProfile.DUAL)
    done = await office.seal_pdf(made)
    assert done.level == level
    inner, outer = (await office.verify_pdf(done.content)).signatures
    assert (inner.level, outer.level, outer.conclusion) == ("SM2-SES", level, "genuine")
    assert inner.sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"  # the SM2 root is not on this world's list
    assert outer.proven_at is not None
    assert (inner.proven_at is not None) is (level is Level.B_LTA)  # a token beside a signature is over that one alone
    alone = await office.seal_pdf(replace(made, level=None, profile=PdfProfile.SM2_SEAL))
    extending = ExtendFileCommand(alone.content, Level.B_T, LevelPolicy.EXACTLY, CLIENT)
    assert await code_of(office.extend_file(extending)) == "pdf-not-extendable"


@pytest.mark.parametrize("level", [Level.B_T, Level.B_LT, Level.B_LTA])
async def test_who_asks_for_a_level_and_no_form_gets_one_that_has_it(
    sqlite_database: Database, clock: FakeClock, level: Level
) -> None:
    """Of a seal whose own form is the national one; what is named is taken at its word."""
    world = World(sqlite_database, clock)
    office = world.office
    office.seal_pdf._seal_in._national = NationalForm()
    seal = await office.make_seal()
    await office.grant(seal)
    await with_own_form(sqlite_database, seal.id, Profile.NATIONAL)
    plain = SealPdfCommand(pdf(), seal.id, CLIENT, "document", PLACE)
    assert (await office.seal_pdf(plain)).level == "SM2-SES"
    wanted = replace(plain, level=level, level_policy=LevelPolicy.EXACTLY)
    done = await office.seal_pdf(wanted)
    assert done.level == level
    inner, outer = (await office.verify_pdf(done.content)).signatures
    assert (inner.level, outer.level) == ("SM2-SES", level)
    assert await code_of(office.seal_pdf(replace(wanted, profile=PdfProfile.SM2_SEAL))) == "level-needs-pades"
    locked = replace(wanted, locks=Locks(Certification.NOTHING))
    assert await code_of(office.seal_pdf(locked)) == "lock-not-with-dual"


@pytest.mark.parametrize(
    ("said", "profile", "own", "meant"),
    [
        (Level.B_T, None, Profile.INTERNATIONAL, Level.B_T),  # the usual one, and the form has it
        (Level.B_T, None, Profile.NATIONAL, None),  # the page says it of itself; a stamp has none
        (Level.B_LTA, None, Profile.NATIONAL, Level.B_LTA),  # chosen by hand: both forms are made
        (Level.B_LTA, PdfProfile.SM2_SEAL, Profile.NATIONAL, None),
        (Level.B_T, PdfProfile.DUAL, Profile.NATIONAL, Level.B_T),
        (None, None, Profile.NATIONAL, None),
    ],
)
def test_the_page_means_a_level_where_the_form_has_it_or_somebody_chose_it(
    said: Level | None, profile: PdfProfile | None, own: Profile, meant: Level | None
) -> None:
    assert level_meant(said, Level.B_T, profile, own) is meant


async def with_own_form(database: Database, seal_id: str, profile: Profile) -> None:
    async with database.write() as tx:
        await tx.connection.execute(update(seal_table).where(seal_table.c.id == seal_id).values(profile=profile.value))
        await tx.commit()

"""Sealing OFDs: what is written, that every seal of several holds, and that a use is entered as for PDFs."""

from __future__ import annotations

import asyncio
import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms

from core.audit.verify import verify_chain
from core.db.database import Database, WriteTx
from core.errors import Conflict, InvalidInput
from core.files.reading import LARGE, whole
from core.files.scratch import Scratch, ScratchFile
from core.principal import SYSTEM
from keys.tsa.errors import TimestampUnavailable
from signing.errors import PlacementInvalid, SealNotActive, SealNotGranted
from signing.levels import Level, LevelPolicy
from signing.model import Seal, SealOfdCommand, SealStatus
from signing.ofd.seal.plan import OfdWish, plan_seal
from signing.ofd.seal.stamp import stamp
from signing.places import (
    Edge,
    EveryPagePlacement,
    FieldPlacement,
    PageRange,
    PagingPlacement,
    Place,
    Placement,
    WordsPlacement,
)
from signing.ports import UseQuery
from signing.seal_ofd import SealOfd
from tests.support import other_ofd_reader
from tests.support.clock import START, FakeClock
from tests.support.eseal_world import NOW
from tests.support.lasting_world import YEAR, LastingWorld
from tests.support.national_forms import NationalForms, national_form
from tests.support.national_office import national_office
from tests.support.ofd_sealing import entries_of, judged, package, pages, recomputed
from tests.support.ofd_world import drawn, words, zipped
from tests.support.signing_world import CLIENT, ORGANISATION, SealOffice, seal_image

PLACE = Placement(1, 120, 200)


def written(ofd: bytes, *places: Place, closed: bool = False) -> bytes:
    """Sealed without a database."""
    wish = OfdWish(places, seal_image(), national_form().seal, "20261126080000Z", closed, 100_000_000)
    return whole(stamp(plan_seal(ofd, wish), national_form(), NOW).finished(ofd))


def stamps(ofd: bytes, which: int = -1) -> list[dict[str, str]]:
    return list(recomputed(ofd)[which].stamps)


# -- the package -----------------------------------------------------------------------------------------------------


def test_another_program_reads_the_same_text_and_finds_every_signature(tmp_path: Path) -> None:
    plain = zipped(drawn(words("此处盖章")))
    once = written(plain, PLACE)
    twice = written(once, Placement(1, 60, 60), closed=True)
    views = []
    for number, content in enumerate((plain, once, twice)):
        file = tmp_path / f"{number}.ofd"
        file.write_bytes(content)
        views.append(other_ofd_reader.read(file))
    assert "此处盖章" in views[0].text
    assert [(one.text, one.pages, one.metadata) for one in views] == [
        (views[0].text, views[0].pages, views[0].metadata)
    ] * 3
    assert [len(one.signatures) for one in views] == [0, 1, 2]
    first, second = views[2].signatures
    assert first == views[1].signatures[0]
    assert (first["kind"], second["kind"]) == ("Seal", "Seal")
    assert first["places"] == [["1", stamps(once)[0]["Boundary"]]]
    files = entries_of(twice).keys()
    own = {second["path"], second["value"]}
    assert set(second["protected"]) == files - own, "closed: the list too"
    assert {first["path"], first["value"]} <= set(second["protected"])


async def test_our_judge_and_a_recomputation_by_hand_agree_that_a_seal_holds() -> None:
    sealed = written(package(2), PLACE)
    (verdict,), (by_hand,) = await judged(sealed), recomputed(sealed)
    assert verdict.good
    assert by_hand.faults == ()
    assert by_hand.unprotected == {"/Doc_0/Signs/Signatures.xml"}, "all but the list, and the signature's own files"
    assert verdict.signature.path == by_hand.path == "/Doc_0/Signs/Sign_0/Signature.xml"


async def test_several_seals_in_a_row_all_hold_and_each_protects_those_before() -> None:
    ofd = package()
    for number in range(1, 4):
        ofd = written(ofd, Placement(1, 60, 50 * number))
        assert all(one.good for one in await judged(ofd))
        assert [one.faults for one in recomputed(ofd)] == [()] * number
    last = recomputed(ofd)[-1]
    assert last.unprotected == {"/Doc_0/Signs/Signatures.xml"}
    listed = entries_of(ofd)["/Doc_0/Signs/Signatures.xml"].decode()
    assert "MaxSignId>3<" in listed
    assert [listed.index(f'ID="s00{number}"') for number in (1, 2, 3)] == sorted(
        listed.index(f'ID="s00{number}"') for number in (1, 2, 3)
    )


def test_files_that_were_there_keep_their_compressed_octets() -> None:
    before = package(3)
    after = written(before, PLACE)

    def packed(ofd: bytes) -> dict[str, bytes]:
        with zipfile.ZipFile(io.BytesIO(ofd)) as archive:
            out = {}
            for one in archive.infolist():
                start = one.header_offset + 30 + len(one.filename.encode())
                out[one.filename] = ofd[start : start + one.compress_size]
            assert len(out) == len(archive.infolist()), "no name stands there twice"
            assert archive.testzip() is None
            return out

    old, new = packed(before), packed(after)
    assert {name for name in old if new[name] != old[name]} == {"OFD.xml"}, "which had no list of signatures to name"
    assert packed(written(after, PLACE))["OFD.xml"] == new["OFD.xml"], "and is not touched again"


def test_the_same_seal_of_the_same_package_makes_the_same_octets() -> None:
    ofd, wish = package(), OfdWish((PLACE,), seal_image(), national_form().seal, "20261126080000Z", False, 10_000_000)
    made = stamp(plan_seal(ofd, wish), national_form(), NOW)
    assert whole(made.finished(ofd)) == whole(made.finished(ofd))
    assert plan_seal(ofd, wish) == plan_seal(ofd, wish)


async def test_a_list_that_is_named_but_not_there_yet_is_begun() -> None:
    sealed = written(zipped(pages(1, listed=True)), PLACE)
    assert [one.good for one in await judged(sealed)] == [True]


async def test_a_folder_that_is_taken_is_left_alone() -> None:
    files = pages(1) | {"/Doc_0/signs/x": b"mine", "/Doc_0/Signs_1": b"a file of that name"}
    sealed = written(zipped(files), PLACE)
    assert recomputed(sealed)[0].path == "/Doc_0/Signs_2/Sign_0/Signature.xml"
    assert [one.good for one in await judged(sealed)] == [True]
    with_stray = written(zipped(pages(1, listed=True) | {"/Doc_0/Signs/sign_0/stray": b"x"}), PLACE)
    assert recomputed(with_stray)[0].path == "/Doc_0/Signs/Sign_1/Signature.xml"


async def test_names_that_are_not_ascii() -> None:
    files = pages(1) | {"/Doc_0/Res/印章 & “图”.png": b"picture"}
    sealed = written(zipped(files), PLACE)
    assert entries_of(sealed)["/Doc_0/Res/印章 & “图”.png"] == b"picture"
    assert [one.good for one in await judged(sealed)] == [True]
    assert recomputed(sealed)[0].faults == ()


async def test_a_closed_package_holds_and_takes_no_further_seal() -> None:
    closed = written(package(), PLACE, closed=True)
    assert [one.good for one in await judged(closed)] == [True]
    assert recomputed(closed)[0].unprotected == frozenset()
    with pytest.raises(InvalidInput) as refused:
        written(closed, PLACE)
    assert refused.value.code == "ofd-locked"


# -- places ----------------------------------------------------------------------------------------------------------


def test_a_place_is_the_centre_and_the_boundary_its_corner() -> None:
    (only,) = stamps(written(package(2), Placement(2, 100.5, 150)))
    assert only == {"ID": "a001", "PageRef": "2", "Boundary": "79.5 129 42 42"}


def test_every_page_of_a_range() -> None:
    found = stamps(written(package(5), EveryPagePlacement(60, 60, PageRange(2, 4))))
    assert [one["PageRef"] for one in found] == ["2", "3", "4"]
    assert {one["Boundary"] for one in found} == {"39 39 42 42"}


@pytest.mark.parametrize(
    ("edge", "lefts", "clips"),
    [
        (Edge.RIGHT, [196.0, 182.0, 168.0], ["0 0 14 42", "14 0 14 42", "28 0 14 42"]),
        (Edge.LEFT, [-28.0, -14.0, 0.0], ["28 0 14 42", "14 0 14 42", "0 0 14 42"]),
    ],
)
def test_a_paging_seal_is_one_signature_with_a_clip_of_the_seal_on_each_page(
    edge: Edge, lefts: list[float], clips: list[str]
) -> None:
    sealed = written(package(3), PagingPlacement(edge=edge))
    found = stamps(sealed)
    assert len(recomputed(sealed)) == 1
    assert [float(one["Boundary"].split()[0]) for one in found] == lefts
    assert {one["Boundary"].partition(" ")[2] for one in found} == {"127.5 42 42"}
    assert [one["Clip"] for one in found] == clips


def test_pages_of_their_own_size() -> None:
    ofd = zipped(pages(2, sizes={2: "0 0 297 210"}))
    first, second = stamps(written(ofd, PagingPlacement()))
    assert first["Boundary"] == "189 127.5 42 42"
    assert second["Boundary"] == "255 84 42 42"
    assert second["Clip"] == "21 0 21 42"


TWICE = zipped(drawn(words("此处盖章", at="20 20 80 10") + words("日期 盖章", at="20 100 80 10")))


@pytest.mark.parametrize(
    ("place", "tops"),
    [
        (WordsPlacement("盖 章", right_mm=40, down_mm=40), [60]),
        (WordsPlacement("盖章", 2, right_mm=40), [100]),
        (WordsPlacement("盖章", -1, right_mm=40), [100]),
        (WordsPlacement("盖章", None, right_mm=40, down_mm=40), [60, 140]),
    ],
)
def test_words_are_found_as_in_a_pdf_and_the_seal_lies_on_them(place: WordsPlacement, tops: list[float]) -> None:
    boundaries = [[float(part) for part in one["Boundary"].split()] for one in stamps(written(TWICE, place))]
    middles = [(left + width / 2, top + height / 2) for left, top, width, height in boundaries]
    assert [down for _, down in middles] == pytest.approx([top + 3.1 for top in tops], abs=1.0)
    assert all(60 < across < 90 for across, _ in middles)


@pytest.mark.parametrize(
    ("place", "code"),
    [
        (WordsPlacement("没有的字"), "placement-words-not-found"),
        (WordsPlacement("盖章", 3), "placement-words-not-found"),
        (WordsPlacement("盖章", 0), "placement-words-invalid"),
        (WordsPlacement(" "), "placement-words-invalid"),
        (WordsPlacement("盖章", down_mm=-10), "placement-outside-page"),
    ],
)
def test_words_that_lead_nowhere(place: WordsPlacement, code: str) -> None:
    with pytest.raises(PlacementInvalid) as refused:
        written(TWICE, place)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("place", "code"),
    [
        (Placement(2, 60, 60), "placement-page"),
        (Placement(1, 10, 60), "placement-outside-page"),
        (Placement(1, float("nan"), 60), "placement-outside-page"),
        (FieldPlacement("Signature1"), "placement-field-unknown"),
        (PagingPlacement(), "placement-paging-pages"),
        (EveryPagePlacement(60, 60, PageRange(4)), "placement-page"),
    ],
)
def test_places_that_cannot_be(place: Place, code: str) -> None:
    with pytest.raises(PlacementInvalid) as refused:
        written(package(), place)
    assert refused.value.code == code


# -- the use case ----------------------------------------------------------------------------------------------------


@pytest.fixture
async def office(sqlite_database: Database, clock: FakeClock) -> SealOffice:
    return await SealOffice(sqlite_database, clock, national=NationalForms()).with_seal()


def command(seal: Seal, ofd: Any = None, **changes: Any) -> SealOfdCommand:
    made = SealOfdCommand(package() if ofd is None else ofd, seal.id, CLIENT, "document", PLACE)
    return replace(made, **changes)


async def active(office: SealOffice) -> Seal:
    return await office.seals.active_seal_of(ORGANISATION)


async def test_a_use_is_in_the_ledger_before_the_file_leaves(office: SealOffice) -> None:
    made = await office.seal_ofd(command(await active(office), reason="公租房资格证明"))
    assert [one.good for one in await judged(whole(made.content))] == [True]
    entered = await office.seals.use(made.signature_id, caller=CLIENT)
    assert (entered.level, entered.reason, entered.seal_id) == ("SES-B-B", "公租房资格证明", made.seal_id)
    assert await office.seals.file(made.signature_id, caller=CLIENT) == made.content
    assert (await verify_chain(office.database)).whole


async def test_a_caller_who_keeps_the_file(office: SealOffice) -> None:
    made = await office.seal_ofd(command(await active(office), keep=False))
    assert office.vault.kept == {}
    assert (await office.seals.use(made.signature_id, caller=CLIENT)).document is None


async def test_who_may_not_seal_a_pdf_may_not_seal_an_ofd(office: SealOffice) -> None:
    seal, use = await active(office), office.seal_ofd
    with pytest.raises(SealNotGranted):
        await use(command(seal, actor=replace(CLIENT, id="another-app")))
    with pytest.raises(SealNotGranted):
        await use(command(seal, document_class="contract"))
    await office.change_status(seal.id, SealStatus.SUSPENDED, actor=SYSTEM)
    with pytest.raises(SealNotActive):
        await use(command(seal))


async def test_a_seal_without_a_national_form(office: SealOffice) -> None:
    office = SealOffice(office.database, office.clock)
    with pytest.raises(Conflict) as refused:
        await office.seal_ofd(command(await active(office)))
    assert refused.value.code == "seal-form-missing"


async def test_the_same_key_in_parallel_seals_once(database: Database, clock: FakeClock) -> None:
    office = await SealOffice(database, clock, national=NationalForms()).with_seal()
    seal, use = await active(office), office.seal_ofd
    ofd = package()
    made = await asyncio.gather(*(use(command(seal, ofd, idempotency_key="k")) for _ in range(6)))
    assert len({(one.signature_id, one.content) for one in made}) == 1
    with pytest.raises(Conflict) as refused:
        await use(command(seal, package(2), idempotency_key="k"))
    assert refused.value.code == "idempotency-key-reused"


async def test_revoked_between_signing_and_ledger_releases_nothing(office: SealOffice) -> None:
    seal, put = await active(office), office.vault.keep

    async def revoked_meanwhile(content: bytes, *, context: str) -> str:
        await office.change_status(seal.id, SealStatus.REVOKED, actor=SYSTEM)
        return str(await put(content, context=context))

    office.vault.keep = revoked_meanwhile
    with pytest.raises(SealNotActive):
        await office.seal_ofd(command(seal))
    (stray,) = office.vault.kept  # sealed, but never handed out: the ledger does not know it
    async with office.database.read() as tx:
        assert await office.store.uses(tx, UseQuery(ORGANISATION), before=None, limit=10) == []
    assert stray


async def test_a_large_package_is_sealed_where_it_lies(office: SealOffice, tmp_path: Any) -> None:
    ofd = zipped(pages(1) | {"/Doc_0/Res/large.bin": bytes(range(256)) * (LARGE // 200)})
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        for path, content in entries_of(ofd).items():
            archive.writestr(zipfile.ZipInfo(path[1:]), content)
    writer = Scratch(tmp_path).create()
    writer.write(stored.getvalue())
    made = await office.seal_ofd(command(await active(office), writer.done()))
    assert isinstance(made.content, ScratchFile)
    assert [one.good for one in await judged(whole(made.content[:]))] == [True]


# -- levels ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def stamping(clock: FakeClock) -> LastingWorld:
    return LastingWorld(clock=clock, unit_ends=START + YEAR)


def stamped_by(office: SealOffice, stamping: LastingWorld) -> SealOfd:
    return SealOffice(
        office.database, office.clock, vault=office.vault, timestamps=stamping.timestamps, national=NationalForms()
    ).seal_ofd


async def test_a_time_stamp_is_over_the_signature_and_stands_in_the_stamp(
    office: SealOffice, stamping: LastingWorld
) -> None:
    made = await stamped_by(office, stamping)(command(await active(office), level=Level.B_T))
    (verdict,) = await judged(whole(made.content))
    assert verdict.good
    assert verdict.stamp is not None
    assert verdict.stamp.stamp is not None
    token = cms.ContentInfo.load(verdict.stamp.stamp.time_stamp or b"")  # RFC 3161 §2.4.2, by asn1crypto
    imprint = token["content"]["encap_content_info"]["content"].parsed["message_imprint"]
    name = imprint["hash_algorithm"]["algorithm"].native
    assert imprint["hashed_message"].native == hashlib.new(name, verdict.stamp.stamp.signature).digest()
    assert made.level == made.level_wanted == "SES-B-T"


async def test_a_level_that_cannot_be_had_now_is_told_or_refused(office: SealOffice) -> None:
    seal, use = await active(office), office.seal_ofd  # the office has no authority for time-stamps
    with pytest.raises(TimestampUnavailable):
        await use(command(seal, level=Level.B_T))
    less = await use(command(seal, level=Level.B_T, level_policy=LevelPolicy.AT_LEAST_B_B))
    assert (less.level, less.level_wanted) == ("SES-B-B", "SES-B-T")
    record = await office.seals.use(less.signature_id, caller=CLIENT)
    assert (record.level, record.sealed_as) == ("SES-B-B", "ofd")


async def test_what_the_format_has_no_place_for_is_not_promised(office: SealOffice, stamping: LastingWorld) -> None:
    seal, use = await active(office), stamped_by(office, stamping)
    with pytest.raises(InvalidInput) as refused:
        await use(command(seal, level=Level.B_LTA))
    assert refused.value.code == "level-needs-pdf"
    less = await use(command(seal, level=Level.B_LTA, level_policy=LevelPolicy.AT_LEAST_B_B))
    assert (less.level, less.level_wanted) == ("SES-B-T", "SES-B-LTA")


async def test_a_crash_before_the_ledger_leaves_nothing_and_the_same_key_seals_once(
    office: SealOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the vault and the ledger: the file that was made is nobody's, and the caller asks again."""
    seal, ofd, commit = await active(office), package(), WriteTx.commit

    async def killed(_: WriteTx) -> None:
        raise ConnectionError

    monkeypatch.setattr(WriteTx, "commit", killed)
    with pytest.raises(ConnectionError):
        await office.seal_ofd(command(seal, ofd, idempotency_key="k"))
    monkeypatch.setattr(WriteTx, "commit", commit)
    async with office.database.read() as tx:
        assert await office.store.uses(tx, UseQuery(ORGANISATION), before=None, limit=10) == []
    first, again = [await office.seal_ofd(command(seal, ofd, idempotency_key="k")) for _ in range(2)]
    assert (first.signature_id, first.content) == (again.signature_id, again.content)
    async with office.database.read() as tx:
        (only,) = await office.store.uses(tx, UseQuery(ORGANISATION), before=None, limit=10)
    assert only.id == first.signature_id


async def test_a_seal_as_it_would_look_is_drawn_without_a_key_and_without_a_use(office: SealOffice) -> None:
    seal = await active(office)
    looks = await office.preview_places.as_it_would_look(package(2), seal.id, (PLACE,), actor=CLIENT)
    files = entries_of(whole(looks))
    assert "/Doc_0/Signs/Sign_0/Seal.esl" in files
    assert "/Doc_0/Signs/Sign_0/SignedValue.dat" not in files, "so that it can never pass for a sealed one"
    async with office.database.read() as tx:
        assert await office.store.uses(tx, UseQuery(ORGANISATION), before=None, limit=10) == []


async def test_with_seals_of_our_own_making_and_the_verdict_that_everybody_gets(
    sqlite_database: Database, clock: FakeClock, tmp_path: Any
) -> None:
    """Nothing of a test between: key, SESeal and certificates from the service, judged as an upload is."""
    async with national_office(sqlite_database, clock, tmp_path) as both:
        office = await both.office.with_seal()
        seal = await active(office)
        once = await office.seal_ofd(command(seal, package(3), placement=(PLACE, PagingPlacement())))
        twice = await office.seal_ofd(command(seal, once.content))
        report = await office.verify_file(whole(twice.content))
        assert (report.conclusion, len(report.signatures)) == ("genuine", 2)
        assert all(one.known_seal is not None and one.known_seal.id == seal.id for one in report.signatures)
        changed = entries_of(whole(twice.content))
        changed["/Doc_0/Pages/Page_1/Content.xml"] += b" "
        assert (await office.verify_file(zipped(changed))).conclusion == "changed"
        entered = await office.seals.use(twice.signature_id, caller=CLIENT)
        form = await office.signers.of(seal)
        assert entered.certificate == hashlib.sha256(form.certificates[0]).hexdigest()

"""What followed a signature: by revision and object, whether it may, and where pages look different."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

import pikepdf
import pytest
from PIL import Image

from core.text import Text
from signing.levels import Level
from signing.reports.describe import describe
from signing.reports.typst_setter import TypstReportSetter
from signing.verification.change_words import PART_NAMES, object_words, revision_title
from signing.verification.report import Part, VerificationReport
from tests.attacks.test_pdf_isa import annotation, catalogue, open_action, replaced_content
from tests.support.clock import FakeClock
from tests.support.lasting_world import LastingWorld
from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_forgeries import update
from tests.support.signing_world import FileJudge, press

AUTHORITY = PlainAuthority.make()
PRESS = press(AUTHORITY)
JUDGE = FileJudge(AUTHORITY, FakeClock(dt.datetime(2045, 12, 1, tzinfo=dt.UTC)))


def sealed_twice() -> bytes:
    return PRESS.seal(PRESS.seal(pdf()), field_name="Signature2")


def parts(report: VerificationReport, index: int = -1) -> set[tuple[Part, int | None]]:
    return {(one.part, one.page) for one in report.revisions[index].objects}


async def test_a_file_that_nothing_follows_has_no_story_of_revisions() -> None:
    assert (await JUDGE(PRESS.seal(pdf()))).revisions == ()
    assert (await JUDGE(pdf())).revisions == ()


async def test_each_revision_answers_for_itself() -> None:
    sealed = sealed_twice()
    report = await JUDGE(update(sealed, replaced_content))
    second, last = report.revisions
    assert (second.by, second.field, second.allowed) == ("signature", "Signature2", True)
    assert (last.by, last.allowed, last.visible) == ("nobody", False, False)
    assert (Part.SIGNATURE, None) in parts(report, 0)
    assert (Part.CONTENT, 1) in parts(report)
    # what was sealed last stands, up to the revision that may not be there
    assert report.signed_revision == sealed


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (replaced_content, (Part.CONTENT, 1)),
        (annotation("/Stamp"), (Part.ANNOTATION, 1)),
        (catalogue, (Part.PAGE, 1)),
        (open_action, (Part.CATALOGUE, None)),
    ],
    ids=["content", "annotation", "pages", "action"],
)
async def test_objects_are_told_by_what_they_are_there_for(change: object, part: tuple[Part, int | None]) -> None:
    report = await JUDGE(update(PRESS.seal(pdf()), change))  # type: ignore[arg-type]  # a change
    assert report.conclusion == "changed"
    assert part in parts(report)


async def test_what_makes_a_signature_last_is_told_as_harmless() -> None:
    world = LastingWorld()
    made = await world.seal(pdf(), Level.B_LTA)
    report = await world.verifier()(made.content)
    assert [(one.by, one.allowed) for one in report.revisions] == [("nobody", True), ("timestamp", True)]
    assert revision_title(report.revisions[0]).zh.endswith("加了验证数据")
    told = {one.part for revision in report.revisions for one in revision.objects}
    assert told == {Part.VALIDATION_DATA, Part.TIMESTAMP, Part.CATALOGUE}


async def test_pages_that_look_different_are_drawn_with_the_places_marked() -> None:
    report = await JUDGE(update(sealed_twice(), annotation("/Stamp")))
    (page,) = report.changes
    assert (page.page, page.before, page.now) == (1, "", "")  # its words are the same; only the look is not
    assert page.pictures is not None
    # the stamp's words stand near (50, 640) of an A4 page in points; nothing else is marked
    ((left, top, width, height),) = page.marks
    assert 50 < left < 200
    assert 100 < top < 250
    assert width < 400
    assert height < 100
    shown = [Image.open(BytesIO(one)) for one in (page.pictures.before, page.pictures.now, page.pictures.difference)]
    assert len({one.size for one in shown}) == 1
    before, now, _ = (one.convert("L").tobytes() for one in shown)
    assert before != now


async def test_the_report_shows_them() -> None:
    report = await JUDGE(update(sealed_twice(), replaced_content))
    told = describe(report, file_name="a.pdf", operator=Text("甲", "A"), address="https://id.example.cn/verify")
    made = TypstReportSetter().set(told.told, told.etsi, sealed=True, made_at=report.verified_at)
    images = sum(len(page.images) + len(page.form_xobjects) for page in pikepdf.open(BytesIO(made)).pages)
    assert images >= 2
    assert [one["tone"] for one in told.told["revisions"]] == ["good", "bad"]


async def test_every_part_has_a_word_in_both_languages() -> None:
    assert set(PART_NAMES) == set(Part)
    report = await JUDGE(update(PRESS.seal(pdf()), annotation("/Stamp")))
    words = [object_words(one) for one in report.revisions[-1].objects]
    assert "第 1 页批注 Stamp，新增 2 个对象" in [one.zh for one in words]
    assert "page 1: annotation Stamp, 2 added" in [one.en for one in words]

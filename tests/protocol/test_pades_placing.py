"""Where seals stand: every way of placing, seen by pdfium and poppler; one signature whatever the number of places."""

from __future__ import annotations

import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from core.errors import InvalidInput
from signing.errors import PdfRefused, PlacementInvalid
from signing.locks import Certification, FieldLock, LockAction, Locks
from signing.places import (
    Edge,
    EveryPagePlacement,
    FieldPlacement,
    PageRange,
    PagingPlacement,
    Placement,
    Sides,
    WordsPlacement,
)
from signing.placing.paging import groups
from tests.support.placed_seals import Red, place, red_by_poppler, red_on, shaped, with_field
from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_forgeries import update
from tests.support.signing_world import FileJudge, press

AUTHORITY = PlainAuthority.make()
PRESS = press(AUTHORITY)
JUDGE = FileJudge(AUTHORITY)
WIDTH, HEIGHT = 595 / 72 * 25.4, 842 / 72 * 25.4
NEAR = 0.7  # mm: edges are drawn soft


def refusal(content: bytes, *places: Any, **more: Any) -> str:
    with pytest.raises((PlacementInvalid, PdfRefused, InvalidInput)) as refused:
        place(PRESS, content, *places, **more)
    return refused.value.code


def seen(content: bytes, number: int) -> Red:
    found = red_on(content, number)
    assert found is not None
    return found


def oracles(content: bytes, folder: Path, count: int = 1) -> None:
    """poppler finds `count` good signatures, the last over the whole file; qpdf finds the file well made."""
    file = folder / "sealed.pdf"
    file.write_bytes(content)
    said = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, timeout=60).stdout.decode()
    assert said.count("Signature is Valid") == count, said
    assert said.count("Total document signed") == 1, said
    checked = subprocess.run(["qpdf", "--check", file], capture_output=True, timeout=60)
    assert checked.returncode == 0, checked.stderr
    mupdf = subprocess.run(["mutool", "sign", "-v", file], capture_output=True, timeout=60)
    assert mupdf.stdout.count(b"unchanged since signing") >= 1, mupdf.stdout
    assert b"igest" not in mupdf.stdout, mupdf.stdout


async def test_several_places_are_one_signature(tmp_path: Path) -> None:
    sealed = place(PRESS, pdf(3), Placement(1, 60, 90), Placement(3, 120, 200), Placement(3, 40, 250))
    assert red_on(sealed, 2) is None
    assert seen(sealed, 1).centre == pytest.approx((60, 90), abs=NEAR)
    both = seen(sealed, 3)
    assert (both.left, both.right) == pytest.approx((40 - 21, 120 + 21), abs=NEAR)
    report = await JUDGE(sealed)
    assert (report.conclusion, len(report.signatures)) == ("genuine", 1)
    assert len(PdfFileReader(BytesIO(sealed)).embedded_signatures) == 1
    oracles(sealed, tmp_path)


async def test_every_page_of_a_range_and_the_outlines_are_written_once(tmp_path: Path) -> None:
    content = shaped(6, rotations=(0, 90, 180, 270))
    sealed = place(PRESS, content, EveryPagePlacement(50, 60, PageRange(2, 6, Sides.BACK)))
    assert [red_on(sealed, number) is not None for number in range(1, 7)] == [False, True, False, True, False, True]
    for number in (2, 4, 6):
        assert seen(sealed, number).centre == pytest.approx((50, 60), abs=NEAR)
    once = place(PRESS, pdf(100), Placement(1, 60, 60))
    hundred = place(PRESS, pdf(100), EveryPagePlacement(60, 60))
    assert len(hundred) - len(once) < 100 * 700
    assert (await JUDGE(hundred)).conclusion == "genuine"
    oracles(sealed, tmp_path)


@pytest.mark.parametrize("edge", list(Edge))
async def test_paging_seal_over_turned_cropped_and_unlike_pages(edge: Edge, tmp_path: Path) -> None:
    content = shaped(
        5,
        rotations=(0, 90, 180, 270, 0),
        crops={0: [20, 30, 560, 800], 3: [10, 10, 580, 820]},
        sizes=[(595, 842), (842, 595), (595, 842), (842, 1191), (420, 595)],
    )
    sealed = place(PRESS, content, PagingPlacement(edge=edge))
    sizes = [(page.get_width(), page.get_height()) for page in _pages(sealed)]
    strips = []
    for number, (width, height) in enumerate(sizes, start=1):
        found, by_poppler = seen(sealed, number), red_by_poppler(sealed, number, tmp_path)
        assert by_poppler is not None
        assert (by_poppler.left, by_poppler.top) == pytest.approx((found.left, found.top), abs=NEAR)
        across, down = width / 72 * 25.4, height / 72 * 25.4
        assert (found.top + found.bottom) / 2 == pytest.approx(down / 2, abs=4)
        # never further from the edge than a strip, and all of it red somewhere
        at_edge = across - found.left if edge is Edge.RIGHT else found.right
        assert at_edge <= 42 / 5 + NEAR
        strips.append(found)
    if edge is Edge.LEFT:
        strips.reverse()
    # the ring's outermost strips are short, the middle one has the star and the full height
    heights = [one.bottom - one.top for one in strips]
    assert heights[2] == pytest.approx(42 - 0.5, abs=1.5)
    assert max(heights[0], heights[4]) < heights[2] - 4
    assert (await JUDGE(sealed)).conclusion == "genuine"
    oracles(sealed, tmp_path)


def test_paging_strips_put_together_are_the_seal() -> None:
    """The strips of the pages, laid side by side, are as red as one whole seal."""
    whole = seen(place(PRESS, pdf(), Placement(1, 100, 100)), 1)
    strips = place(PRESS, pdf(4), PagingPlacement(y_mm=100))
    parts = [seen(strips, number) for number in range(1, 5)]
    assert sum(part.pixels for part in parts) == pytest.approx(whole.pixels, rel=0.05)
    # page 1 has the left strip: its red is nearer to its right side than to its left, where the ring is thin
    assert parts[0].left - (WIDTH - 42 / 4) < parts[3].left - (WIDTH - 42 / 4) + 42 / 4
    assert parts[0].right == pytest.approx(WIDTH, abs=NEAR)
    assert parts[3].left == pytest.approx(WIDTH - 42 / 4, abs=NEAR)
    assert parts[3].right < WIDTH  # the ring's right end lies a little inside


def test_long_files_take_several_seals_and_no_page_a_whole_one() -> None:
    for count in range(2, 60):
        made = list(groups(list(range(1, count + 1)), 12))
        assert [number for group in made for number in group] == list(range(1, count + 1))
        assert all(2 <= len(group) <= 12 for group in made)
        assert max(map(len, made)) - min(map(len, made)) <= 1


def test_front_pages_alone_for_paper_printed_on_both_sides() -> None:
    sealed = place(PRESS, pdf(5), PagingPlacement(pages=PageRange(sides=Sides.FRONT)))
    assert [red_on(sealed, number) is not None for number in range(1, 6)] == [True, False, True, False, True]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_words_are_found_on_turned_and_cropped_pages(rotation: int) -> None:
    content = shaped(2, rotations=(0, rotation), crops={1: [10, 20, 590, 830]})
    right, down = {0: (0, 60), 90: (-30, 0), 180: (0, -60), 270: (30, 0)}[rotation]  # towards the page's middle
    sealed = place(PRESS, content, WordsPlacement("page 2", right_mm=right, down_mm=down))
    document = _pages(content)
    text = document[1].get_textpage()
    found = text.search("page 2").get_next()
    assert found is not None
    left, bottom, _, _ = text.get_charbox(found[0], loose=True)
    _, _, end, top = text.get_charbox(found[0] + found[1] - 1, loose=True)
    x, y = (left + end) / 2, (bottom + top) / 2
    shown = {
        0: (x - 10, 830 - y),
        90: (y - 20, x - 10),
        180: (590 - x, y - 20),
        270: (830 - y, 590 - x),
    }[rotation]
    expected = shown[0] / 72 * 25.4 + right, shown[1] / 72 * 25.4 + down
    assert red_on(sealed, 1) is None
    assert seen(sealed, 2).centre == pytest.approx(expected, abs=NEAR)


def test_words_by_occurrence_page_and_without_regard_to_spaces() -> None:
    content = pdf(3, text="Proof (stamp here) of x")
    down = {"down_mm": 60.0}
    one = place(PRESS, content, WordsPlacement("stamp here", **down))
    assert [red_on(one, number) is not None for number in (1, 2, 3)] == [True, False, False]
    last = place(PRESS, content, WordsPlacement("(stamphere)", occurrence=-1, **down))
    assert [red_on(last, number) is not None for number in (1, 2, 3)] == [False, False, True]
    every = place(PRESS, content, WordsPlacement("stamp here", occurrence=None, pages=PageRange(2), **down))
    assert [red_on(every, number) is not None for number in (1, 2, 3)] == [False, True, True]
    assert refusal(content, WordsPlacement("stamp here", occurrence=4)) == "placement-words-not-found"
    assert refusal(content, WordsPlacement("absent")) == "placement-words-not-found"
    assert refusal(content, WordsPlacement(" ")) == "placement-words-invalid"
    assert refusal(content, WordsPlacement("stamp", occurrence=0)) == "placement-words-invalid"
    # the words are there, but the seal around them would leave the page
    assert refusal(content, WordsPlacement("stamp here", down_mm=-20.0)) == "placement-outside-page"


@pytest.mark.parametrize("kids", [False, True], ids=["merged", "apart"])
@pytest.mark.parametrize("rotation", [0, 90])
async def test_existing_field_is_filled(kids: bool, rotation: int, tmp_path: Path) -> None:
    small = [100, 300, 180, 360]  # 28 by 21 mm: the seal shrinks
    sealed = place(PRESS, with_field("here", small, kids=kids, rotation=rotation), FieldPlacement("here"))
    found = seen(sealed, 1)
    shown = (300, 100, 360, 180) if rotation == 90 else (100, 842 - 360, 180, 842 - 300)
    left, top, right, bottom = (value / 72 * 25.4 for value in shown)
    assert found.centre == pytest.approx(((left + right) / 2, (top + bottom) / 2), abs=NEAR)
    side = min(right - left, bottom - top)
    assert found.right - found.left == pytest.approx(side, abs=2)
    assert found.bottom - found.top == pytest.approx(side, abs=2)
    (signature,) = PdfFileReader(BytesIO(sealed)).embedded_signatures
    assert signature.field_name == "here"
    assert (await JUDGE(sealed)).conclusion == "genuine"
    if not kids:  # poppler looks for a field's value in its annotation alone
        oracles(sealed, tmp_path)


def test_seal_in_a_large_field_keeps_its_size() -> None:
    sealed = place(PRESS, with_field("here", [100, 200, 400, 500]), FieldPlacement("here"))
    found = seen(sealed, 1)
    assert found.right - found.left == pytest.approx(41.7, abs=NEAR)
    assert found.centre == pytest.approx((250 / 72 * 25.4, (842 - 350) / 72 * 25.4), abs=NEAR)


def test_fields_that_cannot_be_filled() -> None:
    content = with_field("here", [100, 300, 250, 420])
    assert refusal(content, FieldPlacement("there")) == "placement-field-unknown"
    assert refusal(content, FieldPlacement("amount")) == "placement-field-unknown"
    assert refusal(content, FieldPlacement("here"), Placement(1, 60, 60)) == "placement-field-alone"
    sealed = place(PRESS, content, FieldPlacement("here"))
    assert refusal(sealed, FieldPlacement("here")) == "placement-field-signed"
    demanding = with_field("here", [100, 300, 250, 420], SV=pikepdf.Dictionary(Ff=2, SubFilter=[pikepdf.Name.x]))
    assert refusal(demanding, FieldPlacement("here")) == "placement-field-demands"


@pytest.mark.parametrize(
    ("places", "code"),
    [
        ((PagingPlacement(pages=PageRange(2, 2)),), "placement-paging-pages"),
        ((PagingPlacement(group=1),), "placement-paging-group"),
        ((PagingPlacement(y_mm=5.0),), "placement-outside-page"),
        ((EveryPagePlacement(60, 60, PageRange(7)),), "placement-page"),
        ((EveryPagePlacement(float("nan"), 60),), "placement-outside-page"),
        ((EveryPagePlacement(60, 60),) * 667, "placement-too-many"),
    ],
)
def test_places_that_cannot_be(places: tuple[object, ...], code: str) -> None:
    assert refusal(pdf(3), *places) == code


async def test_seals_of_several_places_one_after_the_other(tmp_path: Path) -> None:
    """Each seal with its paging strips leaves the one before it genuine (S-06)."""
    first = place(PRESS, pdf(3), Placement(3, 120, 200), PagingPlacement())
    second = place(PRESS, first, Placement(3, 60, 120), PagingPlacement(y_mm=60), field_name="Signature2")
    report = await JUDGE(second)
    assert [one.conclusion for one in report.signatures] == ["genuine", "genuine"]
    oracles(second, tmp_path, 2)


async def test_notes_stand_in_the_file() -> None:
    sealed = place(PRESS, pdf(), Placement(1, 60, 60), reason="年审", location="示例市", contact="12345")
    (signature,) = PdfFileReader(BytesIO(sealed)).embedded_signatures
    words = [str(signature.sig_object[key]) for key in ("/Reason", "/Location", "/ContactInfo")]
    assert words == ["年审", "示例市", "12345"]


@pytest.mark.parametrize("level", list(Certification))
async def test_certification_is_read_by_others_and_allows_what_it_says(level: Certification, tmp_path: Path) -> None:
    locks = Locks(level)
    certified = place(PRESS, with_field("here", [100, 300, 250, 420]), Placement(1, 60, 60), locks=locks)
    (signature,) = PdfFileReader(BytesIO(certified)).embedded_signatures
    assert int(signature.docmdp_level.value) == level
    assert (await JUDGE(certified)).conclusion == "genuine"
    oracles(certified, tmp_path)
    if level is Certification.NOTHING:
        assert refusal(certified, FieldPlacement("here")) == "pdf-locked"
        return
    # a second seal: in the field that is there, or unseen; a new visible one would cast doubt on the first
    assert refusal(certified, Placement(1, 120, 120)) == "placement-certified"
    for places in ((FieldPlacement("here"),), ()):
        second = place(PRESS, certified, *places, field_name="Signature2")
        assert [one.conclusion for one in (await JUDGE(second)).signatures] == ["genuine", "genuine"]
    assert refusal(certified, locks=locks) == "pdf-already-signed"


async def test_locked_fields_are_locked() -> None:
    content = with_field("here", [100, 300, 250, 420])
    lock = FieldLock(LockAction.INCLUDE, ("amount",))
    sealed = place(PRESS, content, FieldPlacement("here"), locks=Locks(fields=lock))
    (signature,) = PdfFileReader(BytesIO(sealed)).embedded_signatures
    assert signature.fieldmdp is not None
    assert signature.fieldmdp.is_locked("amount")
    assert not signature.fieldmdp.is_locked("other")
    assert (await JUDGE(sealed)).conclusion == "genuine"
    filled = update(sealed, _fill_amount)  # a second signer may fill in forms, but not what the first one locked
    report = await JUDGE(place(PRESS, filled, Placement(1, 60, 60), field_name="Signature2"))
    assert [one.conclusion for one in report.signatures] == ["changed", "genuine"]
    free = place(PRESS, content, FieldPlacement("here"))
    report = await JUDGE(place(PRESS, update(free, _fill_amount), Placement(1, 60, 60), field_name="Signature2"))
    assert [one.conclusion for one in report.signatures] == ["genuine", "genuine"]
    for wrong in (FieldLock(LockAction.INCLUDE, ("absent",)), FieldLock(LockAction.ALL, ("amount",))):
        assert refusal(content, locks=Locks(fields=wrong)) == "lock-fields-invalid"


async def test_lock_that_the_file_asks_for_is_put_on() -> None:
    wish = pikepdf.Dictionary(Type=pikepdf.Name.SigFieldLock, Action=pikepdf.Name.All)
    sealed = place(PRESS, with_field("here", [100, 300, 250, 420], Lock=wish), FieldPlacement("here"))
    (signature,) = PdfFileReader(BytesIO(sealed)).embedded_signatures
    assert signature.fieldmdp is not None
    assert signature.fieldmdp.is_locked("amount")


def _fill_amount(writer: IncrementalPdfFileWriter) -> None:
    amount = writer.root["/AcroForm"]["/Fields"][1]
    amount[pdf_name("/V")] = pdf_string("99.99")
    writer.update_container(amount)


def _pages(content: bytes) -> list[Any]:
    return list(pypdfium2.PdfDocument(content))

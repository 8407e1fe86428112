"""Licence files as OFD (GB/T 36905-2018, GB/T 33190-2016): what the PDF shows and says, and its seal seen by others."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageChops

from certstore.render.typst_renderer import ANCHORS
from core.files.reading import whole
from signing.isolation.cells import Cells
from signing.ofd.from_pdf.convert import MAKE_OFD, MadeOfd, OfdWords
from signing.ofd.seal.plan import OfdWish, plan_seal
from signing.ofd.seal.stamp import stamp
from signing.ofd.show.write_pdf import SHOW
from signing.places import Placement
from tests.protocol.test_gbt_36905_files import COPY, made
from tests.support import other_ofd_reader
from tests.support.eseal_world import NOW
from tests.support.national_forms import national_form
from tests.support.ofd_sealing import judged
from tests.support.signing_world import seal_image

CUSTOM = (("ZZBS", "1.2.156.3005.2.X"), ("CZZT", "林知远,赵映雪"))
WORDS = OfdWords("0123456789abcdef" * 2, "不动产权证书", "示例市", dt.date(2026, 11, 23), CUSTOM)
LINES = ("不动产权证书", "编号 豫（2026）示例市不动产权第 0000123 号", "示例市自然资源和规划局", "林知远𠮷㐂龘䶮")
DIFFERENT = 32  # of 255, in a picture of a point a pixel and a half
FEW = 0.001  # of all pixels


@pytest.fixture(scope="module")
def cells() -> Cells:
    return Cells(
        ("signing.ofd.from_pdf.convert", "signing.ofd.show.write_pdf"),
        processes=1,
        seconds=lambda _: 60.0,
        mebibytes=400,
    )


def picture(pdf: bytes) -> Image.Image:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return document[0].render(scale=1.5).to_pil().convert("L")
    finally:
        document.close()


def converted(cells: Cells, pdf: bytes) -> MadeOfd:
    return cells.ask(MAKE_OFD, pdf, WORDS, 10_000_000)


@pytest.mark.parametrize("template", [*sorted(ANCHORS), "copy"])
async def test_it_looks_like_the_pdf(cells: Cells, template: str) -> None:
    pdf = await (made("certificate", copy=COPY) if template == "copy" else made(template))
    shown = cells.ask(SHOW, converted(cells, pdf).content, 0, 1, 10)
    assert shown.notes == ()
    before, after = picture(pdf), picture(shown.pdf)
    assert before.size == after.size
    counts = ImageChops.difference(before, after).histogram()
    assert sum(counts[DIFFERENT:]) < FEW * before.width * before.height


async def test_other_pictures_are_told_apart(cells: Cells) -> None:
    """The measure above sees a changed line of text."""
    before, after = picture(await made()), picture(await made(issuer="示例市自然资源和规划司"))
    counts = ImageChops.difference(before, after).histogram()
    assert sum(counts[DIFFERENT:]) > 0.0001 * before.width * before.height


async def test_somebody_elses_reader_finds_text_metadata_and_seal(cells: Cells, tmp_path: Path) -> None:
    pdf = await made()
    wish = OfdWish((Placement(1, 152, 233),), seal_image(), national_form().seal, "20261126080000Z", False, 10_000_000)
    ofd = stamp(plan_seal(converted(cells, pdf).content, wish), national_form(), NOW)
    path = tmp_path / "licence.ofd"
    path.write_bytes(whole(ofd.finished(converted(cells, pdf).content)))
    view = other_ofd_reader.read(path)
    for words in LINES:
        assert words in view.text
    assert view.metadata == {
        "doc_id": WORDS.doc_id,
        "title": "不动产权证书",
        "author": "示例市",
        "created": "2026-11-23",
        "creator": "Yizheng",
        "custom": dict(CUSTOM),
    }
    (signature,) = view.signatures
    assert signature["kind"] == "Seal"
    assert "/Doc_0/Pages/Page_0/Content.xml" in signature["protected"]
    assert all(one.good for one in await judged(path.read_bytes()))

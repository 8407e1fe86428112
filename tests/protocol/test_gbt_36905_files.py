"""Licence files (GB/T 36905-2018 practice, ISO 19005-3): PDF/A-3b, Chinese fonts embedded, metadata attached."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp

from certstore.render.fonts import Glyphs
from certstore.render.typst_renderer import ANCHORS, TypstRenderer
from core.errors import InvalidInput, Unavailable
from tests.support.certstore_fakes import attachments, renderer

MADE_AT = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
QR = "https://yizheng.example.gov.cn/verify?code=Zx3kq0m1Y7u2"
METADATA = "<?xml version='1.0' encoding='utf-8'?>\n<a>𠮷</a>".encode()
MARKUP = '#panic("x") $x$ @y *z* \\u{4e00} [a](b) #read("/etc/passwd")'
RARE = "𠮷㐂龘䶮"  # U+20BB7, U+3402, U+9F98, U+4DAE


def face(**changes: Any) -> dict[str, Any]:
    rows = [
        {"title": "权利人", "value": f"林知远{RARE}", "unit": "", "emphasis": True},
        {
            "title": "坐落",
            "value": '#panic("x") $x$ @y *z* \\u{4e00} [a](b) #read("/etc/passwd")',
            "unit": "",
            "emphasis": False,
        },
        {"title": "面积", "value": "56.40", "unit": " m²", "emphasis": False},
        {"title": "抵押情况", "value": None, "unit": "", "emphasis": False},
    ]
    return {
        "title": "不动产权证书",
        "subtitle": "电子证照",
        "colour": "#174c3e",
        "number_line": "编号 豫（2026）示例市不动产权第 0000123 号",
        "identifier": "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
        "issuer": "示例市自然资源和规划局",
        "issued_on": "2026 年 11 月 23 日",
        "date": [2026, 11, 23],
        "verify_address": "https://yizheng.example.gov.cn/verify",
        "statement": "林知远在本机关登记的情况如下，特此证明。",
        "rows": rows,
        "copy": None,
    } | changes


COPY = {
    "watermark": ["仅供示例市住房保障局", "办理公共租赁住房资格申请", "2026-12-23 前有效"],
    "rows": [["加注件编号", "cop_1"], ["用途", "公共租赁住房资格申请"], ["有效至", "2026-12-23"]],
}


async def made(template: str = "certificate", **changes: Any) -> bytes:
    rendered = await renderer().render(template, face(**changes), metadata=METADATA, qr_text=QR, made_at=MADE_AT)
    return rendered.content


def told_by(program: str, *arguments: str) -> str:
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(params=sorted(ANCHORS))
async def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "licence.pdf"
    path.write_bytes(await made(request.param))
    return path


def test_it_is_a_sound_pdf_of_one_page(file: Path) -> None:
    assert "No syntax or stream encoding errors found" in told_by("qpdf", "--check", str(file))
    assert re.search(r"Pages:\s+1\b", told_by("pdfinfo", str(file)))


def test_it_says_that_it_is_pdf_a_3b(file: Path) -> None:
    told = told_by("pdfinfo", "-meta", str(file))
    assert re.search(r"<pdfaid:part>3</pdfaid:part>", told)
    assert re.search(r"<pdfaid:conformance>B</pdfaid:conformance>", told)


def test_all_fonts_are_embedded_and_one_of_them_is_chinese(file: Path) -> None:
    rows = [line.split() for line in told_by("pdffonts", str(file)).splitlines()[2:]]
    assert rows
    assert all(row[-5] == "yes" for row in rows)  # columns: … emb sub uni object ID
    assert any("SerifSC" in row[0] for row in rows)


def test_the_metadata_are_attached_byte_for_byte(file: Path) -> None:
    assert "metadata.xml" in told_by("pdfdetach", "-list", str(file))
    assert attachments(file.read_bytes()) == {"metadata.xml": METADATA}


def test_what_people_typed_is_text_and_rare_characters_are_there(file: Path) -> None:
    text = re.sub(r"\s", "", told_by("pdftotext", "-layout", str(file), "-"))
    assert "林知远" in text
    for character in RARE:
        assert character in text
    for typed in ('#panic("x")', "$x$", "@y*z*", '#read("/etc/'):
        assert typed in text
    assert "—不提供" in text


def test_the_qr_code_says_the_address_and_nobodys_data(file: Path) -> None:
    page = pypdfium2.PdfDocument(file.read_bytes())[0]
    found = zxingcpp.read_barcodes(page.render(scale=4).to_pil(), formats=zxingcpp.BarcodeFormat.QRCode)
    assert [code.text for code in found] == [QR]


async def test_the_same_input_gives_the_same_bytes_also_from_a_cold_compiler() -> None:
    first = await made()
    assert await made() == first
    cold = await TypstRenderer(compilers=1).render(
        "certificate", face(), metadata=METADATA, qr_text=QR, made_at=MADE_AT
    )
    assert cold.content == first
    assert await made(title="别的证") != first


@pytest.mark.parametrize("template", sorted(ANCHORS))
async def test_the_seals_place_is_on_the_page_and_names_issuer_and_date(template: str, tmp_path: Path) -> None:
    anchor = ANCHORS[template]
    page = pypdfium2.PdfDocument(await made(template))[0]
    millimetre = 72 / 25.4
    width, height = page.get_width() / millimetre, page.get_height() / millimetre
    assert 21 <= anchor.x_mm <= width - 21
    assert 21 <= anchor.y_mm <= height - 21
    box = {
        "left": (anchor.x_mm - 42) * millimetre,
        "right": (anchor.x_mm + 42) * millimetre,
        "bottom": page.get_height() - (anchor.y_mm + 12) * millimetre,
        "top": page.get_height() - (anchor.y_mm - 12) * millimetre,
    }
    under = page.get_textpage().get_text_bounded(**box)
    assert "示例市自然资源和规划局" in under
    assert "2026 年 11 月 23 日" in under


async def test_a_copy_carries_watermark_and_annotation() -> None:
    page = pypdfium2.PdfDocument(await made(copy=COPY, subtitle="电子证照 · 加注件"))[0]
    text = page.get_textpage().get_text_range()
    for words in ("仅供示例市住房保障局", "2026-12-23 前有效", "加注件编号", "不是原件"):
        assert words in text


@pytest.mark.parametrize("template", sorted(ANCHORS))
async def test_long_values_stay_on_the_paper_and_off_the_seal(template: str) -> None:
    rows = [{"title": f"字段{n}", "value": "长" * 300, "unit": "", "emphasis": False} for n in range(12)]
    document = pypdfium2.PdfDocument(await made(template, rows=rows))
    assert len(document) > 1
    anchor, millimetre = ANCHORS[template], 72 / 25.4
    for number, page in enumerate(document):
        high = page.get_height()
        seal = page.get_textpage().get_text_bounded(
            left=(anchor.x_mm - 21) * millimetre,
            right=(anchor.x_mm + 21) * millimetre,
            bottom=high - (anchor.y_mm + 21) * millimetre,
            top=high - (anchor.y_mm - 21) * millimetre,
        )
        assert "长" not in seal, f"page {number + 1}"


async def test_a_character_that_no_font_has_is_an_error_with_a_remedy_and_not_a_box() -> None:
    with pytest.raises(InvalidInput) as raised:
        await made(issuer="\U0002ebf0\ue000")
    assert raised.value.code == "glyph-missing"
    assert "U+" in raised.value.text.en


def test_without_the_large_font_rare_characters_are_refused_and_common_ones_are_not() -> None:
    bare = Glyphs(fallbacks=())
    bare.check("林知远，2026 年 · ABC m²")
    with pytest.raises(InvalidInput):
        bare.check("𠮷")


async def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(InvalidInput):
        await made("../../etc/passwd")


async def test_a_template_that_breaks_says_nothing_of_the_face() -> None:
    with pytest.raises(Unavailable) as raised:
        await made(date=["林知远", 1, 1])
    assert "林知远" not in str(raised.value) + raised.value.private

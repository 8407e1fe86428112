"""PDFs made to break a converter: each ends in a refusal of its own, and their honest twins convert (attacks S-26)."""

from __future__ import annotations

import io
import zlib
from typing import Any

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, Stream

from core.errors import AppError, LimitExceeded
from signing.ofd.from_pdf.convert import OfdWords, make_ofd
from signing.ofd.package import read_package
from tests.support.drawn_pdfs import composite, page_of

LIMIT = 20_000_000


def convert(pdf: bytes) -> bytes:
    return make_ofd(pdf, OfdWords(), LIMIT).content


def code_of(pdf: bytes) -> tuple[str, str]:
    with pytest.raises(AppError) as told:
        convert(pdf)
    return told.value.code, told.value.private


_WORDS = """q Q cm re m l c h f S B W n BT ET Tf Td Tj TJ ' T* /F1 /X gs Do BDC EMC rg k scn cs 1 0 -3.5 9 (A)
<0001> [<0001>-5] <</A/B>> BI ID EI d w Tr"""
HONEST = page_of("q 1 0 0 rg BT /F1 9 Tf 5 5 Td <0001> Tj ET Q", Font={"/F1": lambda pdf: composite(pdf)})


def test_the_honest_twin_converts() -> None:
    assert "/OFD.xml" in read_package(convert(HONEST)).files


def test_an_encrypted_file_is_refused() -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(HONEST)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="o", user=""))
    assert code_of(out.getvalue())[0] == "pdf-encrypted"


def test_a_script_is_refused() -> None:
    def change(pdf: pikepdf.Pdf, _: Any) -> None:
        pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=b"app.alert(1)")

    assert code_of(page_of("", change=change))[0] == "pdf-active-content"


def test_a_file_over_the_limit_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        make_ofd(HONEST, OfdWords(), 100)


def test_a_stream_that_swells_without_end_is_refused() -> None:
    packed = zlib.compress(b"0 0 m\n" * 30_000_000, 9)

    def change(pdf: pikepdf.Pdf, page: Any) -> None:
        page.Contents = Stream(pdf, packed, Filter=Name.FlateDecode)

    assert code_of(page_of("", change=change))[0] in ("pdf-damaged", "pdf-not-convertible")


@pytest.mark.parametrize(
    "content",
    [
        "q " * 100_000,
        "[" * 100_000,
        "<<" * 100_000,
        "(" * 100_000,
        "/Span BMC " * 10_000,
        "Q",
        "EMC",
        "1 0 0 1 cm",
        "1e400 0 0 1 0 0 cm",
        "0 0 l",
        "9 J 0 0 m 1 1 l S",
        "[-1] 0 d",
        "/None Do",
        "BT (x) Tj ET",
        "1 " * 50_000 + "re",
        "999999999999999999999999999999 0 0 1 0 0 cm 0 0 1 1 re f " * 20,
    ],
    ids=lambda content: content[:12],
)
def test_content_that_is_not_content_is_refused(content: str) -> None:
    assert code_of(page_of(content))[0] in ("pdf-not-convertible", "pdf-damaged")


def test_a_code_table_that_unfolds_without_end_is_refused() -> None:
    rows = b"".join(b"100 beginbfrange " + b"<0000> <ffff> <4E00> " * 100 + b"endbfrange\n" for _ in range(50))
    wide = b"".join(b"<%08x> <%08x> 1 " % (one << 16, (one << 16) + 0xFFFF) for one in range(400))

    def repeated(pdf: pikepdf.Pdf) -> Dictionary:
        font = composite(pdf)
        font.Encoding = pdf.make_indirect(Stream(pdf, rows + b"400 begincidrange " + wide + b"endcidrange"))
        return font

    assert code_of(page_of("BT /F1 9 Tf ET", Font={"/F1": repeated})) == ("pdf-not-convertible", "font-encoding")


def test_a_table_of_widths_without_end_is_not_unfolded() -> None:
    def wide(pdf: pikepdf.Pdf) -> Dictionary:
        font = composite(pdf)
        font.DescendantFonts[0].W = Array([0, 2_000_000_000, 500])
        return font

    assert convert(page_of("BT /F1 9 Tf 1 1 Td <0001> Tj ET", Font={"/F1": wide}))


def test_an_image_larger_than_its_data_is_refused_before_it_is_made() -> None:
    def vast(pdf: pikepdf.Pdf) -> Stream:
        return Stream(
            pdf, b"x", Type=Name.XObject, Subtype=Name.Image, Width=2_000_000_000, Height=2_000_000_000,
            BitsPerComponent=8, ColorSpace=Name.DeviceRGB,
        )  # fmt: skip

    assert code_of(page_of("/I Do", XObject={"/I": vast})) == ("pdf-not-convertible", "image-form")


def test_names_of_attachments_stay_out_of_paths() -> None:
    def change(pdf: pikepdf.Pdf, _: Any) -> None:
        pdf.attachments["../../etc/passwd"] = b"x"

    files = read_package(convert(page_of("", change=change))).files
    assert {path for path in files if "Attachments" in path} == {
        "/Doc_0/Attachments/Attachments.xml",
        "/Doc_0/Attachments/file_1",
    }


def test_words_of_the_file_cannot_become_xml() -> None:
    def change(pdf: pikepdf.Pdf, _: Any) -> None:
        pdf.docinfo["/Title"] = '</ofd:Title><ofd:CustomDatas> & \x01"'

    package = read_package(convert(page_of("", change=change)))
    assert b"&lt;/ofd:Title&gt;&lt;ofd:CustomDatas&gt; &amp; " in package["/OFD.xml"]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_flipped_octets_end_in_a_package_or_a_refusal(data: st.DataObject) -> None:
    content = bytearray(HONEST)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert _package_or_refusal(bytes(content)).startswith(("PK", "pdf-"))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(_WORDS.split()), max_size=40))
def test_operators_in_any_order_end_in_a_package_or_a_refusal(words: list[str]) -> None:
    pdf = page_of(" ".join(words), Font={"/F1": lambda pdf: composite(pdf)})
    assert _package_or_refusal(pdf) in ("PK", "pdf-not-convertible")


def _package_or_refusal(pdf: bytes) -> str:
    try:
        return convert(pdf)[:2].decode()
    except AppError as told:
        return told.code

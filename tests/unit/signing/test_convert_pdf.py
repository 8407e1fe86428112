"""A PDF as an OFD (GB/T 33190-2016): the same glyphs in the same places, the same paths, images, colours and words."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
from fontTools.ttLib import TTFont
from lxml import etree
from pikepdf import Array, Dictionary, Name, Stream
from PIL import Image

from core.errors import AppError
from signing.isolation.cells import Cells
from signing.ofd.from_pdf.convert import MAKE_OFD, MadeOfd, OfdWords, make_ofd
from signing.ofd.from_pdf.refuse import REASONS
from signing.ofd.package import Package, read_package
from tests.support.drawn_pdfs import cff, composite, page_of, simple

LIMIT = 10_000_000
O = "{http://www.ofdspec.org/2016}"  # noqa: E741 - as the standard's own examples have it
MM = 25.4 / 72


def made(pdf: bytes, words: OfdWords = OfdWords()) -> MadeOfd:  # noqa: B008 - frozen
    return make_ofd(pdf, words, LIMIT)


def opened(pdf: bytes) -> tuple[Package, list[Any]]:
    """The package, and the objects of its first page."""
    package = read_package(made(pdf).content)
    page = etree.fromstring(package["/Doc_0/Pages/Page_0/Content.xml"])
    return package, list(page.find(f"{O}Content/{O}Layer"))


def only(pdf: bytes) -> Any:
    _, objects = opened(pdf)
    assert len(objects) == 1
    return objects[0]


def numbers(text: str | None) -> list[float]:
    return [float(word) for word in (text or "").split()]


def refused(pdf: bytes) -> list[str]:
    with pytest.raises(AppError) as told:
        made(pdf)
    assert told.value.code == "pdf-not-convertible", told.value
    return told.value.private.split()


FONTS = {"/F1": lambda pdf: composite(pdf)}
CFF_FONTS = {"/F1": lambda pdf: composite(pdf, "cff")}


@pytest.mark.parametrize("fonts", [FONTS, CFF_FONTS])
def test_text_is_carried_by_glyph_and_by_sign(fonts: Any) -> None:
    package, objects = opened(page_of("BT /F1 20 Tf 10 30 Td <000100020001> Tj ET", Font=fonts))
    (text,) = objects
    code, glyphs = text.find(f"{O}TextCode"), text.find(f"{O}CGTransform")
    assert code.text == "口三口"
    assert glyphs.findtext(f"{O}Glyphs") == "1 2 1"
    assert (glyphs.get("CodePosition"), glyphs.get("CodeCount"), glyphs.get("GlyphCount")) == ("0", "3", "3")
    left, upper, _, _ = numbers(text.get("Boundary"))
    assert left + float(code.get("X")) == pytest.approx(10 * MM, abs=1e-3)
    assert upper + float(code.get("Y")) == pytest.approx((100 - 30) * MM, abs=1e-3)
    assert numbers(code.get("DeltaX")) == pytest.approx([20 * MM] * 2, abs=1e-3)
    assert float(text.get("Size")) == pytest.approx(20 * MM, abs=1e-3)
    assert text.get("CTM") is None
    name = next(path for path in package.files if "/Res/font_" in path)
    font = TTFont(io.BytesIO(package[name]))
    order = font.getGlyphOrder()
    assert font.getBestCmap() == {ord("口"): order[1], ord("三"): order[2]}


def test_a_bare_cff_program_is_taken_over_octet_for_octet() -> None:
    package, _ = opened(page_of("BT /F1 20 Tf 10 30 Td <0001> Tj ET", Font=CFF_FONTS))
    name = next(path for path in package.files if path.endswith(".otf"))
    assert TTFont(io.BytesIO(package[name])).reader["CFF "] == cff()


@pytest.mark.parametrize("kind", ["ttf", "cff"])
def test_fonts_of_one_octet_find_the_same_glyphs(kind: str) -> None:
    fonts = {"/F1": lambda pdf: simple(pdf, kind)}
    text = only(page_of("BT /F1 10 Tf 5 5 Td (AB) Tj ET", Font=fonts))
    assert text.findtext(f"{O}CGTransform/{O}Glyphs") == "1 2"
    assert text.findtext(f"{O}TextCode") == "AB"


def test_a_glyph_that_says_nothing_is_drawn_and_still_says_nothing() -> None:
    def silent(pdf: pikepdf.Pdf) -> Dictionary:
        font = composite(pdf)
        del font.ToUnicode
        return font

    drawn = only(page_of("BT /F1 10 Tf 5 5 Td <0001> Tj ET", Font={"/F1": silent}))
    assert drawn.tag == f"{O}PathObject"
    assert numbers(drawn.get("Boundary")) == pytest.approx([5 * MM, (95 - 7) * MM, 7 * MM, 7 * MM], abs=0.25)


def test_actual_text_is_what_is_read() -> None:
    text = only(page_of("/Span <</ActualText <FEFF73784E00>>> BDC BT /F1 9 Tf 1 1 Td <0001> Tj ET EMC", Font=FONTS))
    assert text.findtext(f"{O}TextCode") == "\u7378\u4e00"
    assert text.find(f"{O}CGTransform").get("CodeCount") == "2"


def test_spacing_rise_and_leading_move_glyphs() -> None:
    content = "BT /F1 10 Tf 2 Tc 50 Tz 14 TL 3 Ts 5 50 Td [<0001> -500 <0002>] TJ T* <0001> Tj ET"
    _, objects = opened(page_of(content, Font=FONTS))
    first, second = (one.find(f"{O}TextCode") for one in objects)
    # (1000/1000 · 10 + 2 + 500/1000 · 10) · 50 % of the way
    ctm = numbers(objects[0].get("CTM"))
    assert float(first.get("DeltaX")) * ctm[0] == pytest.approx(8.5 * MM, abs=1e-3)
    left, upper, _, _ = numbers(objects[1].get("Boundary"))
    assert upper + float(second.get("Y")) == pytest.approx((100 - 50 + 14 - 3) * MM, abs=1e-3)
    assert left + float(second.get("X")) * ctm[0] == pytest.approx(5 * MM, abs=1e-3)


def test_turned_text_has_its_matrix() -> None:
    text = only(page_of("BT /F1 10 Tf 0 1 -1 0 100 20 Tm <00010002> Tj ET", Font=FONTS))
    assert numbers(text.get("CTM")) == pytest.approx([0, -1, 1, 0, 0, 0], abs=1e-6)


def test_vertical_writing_goes_down() -> None:
    fonts = {"/F1": lambda pdf: composite(pdf, vertical=True)}
    code = only(page_of("BT /F1 10 Tf 100 90 Td <00010002> Tj ET", Font=fonts)).find(f"{O}TextCode")
    assert numbers(code.get("DeltaY")) == pytest.approx([10 * MM], abs=1e-3)
    assert numbers(code.get("DeltaX")) == pytest.approx([0], abs=1e-3)


def test_text_that_is_not_seen_is_still_read() -> None:
    text = only(page_of("BT 3 Tr /F1 10 Tf 5 5 Td <0001> Tj ET", Font=FONTS))
    assert (text.get("Fill"), text.get("Stroke")) == ("false", None)
    assert text.findtext(f"{O}TextCode") == "口"


def test_paths_keep_their_shape_colour_and_line() -> None:
    content = "0.5 0 0 rg 0 0 1 RG 2 w 1 J 1 j [4 2] 1 d 10 10 m 60 10 l 60 40 10 40 10 10 c h B*"
    drawn = only(page_of(content))
    assert (drawn.get("Fill"), drawn.get("Rule"), drawn.get("Cap"), drawn.get("Join")) == (
        "true", "Even-Odd", "Round", "Round",
    )  # fmt: skip
    assert float(drawn.get("LineWidth")) == pytest.approx(2 * MM, abs=1e-3)
    assert numbers(drawn.get("DashPattern")) == pytest.approx([4 * MM, 2 * MM], abs=1e-3)
    assert float(drawn.get("DashOffset")) == pytest.approx(1 * MM, abs=1e-3)
    assert drawn.find(f"{O}FillColor").get("Value") == "128 0 0"
    assert drawn.find(f"{O}StrokeColor").get("Value") == "0 0 255"
    words = drawn.findtext(f"{O}AbbreviatedData").split()
    assert [word for word in words if word.isalpha()] == ["M", "L", "B", "C"]


def test_an_upright_clip_is_the_boundary_and_another_is_a_clip() -> None:
    upright = only(page_of("20 20 30 30 re W n 0 0 200 100 re f"))
    assert numbers(upright.get("Boundary")) == pytest.approx([20 * MM, 50 * MM, 30 * MM, 30 * MM], abs=1e-3)
    assert upright.find(f"{O}Clips") is None
    slanted = only(page_of("20 20 m 50 20 l 35 60 l h W n 0 0 200 100 re f"))
    clip = slanted.find(f"{O}Clips/{O}Clip/{O}Area/{O}Path")
    assert numbers(clip.get("Boundary"))[2:] == pytest.approx([30 * MM, 40 * MM], abs=1e-3)
    assert clip.get("Fill") == "true"


def test_what_is_clipped_away_is_not_there() -> None:
    assert opened(page_of("0 0 10 10 re W n 50 50 10 10 re f"))[1] == []


def test_alpha_of_the_graphics_state_is_alpha_of_colours() -> None:
    states = {"/G1": Dictionary(ca=0.5, CA=0.2)}
    drawn = only(page_of("/G1 gs 0 0 50 50 re B", ExtGState=states))
    assert drawn.find(f"{O}FillColor").get("Alpha") == "128"
    assert drawn.find(f"{O}StrokeColor").get("Alpha") == "51"


def test_forms_are_drawn_where_they_stand_with_their_own_resources() -> None:
    def form(pdf: pikepdf.Pdf) -> Stream:
        inner = Stream(pdf, b"0 0 10 10 re f")
        inner.Type, inner.Subtype, inner.BBox = Name.XObject, Name.Form, Array([0, 0, 5, 10])
        inner.Matrix = Array([2, 0, 0, 2, 0, 0])
        return inner

    drawn = only(page_of("q 1 0 0 1 30 20 cm /X1 Do Q", XObject={"/X1": form}))
    assert numbers(drawn.get("Boundary")) == pytest.approx([30 * MM, 60 * MM, 10 * MM, 20 * MM], abs=1e-3)


def picture(pdf: pikepdf.Pdf, content: bytes, **words: Any) -> Stream:
    stream = Stream(pdf, content)
    stream.Type, stream.Subtype, stream.Width, stream.Height = Name.XObject, Name.Image, 2, 1
    stream.BitsPerComponent = 8
    for key, value in words.items():
        stream["/" + key] = value
    return stream


def image_in(
    make: Callable[[pikepdf.Pdf], Stream], content: str = "q 40 0 0 20 10 10 cm /I Do Q"
) -> tuple[Any, Image.Image]:
    package, (drawn,) = opened(page_of(content, XObject={"/I": make}))
    name = next(path for path in package.files if "/Res/image_" in path)
    return drawn, Image.open(io.BytesIO(package[name]))


def test_an_image_stands_upright_in_its_place() -> None:
    drawn, image = image_in(lambda pdf: picture(pdf, bytes([255, 0, 0, 0, 0, 255]), ColorSpace=Name.DeviceRGB))
    assert list(image.getdata()) == [(255, 0, 0), (0, 0, 255)]
    assert numbers(drawn.get("Boundary")) == pytest.approx([10 * MM, 70 * MM, 40 * MM, 20 * MM], abs=1e-3)
    assert numbers(drawn.get("CTM")) == pytest.approx([40 * MM, 0, 0, 20 * MM, 0, 0], abs=1e-3)


def test_a_soft_mask_is_the_alpha_of_a_png() -> None:
    def masked(pdf: pikepdf.Pdf) -> Stream:
        mask = pdf.make_indirect(picture(pdf, bytes([0, 200]), ColorSpace=Name.DeviceGray))
        return picture(pdf, bytes([9, 8, 7, 6, 5, 4]), ColorSpace=Name.DeviceRGB, SMask=mask)

    _, image = image_in(masked)
    assert list(image.getdata()) == [(9, 8, 7, 0), (6, 5, 4, 200)]


def test_an_explicit_mask_hides_what_it_marks() -> None:
    def masked(pdf: pikepdf.Pdf) -> Stream:
        mask = picture(pdf, bytes([0b01000000]), ImageMask=True)
        mask.BitsPerComponent = 1
        return picture(pdf, bytes([10, 20]), ColorSpace=Name.DeviceGray, Mask=pdf.make_indirect(mask))

    _, image = image_in(masked)
    # samples of 1 are masked out (ISO 32000-1 §8.9.6.3)
    assert list(image.getdata()) == [(10, 10, 10, 255), (20, 20, 20, 0)]


def test_a_stencil_is_painted_in_the_colour_of_the_moment() -> None:
    def stencil(pdf: pikepdf.Pdf) -> Stream:
        stream = picture(pdf, bytes([0b01000000]), ImageMask=True)
        stream.BitsPerComponent = 1
        return stream

    _, image = image_in(stencil, "q 1 0 0 rg 40 0 0 20 10 10 cm /I Do Q")
    assert list(image.getdata()) == [(255, 0, 0, 255), (255, 0, 0, 0)]


def test_a_jpeg_is_taken_over_as_it_is() -> None:
    out = io.BytesIO()
    Image.new("RGB", (2, 1), (10, 200, 30)).save(out, "JPEG")

    def jpeg(pdf: pikepdf.Pdf) -> Stream:
        return picture(pdf, out.getvalue(), ColorSpace=Name.DeviceRGB, Filter=Name.DCTDecode)

    package, _ = opened(page_of("q 40 0 0 20 10 10 cm /I Do Q", XObject={"/I": jpeg}))
    assert package[next(path for path in package.files if path.endswith(".jpg"))] == out.getvalue()


def test_indexed_images_have_the_colours_of_their_table() -> None:
    table = Array([Name.Indexed, Name.DeviceRGB, 1, b"\x01\x02\x03\xf0\xf1\xf2"])
    _, image = image_in(lambda pdf: picture(pdf, bytes([1, 0]), ColorSpace=table))
    assert list(image.getdata()) == [(240, 241, 242), (1, 2, 3)]


@pytest.mark.parametrize(
    ("turn", "box"), [(0, (10, 70, 20, 20)), (90, (10, 10, 20, 20)), (180, (170, 10, 20, 20)), (270, (70, 170, 20, 20))]
)
def test_pages_are_as_they_are_shown(turn: int, box: tuple[float, ...]) -> None:
    def change(_: pikepdf.Pdf, page: Any) -> None:
        page.Rotate = turn

    drawn = only(page_of("10 10 20 20 re f", change=change))
    assert numbers(drawn.get("Boundary")) == pytest.approx([one * MM for one in box], abs=0.25)


def test_attachments_go_with_it() -> None:
    def change(pdf: pikepdf.Pdf, _: Any) -> None:
        pdf.attachments["metadata.xml"] = b"<a/>"

    package, _ = opened(page_of("", change=change))
    listed = etree.fromstring(package["/Doc_0/Attachments/Attachments.xml"])[0]
    assert listed.get("Name") == "metadata.xml"
    assert package["/Doc_0/Attachments/" + listed.findtext(f"{O}FileLoc")] == b"<a/>"


def test_the_same_file_gives_the_same_octets() -> None:
    pdf = page_of("BT /F1 20 Tf 10 30 Td <0001> Tj ET", Font=CFF_FONTS)
    assert made(pdf).content == made(pdf).content


def test_links_without_looks_are_left_out_and_that_is_said() -> None:
    def change(pdf: pikepdf.Pdf, page: Any) -> None:
        link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), Border=Array([0, 0, 0]))
        page.Annots = Array([pdf.make_indirect(link)])

    assert made(page_of("", change=change)).left_out == ("links",)


def _annotated(pdf: pikepdf.Pdf, page: Any) -> None:
    note = Dictionary(Type=Name.Annot, Subtype=Name.Square, Rect=Array([0, 0, 9, 9]))
    page.Annots = Array([pdf.make_indirect(note)])


def _with_field(pdf: pikepdf.Pdf, page: Any) -> None:
    field = pdf.make_indirect(
        Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=b"name", Rect=Array([0, 0, 9, 9]))
    )
    page.Annots = Array([field])
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]))


def _type3(pdf: pikepdf.Pdf) -> Dictionary:
    return Dictionary(Type=Name.Font, Subtype=Name.Type3)


def _type1(pdf: pikepdf.Pdf) -> Dictionary:
    font = simple(pdf, "cff")
    font.FontDescriptor.FontFile = pdf.make_indirect(Stream(pdf, b"%!PS"))
    return font


def _by_table(pdf: pikepdf.Pdf) -> Dictionary:
    font = composite(pdf)
    font.Encoding = Name("/GBK-EUC-H")
    return font


def _broken(pdf: pikepdf.Pdf) -> Dictionary:
    font = composite(pdf)
    font.DescendantFonts[0].FontDescriptor.FontFile2 = pdf.make_indirect(Stream(pdf, b"\0\1\0\0 no font"))
    return font


def _group(pdf: pikepdf.Pdf) -> Stream:
    form = Stream(pdf, b"0 0 10 10 re f")
    form.Type, form.Subtype, form.BBox = Name.XObject, Name.Form, Array([0, 0, 9, 9])
    form.Group = Dictionary(S=Name.Transparency)
    return form


def _layered(pdf: pikepdf.Pdf) -> Stream:
    form = _group(pdf)
    form.OC = Dictionary(Type=Name.OCG, Name=b"x")
    return form


def _endless(pdf: pikepdf.Pdf) -> Stream:
    form = pdf.make_indirect(_group(pdf))
    form.write(b"/X Do")
    form.Resources = Dictionary(XObject=Dictionary({"/X": form}))
    return form


def _postscript(pdf: pikepdf.Pdf) -> Stream:
    return Stream(pdf, b"", Type=Name.XObject, Subtype=Name.PS)


def _unusual(pdf: pikepdf.Pdf) -> Stream:
    return picture(pdf, b"x", ColorSpace=Name.DeviceGray, Filter=Name.JBIG2Decode)


SPOT = Array([Name.Separation, Name.Gold, Name.DeviceCMYK, Dictionary()])


def _states(**words: Any) -> dict[str, Any]:
    return {"/G": Dictionary(**words)}


NOT_FAITHFUL: dict[str, bytes] = {
    "annotation": page_of("", change=_annotated),
    "blend-mode": page_of("/G gs", ExtGState=_states(BM=Name.Multiply)),
    "colour-space": page_of(
        "/C cs 1 scn", ColorSpace={"/C": Array([Name.Separation, Name.Gold, Name.DeviceCMYK, Dictionary()])}
    ),
    "content-damaged": page_of("1 2 (m"),
    "font-encoding": page_of("BT /F1 9 Tf ET", Font={"/F1": _by_table}),
    "font-not-embedded": page_of("BT /F1 9 Tf ET", Font={"/F1": lambda pdf: composite(pdf, embedded=False)}),
    "font-program": page_of("BT /F1 9 Tf ET", Font={"/F1": _broken}),
    "font-type1": page_of("BT /F1 9 Tf ET", Font={"/F1": _type1}),
    "font-type3": page_of("BT /F1 9 Tf ET", Font={"/F1": _type3}),
    "form-fields": page_of("", change=_with_field),
    "image-filter": page_of("/I Do", XObject={"/I": _unusual}),
    "image-form": page_of("/I Do", XObject={"/I": lambda pdf: picture(pdf, b"x", ColorSpace=Name.DeviceRGB)}),
    "operator": page_of("1 2 xyz"),
    "optional-content": page_of("/OC /Layer BDC EMC", Properties={"/Layer": Dictionary(Type=Name.OCG)}),
    "pattern": page_of("/Pattern cs /P scn"),
    "postscript": page_of("/X Do", XObject={"/X": _postscript}),
    "shading": page_of("/S sh"),
    "soft-mask": page_of("/G gs", ExtGState=_states(SMask=Dictionary(S=Name.Luminosity))),
    "text-clip": page_of("BT 7 Tr ET"),
    "too-deep": page_of("/X Do", XObject={"/X": _endless}),
    "transfer-function": page_of("/G gs", ExtGState=_states(TR=Dictionary(FunctionType=4))),
    "transparency-group": page_of("/G gs /X Do", XObject={"/X": _group}, ExtGState=_states(ca=0.5)),
    "uneven-stroke": page_of("q 3 0 0 1 0 0 cm 0 0 10 10 re S Q"),
}


@pytest.mark.parametrize("reason", sorted(NOT_FAITHFUL))
def test_what_cannot_be_the_same_is_refused_by_name(reason: str) -> None:
    assert refused(NOT_FAITHFUL[reason]) == [reason]


def test_every_reason_is_met_by_a_test() -> None:
    assert NOT_FAITHFUL.keys() | {"signed"} == REASONS.keys()


def test_all_reasons_are_told_at_once() -> None:
    several = page_of("/S sh BT 7 Tr ET 1 xyz", change=_annotated)
    assert refused(several) == ["annotation", "operator", "shading", "text-clip"]


def test_a_layered_form_is_refused() -> None:
    assert "optional-content" in refused(page_of("/X Do", XObject={"/X": _layered}))


def test_it_is_done_in_a_cell_with_nothing_left_to_load() -> None:
    """All modules are there before the doors are shut, whatever the file has in it."""
    cells = Cells(("signing.ofd.from_pdf.convert",), processes=1, seconds=lambda _: 30.0, mebibytes=400)
    out = io.BytesIO()
    Image.new("RGB", (2, 1), (10, 200, 30)).save(out, "JPEG")

    def jpeg(pdf: pikepdf.Pdf) -> Stream:
        return picture(pdf, out.getvalue(), ColorSpace=Name.DeviceRGB, Filter=Name.DCTDecode)

    try:
        content = "BT /F1 9 Tf 1 1 Td <0001> Tj /F2 9 Tf <0001> Tj /F3 9 Tf (A) Tj ET /I Do /J Do"
        fonts = {**FONTS, "/F2": CFF_FONTS["/F1"], "/F3": lambda pdf: simple(pdf)}
        images = {"/I": jpeg, "/J": lambda pdf: picture(pdf, bytes(6), ColorSpace=Name.DeviceRGB)}
        pdf = page_of(content, Font=fonts, XObject=images)
        assert cells.ask(MAKE_OFD, pdf, OfdWords(), LIMIT) == made(pdf)
    finally:
        cells.close()

"""Pages of an OFD as a PDF: seen by colours at places and by the text that others read out of it."""

from __future__ import annotations

import io
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import pypdfium2
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Subsetter
from fontTools.ttLib import TTFont
from PIL import Image

from signing.eseal.model import Picture
from signing.ofd.package import read_package
from signing.ofd.show.notes import FONT_SUBSTITUTED
from signing.ofd.show.write_pdf import Shown, as_pdf
from tests.support.eseal_world import Making
from tests.support.ofd_world import Files, drawn, image, media, path, sealed, square, unit, words, zipped

RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)
_PIXELS = 4  # of a millimetre


def shown(files: Files, **wanted: int) -> Shown:
    return as_pdf(read_package(zipped(files)), **wanted)


class Seen:
    """A page as pdfium draws it."""

    def __init__(self, made: Shown, page: int = 0) -> None:
        document = pypdfium2.PdfDocument(made.pdf)
        self.picture = document[page].render(scale=_PIXELS * 25.4 / 72).to_pil().convert("RGB")

    def at(self, x: float, y: float) -> tuple[int, int, int]:
        found: Any = self.picture.getpixel((round(x * _PIXELS), round(y * _PIXELS)))
        return tuple(found)  # type: ignore[return-value]  # three of them

    def ink(self, left: float, top: float, right: float, bottom: float) -> float:
        """How much of a part of the page is not white, 0 to 1."""
        part = self.picture.crop(tuple(round(one * _PIXELS) for one in (left, top, right, bottom)))
        pixels = list(part.convert("L").getdata())
        return sum(one < 128 for one in pixels) / len(pixels)


def near(one: tuple[int, ...], other: tuple[int, ...], by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def text_of(made: Shown, tmp_path: Path, *options: str) -> str:
    """What poppler reads out of it."""
    file = tmp_path / "shown.pdf"
    file.write_bytes(made.pdf)
    return subprocess.run(["pdftotext", *options, file, "-"], capture_output=True, check=True).stdout.decode()


def kinds(made: Shown) -> set[str]:
    return {one.kind for one in made.notes}


# -- text ------------------------------------------------------------------------------------------------------------


@cache
def embedded(form: str) -> bytes:
    """A font of a few letters: OpenType, TrueType, or CFF alone."""
    font = TTFont(pylopdf_fonts_zh_cn.sans_path())
    keep = Subsetter()
    keep.populate(text="证照AB")
    keep.subset(font)
    if form == "cff":
        return font.getTableData("CFF ")
    if form == "ttf":
        glyphs = font.getGlyphSet()
        made = {}
        for name in font.getGlyphOrder():
            pen = TTGlyphPen(None)
            glyphs[name].draw(Cu2QuPen(pen, 1.0, reverse_direction=True))
            made[name] = pen.glyph()
        builder = FontBuilder(font["head"].unitsPerEm, isTTF=True)
        builder.setupGlyphOrder(font.getGlyphOrder())
        builder.setupCharacterMap(font.getBestCmap())
        builder.setupGlyf(made)
        builder.setupHorizontalMetrics({name: (glyphs[name].width, 0) for name in made})
        builder.setupHorizontalHeader(ascent=880, descent=-120)
        builder.setupNameTable({"familyName": "x", "styleName": "y"})
        builder.setupOS2()
        builder.setupPost()
        font = builder.font
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()


def with_font(graphics: str, font: bytes) -> Files:
    fonts = '<ofd:Fonts><ofd:Font ID="4" FontName="甲体"><ofd:FontFile>f.otf</ofd:FontFile></ofd:Font></ofd:Fonts>'
    return drawn(graphics, resources=fonts, more={"/Doc_0/Res/f.otf": font})


@pytest.mark.parametrize("form", ["otf", "ttf"])
def test_embedded_letters_are_seen_and_can_be_read(form: str, tmp_path: Path) -> None:
    made = shown(with_font(words("证照AB", size=10, step="g {n} 10"), embedded(form)))
    assert made.notes == ()
    assert text_of(made, tmp_path).split() == ["证照", "A", "B"] or "".join(text_of(made, tmp_path).split()) == "证照AB"
    seen = Seen(made)
    assert seen.ink(20, 21, 30, 31) > 0.1, "the first letter"
    assert seen.ink(20, 32, 60, 60) == 0


def test_letters_by_the_numbers_of_their_glyphs(tmp_path: Path) -> None:
    """Texts may say which glyph they mean; in a CFF by itself that is its CID."""
    transform = (
        '<ofd:CGTransform CodePosition="0" CodeCount="1" GlyphCount="1"><ofd:Glyphs>{}</ofd:Glyphs></ofd:CGTransform>'
    )
    order = TTFont(io.BytesIO(embedded("otf"))).getBestCmap()
    number = int(order[ord("照")].removeprefix("cid"))
    codes = transform.format(number) + '<ofd:TextCode X="0" Y="10">证</ofd:TextCode>'
    made = shown(with_font(words("", codes=codes, size=10), embedded("cff")))
    assert made.notes == ()
    assert text_of(made, tmp_path).strip() == "证", "the text says what it means, the glyph how it looks"
    plain = shown(with_font(words("照", size=10), embedded("otf")))
    assert Seen(made).ink(20, 20, 30, 32) == pytest.approx(Seen(plain).ink(20, 20, 30, 32), abs=0.02)


def test_padding_behind_a_table_and_missing_names_do_not_matter() -> None:
    font = TTFont(io.BytesIO(embedded("ttf")))
    data = bytearray(embedded("ttf"))
    entry = next(at for at in range(12, 12 + 16 * len(font.reader.tables), 16) if data[at : at + 4] == b"head")
    data[entry + 12 : entry + 16] = (58).to_bytes(4, "big")  # four octets of what follows
    assert shown(with_font(words("证照"), bytes(data))).notes == ()


def test_a_missing_typeface_is_stood_in_for_and_said_so(tmp_path: Path) -> None:
    made = shown(
        drawn(words("统一社会信用代码"), resources='<ofd:Fonts><ofd:Font ID="4" FontName="仿宋"/></ofd:Fonts>')
    )
    assert [(one.kind, one.detail, one.page) for one in made.notes] == [(FONT_SUBSTITUTED, "仿宋", 1)]
    assert "".join(text_of(made, tmp_path).split()) == "统一社会信用代码"


def test_a_letter_that_the_typeface_lacks_is_said(tmp_path: Path) -> None:
    made = shown(with_font(words("证书"), embedded("otf")))
    assert [(one.kind, one.detail) for one in made.notes] == [("glyph-missing", "书")]
    assert "".join(text_of(made, tmp_path).split()) == "证书"


def test_a_typeface_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    for broken in (b"", b"not a font", embedded("otf")[:300], embedded("ttf")[:-900]):
        made = shown(with_font(words("证照"), broken))
        assert "font-broken" in kinds(made)
        assert "".join(text_of(made, tmp_path).split()) == "证照"


def test_matrices_and_directions_place_letters() -> None:
    turned = Seen(shown(drawn(words("一", at="50 50 20 20", size=10, CTM="0 1 -1 0 0 0"))))
    # y' = x, x' = -y: the bar of 一 stands upright left of the corner, not lying right of it
    assert turned.ink(42, 50, 50, 60) > 0.02
    assert turned.ink(50, 50, 62, 62) == 0
    lying, upright = (Seen(shown(drawn(words("一", size=10, CharDirection=one)))) for one in (0, 90))
    assert lying.ink(20, 20, 30, 32) > 0
    assert upright.ink(20, 30, 32, 42) > 0
    assert upright.ink(20, 20, 32, 29.5) == 0


def test_letters_with_an_outline_only_with_colour_and_invisible() -> None:
    assert Seen(shown(drawn(words("一", size=10, Fill="false")))).ink(20, 20, 30, 32) == 0
    colour = '<ofd:FillColor Value="255 0 0"/><ofd:TextCode X="0" Y="30">■</ofd:TextCode>'
    assert near(Seen(shown(drawn(words("", codes=colour, size=30)))).at(35, 40), RED)


# -- paths and colours -----------------------------------------------------------------------------------------------


def test_paths_are_filled_by_their_rule_and_lined_at_their_width() -> None:
    ring = "M 0 0 L 30 0 L 30 30 L 0 30 C M 10 10 L 20 10 L 20 20 L 10 20 C"
    fill = '<ofd:FillColor Value="255 0 0"/><ofd:StrokeColor Value="0 0 255"/>'
    graphics = path(ring, at="10 10 40 40", Fill="true", Rule="Even-Odd", LineWidth=2, inner=fill)
    graphics += path(ring, at="60 10 40 40", Fill="true", Stroke="false", inner='<ofd:FillColor Value="0 255 0"/>')
    seen = Seen(shown(drawn(graphics)))
    assert near(seen.at(15, 15), RED)
    assert near(seen.at(25, 25), WHITE), "the hole"
    assert near(seen.at(10.5, 25), BLUE)
    assert near(seen.at(75, 25), GREEN), "filled all over"


def test_a_path_without_a_colour_is_not_filled_and_black() -> None:
    seen = Seen(shown(drawn(path("M 0 0 L 20 0 L 20 20 L 0 20 C", at="10 10 20 20", Fill="true", LineWidth=1))))
    assert near(seen.at(20, 20), WHITE)
    assert near(seen.at(10.2, 20), BLACK)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("RGB", "255 0 0", RED),
        ("RGB", "#00 #FF #00", GREEN),
        ("GRAY", "128", (128, 128, 128)),
        ("CMYK", "0 0 0 255", (35, 31, 32)),
    ],
)
def test_colours_of_each_space(kind: str, value: str, expected: tuple[int, int, int]) -> None:
    space = f'<ofd:ColorSpaces><ofd:ColorSpace ID="30" Type="{kind}"/></ofd:ColorSpaces>'
    filled = f'<ofd:FillColor Value="{value}" ColorSpace="30"/>'
    assert near(Seen(shown(drawn(square(filled), resources=space))).at(20, 20), expected, 40)


def test_colours_of_a_palette() -> None:
    space = (
        '<ofd:ColorSpaces><ofd:ColorSpace ID="30" Type="RGB"><ofd:Palette><ofd:CV>9 9 9</ofd:CV>'
        "<ofd:CV>0 0 255</ofd:CV></ofd:Palette></ofd:ColorSpace></ofd:ColorSpaces>"
    )
    assert near(
        Seen(shown(drawn(square('<ofd:FillColor Index="1" ColorSpace="30"/>'), resources=space))).at(20, 20), BLUE
    )


def test_what_lies_over_shines_through() -> None:
    half = square('<ofd:FillColor Value="0 0 255" Alpha="128"/>') + square("255 0 0", at="50 10 20 20", Alpha=64)
    seen = Seen(shown(drawn(half)))
    assert near(seen.at(20, 20), (127, 127, 255))
    assert near(seen.at(60, 20), (255, 191, 191))


def test_draw_parameters_are_inherited() -> None:
    params = (
        '<ofd:DrawParams><ofd:DrawParam ID="40" LineWidth="4"><ofd:StrokeColor Value="255 0 0"/></ofd:DrawParam>'
        '<ofd:DrawParam ID="41" Relative="40" Cap="Butt"/></ofd:DrawParams>'
    )
    line = path("M 0 10 L 40 10", at="10 10 40 20", DrawParam=41)
    layer = f'<ofd:Layer ID="2" DrawParam="40">{path("M 0 10 L 40 10", at="10 60 40 20", LineWidth=1)}</ofd:Layer>'
    seen = Seen(shown(drawn(f'<ofd:Layer ID="3">{line}</ofd:Layer>{layer}', resources=params)))
    assert near(seen.at(30, 21.5), RED), "width and colour from afar"
    assert near(seen.at(30, 70), RED), "the layer's colour"
    assert near(seen.at(30, 71.5), WHITE), "its own width"


def test_dashes() -> None:
    seen = Seen(shown(drawn(path("M 0 10 L 40 10", at="10 10 40 20", LineWidth=2, DashPattern="10 10"))))
    assert [near(seen.at(x, 20), BLACK) for x in (15, 25, 35, 45)] == [True, False, True, False]


def test_shadings() -> None:
    def segments(*colours: str) -> str:
        return "".join(f'<ofd:Segment><ofd:Color Value="{one}"/></ofd:Segment>' for one in colours)

    axial = (
        '<ofd:FillColor><ofd:AxialShd {} StartPoint="0 0" EndPoint="20 0">'
        f"{segments('255 0 0', '0 0 255')}</ofd:AxialShd></ofd:FillColor>"
    )
    radial = (
        '<ofd:FillColor><ofd:RadialShd StartPoint="10 10" EndPoint="10 10" StartRadius="0" EndRadius="8">'
        f"{segments('255 0 0', '0 0 255')}</ofd:RadialShd></ofd:FillColor>"
    )
    reflected = axial.format('MapType="Reflect" MapUnit="10"')
    made = shown(
        drawn(square(axial.format("")) + square(radial, at="40 10 20 20") + square(reflected, at="70 10 20 20"))
    )
    seen = Seen(made)
    assert made.notes == ()
    assert near(seen.at(10.5, 20), RED, 20)
    assert near(seen.at(29.5, 20), BLUE, 20)
    assert near(seen.at(20, 20), (127, 0, 127), 20)
    assert near(seen.at(50, 20), RED, 20)
    assert near(seen.at(41, 11), WHITE), "beyond the radius"
    assert near(seen.at(80, 20), BLUE, 25), "there and back"
    assert near(seen.at(89.5, 20), RED, 25)


def test_patterns_repeat_a_cell() -> None:
    cell = square("255 0 0", at="0 0 5 10")
    pattern = (
        f'<ofd:FillColor><ofd:Pattern Width="10" Height="10"><ofd:CellContent>{cell}</ofd:CellContent></ofd:Pattern>'
        "</ofd:FillColor>"
    )
    seen = Seen(shown(drawn(square(pattern))))
    assert [near(seen.at(x, 20), RED) for x in (12, 17, 22, 27)] == [True, False, True, False]


def test_clips_and_boundaries_cut() -> None:
    clip = (
        '<ofd:Clips><ofd:Clip><ofd:Area><ofd:Path Boundary="0 0 10 20"><ofd:AbbreviatedData>'
        "M 0 0 L 10 0 L 10 20 L 0 20 C</ofd:AbbreviatedData></ofd:Path></ofd:Area></ofd:Clip></ofd:Clips>"
    )
    made = shown(drawn(square("255 0 0", inner=clip) + square("0 0 255", at="50 10 10 20")))
    seen = Seen(made)
    assert made.notes == ()
    assert [near(seen.at(x, 20), RED) for x in (15, 25)] == [True, False]
    assert [near(seen.at(x, 20), BLUE) for x in (55, 65)] == [True, False]


@pytest.mark.parametrize(
    ("flag", "clip", "notes"),
    [("true", "0.5 0 0.5 1", set()), ("false", "10 0 10 10", set()), ("", "10 0 10 10", {"clip"})],
)
def test_clips_before_and_behind_the_matrix(flag: str, clip: str, notes: set[str]) -> None:
    left, top, width, height = (float(one) for one in clip.split())
    box = f"M {left} {top} L {left + width} {top} L {left + width} {top + height} L {left} {top + height} C"
    inner = (
        f'<ofd:Clips {f"""TransFlag="{flag}" """ if flag else ""}><ofd:Clip><ofd:Area><ofd:Path Boundary="0 0 9 9">'
        f"<ofd:AbbreviatedData>{box}</ofd:AbbreviatedData></ofd:Path></ofd:Area></ofd:Clip></ofd:Clips>"
    )
    more = {"/Doc_0/Res/a.png": picture("PNG")}
    made = shown(drawn(image(50, at="10 10 20 10", inner=inner), resources=media(50, "a.png"), more=more))
    assert kinds(made) == notes
    assert near(Seen(made).at(14, 15), WHITE)
    assert near(Seen(made).at(26, 15), BLUE, 20)


def test_glyphs_of_a_missing_typeface_are_shown_as_letters(tmp_path: Path) -> None:
    """A joint glyph for two letters has no number in our typeface: both are shown, and it is said."""
    transform = (
        '<ofd:CGTransform CodePosition="1" CodeCount="2" GlyphCount="1"><ofd:Glyphs>191</ofd:Glyphs></ofd:CGTransform>'
    )
    codes = f'{transform}<ofd:TextCode X="0" Y="8" DeltaX="6 9">afix</ofd:TextCode>'
    made = shown(drawn(words("", codes=codes, size=10)))
    assert kinds(made) == {FONT_SUBSTITUTED, "glyph-transform"}
    assert "".join(text_of(made, tmp_path).split()) == "afix"


def test_a_clip_of_letters() -> None:
    clip = (
        '<ofd:Clips><ofd:Clip><ofd:Area><ofd:Text Boundary="0 0 20 20" Font="4" Size="20">'
        '<ofd:TextCode X="0" Y="18">一</ofd:TextCode></ofd:Text></ofd:Area></ofd:Clip></ofd:Clips>'
    )
    seen = Seen(shown(drawn(square("255 0 0", inner=clip))))
    assert near(seen.at(20, 12), WHITE)
    assert any(near(seen.at(20, 15 + step / 4), RED) for step in range(40))


def test_composites_stand_where_they_are_put_and_shine_through_as_one() -> None:
    inner = square("255 0 0", at="0 0 20 20") + square("255 0 0", at="10 0 20 20")
    used = '<ofd:CompositeObject Boundary="10 10 60 40" ResourceID="60" CTM="2 0 0 2 0 0" Alpha="128"/>'
    seen = Seen(shown(drawn(used, resources=unit(60, inner))))
    assert near(seen.at(20, 20), (255, 127, 127))
    assert near(seen.at(40, 20), (255, 127, 127)), "where both lie the colour is the same"
    assert near(seen.at(69, 49), (255, 127, 127))
    assert near(seen.at(72, 20), WHITE)


# -- pictures --------------------------------------------------------------------------------------------------------


def picture(form: str, mode: str = "RGB") -> bytes:
    """Two by one: red on the left, blue on the right, in blocks that JPEG keeps apart."""
    made = Image.new("RGB", (64, 32), RED)
    made.paste(BLUE, (32, 0, 64, 32))
    out = io.BytesIO()
    made.convert(mode).save(out, form)
    return out.getvalue()


@pytest.mark.parametrize(
    ("form", "mode"), [("PNG", "RGB"), ("PNG", "P"), ("JPEG", "RGB"), ("BMP", "RGB"), ("TIFF", "RGB"), ("GIF", "P")]
)
def test_pictures_of_each_format(form: str, mode: str) -> None:
    files = drawn(
        image(50, at="10 10 20 10"), resources=media(50, "a.png"), more={"/Doc_0/Res/a.png": picture(form, mode)}
    )
    made = shown(files)
    seen = Seen(made)
    assert made.notes == ()
    assert near(seen.at(14, 15), RED, 20)
    assert near(seen.at(26, 15), BLUE, 20)
    assert near(seen.at(31, 15), WHITE)


def test_a_picture_that_is_turned_and_transparent() -> None:
    out = io.BytesIO()
    made = Image.new("RGBA", (64, 64), (255, 0, 0, 255))
    made.paste((0, 0, 0, 0), (0, 0, 64, 32))
    made.save(out, "PNG")
    files = drawn(
        square("0 255 0", at="10 10 20 20") + image(50, at="10 10 20 20", ctm="0 20 -20 0 20 0"),
        resources=media(50, "a.png"),
        more={"/Doc_0/Res/a.png": out.getvalue()},
    )
    seen = Seen(shown(files))  # its clear upper half is now the right one
    assert near(seen.at(15, 20), RED)
    assert near(seen.at(25, 20), GREEN)


@pytest.mark.parametrize(
    ("content", "kind"), [(b"\x97JB2\r\n\x1a\n" + bytes(50), "image-format"), (picture("PNG")[:60], "image-broken")]
)
def test_pictures_that_cannot_be_shown_leave_a_frame_and_a_note(content: bytes, kind: str) -> None:
    files = drawn(image(50, at="10 10 20 10"), resources=media(50, "a.jb2"), more={"/Doc_0/Res/a.jb2": content})
    made = shown(files)
    assert kinds(made) == {kind}
    assert Seen(made).at(10, 12) != WHITE


# -- what else is seen -----------------------------------------------------------------------------------------------


def test_annotations_lie_over_the_page() -> None:
    annotation = (
        f'<ofd:Annot ID="90" Type="Stamp"><ofd:Appearance Boundary="10 10 20 20">{square("0 0 255", at="0 0 20 20")}'
        '</ofd:Appearance></ofd:Annot><ofd:Annot ID="91" Type="Stamp" Visible="false"><ofd:Appearance>'
        f"{square('0 255 0')}</ofd:Appearance></ofd:Annot>"
    )
    assert near(Seen(shown(drawn(square("255 0 0"), annotations=annotation))).at(20, 20), BLUE)


def stamped(kind: str, data: bytes, *, boundary: str = "120 200 40 40", clip: str = "") -> Files:
    """A page with a seal whose picture is this one."""
    body = "<ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures>"
    info = replace(Making().info, picture=Picture(kind, data, 40, 40))
    place = f'Boundary="{boundary}"' + (f' Clip="{clip}"' if clip else "")
    return sealed(
        drawn("", body=body), Making(info=info), xml=lambda text: text.replace('Boundary="120 200 42 42"', place)
    )


@pytest.mark.parametrize(("kind", "form"), [("PNG", "PNG"), ("JPG", "JPEG"), ("BMP", "BMP")])
def test_seals_are_seen(kind: str, form: str) -> None:
    made = shown(stamped(kind, picture(form)))
    assert made.notes == ()
    seen = Seen(made)
    assert near(seen.at(125, 220), RED, 20)
    assert near(seen.at(155, 220), BLUE, 20)
    assert near(seen.at(161, 220), WHITE)


def test_a_seal_over_an_edge_is_seen_in_part() -> None:
    seen = Seen(shown(stamped("PNG", picture("PNG"), boundary="190 100 40 40", clip="0 0 15 40")))
    assert near(seen.at(195, 120), RED)
    assert near(seen.at(207, 120), WHITE)


def test_a_seal_that_is_an_ofd_itself() -> None:
    inner = drawn(square("255 0 0", at="0 0 20 20") + words("章", at="2 2 9 9"), box="0 0 40 40")
    made = shown(stamped("OFD", zipped(inner)))
    assert near(Seen(made).at(135, 215), RED)
    assert kinds(made) == {FONT_SUBSTITUTED}


def test_a_seal_that_cannot_be_drawn_leaves_a_frame_and_a_note() -> None:
    made = shown(stamped("SVG", b"<svg/>"))
    assert [(one.kind, one.detail) for one in made.notes] == [("seal-picture", "SVG")]
    assert Seen(made).at(120, 220) != WHITE


def test_seals_of_a_package_whose_front_is_of_the_drafts_are_seen() -> None:
    files = stamped("PNG", picture("PNG"))
    files["/OFD.xml"] = files["/OFD.xml"].replace(b"ofdspec.org/2016", b"ofdspec.org")
    made = shown(files)
    assert made.notes == ()
    assert near(Seen(made).at(125, 220), RED, 20)


def test_an_image_without_a_resource_leaves_a_frame_and_a_note() -> None:
    made = shown(drawn('<ofd:ImageObject Boundary="10 10 20 10" CTM="20 0 0 10 0 0"/>'))
    assert kinds(made) == {"resource"}
    assert Seen(made).at(10, 12) != WHITE


def test_a_list_of_signatures_that_cannot_be_read_is_said() -> None:
    files = stamped("PNG", picture("PNG")) | {"/Doc_0/Signs/Signatures.xml": b"<x/>"}
    assert kinds(shown(files)) == {"signatures"}


def test_only_a_part_of_the_document_is_shown_where_only_that_is_wanted() -> None:
    files = drawn(square("255 0 0"))
    made = shown(files, first=1, most=1)
    assert made.pages == 1
    assert len(pypdfium2.PdfDocument(made.pdf)) == 1


def test_things_that_cannot_be_shown_are_said() -> None:
    gouraud = "<ofd:FillColor><ofd:GouraudShd/></ofd:FillColor>"
    files = drawn(
        square(gouraud) + '<ofd:VideoObject/><x:Model xmlns:x="urn:3d"/>' + image(51) + image(99),
        resources=media(51, "a.mp4", "Video"),
    )
    assert {(one.kind, one.detail) for one in shown(files).notes} == {
        ("paint", "GouraudShd"),
        ("object", "VideoObject"),
        ("object", "Model"),
        ("media", "Video"),
        ("resource", "MultiMedia"),
    }


def test_the_same_file_gives_the_same_pdf() -> None:
    files = with_font(words("证照"), embedded("otf"))
    assert shown(files).pdf == shown(files).pdf


def test_others_find_no_fault_with_the_pdf(tmp_path: Path) -> None:
    files = with_font(words("证照") + square("255 0 0", Alpha=9) + image(50), embedded("ttf"))
    files["/Doc_0/DocumentRes.xml"] = files["/Doc_0/DocumentRes.xml"].replace(
        b"</ofd:Res>", media(50, "a.png").encode() + b"</ofd:Res>"
    )
    files["/Doc_0/Res/a.png"] = picture("PNG")
    file = tmp_path / "shown.pdf"
    file.write_bytes(shown(files).pdf)
    done = subprocess.run(["qpdf", "--check", file], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout

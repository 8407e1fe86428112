"""S-26: pages of strangers' OFDs shown: whatever would take too much has its refusal, beside a legitimate twin."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import pylopdf_fonts_zh_cn
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph, GlyphComponent
from PIL import Image

from signing.errors import OfdRefused
from signing.isolation.cells import Cells
from signing.ofd.look_inside import asked
from signing.ofd.package import PackageRefused, read_package
from signing.ofd.show.write_pdf import SHOW, Shown, as_pdf
from tests.support.ofd_world import Files, drawn, image, media, path, square, unit, words, zipped


def shown(files: Files) -> Shown:
    return as_pdf(read_package(zipped(files)))


def refusal(files: Files) -> str:
    with pytest.raises(PackageRefused) as wrong:
        shown(files)
    return wrong.value.code


def used(number: int) -> str:
    return f'<ofd:CompositeObject Boundary="0 0 9 9" ResourceID="{number}"/>'


def units(*made: str) -> str:
    return "".join(made).replace("</ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnits>", "")


# -- graphics --------------------------------------------------------------------------------------------------------


def test_composites_within_themselves() -> None:
    assert refusal(drawn(used(20), resources=units(unit(20, used(21)), unit(21, used(20))))) == "cycle"
    assert shown(drawn(used(20), resources=units(unit(20, used(21)), unit(21, square("9 9 9"))))).notes == ()


def test_composites_that_multiply() -> None:
    levels = [unit(20 + level, used(21 + level) * 30) for level in range(6)]
    assert refusal(drawn(used(20), resources=units(*levels, unit(26, square("9 9 9"))))) in {"too-complex", "too-deep"}


def test_a_composite_that_fills_itself_with_a_pattern_of_itself() -> None:
    cell = (
        f'<ofd:FillColor><ofd:Pattern Width="5" Height="5"><ofd:CellContent>{used(20)}</ofd:CellContent></ofd:Pattern>'
        "</ofd:FillColor>"
    )
    assert refusal(drawn(used(20), resources=unit(20, square(cell)))) == "cycle"


def test_draw_parameters_that_inherit_from_each_other() -> None:
    params = '<ofd:DrawParams><ofd:DrawParam ID="40" Relative="41"/><ofd:DrawParam ID="41"{}/></ofd:DrawParams>'
    line = path("M 0 0 L 9 9", DrawParam=40)
    assert refusal(drawn(line, resources=params.format(' Relative="40"'))) == "cycle"
    assert shown(drawn(line, resources=params.format(' LineWidth="1"'))).notes == ()


def test_shadings_that_run_without_an_end() -> None:
    def axial(unit_: str) -> str:
        segments = "".join(f'<ofd:Segment><ofd:Color Value="{one} 0 0"/></ofd:Segment>' for one in (0, 255))
        return (
            f'<ofd:FillColor><ofd:AxialShd MapType="Repeat" MapUnit="{unit_}" StartPoint="0 0" EndPoint="1000 0">'
            f"{segments}</ofd:AxialShd></ofd:FillColor>"
        )

    assert refusal(drawn(square(axial("0.00001")))) == "too-complex"
    assert refusal(drawn(square(axial("0")))) == "number"
    assert shown(drawn(square(axial("10")))).notes == ()


def test_colours_of_too_many_channels_and_beyond_the_palette() -> None:
    space = (
        '<ofd:ColorSpaces><ofd:ColorSpace ID="30" Type="RGB"><ofd:Palette><ofd:CV>1 2 3</ofd:CV></ofd:Palette>'
        "</ofd:ColorSpace></ofd:ColorSpaces>"
    )
    assert refusal(drawn(square("1 2"))) == "number"
    assert refusal(drawn(square('<ofd:FillColor Index="7" ColorSpace="30"/>'), resources=space)) == "reference"
    assert shown(drawn(square('<ofd:FillColor Index="0" ColorSpace="30"/>'), resources=space)).notes == ()


# -- pictures --------------------------------------------------------------------------------------------------------


def with_picture(content: bytes) -> Files:
    return drawn(image(50), resources=media(50, "a.png"), more={"/Doc_0/Res/a.png": content})


def huge_png(side: int) -> bytes:
    """A picture that says it is so large and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_a_picture_of_more_points_than_will_be_drawn() -> None:
    assert refusal(with_picture(huge_png(50_000))) == "image"
    out = io.BytesIO()
    Image.new("1", (3000, 3000)).save(out, "PNG")
    assert shown(with_picture(out.getvalue())).notes == ()


def test_many_pictures_that_are_too_many_together() -> None:
    out = io.BytesIO()
    Image.new("1", (4900, 4900)).save(out, "PNG")
    resources = "".join(media(50 + number, f"{number}.png") for number in range(5))
    resources = resources.replace("</ofd:MultiMedias><ofd:MultiMedias>", "")
    more = {f"/Doc_0/Res/{number}.png": out.getvalue() for number in range(5)}
    assert refusal(drawn("".join(image(50 + one) for one in range(5)), resources=resources, more=more)) == "image"
    again = drawn(image(50) * 5, resources=resources, more=more)
    assert shown(again).notes == (), "the same one is put there once"


# -- typefaces -------------------------------------------------------------------------------------------------------


def with_font(content: bytes) -> Files:
    fonts = '<ofd:Fonts><ofd:Font ID="4" FontName="x"><ofd:FontFile>f.ttf</ofd:FontFile></ofd:Font></ofd:Fonts>'
    return drawn(words("A"), resources=fonts, more={"/Doc_0/Res/f.ttf": content})


def layered(levels: int, *, last: str | None = None, points: int = 4) -> bytes:
    """A font whose glyph A is made of two of the next, and so on; the last is an outline, or `last` again."""
    names = ["A", *(f"g{number}" for number in range(levels))]
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for number in range(points):
        pen.lineTo((number % 500, number % 700 + 1))
    pen.closePath()
    glyphs = {".notdef": TTGlyphPen(None).glyph(), names[-1]: pen.glyph()}
    for name, inner in zip(names, [*names[1:], last], strict=True):
        if inner is None:
            continue
        glyph = Glyph()
        glyph.numberOfContours = -1
        glyph.components = []
        for _ in range(2):
            part = GlyphComponent()
            part.glyphName, part.x, part.y, part.flags = inner, 0, 0, 0x0002
            glyph.components.append(part)
        glyphs[name] = glyph
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names])
    builder.setupCharacterMap({ord("A"): "A"})
    builder.font.recalcBBoxes = False
    for glyph in glyphs.values():
        glyph.xMin = glyph.yMin = glyph.xMax = glyph.yMax = 0
    builder.setupGlyf(glyphs, calcGlyphBounds=False)
    builder.setupHorizontalMetrics(dict.fromkeys((".notdef", *names), (1000, 0)))
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupPost()
    builder.font["maxp"].recalc = lambda _: None
    out = io.BytesIO()
    builder.font.save(out)
    return out.getvalue()


def test_glyphs_made_of_glyphs_without_an_end() -> None:
    assert refusal(with_font(layered(40))) == "font"
    assert shown(with_font(layered(3))).notes == ()


def test_a_glyph_made_of_itself_is_left_out_and_said() -> None:
    assert {one.kind for one in shown(with_font(layered(1, last="A"))).notes} == {"font-broken"}


def test_an_outline_of_more_points_than_will_be_drawn() -> None:
    assert refusal(with_font(layered(0, points=20_000))) == "font"
    assert shown(with_font(layered(0, points=5_000))).notes == ()


# -- time and memory -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cells() -> Iterator[Cells]:
    made = Cells(["signing.ofd.show.write_pdf"], processes=1, seconds=lambda _: 20.0, mebibytes=400)
    yield made
    made.close()


def test_in_a_cell_a_stranger_s_font_is_refused_and_the_next_file_shown(cells: Cells) -> None:
    with pytest.raises(OfdRefused) as wrong:
        asked(cells, SHOW, zipped(with_font(layered(40))), 0, 1, 5)
    assert wrong.value.code == "ofd-font"
    twin = asked(cells, SHOW, zipped(with_font(layered(3))), 0, 1, 5)
    assert twin.notes == ()
    ours = asked(cells, SHOW, zipped(drawn(words("证照"))), 0, 1, 5)
    assert [one.kind for one in ours.notes] == ["font-substituted"]
    whole = TTFont(pylopdf_fonts_zh_cn.sans_path(), lazy=True).getTableData("CFF ")
    embedded = asked(cells, SHOW, zipped(with_font(whole)), 0, 1, 5)
    assert embedded.pdf.startswith(b"%PDF-"), "a whole CJK font takes its time and room, and no more"


def test_in_a_cell_what_takes_too_long_is_given_up() -> None:
    hurried = Cells(["signing.ofd.show.write_pdf"], processes=1, seconds=lambda _: 0.0, mebibytes=400)
    try:
        with pytest.raises(OfdRefused) as wrong:
            asked(hurried, SHOW, zipped(drawn(words("甲" * 900) * 100)), 0, 1, 5)
        assert wrong.value.code == "ofd-too-complex"
    finally:
        hurried.close()

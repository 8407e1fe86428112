"""PDFs whose page content a test writes itself, with fonts made for it: squares and triangles under chosen signs."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import pikepdf
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from pikepdf import Array, Dictionary, Name, Stream

GLYPHS = (".notdef", "A", "B", "space")
_SHAPES = {"A": ((0, 0), (0, 700), (700, 700), (700, 0)), "B": ((100, 0), (450, 700), (800, 0))}
TO_UNICODE = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def
1 begincodespacerange <0000> <ffff> endcodespacerange
3 beginbfchar <0001> <53E3> <0002> <4E09> <0003> <0020> endbfchar
endcmap end end"""  # 口 三


def _draw(pen: Any, name: str) -> None:
    points = _SHAPES.get(name, ())
    for place, point in enumerate(points):
        (pen.lineTo if place else pen.moveTo)(point)
    if points:
        pen.closePath()


@cache
def truetype() -> bytes:
    builder = FontBuilder(1000)
    builder.setupGlyphOrder(list(GLYPHS))
    builder.setupCharacterMap({ord("A"): "A", ord("B"): "B", 32: "space"})
    shapes = {}
    for name in GLYPHS:
        pen = TTGlyphPen(None)
        _draw(pen, name)
        shapes[name] = pen.glyph()
    builder.setupGlyf(shapes)
    return _saved(builder)


@cache
def cff() -> bytes:
    """Bare CFF, as FontFile3 has it."""
    builder = FontBuilder(1000, isTTF=False)
    builder.setupGlyphOrder(list(GLYPHS))
    shapes = {}
    for name in GLYPHS:
        pen = T2CharStringPen(1000, None)
        _draw(pen, name)
        shapes[name] = pen.getCharString()
    builder.setupCFF("Drawn", {}, shapes, {})
    builder.setupCharacterMap({})
    return bytes(_font_of(_saved(builder))["CFF "])


def _font_of(content: bytes) -> Any:
    from fontTools.ttLib import TTFont

    return TTFont(io.BytesIO(content)).reader


def _saved(builder: FontBuilder) -> bytes:
    builder.setupHorizontalMetrics(dict.fromkeys(GLYPHS, (1000, 0)))
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupPost(keepGlyphNames=builder.isTTF)
    builder.setupNameTable({"familyName": "Drawn", "styleName": "Regular"})
    builder.setupOS2()
    out = io.BytesIO()
    builder.save(out)
    return out.getvalue()


def composite(pdf: pikepdf.Pdf, kind: str = "ttf", *, vertical: bool = False, embedded: bool = True) -> Dictionary:
    """A Type 0 font of this program, whose codes are glyph numbers."""
    program = Stream(pdf, truetype() if kind == "ttf" else cff())
    if kind != "ttf":
        program.Subtype = Name.CIDFontType0C
    descriptor = Dictionary(Type=Name.FontDescriptor, FontName=Name("/ABCDEF+Drawn"), Flags=4)
    if embedded:
        descriptor["/FontFile2" if kind == "ttf" else "/FontFile3"] = pdf.make_indirect(program)
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2 if kind == "ttf" else Name.CIDFontType0,
        BaseFont=Name("/ABCDEF+Drawn"),
        CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
        DW=1000,
        FontDescriptor=pdf.make_indirect(descriptor),
    )
    if kind == "ttf":
        descendant.CIDToGIDMap = Name.Identity
    return Dictionary(
        Type=Name.Font,
        Subtype=Name.Type0,
        BaseFont=Name("/ABCDEF+Drawn"),
        Encoding=Name("/Identity-V") if vertical else Name("/Identity-H"),
        DescendantFonts=Array([pdf.make_indirect(descendant)]),
        ToUnicode=pdf.make_indirect(Stream(pdf, TO_UNICODE)),
    )


def simple(pdf: pikepdf.Pdf, kind: str = "ttf") -> Dictionary:
    """A font of one octet a glyph: A is the square, B the triangle."""
    program = Stream(pdf, truetype() if kind == "ttf" else cff())
    if kind != "ttf":
        program.Subtype = Name.Type1C
    descriptor = Dictionary(Type=Name.FontDescriptor, FontName=Name("/ABCDEF+Drawn"), Flags=32)
    descriptor["/FontFile2" if kind == "ttf" else "/FontFile3"] = pdf.make_indirect(program)
    encoding: Any = Name.WinAnsiEncoding
    if kind != "ttf":
        encoding = Dictionary(Type=Name.Encoding, Differences=Array([65, Name.A, Name.B]))
    return Dictionary(
        Type=Name.Font,
        Subtype=Name.TrueType if kind == "ttf" else Name.Type1,
        BaseFont=Name("/ABCDEF+Drawn"),
        Encoding=encoding,
        FirstChar=32,
        LastChar=66,
        Widths=Array([1000] * 35),
        FontDescriptor=pdf.make_indirect(descriptor),
    )


def page_of(
    content: bytes | str, *, box: tuple[float, ...] = (0, 0, 200, 100), change: Any = None, **resources: Any
) -> bytes:
    """A PDF of one page.

    Args:
        change: called with the file and its page before it is written.
        resources: by kind, e.g. `Font={"/F1": make}`; what can be called is called with the file.
    """
    pdf = pikepdf.new()
    octets = content if isinstance(content, bytes) else content.encode()
    page = Dictionary(Type=Name.Page, MediaBox=Array([*box]), Contents=Stream(pdf, octets))
    kinds = {}
    for kind, several in resources.items():
        kinds["/" + kind] = Dictionary(
            {name: pdf.make_indirect(one(pdf)) if callable(one) else one for name, one in several.items()}
        )
    page.Resources = Dictionary(kinds)
    pdf.pages.append(pikepdf.Page(page))
    if change is not None:
        change(pdf, pdf.pages[0].obj)
    out = io.BytesIO()
    pdf.save(out, static_id=True, compress_streams=False)
    return out.getvalue()

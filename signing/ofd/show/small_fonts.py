"""Makes the fonts of a PDF: only the glyphs that are shown, as TrueType outlines, with what each stands for.

A composite font of TrueType outlines whose codes are its glyphs (ISO 32000-2 §9.7), with a ToUnicode map (§9.10.3).
"""

from __future__ import annotations

import io
from typing import Any

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.recordingPen import RecordingPen
from fontTools.pens.ttGlyphPen import TTGlyphPen

from signing.ofd.package import PackageRefused
from signing.ofd.show.faces import Face
from signing.ofd.show.pdf_file import PdfFile, digits

_MOST_GLYPHS = 20_000
_TOLERANCE = 1 / 2000  # of the em: how far an outline may be from what it was
_LARGEST = 32_000


class SmallFont:
    """
    Args:
        name: of the PDF's font, ASCII.

    Attributes:
        broken: whether outlines were left out that cannot be read; known once it is put.
    """

    def __init__(self, name: str, face: Face) -> None:
        self.face = face
        self._name = name
        self._codes: dict[tuple[int, str], int] = {}
        self.broken = False

    def code(self, glyph: int, text: str) -> int:
        """The code that shows a glyph and stands for a text.

        Raises:
            PackageRefused: `too-complex`
        """
        found = self._codes.setdefault((glyph, text), len(self._codes) + 1)
        if found > _MOST_GLYPHS:
            raise PackageRefused("too-complex", "glyphs")
        return found

    def put(self, pdf: PdfFile, number: int) -> None:
        """Write it as object `number`."""
        order, glyphs, metrics = [".notdef"], {".notdef": TTGlyphPen(None).glyph()}, {".notdef": (self.face.em, 0)}
        for (glyph, _), code in self._codes.items():
            name = f"g{code}"
            order.append(name)
            glyphs[name], metrics[name] = self._glyph(glyph)
        file = pdf.add_stream("", _built(self.face.em, order, glyphs, metrics))
        scale = 1000 / self.face.em
        widths = " ".join(digits(metrics[name][0] * scale) for name in order[1:])
        descriptor = pdf.add(
            f"<< /Type /FontDescriptor /FontName /{self._name} /Flags 4 /FontBBox [-1000 -1000 2000 2000]"
            f" /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 700 /StemV 80 /FontFile2 {file} 0 R >>"
        )
        inner = pdf.add(
            f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{self._name} /CIDSystemInfo << /Registry (Adobe)"
            f" /Ordering (Identity) /Supplement 0 >> /FontDescriptor {descriptor} 0 R /DW 1000 /W [1 [{widths}]]"
            " /CIDToGIDMap /Identity >>"
        )
        meaning = pdf.add_stream("", self._meaning())
        pdf.put(
            number,
            f"<< /Type /Font /Subtype /Type0 /BaseFont /{self._name} /Encoding /Identity-H"
            f" /DescendantFonts [{inner} 0 R] /ToUnicode {meaning} 0 R >>",
        )

    def _glyph(self, glyph: int) -> tuple[Any, tuple[int, int]]:
        """One whose outline cannot be read is empty, and `broken` says so."""
        try:
            return _outline(self.face, glyph), (_advance(self.face, glyph), 0)
        except (PackageRefused, MemoryError):
            raise
        except Exception:  # a parser may throw anything at hostile bytes
            self.broken = True
            return TTGlyphPen(None).glyph(), (self.face.em, 0)

    def _meaning(self) -> bytes:
        lines = [
            f"<{code:04X}> <{text.encode('utf-16-be', 'replace').hex().upper()}>"
            for (_, text), code in self._codes.items()
            if text
        ]
        blocks = [lines[at : at + 100] for at in range(0, len(lines), 100)]
        mapped = "\n".join(f"{len(one)} beginbfchar\n" + "\n".join(one) + "\nendbfchar" for one in blocks)
        return (
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo << /Registry (Adobe)"
            " /Ordering (UCS) /Supplement 0 >> def\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
            f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{mapped}\nendcmap\n"
            "CMapName currentdict /CMap defineresource pop\nend\nend"
        ).encode()


def _outline(face: Face, glyph: int) -> Any:
    """Cubic curves become quadratic ones; an outline beyond what TrueType can say is left out."""
    recorded = RecordingPen()
    recorded.value = face.outline(glyph)
    pen = TTGlyphPen(None)
    cubic = any(operator == "curveTo" for operator, _ in recorded.value)
    recorded.replay(Cu2QuPen(pen, face.em * _TOLERANCE, reverse_direction=cubic))
    made = pen.glyph()
    points = [value for point in getattr(made, "coordinates", ()) for value in point]
    return TTGlyphPen(None).glyph() if any(abs(value) > _LARGEST for value in points) else made


def _advance(face: Face, glyph: int) -> int:
    return min(_LARGEST, max(0, round(face.advance(glyph))))


def _built(em: int, order: list[str], glyphs: dict[str, Any], metrics: dict[str, tuple[int, int]]) -> bytes:
    made = FontBuilder(em, isTTF=True)
    made.setupGlyphOrder(order)
    made.setupCharacterMap({})
    made.setupGlyf(glyphs)
    bearings = {name: getattr(made.font["glyf"][name], "xMin", 0) for name in order}
    # programs put a glyph's left edge where its bearing says (OpenType, `hmtx`)
    made.setupHorizontalMetrics({name: (metrics[name][0], bearings[name]) for name in order})
    made.setupHorizontalHeader(ascent=round(0.88 * em), descent=-round(0.12 * em))
    made.setupMaxp()
    made.setupPost(keepGlyphNames=False)
    made.font["head"].created = made.font["head"].modified = 0  # the same file gives the same PDF
    made.font.recalcTimestamp = False
    out = io.BytesIO()
    made.font.save(out)
    return out.getvalue()

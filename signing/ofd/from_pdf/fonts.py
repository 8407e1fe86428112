"""Fonts of a PDF: from the octets of a string to glyphs of the embedded program, with their widths and signs.

ISO 32000-1 §9.6 (simple fonts; §9.6.6.4 for TrueType), §9.7 (composite fonts), §9.10 (what glyphs say).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fontTools.agl import UV2AGL, toUnicode
from fontTools.encodings.MacRoman import MacRoman
from fontTools.encodings.StandardEncoding import StandardEncoding
from pyhanko.pdf_utils import generic

from signing.ofd.from_pdf.cmaps import CMap, read_cmap
from signing.ofd.from_pdf.programs import CffProgram, Program, ProgramRefused, TrueTypeProgram
from signing.ofd.write.geometry import Box, bounds
from signing.ofd.write.model import FontFile
from signing.ofd.write.values import is_writable
from signing.pades.pdf_objects import entries, entry

_SPACE = 32


@dataclass(frozen=True, slots=True)
class Shown:
    """One glyph of a string.

    Attributes:
        number: in the program.
        width: in ems, along the line.
        text: what it says; None where the file does not tell.
        is_space: it takes word spacing (ISO 32000-1 §9.3.3).
        origin: from the place of writing to the glyph's own, in ems; not zero for vertical writing.
    """

    number: int
    width: float
    text: str | None
    is_space: bool = False
    origin: tuple[float, float] = (0.0, 0.0)


class FontRefused(ValueError):
    """
    Attributes:
        reason: of `refuse.REASONS`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Font:
    """One font of the file, with what of it was used."""

    def __init__(self, dictionary: generic.DictionaryObject) -> None:
        kind = entry(dictionary, "/Subtype")
        if kind == "/Type3":
            raise FontRefused("font-type3")
        self.name = str(entry(dictionary, "/BaseFont", "/Font"))[1:]
        to_unicode = entry(dictionary, "/ToUnicode")
        texts = read_cmap(to_unicode.data).texts if isinstance(to_unicode, generic.StreamObject) else {}
        try:
            coding: _Simple | _Composite = (
                _Composite(dictionary, texts) if kind == "/Type0" else _Simple(dictionary, texts)
            )
        except ProgramRefused:
            raise FontRefused("font-program") from None
        self._coding = coding
        self.program: Program = coding.program
        self.vertical = isinstance(coding, _Composite) and coding.vertical
        self._texts: dict[str, int] = {}
        self._widths: dict[int, float] = {}
        self._bounds: dict[int, Box | None] = {}

    def shown(self, string: bytes) -> Iterator[Shown]:
        """
        Raises:
            tokens.Unreadable: octets that are no code of the font.
        """
        for one in self._coding.shown(string):
            if one.text is not None and len(one.text) == 1:
                self._texts.setdefault(one.text, one.number)
            self._widths.setdefault(one.number, one.width * 1000)
            yield one

    def bounds(self, number: int) -> Box | None:
        """Of the glyph's control points, in ems, y upwards; None if it draws nothing."""
        if number not in self._bounds:
            points = [point for _, several in self.program.outline(number) for point in several]
            units = self.program.units
            found = None if not points else bounds(points)
            self._bounds[number] = (
                None if found is None else (found[0] / units, found[1] / units, found[2] / units, found[3] / units)
            )
        return self._bounds[number]

    def file(self) -> FontFile:
        """What goes into the package, once all its text is known."""
        content = self.program.file(self.name, self._texts, self._widths)
        return FontFile(self.name, content, self.program.extension)


class _Composite:
    """Type 0 with its one descendant (ISO 32000-1 §9.7.6)."""

    def __init__(self, dictionary: generic.DictionaryObject, texts: Mapping[int, str]) -> None:
        descendant = entries(dictionary, "/DescendantFonts", 1)[0]
        self._texts = texts
        self._cmap = _encoding(entry(dictionary, "/Encoding"))
        self.vertical = self._cmap.vertical
        self.program = _program(entry(descendant, "/FontDescriptor"))
        mapped = entry(descendant, "/CIDToGIDMap")
        self._to_glyph = mapped.data if isinstance(mapped, generic.StreamObject) else None
        self._by_cid = self._charset()
        self._default = _float(entry(descendant, "/DW", 1000))
        self._widths = _widths(entries(descendant, "/W", 200_000), 1)
        down = [_float(one) for one in entries(descendant, "/DW2", 2)] or [880.0, -1000.0]
        self._default_down = (down[0], down[1])
        self._down = _widths(entries(descendant, "/W2", 200_000), 3) if self.vertical else {}

    def _charset(self) -> Mapping[int, int] | None:
        program = self.program
        if isinstance(program, CffProgram) and program.by_cid:
            return {int(name[3:]): place for place, name in enumerate(program.charset) if name.startswith("cid")} | {
                0: 0
            }
        return None

    def shown(self, string: bytes) -> Iterator[Shown]:
        identity = not self._cmap.numbers
        for code in self._cmap.codes(string):
            cid = code if identity else self._cmap.numbers.get(code, 0)
            width = self._widths.get(cid, (self._default,))[0] / 1000
            text = self._texts.get(code)
            # single octets only (§9.3.3)
            space = code == _SPACE and any(n == 1 for _, _, n in self._cmap.spaces)
            if not self.vertical:
                yield Shown(self._glyph(cid), width, text, space)
                continue
            down, across, above = self._down.get(cid, (self._default_down[1], width * 500, self._default_down[0]))
            yield Shown(self._glyph(cid), down / 1000, text, space, (-across / 1000, -above / 1000))

    def _glyph(self, cid: int) -> int:
        if self._to_glyph is not None:
            number = int.from_bytes(self._to_glyph[2 * cid : 2 * cid + 2], "big")
        elif self._by_cid is not None:
            number = self._by_cid.get(cid, 0)
        else:
            number = cid
        return number if number < self.program.glyphs else 0


class _Simple:
    """Type 1 and TrueType fonts: one octet, one glyph."""

    def __init__(self, dictionary: generic.DictionaryObject, texts: Mapping[int, str]) -> None:
        descriptor = entry(dictionary, "/FontDescriptor")
        self.program = _program(descriptor)
        flags = int(entry(descriptor, "/Flags", 0))
        coding = entry(dictionary, "/Encoding")
        names = _names(coding, self.program)
        symbolic = (bool(flags & 4) and not isinstance(coding, str)) or coding is None
        first = int(entry(dictionary, "/FirstChar", 0))
        widths = [_float(one) for one in entries(dictionary, "/Widths", 256)]
        missing = _float(entry(descriptor, "/MissingWidth", 0))
        choose = _chooser(self.program, names, symbolic)
        self._shown = []
        for code in range(256):
            width = widths[code - first] if 0 <= code - first < len(widths) else missing
            text = texts.get(code) or (None if symbolic and coding is None else _text_of(names[code]))
            self._shown.append(Shown(choose(code), width / 1000, text, code == _SPACE))

    def shown(self, string: bytes) -> Iterator[Shown]:
        return (self._shown[code] for code in string)


def _program(descriptor: object) -> Program:
    if not isinstance(descriptor, generic.DictionaryObject):
        raise FontRefused("font-not-embedded")
    if "/FontFile" in descriptor:
        raise FontRefused("font-type1")
    for key in ("/FontFile2", "/FontFile3"):
        stream = entry(descriptor, key)
        if isinstance(stream, generic.StreamObject):
            try:
                return _read_program(key, stream.data)
            except (ProgramRefused, MemoryError):
                raise
            except Exception as e:  # a parser may throw anything at hostile bytes
                raise ProgramRefused(type(e).__name__) from None
    raise FontRefused("font-not-embedded")


def _read_program(key: str, content: bytes) -> Program:
    if key == "/FontFile2":
        return TrueTypeProgram(content)
    if content[:4] == b"\0\1\0\0" and b"CFF " not in content[:512]:
        return TrueTypeProgram(content)
    return CffProgram(content)


def _encoding(value: object) -> CMap:
    if isinstance(value, generic.StreamObject):
        return read_cmap(value.data)
    if value in ("/Identity-H", "/Identity-V"):
        return CMap(spaces=[(0, 0xFFFF, 2)], vertical=value == "/Identity-V")
    raise FontRefused("font-encoding")


def _names(coding: object, program: Program) -> list[str]:
    """Glyph names by code."""
    base, differences = coding, []
    if isinstance(coding, generic.DictionaryObject):
        base, differences = entry(coding, "/BaseEncoding"), entries(coding, "/Differences", 1000)
    names = _base(base, program)
    code = 0
    for one in differences:
        if isinstance(one, str):
            if 0 <= code < 256:
                names[code] = str(one)[1:]
            code += 1
        else:
            code = int(one)
    return names


def _base(base: object, program: Program) -> list[str]:
    if base == "/WinAnsiEncoding":
        return list(_WIN_ANSI)
    if base == "/MacRomanEncoding":
        return list(MacRoman)
    if isinstance(program, CffProgram) and not program.by_cid:
        own = getattr(program.top, "Encoding", "StandardEncoding")
        if isinstance(own, Sequence) and not isinstance(own, str):
            return [str(one) for one in own]
    return list(StandardEncoding)


def _win(code: int) -> str:
    """Of WinAnsiEncoding (Annex D.2)."""
    special = {0xA0: "space", 0xAD: "hyphen"} | dict.fromkeys((127, 129, 141, 143, 144, 157), "bullet")
    return special.get(code) or UV2AGL.get(ord(bytes([code]).decode("cp1252", "replace")), ".notdef")


_WIN_ANSI = tuple(_win(code) for code in range(256))  # now, for in a cell no codec can be loaded later


def _text_of(name: str) -> str | None:
    text = "" if name == ".notdef" else toUnicode(name)
    return text if text and is_writable(text) else None


def _chooser(program: Program, names: Sequence[str], symbolic: bool) -> Any:
    """The glyph number of a code (ISO 32000-1 §9.6.6.2, §9.6.6.4)."""
    if isinstance(program, CffProgram):
        if program.by_cid:
            return lambda code: code if code < program.glyphs else 0
        by_name = {name: place for place, name in enumerate(program.charset)}
        return lambda code: by_name.get(names[code], 0)
    assert isinstance(program, TrueTypeProgram)
    return _TrueTypeChooser(program, names, symbolic)


class _TrueTypeChooser:
    def __init__(self, program: TrueTypeProgram, names: Sequence[str], symbolic: bool) -> None:
        tables = program.font["cmap"].tables if "cmap" in program.font else []
        by_kind = {(one.platformID, one.platEncID): one.cmap for one in tables}
        self._order = {name: place for place, name in enumerate(program.names())}
        self._symbol, self._mac, self._unicode = by_kind.get((3, 0)), by_kind.get((1, 0)), by_kind.get((3, 1))
        self._names, self._symbolic = names, symbolic
        self._mac_codes = {name: code for code, name in reversed(list(enumerate(MacRoman)))}

    def __call__(self, code: int) -> int:
        found = self._by_code(code) if self._symbolic else self._by_name(code)
        if found is None:
            found = self._by_name(code) if self._symbolic else self._by_code(code)
        return self._order.get(found, 0) if found else 0

    def _by_code(self, code: int) -> str | None:
        if self._symbol is not None:
            for page in (0xF000, 0, 0xF100, 0xF200):
                if page + code in self._symbol:
                    return str(self._symbol[page + code])
        return None if self._mac is None else self._mac.get(code)

    def _by_name(self, code: int) -> str | None:
        name = self._names[code]
        text = _text_of(name)
        if self._unicode is not None and text is not None and len(text) == 1 and ord(text) in self._unicode:
            return str(self._unicode[ord(text)])
        if self._mac is not None and self._mac_codes.get(name) in self._mac:
            return str(self._mac[self._mac_codes[name]])
        return name if name in self._order and name != ".notdef" else None


def _widths(words: Sequence[Any], each: int) -> dict[int, tuple[float, ...]]:
    """W (one number each) and W2 (three), by CID (ISO 32000-1 §9.7.4.3)."""
    found: dict[int, tuple[float, ...]] = {}
    at = 0
    while at + 1 < len(words):
        first, second = int(words[at]), words[at + 1]
        if isinstance(second, generic.ArrayObject):
            values = [_float(second[place]) for place in range(len(second))]
            for step in range(len(values) // each):
                found[first + step] = tuple(values[step * each : (step + 1) * each])
            at += 2
            continue
        values = [_float(one) for one in words[at + 2 : at + 2 + each]]
        if len(values) < each or int(second) - first > 0xFFFF:
            break
        found.update(dict.fromkeys(range(first, int(second) + 1), tuple(values)))
        at += 2 + each
    return found


def _float(value: Any) -> float:
    return float(value)

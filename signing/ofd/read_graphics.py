"""Reads graphics (GB/T 33190-2016 §8 to §13); what it does not know becomes `Unknown`, for others to speak of."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from signing.ofd.geometry import Box
from signing.ofd.letters import read_deltas
from signing.ofd.model.graphics import (
    Block,
    ClipArea,
    Common,
    CompositeObject,
    GlyphTransform,
    Graphic,
    ImageObject,
    PathObject,
    Stroke,
    TextCode,
    TextObject,
    Unknown,
)
from signing.ofd.package import PackageRefused
from signing.ofd.paths import read_path
from signing.ofd.read_colors import read_color
from signing.ofd.values import Budget, box, identifier, matrix, maybe, number, numbers, truth
from signing.ofd.xml import NAMESPACE, all_of, needed, one_of, text_of

_DEEPEST = 24
_NOT_DRAWN = frozenset({"Actions", "Area", "PageRes", "Template"})
_CAPS, _JOINS = frozenset({"Butt", "Round", "Square"}), frozenset({"Miter", "Round", "Bevel"})
_LARGEST_GLYPH = 65_535


@dataclass(frozen=True, slots=True)
class Reading:
    """Where reading stands.

    Attributes:
        depth: of blocks and cells within each other.
    """

    budget: Budget
    depth: int = 0

    @property
    def deeper(self) -> Reading:
        """
        Raises:
            PackageRefused: `too-deep`
        """
        if self.depth >= _DEEPEST:
            raise PackageRefused("too-deep", "graphics within graphics")
        return Reading(self.budget, self.depth + 1)


def read_graphics(block: etree._Element, reading: Reading) -> tuple[Graphic, ...]:
    """Graphics of a block, a layer, a cell or a composite, in their order.

    Raises:
        PackageRefused: `too-deep`, `too-complex`, `number`, `path`, `delta`, `reference`, `xml`.
    """
    inner = reading.deeper
    return tuple(_graphic(child, inner) for child in block if _name(child) not in _NOT_DRAWN and _name(child))


def _name(element: etree._Element) -> str:
    """The local name; nothing for comments, the whole tag for what is of another namespace."""
    if not isinstance(element.tag, str):
        return ""
    return element.tag.removeprefix(f"{{{NAMESPACE}}}")


def _graphic(element: etree._Element, reading: Reading) -> Graphic:
    reading.budget.spend()
    match name := _name(element):
        case "TextObject":
            return read_text(element, reading)
        case "PathObject":
            return _path(element, reading)
        case "ImageObject":
            return _image(element, reading)
        case "CompositeObject":
            return CompositeObject(_common(element, reading), identifier(element.get("ResourceID"), "ResourceID"))
        case "PageBlock" | "Layer":
            return Block(read_graphics(element, reading))
        case _:
            return Unknown(name.rpartition("}")[2][:40])


def read_text(element: etree._Element, reading: Reading) -> TextObject:
    """
    Raises:
        PackageRefused: as `read_graphics`.
    """
    return TextObject(
        common=_common(element, reading),
        font=identifier(element.get("Font"), "Font"),
        size=number(needed(element.get("Size"), "Size"), "Size"),
        codes=tuple(_code(one, reading) for one in all_of(element, "TextCode")),
        fill=truth(element.get("Fill"), "Fill", True),
        stroke=truth(element.get("Stroke"), "Stroke", False),
        h_scale=_number(element, "HScale", 1.0),
        read_direction=_quarter(element, "ReadDirection"),
        char_direction=_quarter(element, "CharDirection"),
        weight=int(_number(element, "Weight", 400)),
        italic=truth(element.get("Italic"), "Italic", False),
        fill_color=read_color(one_of(element, "FillColor"), reading.budget, lambda cell: _cell(cell, reading)),
        stroke_color=read_color(one_of(element, "StrokeColor"), reading.budget, lambda cell: _cell(cell, reading)),
        transforms=_transforms(element, reading),
    )


def _cell(element: etree._Element, reading: Reading) -> tuple[Graphic, ...]:
    return read_graphics(element, reading)


def _code(element: etree._Element, reading: Reading) -> TextCode:
    if len(element):
        raise PackageRefused("xml", "TextCode holds more than text")
    text = "".join(one for one in element.text or "" if one >= " ")  # line ends of the XML are not shown
    reading.budget.spend(len(text))
    most = max(0, len(text) * 2)  # a letter may be shown by more than one glyph
    return TextCode(
        text,
        maybe(element.get("X"), "X", number),
        maybe(element.get("Y"), "Y", number),
        read_deltas(element.get("DeltaX"), most, "DeltaX"),
        read_deltas(element.get("DeltaY"), most, "DeltaY"),
    )


def _transforms(element: etree._Element, reading: Reading) -> tuple[GlyphTransform, ...]:
    out = []
    for one in all_of(element, "CGTransform"):
        glyphs = numbers(text_of(one, "Glyphs") or "", "Glyphs")
        reading.budget.spend(len(glyphs))
        if any(glyph != int(glyph) or not 0 <= glyph <= _LARGEST_GLYPH for glyph in glyphs):
            raise PackageRefused("number", "Glyphs")
        position, codes = _number(one, "CodePosition", 0), _number(one, "CodeCount", 1)
        if position < 0 or codes < 1:
            raise PackageRefused("number", "CGTransform")
        out.append(GlyphTransform(int(position), int(codes), tuple(int(glyph) for glyph in glyphs)))
    if len({one.position for one in out}) != len(out):
        raise PackageRefused("reference", "two CGTransforms at one place")
    return tuple(out)


def _path(element: etree._Element, reading: Reading) -> PathObject:
    return PathObject(
        common=_common(element, reading),
        data=read_path(text_of(element, "AbbreviatedData") or "", reading.budget),
        fill=truth(element.get("Fill"), "Fill", False),
        stroke=truth(element.get("Stroke"), "Stroke", True),
        even_odd=element.get("Rule", "NonZero") == "Even-Odd",
        fill_color=read_color(one_of(element, "FillColor"), reading.budget, lambda cell: _cell(cell, reading)),
        stroke_color=read_color(one_of(element, "StrokeColor"), reading.budget, lambda cell: _cell(cell, reading)),
    )


def _image(element: etree._Element, reading: Reading) -> ImageObject:
    return ImageObject(
        common=_common(element, reading),
        resource=identifier(element.get("ResourceID", "0"), "ResourceID"),  # makers leave images without one behind
        substitution=maybe(element.get("Substitution"), "Substitution", identifier),
        mask=maybe(element.get("ImageMask"), "ImageMask", identifier),
        border=one_of(element, "Border") is not None,
    )


def _common(element: etree._Element, reading: Reading, *, within: bool = False) -> Common:
    """
    Args:
        within: of a clip, where the boundary may be missing.
    """
    alpha = _number(element, "Alpha", 255)
    if not 0 <= alpha <= 255:
        raise PackageRefused("number", "Alpha")
    stands, clips = element.get("Boundary"), one_of(element, "Clips")
    return Common(
        id=maybe(element.get("ID"), "ID", identifier),
        boundary=Box(0, 0, 0, 0) if within and stands is None else box(needed(stands, "Boundary"), "Boundary"),
        matrix=matrix(element.get("CTM")),
        visible=truth(element.get("Visible"), "Visible", True),
        draw_param=maybe(element.get("DrawParam"), "DrawParam", identifier),
        stroke=read_stroke(element),
        alpha=int(alpha),
        clips=() if clips is None else tuple(_clip(one, reading) for one in all_of(clips, "Clip")),
        clips_follow=None if clips is None else _truth_or_none(clips.get("TransFlag")),
    )


def _truth_or_none(text: str | None) -> bool | None:
    return None if text is None else truth(text, "TransFlag", False)


def _clip(element: etree._Element, reading: Reading) -> tuple[ClipArea, ...]:
    out = []
    for area in all_of(element, "Area"):
        reading.budget.spend()
        path, text = one_of(area, "Path"), one_of(area, "Text")
        shape: PathObject | TextObject | Unknown = Unknown("Area")
        if path is not None:
            data = read_path(text_of(path, "AbbreviatedData") or "", reading.budget)
            common = _common(path, reading.deeper, within=True)
            shape = PathObject(common, data, even_odd=path.get("Rule", "NonZero") == "Even-Odd")
        elif text is not None:
            shape = read_text(text, reading.deeper)
        out.append(ClipArea(matrix(area.get("CTM")), shape))
    return tuple(out)


def read_stroke(element: etree._Element) -> Stroke:
    """
    Raises:
        PackageRefused: `number`, or `xml` for a cap or join that is none.
    """
    dash = maybe(element.get("DashPattern"), "DashPattern", numbers)
    width = maybe(element.get("LineWidth"), "LineWidth", number)
    if any(value < 0 for value in (*(dash or ()), width or 0)):
        raise PackageRefused("number", "a length below zero")
    return Stroke(
        width=width,
        cap=_one_of(element, "Cap", _CAPS),
        join=_one_of(element, "Join", _JOINS),
        miter=maybe(element.get("MiterLimit"), "MiterLimit", number),
        dash=dash,
        dash_offset=maybe(element.get("DashOffset"), "DashOffset", number),
    )


def _one_of(element: etree._Element, name: str, known: frozenset[str]) -> str | None:
    value: str | None = element.get(name)
    if value is not None and value not in known:
        raise PackageRefused("xml", name)
    return value


def _number(element: etree._Element, name: str, otherwise: float) -> float:
    value = element.get(name)
    return otherwise if value is None else number(value, name)


def _quarter(element: etree._Element, name: str) -> int:
    value = _number(element, name, 0)
    if value not in {0, 90, 180, 270}:
        raise PackageRefused("number", name)
    return int(value)

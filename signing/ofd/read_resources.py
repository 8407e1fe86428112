"""Reads files of resources (GB/T 33190-2016 §7.9) and puts together what may be named at a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lxml import etree

from signing.ofd.model.resources import ColorSpace, Composite, DrawParam, Font, Media, Resources
from signing.ofd.package import Package, PackageRefused, located
from signing.ofd.read_colors import channels, read_color
from signing.ofd.read_graphics import Reading, read_graphics, read_stroke
from signing.ofd.values import identifier, maybe, number, truth
from signing.ofd.xml import all_of, needed, one_of, parse, text_of

_MOST_FILES = 1000
_KINDS = frozenset({"GRAY", "RGB", "CMYK"})


def read_resources(package: Package, paths: Sequence[str], reading: Reading, under: Resources) -> Resources:
    """All resources of these files, beside those that are there already.

    Args:
        under: of the document, for those of a page.

    Raises:
        PackageRefused: `reference`: two have one number; a file is missing or broken.
    """
    if len(paths) > _MOST_FILES:
        raise PackageRefused("too-complex", "files of resources")
    found = under
    for path in paths:
        found = _joined(found, _file(package, path, reading))
    return found


def _joined(one: Resources, other: Resources) -> Resources:
    return Resources(
        fonts=_both(one.fonts, other.fonts),
        spaces=_both(one.spaces, other.spaces),
        params=_both(one.params, other.params),
        media=_both(one.media, other.media),
        composites=_both(one.composites, other.composites),
        default_space=one.default_space,
    )


def _both(one: Mapping[int, Any], other: Mapping[int, Any]) -> Mapping[int, Any]:
    if not one or not other:
        return one or other
    if one.keys() & other.keys():
        raise PackageRefused("reference", "two resources have one number")
    return {**one, **other}


def _file(package: Package, path: str, reading: Reading) -> Resources:
    root = parse(package[path], "Res", drafts=True)
    base = root.get("BaseLoc", "").rstrip("/")

    def at(location: str) -> str:
        return located(path, location if location.startswith("/") or not base else f"{base}/{location}")

    return Resources(
        fonts=_named(root, "Fonts/Font", reading, lambda one: _font(one, at)),
        spaces=_named(root, "ColorSpaces/ColorSpace", reading, lambda one: _space(one, at)),
        params=_named(root, "DrawParams/DrawParam", reading, lambda one: _param(one, reading)),
        media=_named(root, "MultiMedias/MultiMedia", reading, lambda one: _media(one, at)),
        composites=_named(
            root, "CompositeGraphicUnits/CompositeGraphicUnit", reading, lambda one: _composite(one, reading)
        ),
    )


def _named(root: etree._Element, path: str, reading: Reading, read: Any) -> Mapping[int, Any]:
    out: dict[int, Any] = {}
    for one in all_of(root, path):
        reading.budget.spend()
        number_of = identifier(one.get("ID"), "ID")
        if number_of in out:
            raise PackageRefused("reference", "two resources have one number")
        out[number_of] = read(one)
    return out


def _font(element: etree._Element, at: Any) -> Font:
    file = text_of(element, "FontFile")
    return Font(
        name=needed(element.get("FontName"), "FontName"),
        family=element.get("FamilyName"),
        charset=element.get("Charset", "unicode"),
        serif=truth(element.get("Serif"), "Serif", False),
        bold=truth(element.get("Bold"), "Bold", False),
        italic=truth(element.get("Italic"), "Italic", False),
        fixed_width=truth(element.get("FixedWidth"), "FixedWidth", False),
        path=at(file) if file else None,
    )


def _space(element: etree._Element, at: Any) -> ColorSpace:
    kind, bits = element.get("Type", ""), number(element.get("BitsPerComponent", "8"), "BitsPerComponent")
    if kind.upper() not in _KINDS or bits not in {1, 2, 4, 8, 16}:
        raise PackageRefused("xml", "ColorSpace")
    palette = tuple(channels(one.text or "") for one in all_of(element, "Palette/CV"))
    return ColorSpace(
        kind.upper(), int(bits), palette, maybe(element.get("Profile"), "Profile", lambda text, _: at(text))
    )


def _param(element: etree._Element, reading: Reading) -> DrawParam:
    def cell(inner: etree._Element) -> Any:
        return read_graphics(inner, reading)

    return DrawParam(
        relative=maybe(element.get("Relative"), "Relative", identifier),
        stroke=read_stroke(element),
        fill_color=read_color(one_of(element, "FillColor"), reading.budget, cell),
        stroke_color=read_color(one_of(element, "StrokeColor"), reading.budget, cell),
    )


def _media(element: etree._Element, at: Any) -> Media:
    return Media(
        kind=element.get("Type", ""),
        format=element.get("Format"),
        path=at(needed(text_of(element, "MediaFile"), "MediaFile")),
    )


def _composite(element: etree._Element, reading: Reading) -> Composite:
    content = one_of(element, "Content")
    return Composite(
        width=number(needed(element.get("Width"), "Width"), "Width"),
        height=number(needed(element.get("Height"), "Height"), "Height"),
        graphics=() if content is None else read_graphics(content, reading),
    )

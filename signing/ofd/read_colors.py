"""Reads colours, shadings and patterns (GB/T 33190-2016 §8.3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lxml import etree

from signing.ofd.geometry import Point
from signing.ofd.model.graphics import Color, Graphic, Pattern, Segment, Shading, Unknown
from signing.ofd.package import PackageRefused
from signing.ofd.values import Budget, matrix, maybe, number, numbers
from signing.ofd.values import identifier as read_id
from signing.ofd.xml import NAMESPACE, all_of, needed, one_of

_MOST_CHANNELS = 4
_MAP_TYPES = frozenset({"Direct", "Repeat", "Reflect"})
Cell = Callable[[etree._Element], tuple[Graphic, ...]]


def read_color(element: etree._Element | None, budget: Budget, cell: Cell | None = None) -> Color | None:
    """
    Args:
        cell: reads the graphics of a pattern; without it patterns and shadings are unknown.

    Raises:
        PackageRefused: `number`, `reference`, `xml`; and as `cell`.
    """
    if element is None:
        return None
    budget.spend()
    alpha, index = element.get("Alpha", "255"), element.get("Index")
    value = element.get("Value")
    found = number(alpha, "Alpha")
    if not 0 <= found <= 255:
        raise PackageRefused("number", "Alpha")
    return Color(
        value=None if value is None else channels(value),
        index=None if index is None else read_id(index, "Index"),
        space=maybe(element.get("ColorSpace"), "ColorSpace", read_id),
        alpha=int(found),
        paint=_paint(element, budget, cell),
    )


def channels(text: str) -> tuple[float, ...]:
    """Channels of a colour: decimal, or hexadecimal behind `#`.

    Raises:
        PackageRefused: `number`
    """
    parts = text.split()
    if not 1 <= len(parts) <= _MOST_CHANNELS:
        raise PackageRefused("number", "channels")
    return tuple(_channel(part) for part in parts)


def _channel(part: str) -> float:
    try:
        found = float(int(part[1:5], 16)) if part.startswith("#") and len(part) <= 5 else number(part, "channel")
    except ValueError:
        raise PackageRefused("number", "channel") from None
    if found < 0:
        raise PackageRefused("number", "channel")
    return found


def _paint(element: etree._Element, budget: Budget, cell: Cell | None) -> Shading | Pattern | Unknown | None:
    children = [child for child in element if isinstance(child.tag, str)]
    if not children:
        return None
    if len(children) > 1:
        raise PackageRefused("xml", "a colour of two kinds")
    child = children[0]
    name = child.tag.removeprefix(f"{{{NAMESPACE}}}")
    match name:
        case "AxialShd":
            return _shading(child, budget, radial=False)
        case "RadialShd":
            return _shading(child, budget, radial=True)
        case "Pattern" if cell is not None:
            return _pattern(child, cell)
        case _:
            return Unknown(name.rpartition("}")[2][:40])


def _shading(element: etree._Element, budget: Budget, *, radial: bool) -> Shading:
    unit = maybe(element.get("MapUnit"), "MapUnit", number)
    extend = number(element.get("Extend", "0"), "Extend")
    kind = element.get("MapType", "Direct")
    if extend not in {0, 1, 2, 3} or kind not in _MAP_TYPES or (unit is not None and unit <= 0):
        raise PackageRefused("number", "shading")
    radii = None
    if radial:
        radii = number(element.get("StartRadius", "0"), "StartRadius"), _radius(element)
        if min(radii) < 0:
            raise PackageRefused("number", "radius")
    return Shading(
        map_type=kind,
        map_unit=unit,
        extend=int(extend),
        start=_point(element, "StartPoint"),
        end=_point(element, "EndPoint"),
        segments=_segments(element, budget),
        radii=radii,
        eccentricity=number(element.get("Eccentricity", "0"), "Eccentricity") if radial else 0.0,
    )


def _radius(element: etree._Element) -> float:
    return number(needed(element.get("EndRadius"), "EndRadius"), "EndRadius")


def _segments(element: etree._Element, budget: Budget) -> tuple[Segment, ...]:
    out = []
    for one in all_of(element, "Segment"):
        color = read_color(one_of(one, "Color"), budget)
        if color is None:
            raise PackageRefused("xml", "Segment without a colour")
        out.append(Segment(maybe(one.get("Position"), "Position", number), color))
    positions = [one.position for one in out if one.position is not None]
    if len(out) < 2 or any(not 0 <= one <= 1 for one in positions) or positions != sorted(positions):
        raise PackageRefused("number", "segments")
    return tuple(out)


def _point(element: etree._Element, name: str) -> Point:
    x, y = numbers(needed(element.get(name), name), name, 2)
    return x, y


def _pattern(element: etree._Element, cell: Cell) -> Pattern:
    width, height = _sides(element, ("Width", "Height"), (None, None))
    x_step, y_step = _sides(element, ("XStep", "YStep"), (width, height))
    content = one_of(element, "CellContent")
    return Pattern(
        width,
        height,
        x_step,
        y_step,
        reflect=element.get("ReflectMethod", "Normal"),
        relative_to_page=element.get("RelativeTo", "Object") == "Page",
        matrix=matrix(element.get("CTM")),
        graphics=() if content is None else cell(content),
    )


def _sides(element: etree._Element, names: Sequence[str], otherwise: Sequence[float | None]) -> tuple[float, float]:
    out = []
    for name, other in zip(names, otherwise, strict=True):
        value = element.get(name)
        found = other if value is None and other is not None else number(needed(value, name), name)
        if found is None or found <= 0:
            raise PackageRefused("number", name)
        out.append(max(found, other or 0))  # GB/T 33190 table 29: a step below the cell's size is its size
    return out[0], out[1]

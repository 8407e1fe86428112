"""Walks the content of a page and puts down what it draws (ISO 32000-1 §8, §9, Annex A).

Every operator is known here or noted as a problem: nothing is passed over in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyhanko.pdf_utils import generic

from signing.ofd.from_pdf.colours import ColourSpace, NoColour, colour_space
from signing.ofd.from_pdf.fonts import FontRefused
from signing.ofd.from_pdf.images import ImageRefused
from signing.ofd.from_pdf.refuse import Problems
from signing.ofd.from_pdf.resources import Resources
from signing.ofd.from_pdf.state import State
from signing.ofd.from_pdf.tokens import Name, Unreadable, operators
from signing.ofd.from_pdf.writing import Writing
from signing.ofd.write.geometry import (
    IDENTITY,
    MARGIN,
    Box,
    Matrix,
    Point,
    bounds,
    common,
    determinant,
    grown,
    is_similarity,
    moved,
    scale_of,
    times,
)
from signing.ofd.write.model import Colour, Drawn, ImageObject, Outline, PathObject, Segment, Stroke
from signing.pades.pdf_objects import entries, entry

_DEEPEST_FORM, _DEEPEST_STATE, _DEEPEST_MARK = 20, 256, 256
_THINNEST = 0.05  # mm, for a line of no width: the thinnest that a device can draw (§8.4.3.2)
_FARTHEST = 1e9  # mm; what is larger is no page, and soon no number
_UNIT: tuple[Point, ...] = ((0, 0), (1, 0), (1, 1), (0, 1))
_CAPS = ("Butt", "Round", "Square")
_JOINS = ("Miter", "Round", "Bevel")


class Walk:
    """One page.

    Args:
        matrix: from the page's user space to mm.
        seen: the page.
        put: takes what is drawn.
    """

    def __init__(
        self, matrix: Matrix, seen: Box, put: Callable[[Drawn], None], resources: Resources, problems: Problems
    ) -> None:
        self._state = State(matrix, seen)
        self._put_down = put
        self._resources = resources
        self._problems = problems
        self._writing = Writing(put, resources.place_of_font)
        self._named: generic.DictionaryObject | None = None
        self._kept: list[State] = []
        self._path: list[Segment] = []
        self._at: Point = (0.0, 0.0)
        self._start: Point = (0.0, 0.0)
        self._clips: str | None = None
        self._marks: list[bool] = []
        self._forms = 0

    def run(self, content: bytes, resources: generic.DictionaryObject | None) -> None:
        """Draw a content stream."""
        outer, self._named = self._named, resources
        try:
            for operator, operands in operators(content):
                work = _OPERATORS.get(operator)
                if work is None:
                    self._problems.note(_UNTOLD.get(operator, "operator"))
                    continue
                work(self, operands)
        except (Unreadable, IndexError, TypeError, ValueError, OverflowError):
            self._problems.note("content-damaged")
        self._writing.flush()
        self._named = outer

    # --- state -------------------------------------------------------------------------------------------------

    def _keep(self, _: list[Any]) -> None:
        if len(self._kept) >= _DEEPEST_STATE:
            self._problems.note("too-deep")
            raise Unreadable("depth")
        self._kept.append(self._state.copy())

    def _restore(self, _: list[Any]) -> None:
        self._state = self._kept.pop()

    def _concatenate(self, operands: list[Any]) -> None:
        self._state.matrix = times(_matrix(operands), self._state.matrix)
        if not all(abs(one) < _FARTHEST for one in self._state.matrix):
            raise Unreadable("matrix")

    def _line_width(self, operands: list[Any]) -> None:
        self._state.line_width = abs(_number(operands))

    def _cap(self, operands: list[Any]) -> None:
        self._state.cap = int(_number(operands))

    def _join(self, operands: list[Any]) -> None:
        self._state.join = int(_number(operands))

    def _miter(self, operands: list[Any]) -> None:
        self._state.miter = _number(operands)

    def _dash(self, operands: list[Any]) -> None:
        pattern, offset = operands
        self._dashes([float(one) for one in pattern], float(offset))

    def _dashes(self, lengths: Sequence[float], offset: float) -> None:
        if any(one < 0 for one in lengths) or len(lengths) > 100:
            raise Unreadable("dashes")
        even = lengths if len(lengths) % 2 == 0 else [*lengths, *lengths]
        self._state.dashes = tuple(even) if sum(even) > 0 else ()
        self._state.dash_offset = offset

    def _external(self, operands: list[Any]) -> None:
        found = self._resource("/ExtGState", operands)
        for key in found:
            self._parameter(str(key), entry(found, key))

    def _parameter(self, key: str, value: Any) -> None:
        state = self._state
        if key == "/ca":
            state.fill_alpha = _part(value)
        elif key == "/CA":
            state.stroke_alpha = _part(value)
        elif key == "/LW":
            state.line_width = abs(float(value))
        elif key == "/LC":
            state.cap = int(value)
        elif key == "/LJ":
            state.join = int(value)
        elif key == "/ML":
            state.miter = float(value)
        elif key == "/D":
            self._dashes([float(value[0][place]) for place in range(len(value[0]))], float(value[1]))
        elif key == "/Font":
            self._choose_font(value[0], float(value[1]))
        elif key == "/BM":
            modes = [value] if isinstance(value, str) else list(value)
            if modes and str(modes[0]) not in ("/Normal", "/Compatible"):
                self._problems.note("blend-mode")
        elif key == "/SMask":
            if value != "/None":
                self._problems.note("soft-mask")
        elif (key == "/TR" and value != "/Identity") or (key == "/TR2" and value != "/Default"):
            self._problems.note("transfer-function")
        elif key not in _MEANS_NOTHING_HERE:
            self._problems.note("operator")

    # --- colours -----------------------------------------------------------------------------------------------

    def _space(self, operands: list[Any]) -> ColourSpace:
        named = None if self._named is None else entry(self._named, "/ColorSpace")
        return colour_space(operands[0], named)

    def _set_space(self, operands: list[Any], stroke: bool) -> None:
        try:
            space = self._space(operands)
            self._set_colour(space, None, stroke)
        except NoColour as refused:
            self._problems.note(refused.reason)

    def _components(self, operands: list[Any], stroke: bool) -> None:
        if operands and isinstance(operands[-1], Name):
            self._problems.note("pattern")
            return
        space = self._state.stroke_space if stroke else self._state.fill_space
        self._set_colour(space, operands, stroke)

    def _device(self, operands: list[Any], name: str, stroke: bool) -> None:
        try:
            self._set_colour(self._space([Name(name)]), operands, stroke)
        except NoColour as refused:
            self._problems.note(refused.reason)

    def _set_colour(self, space: ColourSpace, operands: list[Any] | None, stroke: bool) -> None:
        try:
            rgb = space.initial() if operands is None else space.rgb([float(one) for one in operands])
        except NoColour as refused:
            self._problems.note(refused.reason)
            return
        if stroke:
            self._state.stroke_space, self._state.stroke = space, rgb
        else:
            self._state.fill_space, self._state.fill = space, rgb

    def _fill_colour(self) -> Colour:
        return Colour(*self._state.fill, round(self._state.fill_alpha * 255))

    def _stroke_now(self) -> Stroke:
        """In mm of the page."""
        state = self._state
        if not is_similarity(state.matrix):
            self._problems.note("uneven-stroke")
        scale = scale_of(state.matrix)
        return Stroke(
            Colour(*state.stroke, round(state.stroke_alpha * 255)),
            max(state.line_width * scale, _THINNEST),
            _CAPS[state.cap],  # type: ignore[arg-type]  # a literal of the three
            _JOINS[state.join],  # type: ignore[arg-type]
            state.miter,
            tuple(one * scale for one in state.dashes),
            state.dash_offset * scale,
        )

    # --- paths -------------------------------------------------------------------------------------------------

    def _segment(self, kind: str, *points: Point) -> None:
        self._path.append((kind, tuple(moved(self._state.matrix, point) for point in points)))
        if points:
            self._at = points[-1]

    def _move(self, operands: list[Any]) -> None:
        (point,) = _points(operands, 1)
        self._start = point
        self._segment("M", point)

    def _line(self, operands: list[Any]) -> None:
        self._begun()
        self._segment("L", *_points(operands, 1))

    def _curve(self, operands: list[Any]) -> None:
        self._begun()
        self._segment("B", *_points(operands, 3))

    def _curve_from_here(self, operands: list[Any]) -> None:
        self._begun()
        self._segment("B", self._at, *_points(operands, 2))

    def _curve_to_there(self, operands: list[Any]) -> None:
        self._begun()
        control, end = _points(operands, 2)
        self._segment("B", control, end, end)

    def _close(self, _: list[Any]) -> None:
        if self._path:
            self._segment("C")
            self._at = self._start

    def _rectangle(self, operands: list[Any]) -> None:
        x, y, width, height = (float(one) for one in operands)
        self._start = (x, y)
        self._segment("M", (x, y))
        self._segment("L", (x + width, y))
        self._segment("L", (x + width, y + height))
        self._segment("L", (x, y + height))
        self._close([])

    def _begun(self) -> None:
        if not self._path:
            raise Unreadable("a path without a beginning")
        if self._path[-1][0] == "C":  # goes on from where the closed part began
            self._segment("M", self._start)

    def _paint(self, fill: bool = False, stroke: bool = False, even_odd: bool = False, close: bool = False) -> None:
        self._writing.flush()
        if close:
            self._close([])
        outline: Outline = tuple(self._path)
        self._path = []
        if outline and (fill or stroke):
            self._draw_path(outline, fill, stroke, even_odd)
        if self._clips is not None:
            if not self._state.clip(outline, self._clips == "W*"):
                self._problems.note("too-deep")
            self._clips = None

    def _draw_path(self, outline: Outline, fill: bool, stroke: bool, even_odd: bool) -> None:
        line = self._stroke_now() if stroke else None
        box = bounds(point for _, points in outline for point in points)
        box = grown(box, MARGIN if line is None else MARGIN + _reach(line, len(outline)))
        boundary = None if self._state.seen is None else common(box, self._state.seen)
        if boundary is not None:
            ink = self._fill_colour() if fill else None
            self._put_down(PathObject(boundary, outline, ink, line, even_odd, self._state.clips))

    def _clip(self, rule: str) -> None:
        self._clips = rule

    # --- text --------------------------------------------------------------------------------------------------

    def _begin_text(self, _: list[Any]) -> None:
        self._state.text = self._state.line = IDENTITY

    def _end_text(self, _: list[Any]) -> None:
        pass

    def _letter_space(self, operands: list[Any]) -> None:
        self._state.letter_space = _number(operands)

    def _word_space(self, operands: list[Any]) -> None:
        self._state.word_space = _number(operands)

    def _stretch(self, operands: list[Any]) -> None:
        self._state.stretch = _number(operands) / 100

    def _leading(self, operands: list[Any]) -> None:
        self._state.leading = _number(operands)

    def _rise(self, operands: list[Any]) -> None:
        self._state.rise = _number(operands)

    def _mode(self, operands: list[Any]) -> None:
        self._state.mode = int(_number(operands))
        if self._state.mode not in (0, 1, 2, 3):
            self._problems.note("text-clip")

    def _font(self, operands: list[Any]) -> None:
        self._choose_font(self._resource("/Font", operands[:1]), float(operands[1]))

    def _choose_font(self, dictionary: Any, size: float) -> None:
        self._state.size = size
        try:
            self._state.font = self._resources.font(dictionary)
        except FontRefused as refused:
            self._problems.note(refused.reason)
            self._state.font = None
        except Unreadable:
            self._problems.note("font-encoding")
            self._state.font = None

    def _next_line(self, operands: list[Any]) -> None:
        ((right, up),) = _points(operands, 1)
        self._state.line = times((1.0, 0.0, 0.0, 1.0, right, up), self._state.line)
        self._state.text = self._state.line

    def _next_line_leading(self, operands: list[Any]) -> None:
        self._state.leading = -float(operands[1])
        self._next_line(operands)

    def _text_matrix(self, operands: list[Any]) -> None:
        self._state.text = self._state.line = _matrix(operands)

    def _new_line(self, _: list[Any]) -> None:
        self._next_line([0.0, -self._state.leading])

    def _show(self, operands: list[Any]) -> None:
        self._write([operands[0]])

    def _show_spaced(self, operands: list[Any]) -> None:
        self._write(operands[0])

    def _show_on_new_line(self, operands: list[Any]) -> None:
        self._new_line([])
        self._write([operands[-1]])

    def _show_with_spaces(self, operands: list[Any]) -> None:
        self._state.word_space, self._state.letter_space = float(operands[0]), float(operands[1])
        self._show_on_new_line(operands)

    def _write(self, parts: Sequence[Any]) -> None:
        state = self._state
        if state.font is None:
            self._problems.note("font-not-embedded")  # none was chosen, or one that was refused
            return
        fill = self._fill_colour() if state.mode in (0, 2) else None
        stroke = self._stroke_now() if state.mode in (1, 2) else None
        self._writing.show(state, parts, fill, stroke)

    # --- objects and marks -------------------------------------------------------------------------------------

    def _object(self, operands: list[Any]) -> None:
        stream = self._resource("/XObject", operands)
        if "/OC" in stream:
            self._problems.note("optional-content")
        kind = entry(stream, "/Subtype")
        if kind == "/Image":
            self._image(stream)
        elif kind == "/Form":
            self._form(stream)
        else:
            self._problems.note("postscript")

    def _image(self, stream: Any) -> None:
        self._writing.flush()
        state = self._state
        named = None if self._named is None else entry(self._named, "/ColorSpace")
        try:
            place = self._resources.place_of_image(stream, named, state.fill)
        except ImageRefused as refused:
            self._problems.note(refused.reason)
            return
        a, b, c, d, e, f = state.matrix
        matrix = (a, b, -c, -d, e + c, f + d)  # its first row is above, and y goes down
        seen = state.seen
        boundary = None if seen is None else common(bounds(moved(matrix, one) for one in _UNIT), seen)
        if boundary is not None and determinant(matrix):
            self._put_down(ImageObject(boundary, place, matrix, round(state.fill_alpha * 255), state.clips))

    def _inline_image(self, operands: list[Any]) -> None:
        self._problems.note("image-form")

    def _form(self, stream: Any) -> None:
        if self._forms >= _DEEPEST_FORM:
            self._problems.note("too-deep")
            return
        self._writing.flush()
        group = entry(stream, "/Group")
        state = self._state
        if isinstance(group, generic.DictionaryObject) and entry(group, "/S") == "/Transparency":
            # with normal blending and no alpha of its own, a group is what its parts are (§11.4.7)
            translucent = state.fill_alpha != 1.0 or state.stroke_alpha != 1.0
            if translucent or bool(entry(group, "/K", False)):
                self._problems.note("transparency-group")
        depth, kept, path = len(self._kept), state.copy(), self._path
        numbers = [float(one) for one in entries(stream, "/Matrix", 6)]
        state.matrix = times(_matrix(numbers) if numbers else IDENTITY, state.matrix)
        box = [float(one) for one in entries(stream, "/BBox", 4)]
        self._path = []
        if len(box) == 4:
            self._rectangle([box[0], box[1], box[2] - box[0], box[3] - box[1]])
            state.clip(tuple(self._path), False)
            self._path = []
        self._forms += 1
        own = entry(stream, "/Resources")
        self.run(stream.data, own if isinstance(own, generic.DictionaryObject) else self._named)
        self._forms -= 1
        del self._kept[depth:]
        self._state, self._path = kept, path

    def _mark(self, operands: list[Any]) -> None:
        properties: Any = None
        if len(operands) > 1:
            properties = operands[1]
            if isinstance(properties, Name):
                properties = self._resource("/Properties", [properties])
        if operands[:1] == ["OC"]:
            self._problems.note("optional-content")
        actual = _actual_text(properties)
        if actual is not None:
            self._writing.begin_actual(actual)
        if len(self._marks) >= _DEEPEST_MARK:
            raise Unreadable("depth")
        self._marks.append(actual is not None)

    def _end_mark(self, _: list[Any]) -> None:
        if self._marks.pop():
            self._writing.end_actual()

    def _nothing(self, _: list[Any]) -> None:
        """It changes nothing that is drawn here."""

    def _resource(self, kind: str, operands: list[Any]) -> Any:
        found = None if self._named is None else entry(self._named, kind)
        one = None if found is None else entry(found, "/" + str(operands[0]))
        if not isinstance(one, generic.DictionaryObject):
            raise Unreadable("resource")
        return one


def _reach(line: Stroke, segments: int) -> float:
    """How far a stroke reaches from its path."""
    joined = line.join == "Miter" and segments > 2
    return line.width / 2 * max(line.miter if joined else 1.0, 1.5)


def _actual_text(properties: Any) -> str | None:
    if isinstance(properties, generic.DictionaryObject):
        value = entry(properties, "/ActualText")
        return None if value is None else str(value)
    if isinstance(properties, dict) and isinstance(properties.get("ActualText"), bytes):
        octets = properties["ActualText"]
        utf16 = octets[:2] == b"\xfe\xff"
        return str(octets[2:].decode("utf-16-be", "replace") if utf16 else octets.decode("latin-1"))
    return None


def _matrix(operands: Sequence[Any]) -> Matrix:
    a, b, c, d, e, f = (float(one) for one in operands)
    return (a, b, c, d, e, f)


def _points(operands: Sequence[Any], count: int) -> list[Point]:
    numbers = [float(one) for one in operands]
    if len(numbers) != 2 * count:
        raise Unreadable("coordinates")
    return [(numbers[at], numbers[at + 1]) for at in range(0, 2 * count, 2)]


def _number(operands: Sequence[Any]) -> float:
    (value,) = operands
    return float(value)


def _part(value: Any) -> float:
    return min(max(float(value), 0.0), 1.0)


_MEANS_NOTHING_HERE = frozenset(
    [
        "/Type",
        "/RI",
        "/OP",
        "/op",
        "/OPM",
        "/FL",
        "/SM",
        "/SA",
        "/AIS",
        "/TK",
        "/TR",
        "/TR2",
        "/HT",
        "/BG",
        "/BG2",
        "/UCR",
        "/UCR2",
        "/UseBlackPtComp",
        "/HTO",
    ]
)
"""Parameters of devices and inks (§10, §8.6.7), which colours in RGB do not meet; AIS and TK change nothing here, for
soft masks are refused and a glyph seldom covers another."""
_UNTOLD = {"sh": "shading", "d0": "font-type3", "d1": "font-type3"}
_Work = Callable[[Walk, list[Any]], None]


def _painting(**how: bool) -> _Work:
    return lambda walk, _: walk._paint(**how)


_OPERATORS: dict[str, _Work] = {
    "q": Walk._keep,
    "Q": Walk._restore,
    "cm": Walk._concatenate,
    "w": Walk._line_width,
    "J": Walk._cap,
    "j": Walk._join,
    "M": Walk._miter,
    "d": Walk._dash,
    "gs": Walk._external,
    "ri": Walk._nothing,
    "i": Walk._nothing,
    "m": Walk._move,
    "l": Walk._line,
    "c": Walk._curve,
    "v": Walk._curve_from_here,
    "y": Walk._curve_to_there,
    "h": Walk._close,
    "re": Walk._rectangle,
    "S": _painting(stroke=True),
    "s": _painting(stroke=True, close=True),
    "f": _painting(fill=True),
    "F": _painting(fill=True),
    "f*": _painting(fill=True, even_odd=True),
    "B": _painting(fill=True, stroke=True),
    "B*": _painting(fill=True, stroke=True, even_odd=True),
    "b": _painting(fill=True, stroke=True, close=True),
    "b*": _painting(fill=True, stroke=True, even_odd=True, close=True),
    "n": _painting(),
    "W": lambda walk, _: walk._clip("W"),
    "W*": lambda walk, _: walk._clip("W*"),
    "BT": Walk._begin_text,
    "ET": Walk._end_text,
    "Tc": Walk._letter_space,
    "Tw": Walk._word_space,
    "Tz": Walk._stretch,
    "TL": Walk._leading,
    "Tf": Walk._font,
    "Tr": Walk._mode,
    "Ts": Walk._rise,
    "Td": Walk._next_line,
    "TD": Walk._next_line_leading,
    "Tm": Walk._text_matrix,
    "T*": Walk._new_line,
    "Tj": Walk._show,
    "TJ": Walk._show_spaced,
    "'": Walk._show_on_new_line,
    '"': Walk._show_with_spaces,
    "CS": lambda walk, operands: walk._set_space(operands, True),
    "cs": lambda walk, operands: walk._set_space(operands, False),
    "SC": lambda walk, operands: walk._components(operands, True),
    "SCN": lambda walk, operands: walk._components(operands, True),
    "sc": lambda walk, operands: walk._components(operands, False),
    "scn": lambda walk, operands: walk._components(operands, False),
    "G": lambda walk, operands: walk._device(operands, "DeviceGray", True),
    "g": lambda walk, operands: walk._device(operands, "DeviceGray", False),
    "RG": lambda walk, operands: walk._device(operands, "DeviceRGB", True),
    "rg": lambda walk, operands: walk._device(operands, "DeviceRGB", False),
    "K": lambda walk, operands: walk._device(operands, "DeviceCMYK", True),
    "k": lambda walk, operands: walk._device(operands, "DeviceCMYK", False),
    "Do": Walk._object,
    "BI": Walk._inline_image,
    "MP": Walk._nothing,
    "DP": Walk._nothing,
    "BMC": Walk._mark,
    "BDC": Walk._mark,
    "EMC": Walk._end_mark,
    "BX": Walk._nothing,
    "EX": Walk._nothing,
}

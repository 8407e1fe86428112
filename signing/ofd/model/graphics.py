"""Graphics of a page (GB/T 33190-2016 §8 to §13)."""

from __future__ import annotations

from dataclasses import dataclass, field

from signing.ofd.geometry import UNMOVED, Box, Matrix, Point


@dataclass(frozen=True, slots=True)
class Segment:
    """A colour at a place of a shading, from 0 to 1; None where it is left to be spread evenly."""

    position: float | None
    color: Color


@dataclass(frozen=True, slots=True)
class Shading:
    """CT_AxialShd, or CT_RadialShd where it has radii.

    Attributes:
        map_type: `Direct`, `Repeat` or `Reflect`.
        map_unit: length of one run along the axis, in millimetres; None is the whole axis.
        extend: 1 before the start, 2 beyond the end, 3 both.
    """

    map_type: str
    map_unit: float | None
    extend: int
    start: Point
    end: Point
    segments: tuple[Segment, ...]
    radii: tuple[float, float] | None = None
    eccentricity: float = 0.0


@dataclass(frozen=True, slots=True)
class Pattern:
    """CT_Pattern: a cell that is repeated.

    Attributes:
        relative_to_page: whether its origin is the page's and not the object's.
    """

    width: float
    height: float
    x_step: float
    y_step: float
    reflect: str
    relative_to_page: bool
    matrix: Matrix
    graphics: tuple[Graphic, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that cannot be shown; `name` is its element's."""

    name: str


@dataclass(frozen=True, slots=True)
class Color:
    """CT_Color.

    Attributes:
        value: channels as they stand there.
        index: into the palette of the colour space.
        space: a resource; None is the document's.
        alpha: 0 to 255.
        paint: what takes the place of a plain colour.
    """

    value: tuple[float, ...] | None = None
    index: int | None = None
    space: int | None = None
    alpha: int = 255
    paint: Shading | Pattern | Unknown | None = None


@dataclass(frozen=True, slots=True)
class Stroke:
    """How lines look; None where it is inherited (CT_DrawParam, CT_GraphicUnit)."""

    width: float | None = None
    cap: str | None = None
    join: str | None = None
    miter: float | None = None
    dash: tuple[float, ...] | None = None
    dash_offset: float | None = None


@dataclass(frozen=True, slots=True)
class ClipArea:
    """A part of a clip: the inside of a path or of letters."""

    matrix: Matrix
    shape: PathObject | TextObject | Unknown


@dataclass(frozen=True, slots=True)
class Common:
    """CT_GraphicUnit: what all graphics have.

    Attributes:
        boundary: in the coordinates of whatever holds it; the object's own begin at its top left corner.
        clips: each is the union of its areas; what is seen lies in all of them.
        clips_follow: whether they are in the coordinates before the matrix (TransFlag, which makers write and the
            edition of 2016 does not have); None where it is not said.
    """

    id: int | None
    boundary: Box
    matrix: Matrix = UNMOVED
    visible: bool = True
    draw_param: int | None = None
    stroke: Stroke = Stroke()
    alpha: int = 255
    clips: tuple[tuple[ClipArea, ...], ...] = ()
    clips_follow: bool | None = None

    @property
    def placed(self) -> Matrix:
        """From the object's own coordinates to those of whatever holds it."""
        return self.matrix.then(Matrix.moved(self.boundary.x, self.boundary.y))


@dataclass(frozen=True, slots=True)
class TextCode:
    """Letters and the steps between them; None where the text before says, or there is no step."""

    text: str
    x: float | None
    y: float | None
    delta_x: tuple[float, ...]
    delta_y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class GlyphTransform:
    """CT_CGTransform: so many codes from a position are shown by these glyphs."""

    position: int
    codes: int
    glyphs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TextObject:
    """CT_Text; `size` in millimetres, directions in degrees clockwise."""

    common: Common
    font: int
    size: float
    codes: tuple[TextCode, ...] = field(repr=False)
    fill: bool = True
    stroke: bool = False
    h_scale: float = 1.0
    read_direction: int = 0
    char_direction: int = 0
    weight: int = 400
    italic: bool = False
    fill_color: Color | None = None
    stroke_color: Color | None = None
    transforms: tuple[GlyphTransform, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class PathObject:
    """CT_Path; `data` are steps: a letter of AbbreviatedData and its numbers."""

    common: Common
    data: tuple[tuple[str, tuple[float, ...]], ...] = field(repr=False)
    fill: bool = False
    stroke: bool = True
    even_odd: bool = False
    fill_color: Color | None = None
    stroke_color: Color | None = None


@dataclass(frozen=True, slots=True)
class ImageObject:
    """CT_Image: the picture fills the square from (0, 0) to (1, 1) of its own coordinates."""

    common: Common
    resource: int
    substitution: int | None = None
    mask: int | None = None
    border: bool = False


@dataclass(frozen=True, slots=True)
class CompositeObject:
    """CT_Composite: graphics that are a resource."""

    common: Common
    resource: int


@dataclass(frozen=True, slots=True)
class Block:
    """CT_PageBlock within another."""

    graphics: tuple[Graphic, ...] = field(repr=False)


Graphic = TextObject | PathObject | ImageObject | CompositeObject | Block | Unknown

"""Draws the graphics of a page onto a canvas (GB/T 33190-2016 §8 to §13)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from signing.ofd.geometry import UNMOVED, Box, Matrix
from signing.ofd.letters import Letter, letter_matrix, letters_of
from signing.ofd.model.document import Page
from signing.ofd.model.graphics import (
    Block,
    ClipArea,
    Common,
    CompositeObject,
    Graphic,
    ImageObject,
    PathObject,
    TextObject,
    Unknown,
)
from signing.ofd.model.resources import Resources
from signing.ofd.package import Package
from signing.ofd.paths import cubics
from signing.ofd.show.canvas import Canvas
from signing.ofd.show.colors import Inking
from signing.ofd.show.notes import Notes
from signing.ofd.show.pdf_file import digits, matrix_text
from signing.ofd.show.pictures import PictureBroken, Pictures, PictureUnknown
from signing.ofd.show.style import PLAIN, Style, inherited
from signing.ofd.show.typesetting import Typesetting
from signing.ofd.values import Budget
from signing.ofd.words import check_nesting

_UPRIGHT = Matrix(1, 0, 0, -1, 0, 0)  # outlines grow upwards, pages downwards
_SLANTED = Matrix(1, 0, 0.21, 1, 0, 0)
_BOLD, _BOLD_WIDTH = 600, 0.03
_COMPOSITE = 100  # things that one use of a composite counts for: it is short to write and long to draw
_SQUARE = Box(0, 0, 1, 1)


@dataclass(frozen=True, slots=True)
class Studio:
    """What drawing takes.

    Attributes:
        pictures: those that were put into the PDF already, by their paths.
    """

    package: Package
    notes: Notes
    pictures: Pictures
    fonts: Typesetting
    budget: Budget
    known: dict[tuple[str, str | None], int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where graphics stand.

    Attributes:
        at: from their coordinates to millimetres of the page, or of the cell.
        style: that they inherit.
        within: composites that hold them.
    """

    resources: Resources
    at: Matrix = UNMOVED
    style: Style = PLAIN
    within: tuple[int, ...] = ()


def draw_page(studio: Studio, canvas: Canvas, page: Page) -> None:
    """Layers and annotations, in the order of painting.

    Raises:
        PackageRefused: `cycle`, `too-deep`, `too-complex`, `reference`, `number`, `image`, `font`.
    """
    for layer in page.layers:
        style = inherited(layer.draw_param, layer.resources, studio.notes, PLAIN)
        draw(studio, canvas, layer.graphics, Place(layer.resources, style=style))
    for annotation in page.annotations:
        boundary = annotation.boundary
        at = UNMOVED if boundary is None else Matrix.moved(boundary.x, boundary.y)
        draw(studio, canvas, annotation.graphics, Place(page.resources, at))


def draw(studio: Studio, canvas: Canvas, graphics: Sequence[Graphic], place: Place) -> None:
    """
    Raises:
        PackageRefused: as `draw_page`.
    """
    for one in graphics:
        studio.budget.spend()
        if isinstance(one, Block):
            draw(studio, canvas, one.graphics, place)
        elif isinstance(one, Unknown):
            studio.notes.add("object", one.name)
        elif one.common.visible:
            _one(studio, canvas, one, place)


def _one(
    studio: Studio,
    canvas: Canvas,
    one: TextObject | PathObject | ImageObject | CompositeObject,
    place: Place,
) -> None:
    common = one.common
    own = inherited(common.draw_param, place.resources, studio.notes, place.style)
    if isinstance(one, TextObject | PathObject):
        style = Style(common.stroke, one.fill_color, one.stroke_color).under(own)
    else:
        style = Style(common.stroke).under(own)
    here = replace(place, at=common.placed.then(place.at), style=style)
    canvas.put("q")
    _cut(studio, canvas, one, place, here)
    match one:
        case TextObject():
            _text(studio, canvas, one, here)
        case PathObject():
            _path(studio, canvas, one, here)
        case ImageObject():
            _image(studio, canvas, one, here)
        case CompositeObject():
            _composite(studio, canvas, one, here)
    canvas.put("Q")


# -- what is seen of it ----------------------------------------------------------------------------------------------


def _cut(studio: Studio, canvas: Canvas, one: Graphic, place: Place, here: Place) -> None:
    """Boundary and clips. Letters are not cut at the boundary, as readers do not; lines keep their width."""
    common: Common = one.common  # type: ignore[union-attr]  # blocks have none and are not cut
    box = common.boundary
    if not isinstance(one, TextObject):
        stroked = isinstance(one, PathObject) and one.stroke
        spare = here.style.width / 2 if stroked else 0.0
        wide = Box(box.x - spare, box.y - spare, box.width + 2 * spare, box.height + 2 * spare)
        canvas.clip_box(wide, place.at.then(canvas.base))
    # GB/T 33190 §8.5 counts from the object's corner; whether its CTM counts too, only TransFlag says
    corner = here if common.clips_follow else replace(here, at=Matrix.moved(box.x, box.y).then(place.at))
    for areas in common.clips:
        if (common.matrix != UNMOVED and common.clips_follow is None) or len(areas) > 1:
            studio.notes.add("clip")
        _clip(studio, canvas, areas, corner)


def _clip(studio: Studio, canvas: Canvas, areas: Sequence[ClipArea], here: Place) -> None:
    paths = [area for area in areas if isinstance(area.shape, PathObject)]
    if len(paths) == len(areas):
        steps = []
        for area in paths:
            assert isinstance(area.shape, PathObject)
            matrix = area.shape.common.placed.then(area.matrix)
            steps += [
                (letter, [matrix.point(*point) for point in points]) for letter, points in cubics(area.shape.data)
            ]
        even_odd = len(paths) == 1 and isinstance(paths[0].shape, PathObject) and paths[0].shape.even_odd
        canvas.clip(steps, here.at.then(canvas.base), even_odd=even_odd)
    elif len(areas) == 1 and isinstance(areas[0].shape, TextObject):
        text = areas[0].shape
        inner = replace(here, at=text.common.placed.then(areas[0].matrix).then(here.at))
        _letters(studio, canvas, text, inner, mode=7)
    else:
        studio.notes.add("clip")


# -- paths -----------------------------------------------------------------------------------------------------------


def _path(studio: Studio, canvas: Canvas, path: PathObject, here: Place) -> None:
    """Without a colour nothing is filled; lines are black (GB/T 33190 table 35)."""
    placed = here.at.then(canvas.base)
    inking = _inking(studio, canvas, here)
    fill = inking.set(here.style.fill_color, stroke=False) if path.fill and here.style.fill_color else None
    stroke = inking.set(here.style.stroke_color, stroke=True) if path.stroke else None
    if fill is None and stroke is None:
        return
    through = path.common.alpha / 255
    canvas.alpha((1 if fill is None else fill) * through, (1 if stroke is None else stroke) * through)
    canvas.put(f"{matrix_text(placed)} cm", here.style.operators)
    canvas.path(cubics(path.data))
    rule = "*" if path.even_odd else ""
    canvas.put(f"B{rule}" if fill is not None and stroke is not None else f"f{rule}" if stroke is None else "S")


def _inking(studio: Studio, canvas: Canvas, here: Place) -> Inking:
    def cell(inner: Canvas, graphics: Sequence[Graphic]) -> None:
        draw(studio, inner, graphics, Place(here.resources, within=here.within))

    return Inking(here.resources, studio.notes, canvas, here.at.then(canvas.base), cell)


# -- letters ---------------------------------------------------------------------------------------------------------


def _text(studio: Studio, canvas: Canvas, text: TextObject, here: Place) -> None:
    inking = _inking(studio, canvas, here)
    fill = inking.set(here.style.fill_color, stroke=False) if text.fill else None
    stroke = inking.set(here.style.stroke_color, stroke=True) if text.stroke else None
    if fill is not None and stroke is None:
        inking.set(here.style.fill_color, stroke=True)  # of letters that are made heavier
    through = text.common.alpha / 255
    covering = (1 if fill is None else fill) * through
    canvas.alpha(covering, covering if stroke is None else stroke * through)
    mode = (
        3 if fill is None and stroke is None else 2 if fill is not None and stroke is not None else stroke is not None
    )
    if stroke is not None:
        canvas.put(here.style.operators, f"{digits(here.style.width * _scale(here.at.then(canvas.base)))} w")
    _letters(studio, canvas, text, here, mode=int(mode))


def _letters(studio: Studio, canvas: Canvas, text: TextObject, here: Place, *, mode: int) -> None:
    placed = here.at.then(canvas.base)
    bold = _is_bold(text, here.resources)  # the letters themselves are, where the face is not ours
    canvas.put("BT", f"{mode} Tr")
    current = 0
    for letter in letters_of(text):
        studio.budget.spend()
        if not letter.text.strip() and letter.glyph is None:
            continue
        for glyph in studio.fonts.set(text, letter, here.resources):
            if glyph.font != current:
                canvas.put(f"/{canvas.names.name('Font', glyph.font)} 1 Tf")
                current = glyph.font
            shifted = Matrix.moved(glyph.shift, 0).then(_letter(text, letter, here.resources, glyph.ours))
            matrix = shifted.then(placed)
            if mode == 0 and bold:
                canvas.put(*(_heavier(matrix) if glyph.ours else ("0 Tr",)))
            canvas.put(f"{matrix_text(matrix)} Tm <{glyph.code:04X}> Tj")
    canvas.put("ET")


def _heavier(matrix: Matrix) -> tuple[str, ...]:
    return "2 Tr", f"{digits(_BOLD_WIDTH * _scale(matrix))} w"


def _letter(text: TextObject, letter: Letter, resources: Resources, ours: bool) -> Matrix:
    font = resources.fonts.get(text.font)
    slanted = ours and (text.italic or (font is not None and font.italic))
    return (_SLANTED if slanted else UNMOVED).then(_UPRIGHT).then(letter_matrix(text, letter))


def _is_bold(text: TextObject, resources: Resources) -> bool:
    font = resources.fonts.get(text.font)
    return text.weight >= _BOLD or (font is not None and font.bold)


def _scale(matrix: Matrix) -> float:
    return math.sqrt(abs(matrix.a * matrix.d - matrix.b * matrix.c))


# -- pictures and composites -----------------------------------------------------------------------------------------


def _image(studio: Studio, canvas: Canvas, image: ImageObject, here: Place) -> None:
    placed = here.at.then(canvas.base)
    if image.border:
        studio.notes.add("image-border")
    number = _picture(studio, image, here.resources)
    if number is None:
        canvas.missing(_SQUARE, placed)
        return
    canvas.alpha(image.common.alpha / 255, 1)
    canvas.image(number, placed)


def _picture(studio: Studio, image: ImageObject, resources: Resources) -> int | None:
    media = resources.media.get(image.resource)
    if media is None:
        studio.notes.add("resource", "MultiMedia")
        return None
    if media.kind != "Image":
        studio.notes.add("media", media.kind)
        return None
    mask = None if image.mask is None else resources.media.get(image.mask)
    if image.mask is not None:
        studio.notes.add("image-mask")
    key = media.path, None if mask is None else mask.path
    if key not in studio.known:
        content = studio.package[media.path]
        try:
            studio.known[key] = studio.pictures.put(content, None if mask is None else studio.package[mask.path])
        except PictureUnknown:
            studio.notes.add("image-format", media.format or "")
            return None
        except PictureBroken:
            studio.notes.add("image-broken")
            return None
    return studio.known[key]


def _composite(studio: Studio, canvas: Canvas, composite: CompositeObject, here: Place) -> None:
    unit = here.resources.composites.get(composite.resource)
    if unit is None:
        studio.notes.add("resource", "CompositeGraphicUnit")
        return
    check_nesting(composite.resource, here.within)
    studio.budget.spend(_COMPOSITE)
    inside = replace(here, within=(*here.within, composite.resource))
    through = composite.common.alpha / 255
    if through == 1:
        draw(studio, canvas, unit.graphics, inside)
        return
    inner = canvas.beside()
    draw(studio, inner, unit.graphics, inside)
    canvas.form(inner, through)

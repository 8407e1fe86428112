"""What a package is to show: pages of drawn objects in millimetres, and what they are drawn with.

All places are on the page, from its left upper corner; the writer makes them relative to each object's boundary, as
GB/T 33190 §8.5 has them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from signing.ofd.write.geometry import Box, Matrix, Point

Segment = tuple[str, tuple[Point, ...]]
"""`M`, `L`, `Q`, `B` or `C` with its points (GB/T 33190 §9.1, table 36)."""
Outline = tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Colour:
    """In RGB, the colour space that a document has unless it names another (GB/T 33190 §8.3.1).

    Attributes:
        alpha: 0 to 255.
    """

    red: int
    green: int
    blue: int
    alpha: int = 255


@dataclass(frozen=True, slots=True)
class Stroke:
    """How a line is drawn (GB/T 33190 §8.2); lengths in mm."""

    colour: Colour
    width: float
    cap: Literal["Butt", "Round", "Square"] = "Butt"
    join: Literal["Miter", "Round", "Bevel"] = "Miter"
    miter: float = 10.0
    dashes: tuple[float, ...] = ()
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Clip:
    """An outline that an object is seen through; of several, where all are."""

    outline: Outline
    even_odd: bool = False


@dataclass(frozen=True, slots=True)
class PathObject:
    """
    Attributes:
        boundary: nothing is seen outside (GB/T 33190 §8.5), here as of all objects.
    """

    boundary: Box
    outline: Outline
    fill: Colour | None = None
    stroke: Stroke | None = None
    even_odd: bool = False
    clips: tuple[Clip, ...] = ()


@dataclass(frozen=True, slots=True)
class Glyph:
    """A glyph of a text object.

    Attributes:
        number: in the font's program.
        text: the signs that it stands for, at least one.
        at: its origin on the page.
    """

    number: int
    text: str
    at: Point


@dataclass(frozen=True, slots=True)
class TextObject:
    """Glyphs of one font.

    Attributes:
        font: place in `Document.fonts`.
        size: of the em, before `matrix`.
        matrix: a, b, c, d of the object's own space, whose y goes down too.
        fill, stroke: neither for text that is there and not seen.
    """

    boundary: Box
    font: int
    size: float
    matrix: tuple[float, float, float, float]
    glyphs: tuple[Glyph, ...]
    fill: Colour | None = None
    stroke: Stroke | None = None
    clips: tuple[Clip, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageObject:
    """
    Attributes:
        image: place in `Document.images`.
        matrix: from the unit square, whose y goes down, to the page.
        alpha: 0 to 255.
    """

    boundary: Box
    image: int
    matrix: Matrix
    alpha: int = 255
    clips: tuple[Clip, ...] = ()


Drawn = PathObject | TextObject | ImageObject


@dataclass(frozen=True, slots=True)
class Page:
    """Objects in the order in which they are drawn."""

    width: float
    height: float
    objects: tuple[Drawn, ...]


@dataclass(frozen=True, slots=True)
class FontFile:
    """A font with its program.

    Attributes:
        extension: `ttf` or `otf`.
    """

    name: str
    content: bytes = field(repr=False)
    extension: Literal["ttf", "otf"]


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image as a file."""

    content: bytes = field(repr=False)
    format: Literal["PNG", "JPEG"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with the document (GB/T 33190 §20)."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What a document says of itself (GB/T 33190 §7.4, table 4).

    Attributes:
        doc_id: 32 hexadecimal digits.
        custom: names and values of CustomData, in their order.
    """

    doc_id: str
    title: str = field(default="", repr=False)
    author: str = ""
    created: dt.date | None = None
    creator: str = ""
    custom: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Document:
    """A whole package."""

    info: DocumentInfo
    pages: tuple[Page, ...]
    fonts: tuple[FontFile, ...] = ()
    images: tuple[ImageFile, ...] = ()
    attachments: tuple[Attachment, ...] = ()

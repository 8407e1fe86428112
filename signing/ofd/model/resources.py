"""Things that graphics name by number (GB/T 33190-2016 §7.9, §8.2, §8.3, §11.1, §13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from signing.ofd.model.graphics import Color, Graphic, Stroke


@dataclass(frozen=True, slots=True)
class Font:
    """CT_Font.

    Attributes:
        path: of the embedded file; None for a font that whoever reads is expected to have.
    """

    name: str
    family: str | None = None
    charset: str = "unicode"
    serif: bool = False
    bold: bool = False
    italic: bool = False
    fixed_width: bool = False
    path: str | None = None


@dataclass(frozen=True, slots=True)
class ColorSpace:
    """CT_ColorSpace.

    Attributes:
        kind: `GRAY`, `RGB` or `CMYK`.
        bits: of a channel.
        palette: colours by their number.
        profile: path of an ICC profile.
    """

    kind: str = "RGB"
    bits: int = 8
    palette: tuple[tuple[float, ...], ...] = ()
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class DrawParam:
    """CT_DrawParam: what graphics inherit, and from whom it inherits itself."""

    relative: int | None
    stroke: Stroke
    fill_color: Color | None
    stroke_color: Color | None


@dataclass(frozen=True, slots=True)
class Media:
    """CT_MultiMedia: `kind` is `Image`, `Audio` or `Video`."""

    kind: str
    format: str | None
    path: str


@dataclass(frozen=True, slots=True)
class Composite:
    """CT_VectorG: graphics that are used as one; width and height in millimetres."""

    width: float
    height: float
    graphics: tuple[Graphic, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Resources:
    """All that may be named at a place."""

    fonts: Mapping[int, Font] = field(default_factory=dict)
    spaces: Mapping[int, ColorSpace] = field(default_factory=dict)
    params: Mapping[int, DrawParam] = field(default_factory=dict)
    media: Mapping[int, Media] = field(default_factory=dict)
    composites: Mapping[int, Composite] = field(default_factory=dict)
    default_space: int | None = None

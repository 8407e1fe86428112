"""Colour spaces that have one meaning in sRGB (ISO 32000-1 §8.6): device spaces, profiles, and tables over these."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageCms
from pyhanko.pdf_utils import generic

from signing.ofd.from_pdf.tokens import Name
from signing.pades.pdf_objects import entry

Rgb = tuple[int, int, int]
_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
_DEVICE = {
    "DeviceGray": 1, "G": 1, "CalGray": 0, "DeviceRGB": 3, "RGB": 3, "DeviceCMYK": 4, "CMYK": 4,
}  # fmt: skip


class NoColour(ValueError):
    """
    Attributes:
        reason: of `refuse.REASONS`.
    """

    def __init__(self, reason: str = "colour-space") -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class ColourSpace:
    """
    Attributes:
        components: how many numbers a colour has.
        transform: to sRGB where a profile is not sRGB itself; by Little CMS.
        table: colours by index, for Indexed spaces.
    """

    components: int
    transform: Any = None
    table: tuple[Rgb, ...] | None = None
    _seen: dict[tuple[float, ...], Rgb] = field(default_factory=dict, compare=False)

    def initial(self) -> Rgb:
        return self.rgb((0.0, 0.0, 0.0, 1.0) if self.components == 4 else (0.0,) * self.components)

    def rgb(self, values: Sequence[float]) -> Rgb:
        """
        Raises:
            NoColour: another number of components.
        """
        if len(values) != self.components:
            raise NoColour
        if self.table is not None:
            return self.table[min(max(int(values[0]), 0), len(self.table) - 1)]
        key = tuple(values)
        if key not in self._seen:
            one = Image.new(_MODES[self.components], (1, 1), tuple(_octet(value) for value in values))
            pixel = self.to_rgb(one).getpixel((0, 0))
            assert isinstance(pixel, tuple)
            self._seen[key] = (int(pixel[0]), int(pixel[1]), int(pixel[2]))
        return self._seen[key]

    def to_rgb(self, image: Image.Image) -> Image.Image:
        """Of an image in this space, which has no table."""
        if self.transform is not None:
            return ImageCms.applyTransform(image, self.transform) or image
        return image.convert("RGB")  # CMYK: additive, by the complement (ISO 32000-1 §10.3.5)


GREY, RGB, CMYK = ColourSpace(1), ColourSpace(3), ColourSpace(4)
_SPACES = {1: GREY, 3: RGB, 4: CMYK}


def colour_space(value: object, named: generic.DictionaryObject | None) -> ColourSpace:
    """
    Args:
        value: a name or an array, as in the file or in a stream.
        named: the resources' ColorSpace dictionary.

    Raises:
        NoColour: Pattern, Separation, DeviceN, Lab, CalRGB, CalGray, or a broken one.
    """
    if isinstance(value, str):
        name = value if isinstance(value, Name) else value.removeprefix("/")
        components = _DEVICE.get(name)
        if components:
            default = None if named is None else entry(named, _DEFAULTS[components])
            return _SPACES[components] if default is None else colour_space(default, None)
        if name == "Pattern":
            raise NoColour("pattern")
        found = None if named is None else entry(named, "/" + name)
        if found is None or found == value:
            raise NoColour
        return colour_space(found, named if isinstance(found, generic.ArrayObject) else None)
    if isinstance(value, generic.ArrayObject) and len(value):
        kind = str(value[0])
        if kind == "/ICCBased":
            return _profiled(value[1])
        if kind in ("/Indexed", "/I"):
            return _indexed(value, named)
        if kind == "/Pattern":
            raise NoColour("pattern")
        if len(value) == 1:
            return colour_space(kind, named)
    raise NoColour


_DEFAULTS = {1: "/DefaultGray", 3: "/DefaultRGB", 4: "/DefaultCMYK"}


def _profiled(stream: Any) -> ColourSpace:
    components = int(entry(stream, "/N", 0))
    if components not in _MODES:
        raise NoColour
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(stream.data))
        if profile.profile.xcolor_space.strip() != {1: "GRAY", 3: "RGB", 4: "CMYK"}[components]:
            raise NoColour
        about = (profile.profile.profile_description or "").lower()
        if (components == 3 and about.startswith("srgb")) or (components == 1 and about.startswith(("sgrey", "sgray"))):
            return _SPACES[components]
        transform = ImageCms.buildTransform(
            profile, _srgb(), _MODES[components], "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        raise NoColour from None
    return ColourSpace(components, transform)


def _indexed(value: generic.ArrayObject, named: generic.DictionaryObject | None) -> ColourSpace:
    base = colour_space(value[1], named)
    if base.table is not None:
        raise NoColour
    last, table = int(value[2]), value[3]
    octets = table.data if isinstance(table, generic.StreamObject) else _octets(table)
    rows = min(len(octets) // base.components, last + 1)
    if not 0 < rows <= 256:
        raise NoColour
    image = Image.frombytes(_MODES[base.components], (rows, 1), bytes(octets[: rows * base.components]))
    colours = base.to_rgb(image).tobytes()
    return ColourSpace(1, table=tuple((colours[at], colours[at + 1], colours[at + 2]) for at in range(0, 3 * rows, 3)))


def _octets(value: object) -> bytes:
    if isinstance(value, generic.TextStringObject):
        return bytes(value.original_bytes)
    if isinstance(value, bytes):
        return bytes(value)
    raise NoColour


def _octet(value: float) -> int:
    return round(min(max(value, 0.0), 1.0) * 255)


def _srgb() -> Any:
    return ImageCms.createProfile("sRGB")

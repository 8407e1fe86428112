"""Images of a PDF as PNG, or as the JPEG that they are; masks become its alpha (ISO 32000-1 §8.9, §11.6.5.3)."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageChops
from pyhanko.pdf_utils import generic

from signing.ofd.from_pdf.colours import GREY, ColourSpace, NoColour, Rgb, colour_space
from signing.ofd.write.model import ImageFile
from signing.pades.pdf_objects import entries, entry

Image.preinit()  # loads the readers of PNG and JPEG, which in a cell cannot be done later

_MOST_PIXELS = 100_000_000
_READ_HERE = frozenset({"/FlateDecode", "/LZWDecode", "/ASCII85Decode", "/ASCIIHexDecode", "/RunLengthDecode"})
_GREY_RAW = {1: "L;1", 2: "L;2", 4: "L;4", 8: "L"}
_INDEX_RAW = {1: "P;1", 2: "P;2", 4: "P;4", 8: "P"}


class ImageRefused(ValueError):
    """
    Attributes:
        reason: of `refuse.REASONS`.
    """

    def __init__(self, reason: str = "image-form") -> None:
        super().__init__(reason)
        self.reason = reason


def read_image(stream: Any, named: generic.DictionaryObject | None, ink: Rgb) -> ImageFile:
    """
    Args:
        stream: an image XObject.
        named: the resources' ColorSpace dictionary.
        ink: what a stencil is filled with.

    Raises:
        ImageRefused
    """
    if entry(stream, "/ImageMask") is True or bool(entry(stream, "/ImageMask", False)):
        mask = _stencil(stream)
        image = Image.new("RGB", mask.size, ink)
        image.putalpha(mask)
        return _png(image)
    alpha = _alpha(stream)
    if alpha is None and (kept := _kept_jpeg(stream, named)) is not None:
        return kept
    image = _pixels(stream, named)
    keyed = entries(stream, "/Mask", 8)
    if keyed:
        raise ImageRefused  # colours that are keyed out
    if alpha is not None:
        if alpha.size != image.size:
            size = (max(alpha.width, image.width), max(alpha.height, image.height))
            alpha = alpha.resize(size, Image.Resampling.NEAREST)
            image = image.resize(size, Image.Resampling.NEAREST)
        image = image.convert("RGB")
        image.putalpha(alpha)
    return _png(image)


def _alpha(stream: Any) -> Image.Image | None:
    soft = entry(stream, "/SMask")
    if isinstance(soft, generic.StreamObject):
        if entries(soft, "/Matte", 4):
            raise ImageRefused  # colours multiplied with the mask
        return _pixels(soft, None).convert("L")
    hard = entry(stream, "/Mask")
    if isinstance(hard, generic.StreamObject):
        return _stencil(hard)  # painted where the image is seen (§8.9.6.3)
    return None


def _stencil(stream: Any) -> Image.Image:
    """255 where it paints: at samples of 0, or of 1 where Decode is [1 0] (§8.9.6.2)."""
    size = _size(stream)
    if _filters(stream) - _READ_HERE:
        raise ImageRefused("image-filter")
    samples = _raw(stream.data, size, 1, "L;1")
    turned = [float(one) for one in entries(stream, "/Decode", 2)] == [1.0, 0.0]
    return samples if turned else ImageChops.invert(samples)


def _kept_jpeg(stream: Any, named: generic.DictionaryObject | None) -> ImageFile | None:
    """A JPEG in grey or RGB as it is; anything else is decoded."""
    if _filters(stream) != {"/DCTDecode"} or entries(stream, "/Decode", 8):
        return None
    space = _space(stream, named)
    if space.transform is not None or space.table is not None or space.components == 4:
        return None
    content = bytes(stream.encoded_data)
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
            fits = image.mode == {1: "L", 3: "RGB"}[space.components] and image.size == _size(stream)
            if not fits or image.width * image.height > _MOST_PIXELS:
                return None
            image.load()  # to the end, so that it is whole
    except (OSError, ValueError, Image.DecompressionBombError):
        raise ImageRefused from None
    return ImageFile(content, "JPEG")


def _pixels(stream: Any, named: generic.DictionaryObject | None) -> Image.Image:
    """In mode L or RGB."""
    size, filters = _size(stream), _filters(stream)
    space = _space(stream, named)
    if "/DCTDecode" in filters:
        image = _jpeg(stream, filters, size, space)
    elif filters - _READ_HERE:
        raise ImageRefused("image-filter")
    else:
        image = _samples(stream, size, space)
    decode = [float(one) for one in entries(stream, "/Decode", 8)]
    if decode and space.table is None:
        if decode == [1.0, 0.0] * space.components:
            image = ImageChops.invert(image)
        elif decode != [0.0, 1.0] * space.components:
            raise ImageRefused
    elif decode and decode != [0.0, float(2 ** int(entry(stream, "/BitsPerComponent", 8)) - 1)]:
        raise ImageRefused
    if space.table is not None:
        image.putpalette([part for colour in space.table for part in colour])
        return image.convert("RGB")
    return image if space is GREY else space.to_rgb(image)


def _jpeg(stream: Any, filters: set[str], size: tuple[int, int], space: ColourSpace) -> Image.Image:
    if filters != {"/DCTDecode"} or space.table is not None:
        raise ImageRefused("image-filter")
    try:
        with Image.open(io.BytesIO(stream.encoded_data), formats=("JPEG",)) as image:
            if image.size != size or image.mode != {1: "L", 3: "RGB"}.get(space.components):
                raise ImageRefused  # of four colours some are inverted and some are not: nothing in the file tells
            return image.copy()
    except (OSError, ValueError, Image.DecompressionBombError):
        raise ImageRefused from None


def _samples(stream: Any, size: tuple[int, int], space: ColourSpace) -> Image.Image:
    bits = int(entry(stream, "/BitsPerComponent", 8))
    content = bytes(stream.data)
    if bits == 16:
        content, bits = content[::2], 8
    if space.components == 1:
        raw = (_INDEX_RAW if space.table is not None else _GREY_RAW).get(bits)
        if raw is None:
            raise ImageRefused
        return _raw(content, size, bits, raw, "P" if space.table is not None else "L")
    if bits != 8:
        raise ImageRefused
    mode = "RGB" if space.components == 3 else "CMYK"
    return _raw(content, size, 8 * space.components, mode, mode)


def _raw(content: bytes, size: tuple[int, int], bits: int, raw: str, mode: str = "L") -> Image.Image:
    needed = (size[0] * bits + 7) // 8 * size[1]
    if len(content) < needed:
        raise ImageRefused  # what is missing would be seen as something
    if raw == "L;1":  # a whole octet for each pixel
        return Image.frombytes("1", size, content[:needed]).convert("L")
    return Image.frombytes(mode, size, content[:needed], "raw", raw)


def _space(stream: Any, named: generic.DictionaryObject | None) -> ColourSpace:
    value = entry(stream, "/ColorSpace")
    try:
        return colour_space(value, named)
    except NoColour as refused:
        raise ImageRefused(refused.reason) from None


def _size(stream: Any) -> tuple[int, int]:
    width, height = int(entry(stream, "/Width", 0)), int(entry(stream, "/Height", 0))
    if not (width > 0 and height > 0 and width * height <= _MOST_PIXELS):
        raise ImageRefused
    return width, height


def _filters(stream: Any) -> set[str]:
    one = entry(stream, "/Filter")
    return {str(one)} if isinstance(one, str) else {str(each) for each in entries(stream, "/Filter", 10)}


def _png(image: Image.Image) -> ImageFile:
    out = io.BytesIO()
    image.save(out, "PNG")
    return ImageFile(out.getvalue(), "PNG")

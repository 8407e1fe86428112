"""Pictures of an OFD as those of a PDF (ISO 32000-2 §8.9): JPEG as it is, others by their points."""

from __future__ import annotations

import io

from PIL import BmpImagePlugin, GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin

from signing.ofd.package import PackageRefused
from signing.ofd.show.pdf_file import PdfFile

_KNOWN = tuple(one.format for one in (
    PngImagePlugin.PngImageFile, JpegImagePlugin.JpegImageFile, BmpImagePlugin.BmpImageFile,
    GifImagePlugin.GifImageFile, TiffImagePlugin.TiffImageFile,
))  # fmt: skip
MOST_PIXELS = 25_000_000
"""Of one picture."""

_MOST_TOGETHER = 100_000_000
_LARGEST_SIDE = 30_000
_WHITE = 244
Image.preinit()  # a cell cannot load modules later


class PictureUnknown(Exception):
    """A format that is not read."""


class PictureBroken(Exception):
    """It cannot be opened."""


class Pictures:
    """Puts pictures into a PDF and keeps to a bound on all points together."""

    def __init__(self, pdf: PdfFile) -> None:
        self._pdf = pdf
        self._left = _MOST_TOGETHER

    def put(self, content: bytes, mask: bytes | None = None) -> int:
        """
        Args:
            mask: another picture; what is white there is seen of the first.

        Returns:
            The object's number.

        Raises:
            PictureUnknown, PictureBroken
            PackageRefused: `image`: more points than will be drawn.
        """
        image = self._opened(content)
        try:
            hidden = None if mask is None else self._opened(mask).convert("L").point(lambda one: 255 * (one > _WHITE))
            jpeg = image.format == "JPEG" and image.mode in {"L", "RGB"}
            image.load()
            if jpeg:
                return self._jpeg(image, content, hidden)
            if hidden is None and ("A" in image.mode or "transparency" in image.info):
                image = image.convert("RGBA")
                hidden = image.getchannel("A")
            return self._points(image, hidden)
        except (PackageRefused, MemoryError):
            raise
        except Exception as e:  # a parser may throw anything at hostile bytes
            raise PictureBroken(type(e).__name__) from e

    def _opened(self, content: bytes) -> Image.Image:
        try:
            image = Image.open(io.BytesIO(content), formats=[one for one in _KNOWN if one])
        except Image.DecompressionBombError:
            raise PackageRefused("image", "more points than will be drawn") from None
        except Exception as e:
            raise PictureUnknown from e
        width, height = image.size
        self._left -= width * height
        if width * height > MOST_PIXELS or self._left < 0 or max(width, height) > _LARGEST_SIDE:
            raise PackageRefused("image", "more points than will be drawn")
        return image

    def _jpeg(self, image: Image.Image, content: bytes, hidden: Image.Image | None) -> int:
        space = "/DeviceGray" if image.mode == "L" else "/DeviceRGB"
        return self._pdf.add_stream(
            f"{_head(image, space)}{self._mask(hidden)} /Filter /DCTDecode", content, deflated=False
        )

    def _points(self, image: Image.Image, hidden: Image.Image | None) -> int:
        plain = image.convert("L" if image.mode in {"1", "L", "LA"} else "RGB")
        space = "/DeviceGray" if plain.mode == "L" else "/DeviceRGB"
        return self._pdf.add_stream(f"{_head(plain, space)}{self._mask(hidden)}", plain.tobytes())

    def _mask(self, hidden: Image.Image | None) -> str:
        if hidden is None:
            return ""
        return f" /SMask {self._pdf.add_stream(_head(hidden, '/DeviceGray'), hidden.tobytes())} 0 R"


def _head(image: Image.Image, space: str) -> str:
    width, height = image.size
    return (
        f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace {space} /BitsPerComponent 8"
        " /Interpolate true"
    )

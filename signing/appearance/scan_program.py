"""Finds the red impression in a scan and frees it from its paper; a program of its own, so that a hostile picture harms
only itself.

Reads a line of JSON with the shape, then the picture, from standard input. Writes a line of JSON with what it found,
then how much ink there is at each pixel of the cropped seal (one byte each), then a small JPEG of what was cropped,
made anew. Run by `signing.appearance.scan_reader`; imports nothing of ours on purpose. What it may use up is limited
before a byte of the picture is looked at: its size is judged by its header, before it is unpacked.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

_MEMORY = 1024 * 1024 * 1024
_SECONDS = 15
_FORMATS = ("PNG", "JPEG", "WEBP")  # what scanners and phones make; no format that runs programs or names other files
_MOST_PIXELS = 40_000_000
_EDGE = 3000  # longest edge that is worked on
_FINEST = 640  # pixels across a seal that are kept: some 15 to the millimetre
_SEARCH = 240  # longest edge of the picture in which the seal is looked for
_LEAST_ACROSS = 300  # pixels: 180 to the inch for 42 mm
_PAPER = 300  # longest edge of the picture from which the paper's light is judged
_RED, _FAINT = 36, 50  # of 255: from where it is red at all, and how red most of the ink must be
_LEAST_RED = 0.001  # of the picture
_ROUND = 0.07  # that a round seal may be wider than high, or higher than wide
_RIM, _WHOLE = 0.12, 0.75  # the outer part of the radius, and how much of the way round there must be ink in it
_DIRECTIONS = 180
_SHOWN = 360  # longest edge of what is shown as it was


class _Refused(Exception):
    """The code says why."""


def main() -> None:
    order = json.loads(sys.stdin.buffer.readline())
    try:
        found = clean(sys.stdin.buffer.read(), is_round=bool(order["round"]))
    except _Refused as refused:
        found = [json.dumps({"refused": str(refused)}).encode() + b"\n"]
    for part in found:
        sys.stdout.buffer.write(part)


def clean(content: bytes, *, is_round: bool) -> list[bytes]:
    """The three parts of the answer."""
    picture, dots, shrunk = _opened(content)
    red, dark = _ink(picture)
    box = _found(red)
    box = _exact(red, box)
    across = (box[2] - box[0]) * shrunk
    if across < _LEAST_ACROSS:
        raise _Refused("small")
    if is_round:
        box = _circled(red, box)
    seal = _cut(dark, box, is_round=is_round)
    before = picture.crop(box)
    before.thumbnail((_SHOWN, _SHOWN))
    shown = io.BytesIO()
    before.save(shown, "JPEG", quality=85)
    facts = {"width": seal.width, "height": seal.height, "across": across, "dots": dots, "shown": len(shown.getvalue())}
    return [json.dumps(facts).encode() + b"\n", seal.tobytes(), shown.getvalue()]


def _opened(content: bytes) -> tuple[Image, float, float]:
    """The picture the right way up on white, its dots to the inch (0 if it does not say), and how far it was shrunk."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
    with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
        if opened.width * opened.height > _MOST_PIXELS or getattr(opened, "n_frames", 1) > 1:
            raise _Refused("unreadable")
        dots, width = _dots(opened.info.get("dpi")), max(opened.size)
        opened.draft("RGB", (_EDGE, _EDGE))  # a JPEG is unpacked no finer than it is worked on
        turned = ImageOps.exif_transpose(opened)
        if "A" in turned.getbands() or "transparency" in turned.info:
            paper = Image.new("RGBA", turned.size, "white")
            turned = Image.alpha_composite(paper, turned.convert("RGBA"))
        picture = turned.convert("RGB")
    picture.thumbnail((_EDGE, _EDGE))
    return picture, dots, width / max(picture.size)


def _dots(said: Any) -> float:
    try:
        dots = float(said[0])
    except (TypeError, ValueError, IndexError):
        return 0.0
    return dots if 72 < dots <= 4800 else 0.0  # 72 is what programs write that do not know


def _ink(picture: Image) -> tuple[Image, Image]:
    """How red and how dark it is everywhere, measured against the paper around it: a shadow is neither."""
    from PIL import Image, ImageChops, ImageFilter

    small = picture.copy()
    small.thumbnail((_PAPER, _PAPER))
    light = small.filter(ImageFilter.MaxFilter(25)).filter(ImageFilter.GaussianBlur(12)).resize(picture.size)
    bands = [_over(band, paper) for band, paper in zip(picture.split(), light.split(), strict=True)]
    red, green, blue = bands
    redness = ImageChops.darker(ImageChops.subtract(red, green), ImageChops.subtract(red, blue))
    histogram = redness.histogram()
    inked = sum(histogram[_RED:])
    if inked < _LEAST_RED * picture.width * picture.height:
        raise _Refused("no-red")
    if _share(histogram, _RED, 0.75) < _FAINT:
        raise _Refused("faint")
    darkness = ImageChops.invert(green)
    # the colour of a JPEG is coarser than its light: the edge is where the light says, as long as there is red close by
    near = redness.filter(ImageFilter.MaxFilter(3)).point(lambda value: min(255, value * 4))
    near = near.filter(ImageFilter.BoxBlur(1))
    full = max(
        _share(Image.composite(darkness, Image.new("L", picture.size), _over_red(redness)).histogram(), 1, 0.5), 60
    )
    dark = ImageChops.darker(darkness.point(_stretched(full)), near)
    return redness, dark


def _over(band: Image, paper: Image) -> Image:
    """A band as a share of the paper's light."""
    from PIL import ImageMath

    divided = ImageMath.lambda_eval(lambda a: a["min"](a["b"] * 255 / a["max"](a["p"], 40), 255), b=band, p=paper)
    return divided.convert("L")  # type: ignore[no-any-return]  # a picture


def _over_red(redness: Image) -> Image:
    return redness.point(lambda value: 255 if value >= _RED else 0)


def _stretched(full: int) -> Callable[[int], int]:
    return lambda value: min(255, value * 255 // full)


def _share(histogram: list[int], first: int, share: float) -> int:
    """The value that this share of those from `first` on do not exceed."""
    wanted = share * sum(histogram[first:])
    seen = 0
    for value in range(first, 256):
        seen += histogram[value]
        if seen >= wanted:
            return value
    return 255


Box = tuple[int, int, int, int]


def _found(red: Image) -> Box:
    """Around the group of red that reaches furthest; specks and other stamps beside it are left out."""
    from PIL import ImageFilter

    small = red.copy()
    small.thumbnail((_SEARCH, _SEARCH))
    small = small.point(lambda value: 255 if value >= _RED // 2 else 0).filter(ImageFilter.MaxFilter(5))
    width, height = small.size
    left = bytearray(small.tobytes())
    best, reach = (0, 0, 0, 0), 0
    for start in range(width * height):
        if left[start]:
            box = _group(left, width, height, start)
            size = (box[2] - box[0]) * (box[3] - box[1])
            if size > reach:
                best, reach = box, size
    scale = red.width / width
    if not reach:
        raise _Refused("no-red")
    pad = 3
    spread = [round(side * scale) for side in (best[0] - pad, best[1] - pad, best[2] + pad, best[3] + pad)]
    return max(spread[0], 0), max(spread[1], 0), min(spread[2], red.width), min(spread[3], red.height)


def _group(left: bytearray, width: int, height: int, start: int) -> Box:
    """Take a connected group away and answer the box around it."""
    ways, left[start] = [start], 0
    x0 = x1 = start % width
    y0 = y1 = start // width
    while ways:
        at = ways.pop()
        x, y = at % width, at // width
        x0, x1, y0, y1 = min(x0, x), max(x1, x), min(y0, y), max(y1, y)
        for other, inside in (
            (at - 1, x > 0),
            (at + 1, x < width - 1),
            (at - width, y > 0),
            (at + width, y < height - 1),
        ):
            if inside and left[other]:
                left[other] = 0
                ways.append(other)
    return x0, y0, x1 + 1, y1 + 1


def _exact(red: Image, box: Box) -> Box:
    """The box drawn tight around the ink."""
    from PIL import ImageFilter

    part = red.crop(box).filter(ImageFilter.MedianFilter(3)).point(lambda value: 255 if value >= _RED else 0)
    tight = part.getbbox()
    if tight is None:
        raise _Refused("faint")
    x0, y0 = box[0] + tight[0], box[1] + tight[1]
    x1, y1 = box[0] + tight[2], box[1] + tight[3]
    if x0 <= 1 or y0 <= 1 or x1 >= red.width - 1 or y1 >= red.height - 1:
        raise _Refused("cut")
    return x0, y0, x1, y1


def _circled(red: Image, box: Box) -> Box:
    """A square around a round seal whose ring goes most of the way round."""
    import math

    width, height = box[2] - box[0], box[3] - box[1]
    if abs(width - height) > _ROUND * max(width, height):
        raise _Refused("not-round")
    x, y, radius = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, max(width, height) / 2
    pixels = red.load()
    assert pixels is not None
    met = 0
    for step in range(_DIRECTIONS):
        across, down = math.cos(2 * math.pi * step / _DIRECTIONS), math.sin(2 * math.pi * step / _DIRECTIONS)
        met += any(
            pixels[
                min(max(int(x + across * radius * (1 - share / 100)), 0), red.width - 1),
                min(max(int(y + down * radius * (1 - share / 100)), 0), red.height - 1),
            ]
            >= _RED  # type: ignore[operator]  # one band
            for share in range(int(100 * _RIM) + 1)
        )
    if met < _WHOLE * _DIRECTIONS:
        raise _Refused("broken")
    side = math.ceil(radius)
    return max(int(x) - side, 0), max(int(y) - side, 0), min(int(x) + side, red.width), min(int(y) + side, red.height)


def _cut(dark: Image, box: Box, *, is_round: bool) -> Image:
    from PIL import Image, ImageChops, ImageDraw

    seal = dark.crop(box)
    if max(seal.size) > _FINEST:
        seal.thumbnail((_FINEST, _FINEST))
    if not is_round:
        return seal
    within = Image.new("L", seal.size)
    ImageDraw.Draw(within).ellipse((0, 0, seal.width - 1, seal.height - 1), fill=255)
    return ImageChops.darker(seal, within)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    main()

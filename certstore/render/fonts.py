"""Fonts for faces, and which characters they can draw: a person's name is never printed as an empty box."""

from __future__ import annotations

import struct
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import pylopdf_fonts_zh_cn
from fontTools.ttLib import TTCollection, TTFont

from core.errors import InvalidInput
from core.text import Text

_INVISIBLE = {"Cf", "Zl", "Zp", "Zs"}
# Files that hold rare characters of names (CJK extensions A and B); the first that exists is used.
SYSTEM_FONTS = (
    Path("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc"),
    Path("/usr/share/fonts/noto-cjk/NotoSerifCJK-Regular.ttc"),
    Path("/usr/share/fonts/google-noto-cjk/NotoSerifCJK-Regular.ttc"),
)


def packaged_fonts() -> Path:
    """Folder of Noto Serif SC and Noto Sans SC, which come with the environment."""
    return Path(pylopdf_fonts_zh_cn.__path__[0])


class Glyphs:
    """Knows which characters the given fonts can draw. Font files are read once, the large fallback only if needed."""

    def __init__(self, fallbacks: Sequence[Path] = SYSTEM_FONTS) -> None:
        self.fallback = next((path for path in fallbacks if path.is_file()), None)

    def check(self, text: str) -> None:
        """
        Raises:
            InvalidInput: `glyph-missing`; the message names the code point, for the character itself may not show.
        """
        # the serif sets every value; the sans only fixed words, which the tests cover
        base = _coverage(packaged_fonts() / "NotoSerifSC-Regular.otf")
        visible = {c for c in text if c != "\n" and unicodedata.category(c) not in _INVISIBLE}
        missing = sorted(c for c in visible if ord(c) not in base)
        if missing and self.fallback is not None:
            rare = _coverage(self.fallback)
            missing = [c for c in missing if ord(c) not in rare]
        if missing:
            raise InvalidInput(
                "glyph-missing",
                Text(
                    f"字库里没有 U+{ord(missing[0]):04X} 这个字，不能印成方框。"
                    "请在服务器上安装 fonts-noto-cjk，或报管理员补字。",
                    f"No font here can draw U+{ord(missing[0]):04X}, and it must not print as a box. Install "
                    "fonts-noto-cjk on the server, or ask the administrator to add the character.",
                ),
                field="data",
            )


class Coverage:
    """Code points as ranges: some kilobytes, where a set of all characters of a Chinese font takes megabytes."""

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(ranges)
        self._starts = array("I", (start for start, _ in ordered))
        self._ends = array("I", (end for _, end in ordered))

    def __contains__(self, code_point: int) -> bool:
        place = bisect_right(self._starts, code_point) - 1
        return place >= 0 and code_point <= self._ends[place]


@lru_cache(maxsize=8)
def _coverage(path: Path) -> Coverage:
    if path.suffix == ".ttc":
        with TTCollection(path, lazy=True) as collection:
            return Coverage(_mapped(_simplified(collection)))
    with TTFont(path, lazy=True) as font:
        return Coverage(_mapped(font))


def _mapped(font: TTFont) -> Iterator[tuple[int, int]]:
    """Ranges of the character map's format 12 subtable (OpenType, cmap), read without making names for the glyphs."""
    table = font.reader["cmap"]
    (count,) = struct.unpack_from(">H", table, 2)
    offsets = {struct.unpack_from(">HHL", table, 4 + 8 * index)[2] for index in range(count)}
    for offset in sorted(offsets):
        if struct.unpack_from(">H", table, offset)[0] == 12:
            (groups,) = struct.unpack_from(">L", table, offset + 12)
            for group in range(groups):
                start, end, _glyph = struct.unpack_from(">LLL", table, offset + 16 + 12 * group)
                yield start, end
            return
    raise ValueError("the font has no full character map")


def _simplified(collection: TTCollection) -> TTFont:
    """The member that is set as 'Noto Serif CJK SC'."""
    for font in collection.fonts:
        if "SC" in str(font["name"].getDebugName(1)).split():
            return font
    return collection.fonts[0]

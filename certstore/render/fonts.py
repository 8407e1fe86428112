"""Fonts for faces, and which characters they can draw: a person's name is never printed as an empty box."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
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
        missing = sorted({c for c in text if unicodedata.category(c) not in _INVISIBLE} - {"\n"} - _base())
        if missing and self.fallback is not None:
            missing = [c for c in missing if ord(c) not in _coverage(self.fallback)]
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


@lru_cache(maxsize=1)
def _base() -> frozenset[str]:
    # the serif sets every value; the sans only fixed words, which the tests cover
    return frozenset(map(chr, _coverage(packaged_fonts() / "NotoSerifSC-Regular.otf")))


@lru_cache(maxsize=4)
def _coverage(path: Path) -> frozenset[int]:
    if path.suffix == ".ttc":
        with TTCollection(path, lazy=True) as collection:
            return frozenset(_simplified(collection).getBestCmap())
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


def _simplified(collection: TTCollection) -> TTFont:
    """The member that is set as 'Noto Serif CJK SC'."""
    for font in collection.fonts:
        if "SC" in str(font["name"].getDebugName(1)).split():
            return font
    return collection.fonts[0]

"""What could not be shown as it is: one note for each kind of thing and what it concerns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.text import Text

FONT_SUBSTITUTED = "font-substituted"
_MOST = 200
_LONGEST = 60

_WORDS: Mapping[str, tuple[str, str]] = {
    FONT_SUBSTITUTED: ("文件没有带字体，用相近的字体代替", "A typeface is not in the file; a similar one stands in"),
    "font-broken": ("文件自带的字体打不开，用别的字体代替", "A typeface of the file cannot be read; another stands in"),
    "glyph-missing": ("字体里没有这个字", "The typeface lacks a character"),
    "glyph-transform": (
        "几个字合成几个字形，位置可能有出入",
        "Characters are shown by joint glyphs; places may differ",
    ),
    "object": ("有不认识的内容，没有显示", "Something unknown is not shown"),
    "paint": ("有画不出的渐变或填充，没有显示", "A shading or filling cannot be drawn and is not shown"),
    "shading": ("渐变只能近似显示", "A shading is shown only roughly"),
    "pattern": ("填充图案只能近似显示", "A pattern is shown only roughly"),
    "clip": ("裁剪范围可能有出入", "What is cut off may differ"),
    "color-profile": ("颜色特性文件没有采用，颜色可能有出入", "A colour profile is not used; colours may differ"),
    "image-format": ("图片格式不支持，只画出位置", "The format of a picture is not supported; only its place is shown"),
    "image-broken": ("图片打不开，只画出位置", "A picture cannot be opened; only its place is shown"),
    "image-mask": ("图片的蒙版可能有出入", "The mask of a picture may differ"),
    "image-border": ("图片的边框没有画出", "The border of a picture is not drawn"),
    "resource": ("引用的内容在文件里找不到", "Something that is named is not in the file"),
    "media": ("音频或视频没有显示", "Sound or film is not shown"),
    "seal-picture": ("印章图片画不出，只画出位置", "The picture of a seal cannot be drawn; only its place is shown"),
    "signatures": ("签名列表读不了，印章没有显示", "The list of signatures cannot be read; no seals are shown"),
    "page-box": ("页面原点不在左上角，位置可能有出入", "The page does not begin at its corner; places may differ"),
}


@dataclass(frozen=True, slots=True)
class Note:
    """
    Attributes:
        kind: a short stable word.
        page: the first that it concerns, from 1; 0 for the whole document.
        detail: a name from the file: a typeface, an element, a format.
    """

    kind: str
    page: int
    detail: str = ""

    @property
    def text(self) -> Text:
        zh, en = _WORDS.get(self.kind, _WORDS["object"])
        where = (f"（第 {self.page} 页起）", f" (from page {self.page})") if self.page else ("", "")
        what = (f"：{self.detail}", f": {self.detail}") if self.detail else ("", "")
        return Text(f"{zh}{what[0]}{where[0]}", f"{en}{what[1]}{where[1]}")


class Notes:
    """Collects notes, each kind and detail once."""

    def __init__(self) -> None:
        self.page = 0
        self._found: dict[tuple[str, str], Note] = {}

    def add(self, kind: str, detail: str = "") -> None:
        told = "".join(one for one in detail if one.isprintable())[:_LONGEST]
        if len(self._found) < _MOST:
            self._found.setdefault((kind, told), Note(kind, self.page, told))

    @property
    def all(self) -> tuple[Note, ...]:
        return tuple(self._found.values())


def beside_fonts(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Those that are not about typefaces that are not in the file."""
    return tuple(one for one in notes if one.kind != FONT_SUBSTITUTED)

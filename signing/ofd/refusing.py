"""Tells callers why an OFD was refused: each kind of broken file in words of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from core.errors import AppError
from core.text import Text
from signing.errors import OfdRefused
from signing.ofd.package import PackageRefused

_AGAIN = ("请用原来的软件重新导出后再试。", "Export it again with the program that made it.")
_WHY: Mapping[str, tuple[str, str]] = {
    "not-a-package": ("这不是 OFD 文件。", "This is not an OFD."),
    "entry-name": ("文件里有指向别处的路径。", "A path in the file leads elsewhere."),
    "entry-twice": ("文件里有两个同名的部分。", "Two parts of the file have one name."),
    "encrypted": ("文件加了密，读不了。", "The file is encrypted and cannot be read."),
    "method": ("文件用了不支持的压缩方式。", "The file is compressed in a way that is not supported."),
    "too-large": ("文件展开后太大。", "The file is too large once unpacked."),
    "damaged": ("文件已损坏，或缺少部分内容。", "The file is damaged, or a part of it is missing."),
    "hidden-data": ("文件里藏有看不见的数据。", "Data that nobody sees are hidden in the file."),
    "zip64": ("文件的打包方式不支持。", "The file is packed in a way that is not supported."),
    "entry-kind": ("文件里有不是文件的部分。", "A part of the file is no file."),
    "xml": ("文件结构不符合 OFD 标准。", "The file's structure is not that of an OFD."),
    "number": ("文件里有不成立的数值。", "A number in the file is none that can be."),
    "reference": (
        "文件里的引用不明确：找不到，或有重复。",
        "A reference in the file is not clear: missing, or there twice.",
    ),
    "version": ("文件的版本信息互相矛盾。", "What the file says of its versions is contradictory."),
    "page": ("没有这一页。", "There is no such page."),
    "page-area": ("页面尺寸不成立。", "The size of a page is none that can be."),
    "path": ("图形路径写法不对。", "A path is not written as it must be."),
    "delta": ("文字间距写法不对。", "Distances between letters are not written as they must be."),
    "cycle": ("文件内容互相套用，没有尽头。", "Parts of the file hold each other without an end."),
    "too-deep": ("文件内容套得太深。", "Parts of the file are nested too deeply."),
    "too-complex": ("文件内容太多，没能读完。", "There is too much in the file to be read."),
    "image": ("文件里有打不开的图片。", "A picture in the file cannot be opened."),
    "font": ("文件里有打不开的字体。", "A typeface in the file cannot be opened."),
}


def refused(wrong: PackageRefused) -> OfdRefused:
    """`ofd-` and the code of what was found."""
    zh, en = _WHY.get(wrong.code, _WHY["damaged"])
    text = Text(f"{zh}文件没有改动。{_AGAIN[0]}", f"{en} Nothing was done with it. {_AGAIN[1]}")
    return OfdRefused(f"ofd-{wrong.code}", text, private=str(wrong))


@contextmanager
def refusing() -> Iterator[None]:
    """
    Raises:
        OfdRefused: in place of PackageRefused, and of whatever a parser throws at hostile bytes.
    """
    try:
        yield
    except (AppError, MemoryError):
        raise
    except PackageRefused as wrong:
        raise refused(wrong) from None
    except Exception as e:
        raise refused(PackageRefused("damaged", type(e).__name__)) from e


def too_complex() -> OfdRefused:
    """It took longer, or more memory, than one file may."""
    return refused(PackageRefused("too-complex", "time or memory"))

"""What a signed file brings with it that makes it show more than was signed, or something else to somebody else.

A signature over such a file may be as good as any; whoever relies on it should know. Nothing of it is run or followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from core.files.scratch import FileBytes
from core.text import Text
from signing.pades.form_looks import contradicts
from signing.pades.intake import has_active_content
from signing.pades.pdf_objects import entry


class Trait(StrEnum):
    """What to mind about a file."""

    ACTIVE = "active-content"
    XFA = "xfa"
    NOT_DRAWN = "form-not-drawn"
    CONTRADICTS = "form-contradicts"


TRAIT_WORDS: Mapping[Trait, Text] = MappingProxyType(
    {
        Trait.ACTIVE: Text(
            "文件里有脚本或会自动执行的动作：打开后看到的可能和盖章时不同。",
            "The file holds scripts or actions: what it shows may differ from what was sealed.",
        ),
        Trait.XFA: Text(
            "这是 XFA 动态表单：不同软件看到的内容可能不一样。",
            "This is a dynamic XFA form: programs may show different content.",
        ),
        Trait.NOT_DRAWN: Text(
            "表单里的内容由阅读器现画：不同软件看到的可能不一样。",
            "The form's values are drawn by the viewer: programs may show them differently.",
        ),
        Trait.CONTRADICTS: Text(
            "表单里勾选框的样子和它的值不一样：请以出具单位的说法为准。",
            "A box of the form shows another state than its value: ask the issuing office which holds.",
        ),
    }
)


def traits_of(content: FileBytes, reader: PdfFileReader) -> tuple[Trait, ...]:
    """In the order of the names; what cannot be read is not told."""
    found = [Trait.ACTIVE] if has_active_content(content) else []
    form = entry(reader.root, "/AcroForm")
    if isinstance(form, generic.DictionaryObject):
        found += [Trait.XFA] if "/XFA" in form else []
        found += [Trait.NOT_DRAWN] if bool(entry(form, "/NeedAppearances", False)) else []
        found += [Trait.CONTRADICTS] if contradicts(form) else []
    return tuple(found)

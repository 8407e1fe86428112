"""Metadata elements of licences (GB/T 36903-2018) as data, with what each is known from.

The text of the standard is not openly published. An element is obligatory here where at least two implementations
that follow it refuse a blank one; `reading` marks codes that are our own reading of how the standard spells them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.text import Text

Obligation = Literal["always", "optional", "after-the-first", "copies-only"]

_IN_USE = "GB/T 36903, in use"
_READING = "GB/T 36903, reading"


@dataclass(frozen=True, slots=True)
class MetadataElement:
    """One row.

    Attributes:
        code: pinyin initials, as the element's name in the XML.
        kind: what its value is.
        obligation: `after-the-first` is obligatory for what follows another version or licence.
        source: what the row rests on.
    """

    code: str
    name: Text
    kind: str
    obligation: Obligation
    source: str


ELEMENTS: tuple[MetadataElement, ...] = (
    MetadataElement("ZZBS", Text("电子证照标识", "identifier"), "GB/T 36904", "always", _IN_USE),
    MetadataElement("ZZLXMC", Text("证照类型名称", "name of the type"), "text 256", "always", _IN_USE),
    MetadataElement("ZZLXDM", Text("证照类型代码", "code of the type"), "GB/T 36904", "always", _IN_USE),
    MetadataElement("ZZMC", Text("证照名称", "title"), "text 512", "always", _IN_USE),
    MetadataElement("ZZBH", Text("证照编号", "licence number"), "text 128", "always", _IN_USE),
    MetadataElement("ZZBBH", Text("版本号", "version"), "3 digits", "always", _IN_USE),
    MetadataElement("ZZBFJG", Text("证照颁发机构", "issuing authority"), "text 512", "always", _IN_USE),
    MetadataElement("ZZBFJGDM", Text("证照颁发机构代码", "its code"), "GB 32100", "always", _IN_USE),
    MetadataElement("DYJGDM", Text("证照定义机构代码", "defining authority's code"), "GB 32100", "optional", _READING),
    MetadataElement("ZZBFRQ", Text("证照颁发日期", "issued on"), "yyyyMMdd", "always", _IN_USE),
    MetadataElement("ZZYXQQSRQ", Text("有效期起始日期", "valid from"), "yyyyMMdd", "optional", _IN_USE),
    MetadataElement("ZZYXQJZRQ", Text("有效期截止日期", "valid until"), "yyyyMMdd 或 长期", "optional", _IN_USE),
    MetadataElement("GLZZBS", Text("关联证照标识", "follows"), "GB/T 36904", "after-the-first", _IN_USE),
    MetadataElement("CZZT", Text("持证主体", "holder"), "text 512", "always", _IN_USE),
    MetadataElement("CZZTDM", Text("持证主体代码", "holder's number"), "by its kind", "always", _IN_USE),
    MetadataElement("CZZTDMLX", Text("持证主体代码类型", "kind of the number"), "Annex A, name", "always", _IN_USE),
    MetadataElement("CZZTDMLXDM", Text("持证主体代码类型代码", "code of the kind"), "Annex A", "always", _IN_USE),
    MetadataElement("KZ", Text("业务信息", "face element of the type"), "by the type", "optional", _IN_USE),
    MetadataElement("JZJBS", Text("加注件标识", "id of the copy"), "text 64", "copies-only", _READING),
    MetadataElement("JZJZZSJ", Text("加注件制作时间", "copy made at"), "date and time", "copies-only", _IN_USE),
    MetadataElement("JZJZZZ", Text("加注件制作者", "copy made for"), "text 256", "copies-only", _IN_USE),
    MetadataElement("JZJZZSY", Text("加注件制作事由", "purpose of the copy"), "text 256", "copies-only", _IN_USE),
    MetadataElement(
        "JZJYXQJZSJ", Text("加注件有效期截止时间", "copy valid until"), "date and time", "copies-only", _IN_USE
    ),
)

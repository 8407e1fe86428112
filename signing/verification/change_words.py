"""What was added after sealing, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from core.text import Text
from signing.verification.report import ObjectChange, Part, RevisionReport

PART_NAMES: Mapping[Part, Text] = MappingProxyType(
    {
        Part.CONTENT: Text("正文", "content"),
        Part.PAGE: Text("页面设置", "the page's own entry"),
        Part.RESOURCE: Text("字体或图片", "fonts or pictures"),
        Part.ANNOTATION: Text("批注", "annotation"),
        Part.FIELD: Text("表单域", "form field"),
        Part.SIGNATURE: Text("签名和印章", "signature and seal"),
        Part.TIMESTAMP: Text("时间戳", "time-stamp"),
        Part.VALIDATION_DATA: Text("验证数据", "validation data"),
        Part.ACTION: Text("打开时执行的动作", "an action on opening"),
        Part.ATTACHMENT: Text("附件", "attachment"),
        Part.DESCRIPTION: Text("标题、日期等说明", "description"),
        Part.CATALOGUE: Text("文件总目", "the document's own entry"),
        Part.STRUCTURE: Text("文件结构", "the file's tables"),
        Part.OTHER: Text("用途不明的对象", "objects of no known use"),
    }
)


def object_words(change: ObjectChange) -> Text:
    """E.g. “第 1 页正文，新增 1 个对象”."""
    what = PART_NAMES[change.part]
    where = Text(f"第 {change.page} 页", f"page {change.page}: ") if change.page else Text("", "")
    name = f" {change.name}" if change.name else ""
    verb = Text("新增", "added") if change.new else Text("改写", "replaced")
    return Text(
        f"{where.zh}{what.zh}{name}，{verb.zh} {change.count} 个对象",
        f"{where.en}{what.en}{name}, {change.count} {verb.en}",
    )


def revision_title(revision: RevisionReport) -> Text:
    """Who answers for a revision."""
    number = revision.number
    if revision.by == "signature":
        return Text(f"第 {number} 版：又一次盖章或签名", f"Revision {number}: another seal or signature")
    if revision.by == "timestamp":
        return Text(f"第 {number} 版：加了时间戳", f"Revision {number}: a time-stamp")
    if all(one.harmless or one.part is Part.CATALOGUE for one in revision.objects) and revision.allowed:
        return Text(f"第 {number} 版：加了验证数据", f"Revision {number}: validation data")
    return Text(f"第 {number} 版：没有签名，查不出是谁", f"Revision {number}: not signed; nobody knows by whom")


def revision_verdict(revision: RevisionReport) -> Text:
    """Whether what it changes may follow the signature."""
    if not revision.allowed:
        return Text("不允许", "not permitted")
    if revision.visible:
        return Text("允许，看得见", "permitted, visible")
    return Text("允许", "permitted")

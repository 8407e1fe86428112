"""Differences between a catalogue file and what is here, in words."""

from __future__ import annotations

from api.web.views.catalogue_bundle import ChangeRow, DifferenceRow
from api.web.views.common import Mark
from certstore.bundle.model import Action, Difference, Part
from core.text import Text

_PARTS = {
    Part.TEMPLATE: Text("版式模板", "Face template"),
    Part.TYPE: Text("证照类型", "Licence type"),
    Part.ITEM: Text("服务事项", "Service item"),
    Part.GRANT: Text("使用授权", "Grant of use"),
}
_MARKS = {
    Action.ADD: Mark("info", "plus", Text("新增", "new")),
    Action.CHANGE: Mark("warn", "refresh", Text("有改动", "changes")),
    Action.SAME: Mark("", "check", Text("一样", "the same")),
    Action.NEWER_HERE: Mark("", "clock", Text("这里的更新", "newer here")),
    Action.LEFT: Mark("", "user", Text("由另一位管理员导入", "for another administrator")),
}
_MEMBERS = {
    "name": Text("名称", "name"),
    "issuers": Text("颁发机构", "issuers"),
    "holder_kind": Text("谁能持有", "holders"),
    "colour": Text("颜色", "colour"),
    "schema": Text("字段定义", "schema"),
    "validity": Text("有效期", "validity"),
    "sharing": Text("凭什么用", "ground of use"),
    "template": Text("版式模板", "face template"),
    "one_per_holder": Text("一人一份", "one per holder"),
    "several_holders": Text("可有几个持证主体", "several holders"),
    "inspection": Text("年检", "inspection"),
    "profile": Text("能办哪些事", "open steps"),
    "numbering": Text("编号规则", "numbering"),
    "retired": Text("停用", "retired"),
    "title": Text("名称", "title"),
    "source": Text("源文", "source"),
    "anchor": Text("印章位置", "seal's place"),
    "department": Text("主管机构", "department"),
    "fields": Text("字段", "fields"),
    "basis": Text("依据", "basis"),
    "valid_from": Text("自", "from"),
    "valid_until": Text("至", "until"),
    "hourly": Text("每小时次数", "uses an hour"),
    "daily": Text("每天次数", "uses a day"),
    "order": Text("字段的顺序", "order of elements"),
}


def difference_row(one: Difference) -> DifferenceRow:
    """One line, and what lies under it. Of a new entry everything is new, so nothing is listed."""
    listed = one.changes if one.action is not Action.ADD else ()
    changes = tuple(ChangeRow(_member(each.member), each.before, each.after) for each in listed)
    return DifferenceRow(_PARTS[one.part], one.code, one.name, _MARKS[one.action], one.versions, changes, one.changing)


def _member(name: str) -> Text:
    if name in _MEMBERS:
        return _MEMBERS[name]
    kind, _, rest = name.partition(".")
    if kind == "materials":
        return Text(f"材料 {rest}", f"material {rest}")
    return Text(f"字段 {rest or name}", f"field {rest or name}")

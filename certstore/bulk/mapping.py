"""Columns of a register onto what a licence says: proposed from the titles, then checked (GB/T 36903 names too)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from certstore.model import LicenceType
from certstore.schema import face_fields
from core.errors import InvalidInput
from core.text import Text

HOLDER_CODE, HOLDER_NAME, HOLDER_CODE_TYPE = "holder_code", "holder_name", "holder_code_type"
NUMBER, VALID_FROM, VALID_UNTIL, IDENTIFIER = "number", "valid_from", "valid_until", "identifier"
REQUIRED = (HOLDER_NAME, HOLDER_CODE, NUMBER, VALID_FROM)

FIXED_TARGETS: dict[str, tuple[Text, tuple[str, ...]]] = {  # with the titles that registers use for them
    HOLDER_NAME: (Text("持证主体", "Holder"), ("CZZT", "姓名", "持证人", "权利人", "单位名称", "企业名称", "name")),
    HOLDER_CODE: (
        Text("持证主体代码", "Holder's number"),
        ("CZZTDM", "身份证号", "身份证号码", "公民身份号码", "证件号码", "统一社会信用代码", "id_number", "uscc"),
    ),
    HOLDER_CODE_TYPE: (Text("代码类型", "Kind of number"), ("CZZTDMLXDM", "证件类型代码")),
    NUMBER: (Text("证照编号", "Licence number"), ("ZZBH", "证书编号", "证号", "编号", "许可证号")),
    VALID_FROM: (Text("有效期起始日", "First day of validity"), ("ZZYXQQSRQ", "有效期起", "发证日期", "颁发日期")),
    VALID_UNTIL: (Text("有效期截止日", "Last day of validity"), ("ZZYXQJZRQ", "有效期止", "有效期至")),
    IDENTIFIER: (Text("原电子证照标识", "Former identifier"), ("ZZBS", "电子证照标识", "证照标识")),
}


def targets_of(licence_type: LicenceType) -> dict[str, Text]:
    """What columns can be put onto, in the order of the page."""
    own = {f"data.{one.name}": one.title for one in face_fields(licence_type.schema)}
    return {name: title for name, (title, _) in FIXED_TARGETS.items()} | own


def proposed(licence_type: LicenceType, header: Sequence[str], former: Mapping[str, str] = {}) -> dict[str, str]:
    """A mapping to begin with: the one used before where its columns are there, else by title, code or name.

    Args:
        former: of the newest import into the same type.
    """
    titles = {_folded(title): title for title in header}
    found: dict[str, str] = {}
    for target in targets_of(licence_type):
        names = (former.get(target, ""), *_names(licence_type, target))
        title = next((titles[_folded(name)] for name in names if _folded(name) in titles), None)
        if title is not None and title not in found.values():
            found[target] = title
    return found


def checked_mapping(licence_type: LicenceType, header: Sequence[str], columns: Mapping[str, str]) -> dict[str, str]:
    """
    Raises:
        InvalidInput: `mapping-invalid` on field `columns`: unknown target or column, one column twice, or a target
            missing that every licence of the type needs.
    """
    known = targets_of(licence_type)
    unknown = [target for target in columns if target not in known]
    missing_columns = [target for target, title in columns.items() if target in known and title not in header]
    twice = len(set(columns.values())) != len(columns)
    absent = [target for target in _needed(licence_type) if target not in columns]
    if unknown or missing_columns or twice or absent:
        titles = "、".join(known[target].zh for target in (*absent, *missing_columns)) or "—"
        names = ", ".join(known[target].en for target in (*absent, *missing_columns)) or "-"
        raise InvalidInput(
            "mapping-invalid",
            Text(
                "列的对应不完整：每个必填项对应一列，一列只用一次。请核对：{titles}。",
                "The columns are not mapped: one column for each required item, none used twice. Check: {names}.",
            ).format(titles=titles, names=names),
            field="columns",
        )
    return dict(columns)


def _needed(licence_type: LicenceType) -> list[str]:
    required = licence_type.schema.get("required", [])
    assert isinstance(required, list)  # the catalogue took it only so
    return [*REQUIRED, *(f"data.{name}" for name in required)]


def _names(licence_type: LicenceType, target: str) -> tuple[str, ...]:
    if target in FIXED_TARGETS:
        title, others = FIXED_TARGETS[target]
        return (title.zh, title.en, target, *others)
    field = next(one for one in face_fields(licence_type.schema) if f"data.{one.name}" == target)
    return (field.title.zh, field.title.en, field.code, field.name)


def _folded(title: str) -> str:
    return "".join(title.split()).casefold()

"""Conditions on a material in words: the field's title as the face of the licence has it, never its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from certstore.conditions import Condition, Value
from certstore.model import FaceField, LicenceType
from certstore.schema import face_fields
from core.text import Text

_UNITS: Mapping[str, str] = {
    "年": "years",
    "个月": "months",
    "月": "months",
    "天": "days",
    "日": "days",
    "元": "yuan",
    "万元": "× 10,000 yuan",
    "人": "persons",
    "平方米": "m²",
    "公斤": "kg",
    "千克": "kg",
    "吨": "t",
}


def condition_words(condition: Condition, codes: Sequence[str], types: Mapping[str, LicenceType]) -> Text:
    """
    Args:
        codes: the types of the material; the field is looked for in the condition's own type, or in all of them.
        types: the catalogue by code.
    """
    asked = (condition.type_code,) if condition.type_code else codes
    known = [types[code] for code in asked if code in types]
    face = next((one for made in known for one in face_fields(made.schema) if one.name == condition.field), None)
    if face is None:
        title, says = Text(condition.field, condition.field), condition.says()
    else:
        title, says = face.title, _says(condition, face)
    only = known[0].name if condition.type_code and known and len(codes) > 1 else None
    zh, en = f"{title.zh} {says.zh}", f"{title.en} {says.en}"
    return Text(f"{only.zh}：{zh}", f"{only.en}: {en}") if only else Text(zh, en)


def _says(condition: Condition, face: FaceField) -> Text:
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    told = [_value(one, face.unit) for one in values]
    return condition.says_of(Text("、".join(one.zh for one in told), ", ".join(one.en for one in told)))


def _value(value: Value, unit: str) -> Text:
    if isinstance(value, bool):
        return Text("是", "yes") if value else Text("否", "no")
    words, number = unit_words(unit), int(value) if isinstance(value, float) and value.is_integer() else value
    return Text(f"{number} {words.zh}".rstrip(), f"{number} {words.en}".rstrip())


def unit_words(unit: str) -> Text:
    """A face's unit, which its schema gives in one language; what is not known stays as it is written."""
    return Text(unit, _UNITS.get(unit, unit))

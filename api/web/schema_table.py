"""The elements of a licence's face as rows of a form, and the schema that the rows make (pure).

What a row does not say (`minimum`, `minLength`, …) is kept from the schema that was there before: experts write it as
JSON. A row is named by its number on the page; its place on the face is a number that can be typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from certstore.model import FIXED_FIELDS, Masking
from certstore.schema import MAX_FIELDS, MAX_TEXT, face_fields
from core.errors import InvalidInput
from core.text import Text

KINDS: Mapping[str, Text] = {
    "text": Text("文字", "Text"),
    "date": Text("日期", "Date"),
    "choice": Text("从几项里选", "One of several"),
    "integer": Text("整数", "Whole number"),
    "number": Text("数字", "Number"),
    "boolean": Text("是或否", "Yes or no"),
}
SPARE = 2
MORE = 5
MEMBERS = ("name", "zh", "en", "kind", "code", "mask", "unit", "longest", "choices", "at", "required", "drop")
_OF_THE_ROW = frozenset({"type", "format", "enum", "x-face"})
_WRITTEN = ("name", "zh", "en", "code")
_MOST_CHOICES = 100


@dataclass(frozen=True, slots=True)
class ElementRow:
    """One element as it stands in the form; an empty one is there to be filled."""

    number: int
    values: Mapping[str, str] = field(repr=False)

    @property
    def title(self) -> str:
        return self["zh"] or self["name"]

    def __getitem__(self, member: str) -> str:
        return self.values.get(member, "")


def values_of_schema(schema: Mapping[str, Any]) -> dict[str, str]:
    """What the rows hold for a schema of the profile."""
    rules: Mapping[str, Mapping[str, Any]] = schema["properties"]
    required = set(schema.get("required", ()))
    faces = face_fields(schema)
    values = {"rows": str(min(len(faces) + SPARE, MAX_FIELDS))}
    for number, face in enumerate(faces, 1):
        rule = rules[face.name]
        row = {
            "name": face.name,
            "zh": face.title.zh,
            "en": face.title.en,
            "kind": _kind_of(rule),
            "code": face.code,
            "mask": face.masking.value,
            "unit": face.unit,
            "longest": str(rule.get("maxLength", "")) if _kind_of(rule) == "text" else "",
            "choices": "\n".join(map(str, rule.get("enum", ()))) if rule["type"] == "string" else "",
            "at": str(number),
            "required": "1" if face.name in required else "",
        }
        values |= {f"f{number}.{member}": value for member, value in row.items() if value}
    words: Any = schema.get("x-holder") or {}
    return values | {f"holder_{language}": str(words[language]) for language in ("zh", "en") if language in words}


def rows_of(values: Mapping[str, str]) -> tuple[ElementRow, ...]:
    """The rows of a form, also of one that was refused."""
    return tuple(
        ElementRow(number, {member: values.get(f"f{number}.{member}", "") for member in MEMBERS})
        for number in range(1, _count(values) + 1)
    )


def with_more(values: Mapping[str, str]) -> dict[str, str]:
    """The same form with some empty rows more."""
    return {**values, "rows": str(min(_count(values) + MORE, MAX_FIELDS))}


def schema_of(values: Mapping[str, str], before: Mapping[str, Any]) -> dict[str, Any]:
    """The schema that the rows make.

    Args:
        before: the schema that they were made from; empty for a new type.

    Raises:
        InvalidInput: `element-row-invalid`; says which row and what is wrong with it.
    """
    rows = [one for one in rows_of(values) if not one["drop"] and any(one[member] for member in _WRITTEN)]
    rows.sort(key=lambda one: (_place(one), one.number))
    if not rows:
        raise InvalidInput(
            "elements-missing", Text("至少写一项照面内容。", "Name at least one element."), field="schema"
        )
    _check_twice(rows)
    earlier: Mapping[str, Mapping[str, Any]] = before.get("properties", {})
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {one["name"]: _rule(one, earlier.get(one["name"], {})) for one in rows},
        "required": [one["name"] for one in rows if one["required"]],
        "additionalProperties": False,
    }
    if values.get("holder_zh") or values.get("holder_en"):
        zh = values.get("holder_zh") or values.get("holder_en", "")
        schema["x-holder"] = {"zh": zh, "en": values.get("holder_en") or zh}
    return schema


def _rule(row: ElementRow, before: Mapping[str, Any]) -> dict[str, Any]:
    _check_words(row)
    kind = row["kind"] if row["kind"] in KINDS else "text"
    same = bool(before) and _kind_of(before) == kind  # bounds of another kind would mean nothing
    rule: dict[str, Any] = {"type": "string" if kind in ("text", "date", "choice") else kind}
    rule |= {name: value for name, value in before.items() if same and name not in _OF_THE_ROW}
    if kind == "text":
        rule.pop("maxLength", None)  # this the row says
    if kind == "date":
        rule["format"] = "date"
    elif kind == "choice":
        rule["enum"] = _choices(row)
    elif kind == "text" and row["longest"]:
        rule["maxLength"] = _longest(row)
    elif same and "enum" in before:
        rule["enum"] = before["enum"]
    mask = row["mask"] if row["mask"] in set(Masking) else Masking.NONE.value
    face = {"zh": row["zh"], "en": row["en"] or row["zh"], "mask": mask, "code": row["code"]}
    rule["x-face"] = face | ({"unit": row["unit"]} if row["unit"] else {})
    return rule


def _kind_of(rule: Mapping[str, Any]) -> str:
    if rule["type"] != "string":
        return str(rule["type"])
    return "date" if rule.get("format") == "date" else "choice" if "enum" in rule else "text"


def _check_words(row: ElementRow) -> None:
    name, code = row["name"], row["code"]
    if not (name.isascii() and name.isidentifier() and len(name) <= 40) or name in FIXED_FIELDS:
        raise _wrong(row, "名称用小写字母、数字和下划线，至多 40 位", "its name takes letters, digits and _, up to 40")
    if not row["zh"]:
        raise _wrong(row, "缺中文标题", "its title in Chinese is missing")
    if not (code.startswith("KZ_") and code.isascii() and code.isidentifier() and len(code) <= 40):
        raise _wrong(row, "标准代码以 KZ_ 开头，如 KZ_ZL", "its standard code begins with KZ_, such as KZ_ZL")


def _check_twice(rows: Sequence[ElementRow]) -> None:
    for member, zh, en in (("name", "名称", "its name"), ("code", "标准代码", "its standard code")):
        seen: set[str] = set()
        for row in rows:
            if row[member] in seen:
                raise _wrong(row, f"{zh}与前面一项相同", f"{en} is that of a row before it")
            seen.add(row[member])


def _choices(row: ElementRow) -> list[str]:
    found = list(dict.fromkeys(line.strip() for line in row["choices"].splitlines() if line.strip()))
    if not 1 <= len(found) <= _MOST_CHOICES:
        raise _wrong(
            row, f"写出可以选的内容，一行一个，至多 {_MOST_CHOICES} 个", "write what can be chosen, one a line"
        )
    return found


def _longest(row: ElementRow) -> int:
    typed = row["longest"]
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 4 and 1 <= int(typed) <= MAX_TEXT):
        raise _wrong(row, f"最长字数为 1 到 {MAX_TEXT}", f"its length is 1 to {MAX_TEXT} characters")
    return int(typed)


def _place(row: ElementRow) -> int:
    typed = row["at"]
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 4 else 10_000


def _count(values: Mapping[str, str]) -> int:
    typed = values.get("rows", "")
    return min(int(typed), MAX_FIELDS) if typed.isascii() and typed.isdigit() and len(typed) <= 3 else SPARE


def _wrong(row: ElementRow, zh: str, en: str) -> InvalidInput:
    return InvalidInput(
        "element-row-invalid", Text(f"第 {row.number} 项：{zh}。", f"Element {row.number}: {en}."), field="schema"
    )

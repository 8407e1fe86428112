"""A form out of a licence type's JSON Schema, and face data out of the form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from api.web.condition_words import unit_words
from api.web.views.office import FormField
from certstore.schema import face_fields
from core.text import Text

PREFIX = "data."
_LONGEST = 200


def form_fields(schema: Mapping[str, Any]) -> tuple[FormField, ...]:
    """One field for each property, in the schema's order."""
    rules: Mapping[str, Mapping[str, Any]] = schema["properties"]
    required = set(schema.get("required", ()))
    return tuple(
        _field(face.name, face.title, face.unit, rules[face.name], face.name in required)
        for face in face_fields(schema)
    )


def face_data(schema: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, object]:
    """The typed values as JSON values. What cannot be read as its type stays text: the schema check then names it."""
    rules: Mapping[str, Mapping[str, Any]] = schema["properties"]
    typed = {name: values.get(PREFIX + name, "") for name in rules}
    return {name: _value(rules[name]["type"], text) for name, text in typed.items() if text}


def _field(name: str, title: Text, unit: str, rule: Mapping[str, Any], required: bool) -> FormField:
    kind, options = rule["type"], tuple((str(one), str(one)) for one in rule.get("enum", ()))
    if kind == "boolean":
        options = (("true", "是 / yes"), ("false", "否 / no"))
    return FormField(
        name=PREFIX + name,
        key=name,
        title=title,
        type="date" if rule.get("format") == "date" else "text",
        inputmode={"integer": "numeric", "number": "decimal"}.get(kind, ""),
        maxlength=min(int(rule.get("maxLength", _LONGEST)), _LONGEST),
        required=required,
        options=options,
        hint=Text(f"单位：{unit}", f"Unit: {unit_words(unit).en}") if unit else None,
    )


def _value(kind: str, text: str) -> object:
    try:
        if kind == "integer":
            return int(text)
        if kind == "number" and math.isfinite(number := float(text)):  # JSON has no NaN and no infinity
            return number
    except ValueError:
        return text
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text

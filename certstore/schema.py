"""Schemas of licence faces: a flat profile of JSON Schema, draft 2020-12, and the check of data against it.

A face is a list of named values, so the profile allows scalar properties only. `pattern`, `$ref` and the other
keywords that can make a validator work without end, or fetch something, are refused (attacks L-19). Every
property carries `x-face`: `{"zh", "en", "mask", "code", "unit"?}`; `x-holder` may say what the face calls the holder.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from certstore.errors import DataInvalid
from certstore.model import FIXED_FIELDS, HOLDER_NAME, FaceData, FaceField, Masking
from certstore.schema_quick import Fits, acceptor
from core.errors import InvalidInput
from core.text import Text

_ROOT_KEYWORDS = {"$schema", "type", "properties", "required", "additionalProperties", "x-holder"}
_FIELD_KEYWORDS = {"type", "enum", "const", "minLength", "maxLength", "minimum", "maximum", "format", "x-face"}
_SCALARS = {"string", "integer", "number", "boolean"}
_FORMATS = {"date"}
MAX_FIELDS = 60
MAX_TEXT = 2000


def face_fields(schema: Mapping[str, object]) -> tuple[FaceField, ...]:
    """The face elements in the order of the schema, after checking that the schema keeps to the profile.

    Raises:
        InvalidInput: `schema-invalid`; the private detail says where.
    """
    try:
        written = orjson.dumps(schema)
    except TypeError:  # numbers or depths that JSON can have and we do not take: the check says so
        return _checked_fields(schema)
    return _fields_of(written)


@lru_cache(maxsize=256)
def _fields_of(schema: bytes) -> tuple[FaceField, ...]:
    """By the schema as written: a check of one takes milliseconds, and lists and exports ask for it with every row."""
    return _checked_fields(orjson.loads(schema))


def _checked_fields(schema: Mapping[str, object]) -> tuple[FaceField, ...]:
    if set(schema) - _ROOT_KEYWORDS or schema.get("type") != "object":
        raise _bad_schema("root keywords")
    if schema.get("additionalProperties") is not False:
        raise _bad_schema("additionalProperties must be false")
    properties = schema.get("properties")
    required = schema.get("required", [])
    if not isinstance(properties, Mapping) or not 1 <= len(properties) <= MAX_FIELDS:
        raise _bad_schema("properties")
    if not isinstance(required, list) or not set(required) <= set(properties):
        raise _bad_schema("required")
    fields = tuple(_face_field(name, rule) for name, rule in properties.items())
    if len({field.code for field in fields}) != len(fields):
        raise _bad_schema("codes repeat")
    holder_title(schema)
    return fields


def holder_title(schema: Mapping[str, object]) -> Text:
    """What the face calls the holder: 权利人, 姓名…

    Raises:
        InvalidInput: `schema-invalid`.
    """
    words = schema.get("x-holder")
    if words is None:
        return FIXED_FIELDS[HOLDER_NAME]
    if not isinstance(words, Mapping) or not all(isinstance(words.get(key), str) for key in ("zh", "en")):
        raise _bad_schema("x-holder")
    return Text(words["zh"], words["en"])


def _face_field(name: str, rule: object) -> FaceField:
    if not (name.isascii() and name.isidentifier() and len(name) <= 40) or name in FIXED_FIELDS:
        raise _bad_schema("property name")
    if not isinstance(rule, Mapping) or set(rule) - _FIELD_KEYWORDS or rule.get("type") not in _SCALARS:
        raise _bad_schema(f"keywords of {name}")
    if rule.get("format", "date") not in _FORMATS:
        raise _bad_schema(f"format of {name}")
    try:
        Draft202012Validator.check_schema({key: value for key, value in rule.items() if key != "x-face"})
        face = rule["x-face"]
        title = Text(str(face["zh"]), str(face["en"]))
        masking = Masking(face.get("mask", "none"))
        code, unit = str(face["code"]), str(face.get("unit", ""))
    except Exception as error:  # the schema is foreign input: whatever it trips over, it is the schema's fault
        raise _bad_schema(f"{type(error).__name__} in {name}") from None
    if not code.startswith("KZ_") or not code.isascii() or not code.isidentifier() or len(code) > 40:
        raise _bad_schema(f"code of {name}")
    return FaceField(name, title, masking, code, unit)


def check_data(schema: Mapping[str, object], data: object) -> FaceData:
    """Face data that fit the schema.

    Raises:
        DataInvalid: `licence-data-invalid`; names the first field at fault and never its value.
    """
    if not isinstance(data, Mapping):
        raise _bad_data("data", "type")
    for name, value in data.items():
        if isinstance(value, str) and (len(value) > MAX_TEXT or not _printable(value)):
            raise _bad_data(name, "text")
    accepts, validator = _checks(orjson.dumps(schema))
    if accepts(data):
        return dict(data)
    problem: ValidationError | None = next(iter(sorted(validator.iter_errors(dict(data)), key=_place)), None)
    if problem is not None:
        raise _bad_data(_field_at_fault(problem), str(problem.validator))
    return dict(data)


@lru_cache(maxsize=256)
def _checks(schema: bytes) -> tuple[Fits, Any]:
    rules = orjson.loads(schema)
    return acceptor(rules), Draft202012Validator(rules, format_checker=FormatChecker(["date"]))


def _place(problem: ValidationError) -> str:
    return ".".join(str(part) for part in problem.absolute_path)


def _field_at_fault(problem: ValidationError) -> str:
    if problem.absolute_path:
        return str(problem.absolute_path[0])
    if problem.validator == "required" and isinstance(problem.instance, Mapping):
        wanted: Any = problem.validator_value
        return next(str(name) for name in wanted if name not in problem.instance)
    return "data"  # an extra property: its name is the caller's text and is not echoed


def _printable(value: str) -> bool:
    return value.isprintable() or value.replace("\n", "").isprintable()


def _bad_data(field: str, private: str) -> DataInvalid:
    known = field if field.isascii() and field.isidentifier() and len(field) <= 40 else "data"
    return DataInvalid(
        "licence-data-invalid",
        Text(
            f"照面信息的 {known} 不符合这类证照的要求。请对照证照类型的字段说明。",
            f"The face data's {known} is not as this licence type requires. See the type's field list.",
        ),
        field=known,
        private=private,
    )


def _bad_schema(private: str) -> InvalidInput:
    return InvalidInput(
        "schema-invalid",
        Text(
            "证照字段定义不合规则：只用平面字段，每个字段写明 type 与 x-face（zh、en、mask、code），"
            "不用 pattern 和引用。",
            "The schema breaks the profile: flat fields only, each with type and x-face (zh, en, mask, code), no "
            "pattern and no references.",
        ),
        field="schema",
        private=private,
    )

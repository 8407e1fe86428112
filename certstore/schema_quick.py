"""Accepts face data that plainly fit their schema, without the walk that names a fault (pure).

A register brings millions of rows and nearly all fit. What this accepts, the validator of JSON Schema (2020-12)
accepts too; whatever it is not sure of is left to that one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

Fits = Callable[[Mapping[str, object]], bool]
_FitsOne = Callable[[Any], bool]
_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,)}


def acceptor(schema: Mapping[str, Any]) -> Fits:
    """For a schema of the flat profile (`certstore.schema.face_fields`)."""
    rules: dict[str, _FitsOne] = {name: _rule(rule) for name, rule in schema["properties"].items()}
    required = frozenset(schema.get("required", ()))

    def fits(data: Mapping[str, object]) -> bool:
        if not required <= data.keys() <= rules.keys():
            return False
        return all(rules[name](value) for name, value in data.items())

    return fits


def _rule(rule: Mapping[str, Any]) -> _FitsOne:
    types = _TYPES[rule["type"]]
    tests = [make(rule[keyword]) for keyword, make in _TESTS.items() if keyword in rule]

    def fits(value: Any) -> bool:
        return type(value) in types and all(test(value) for test in tests)

    return fits


def _among(allowed: list[Any]) -> _FitsOne:
    texts = frozenset(one for one in allowed if type(one) is str)
    return lambda value: type(value) is str and value in texts


def _is_date(wanted: str) -> _FitsOne:
    def fits(value: Any) -> bool:
        if wanted != "date" or type(value) is not str or len(value) != 10 or not value.isascii():
            return False
        try:
            return dt.date.fromisoformat(value).isoformat() == value
        except ValueError:
            return False

    return fits


_TESTS: dict[str, Callable[[Any], _FitsOne]] = {
    "enum": _among,
    "const": lambda wanted: _among([wanted]),
    "minLength": lambda least: lambda value: type(value) is str and len(value) >= least,
    "maxLength": lambda most: lambda value: type(value) is str and len(value) <= most,
    "minimum": lambda least: lambda value: type(value) in (int, float) and value >= least,
    "maximum": lambda most: lambda value: type(value) in (int, float) and value <= most,
    "format": _is_date,
}

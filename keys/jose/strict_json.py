"""JSON of strangers, read so that everybody reads the same (RFC 8259 §4; RFC 7515 §4, RFC 7519 §4)."""

from __future__ import annotations

import json
import math
import re
from typing import Any


def read_value(data: bytes) -> Any:
    """
    Raises:
        ValueError: no UTF-8, no JSON, a member twice, NaN or infinity, half a surrogate pair, or nested too deep.
    """
    try:
        text = data.decode("utf-8")
        value = _DECODER.decode(text)
        if _SURROGATE.search(text) is not None:  # RFC 8259 §8.2: what has no UTF-8 would break whoever keeps it
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    except (ValueError, RecursionError):
        raise ValueError("not acceptable JSON") from None


def read_object(data: bytes) -> dict[str, Any]:
    """
    Raises:
        ValueError: as `read_value`, or no JSON object.
    """
    value = read_value(data)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):  # RFC 7515 §4: duplicate names are refused
        raise ValueError("duplicate member")
    return value


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("number too large")
    return number


_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]", re.ASCII)
_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite)

"""JSON in one form only, so that it can be hashed and signed (RFC 8785; of numbers only whole ones are used)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from core.text import Text
from keys.ceremony.errors import CeremonyRefused

LARGEST = 4 * 2**20
"""Bytes of the largest document that is read."""


def canonical(value: object) -> bytes:
    """The one form: members sorted, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def read_canonical(data: bytes, *, form: str, name: str) -> dict[str, Any]:
    """A document in canonical form whose member `format` is `form`.

    Args:
        name: of the file, for the refusal.

    Raises:
        CeremonyRefused: anything else: other JSON, duplicate members, another format or version.
    """
    try:
        value = json.loads(data) if len(data) <= LARGEST else None
        if isinstance(value, dict) and value.get("format") == form and canonical(value) == data:
            return value
    except (ValueError, RecursionError):
        pass
    raise CeremonyRefused(
        Text(
            f"{name} 不是本系统写的文件（{form}），或已被改动。",
            f"{name} is not a file of this kind ({form}), or it was changed.",
        )
    )


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()

"""Cursors for lists: opaque to the caller, keyset values inside."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import orjson

from core.errors import InvalidInput
from core.text import Text

Item = TypeVar("Item")
MAX_PAGE = 100


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list; `next_cursor` is None on the last."""

    items: Sequence[Item]
    next_cursor: str | None = None


def encode_cursor(*values: str | int) -> str:
    """The sort key of a page's last row as an opaque string."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()


def decode_cursor(cursor: str, size: int) -> list[str | int]:
    """
    Raises:
        InvalidInput: `cursor-invalid`.
    """
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != size or not all(isinstance(v, str | int) for v in values):
            raise ValueError
    except (ValueError, binascii.Error, orjson.JSONDecodeError):
        raise cursor_invalid() from None
    return values


def last_id(cursor: str | None) -> str | None:
    """The one text that a cursor holds, for lists in the order of an id; None for the first page.

    Raises:
        InvalidInput: `cursor-invalid`.
    """
    if not cursor:
        return None
    (last,) = decode_cursor(cursor, 1)
    if not isinstance(last, str) or not last.isprintable():
        raise cursor_invalid()
    return last


def cursor_invalid() -> InvalidInput:
    """`cursor-invalid`: not one that a list of ours gave."""
    text = Text("翻页标记无效，请从第一页开始。", "The cursor is not valid. Start from the first page.")
    return InvalidInput("cursor-invalid", text, field="cursor")


def page_size(asked: int | None) -> int:
    """Between 1 and 100; 20 when nothing was asked."""
    return max(1, min(asked if asked is not None else 20, MAX_PAGE))

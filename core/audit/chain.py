"""The hash chain over audit rows (pure): each row's hash covers its content and the hash before it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class ChainedRow:
    """A row as it stands in the store.

    Attributes:
        number: position, from 1, without gaps.
        content: the row's fields as stored, hash columns left out.
        previous: hash of the row before, or 32 zero bytes.
        hash: SHA-256 over number, previous and content.
    """

    number: int
    content: Mapping[str, object]
    previous: bytes
    hash: bytes


def row_hash(number: int, previous: bytes, content: Mapping[str, object]) -> bytes:
    """SHA-256 over `number` (8 bytes), `previous` (32 bytes) and the content as canonical JSON (sorted keys)."""
    body = orjson.dumps(dict(content), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(number.to_bytes(8, "big") + previous + body).digest()


def fault_of(row: ChainedRow, *, expected_number: int, expected_previous: bytes) -> str | None:
    """What is wrong with `row` in its place, or None: `gap`, `broken-link` or `changed`."""
    if row.number != expected_number:
        return "gap"
    if row.previous != expected_previous:
        return "broken-link"
    if row.hash != row_hash(row.number, row.previous, row.content):
        return "changed"
    return None

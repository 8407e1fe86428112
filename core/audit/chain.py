"""The hash chain over audit rows (pure): each row's hash covers its content and the hash before it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import orjson

GENESIS = bytes(32)

CHANGE = "audit.change-digest"
"""The action of the one row from which on the chain is by SM3; `core.audit.change_digest` alone writes it."""


class ChainDigest(StrEnum):
    """What a row's hash is computed by, as `hashlib` names it; both give 32 octets."""

    SHA256 = "sha256"
    SM3 = "sm3"  # GB/T 32905


@dataclass(frozen=True, slots=True)
class ChainedRow:
    """A row as it stands in the store.

    Attributes:
        number: position, from 1, without gaps.
        content: the row's fields as stored, hash columns left out.
        previous: hash of the row before, or 32 zero bytes.
        hash: SHA-256, or SM3 from the change on, over number, previous and content.
    """

    number: int
    content: Mapping[str, object]
    previous: bytes
    hash: bytes


def row_hash(
    number: int, previous: bytes, content: Mapping[str, object], digest: ChainDigest = ChainDigest.SHA256
) -> bytes:
    """The digest of `number` (8 bytes), `previous` (32 bytes) and the content as canonical JSON (sorted keys)."""
    body = orjson.dumps(dict(content), option=orjson.OPT_SORT_KEYS)
    message = number.to_bytes(8, "big") + previous + body
    return (hashlib.sha256(message) if digest is ChainDigest.SHA256 else hashlib.new(digest, message)).digest()


def fault_of(
    row: ChainedRow, *, expected_number: int, expected_previous: bytes, digest: ChainDigest = ChainDigest.SHA256
) -> str | None:
    """What is wrong with `row` in its place, or None: `gap`, `broken-link` or `changed`."""
    if row.number != expected_number:
        return "gap"
    if row.previous != expected_previous:
        return "broken-link"
    if row.hash != row_hash(row.number, row.previous, row.content, digest):
        return "changed"
    return None

"""The hash chain over a licence's versions: a version cannot be exchanged without breaking the ones after it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import orjson

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """What a version's hash binds. `file` (SHA-256 of the sealed original) stands for face and holders."""

    licence_id: str
    number: int
    identifier: str
    type_code: str
    type_version: int
    valid_from: str
    valid_until: str
    file: str


def version_hash(facts: VersionFacts, previous: bytes) -> bytes:
    """SHA-256 over the previous hash and the facts as JSON with sorted keys."""
    content = orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(previous + content).digest()

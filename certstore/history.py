"""The hash chain over a licence's versions: a version cannot be exchanged without breaking the ones after it."""

from __future__ import annotations

import hashlib
from dataclasses import MISSING, dataclass, fields

import orjson

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """What a version's hash binds. `file` (SHA-256 of the sealed original) stands for face and holders, `ofd`
    for the same as OFD where that was issued too; `file` is empty where the OFD was issued alone.

    What is at its default is left out of the hashed content: versions issued before there was such a fact keep theirs.
    """

    licence_id: str
    number: int
    identifier: str
    type_code: str
    type_version: int
    valid_from: str
    valid_until: str
    file: str
    trust: str = "A"
    based_on: str = ""
    made_by: str = "issue"
    ofd: str = ""


_NEVER = object()
_NAMES = tuple(field.name for field in fields(VersionFacts))
_LATER = {field.name: field.default for field in fields(VersionFacts) if field.default is not MISSING}


def version_hash(facts: VersionFacts, previous: bytes) -> bytes:
    """SHA-256 over the previous hash and the facts as JSON with sorted keys."""
    said = {name: value for name in _NAMES if (value := getattr(facts, name)) != _LATER.get(name, _NEVER)}
    content = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(previous + content).digest()

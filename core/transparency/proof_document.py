"""A proof as one JSON document that anybody can check who has pinned the log's key: no database is needed for it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from core.audit.chain import ChainDigest, row_hash
from core.clock import Clock
from core.errors import InvalidInput
from core.text import Text
from core.transparency.merkle import is_consistent, leaf_hash, root_by_inclusion
from core.transparency.ports import NoteVerifier
from core.transparency.prove import EventProof, GrowthProof
from core.transparency.verify import read_trusted

MOST_OCTETS = 200_000


class _Event(msgspec.Struct, forbid_unknown_fields=True):
    number: int
    content: dict[str, Any]
    previous: str
    digest: ChainDigest = ChainDigest.SHA256


class _Inclusion(msgspec.Struct, forbid_unknown_fields=True):
    event: _Event
    path: list[str]
    checkpoint: str


class _Consistency(msgspec.Struct, forbid_unknown_fields=True):
    path: list[str]
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Proved:
    """What a document proves; `fault` says why it proves nothing.

    Attributes:
        number: of the event that is in the log; None for a proof of growth.
        sizes: of the checkpoints that it rests on, the smaller first.
        fault: `not-signed`, or `not-the-root`; None when the proof holds.
    """

    number: int | None
    sizes: Sequence[int]
    fault: str | None = None


def event_document(proof: EventProof) -> Mapping[str, object]:
    """The event, the hash before it, the path and the signed checkpoint; `digest` where it is not SHA-256."""
    event = {"number": proof.number, "content": dict(proof.content), "previous": _text(proof.previous)}
    if proof.digest is not ChainDigest.SHA256:
        event["digest"] = str(proof.digest)
    return {"event": event, "path": [_text(one) for one in proof.path], "checkpoint": proof.checkpoint.note}


def growth_document(proof: GrowthProof) -> Mapping[str, object]:
    """The two signed checkpoints and the path."""
    path = [_text(one) for one in proof.path]
    return {"path": path, "first": proof.first.note, "second": proof.second.note}


def check_document(document: bytes, origin: str, keys: Sequence[NoteVerifier], clock: Clock) -> Proved:
    """Check a proof against pinned keys alone.

    Raises:
        InvalidInput: `audit-proof-malformed`.
    """
    if len(document) > MOST_OCTETS:
        raise _malformed()
    try:
        read = msgspec.json.decode(document)
        if isinstance(read, dict) and "event" in read:
            return _check_event(msgspec.convert(read, _Inclusion), origin, keys, clock)
        return _check_growth(msgspec.convert(read, _Consistency), origin, keys, clock)
    except (msgspec.MsgspecError, ValueError, OverflowError, TypeError, RecursionError):  # whatever was sent
        raise _malformed() from None


def _check_event(proof: _Inclusion, origin: str, keys: Sequence[NoteVerifier], clock: Clock) -> Proved:
    event, signed = proof.event, read_trusted(proof.checkpoint, origin, keys, clock)
    if isinstance(signed, int):
        return Proved(event.number, (signed,), "not-signed")
    leaf = leaf_hash(row_hash(event.number, _octets(event.previous), event.content, event.digest))
    root = root_by_inclusion(leaf, event.number - 1, signed.head.size, [_octets(one) for one in proof.path])
    return Proved(event.number, (signed.head.size,), None if root == signed.head.root else "not-the-root")


def _check_growth(proof: _Consistency, origin: str, keys: Sequence[NoteVerifier], clock: Clock) -> Proved:
    old, new = [read_trusted(one, origin, keys, clock) for one in (proof.first, proof.second)]
    if isinstance(old, int) or isinstance(new, int):
        sizes = tuple(one if isinstance(one, int) else one.head.size for one in (old, new))
        return Proved(None, sizes, "not-signed")
    path = [_octets(one) for one in proof.path]
    good = is_consistent(old.head.size, old.head.root, new.head.size, new.head.root, path)
    return Proved(None, (old.head.size, new.head.size), None if good else "not-the-root")


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("base64") from None


def _malformed() -> InvalidInput:
    return InvalidInput(
        "audit-proof-malformed",
        Text("这不是审计日志的证明文件。", "This is not a proof of the audit log."),
        field="proof",
    )

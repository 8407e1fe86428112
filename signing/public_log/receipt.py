"""The receipt of an entry: one JSON document that proves, with the log's pinned key alone, that a file was entered."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from core.clock import Clock
from core.errors import InvalidInput
from core.text import Text
from core.transparency.merkle import leaf_hash, root_by_inclusion
from core.transparency.ports import NoteVerifier
from core.transparency.verify import read_trusted
from signing.public_log.entry import EntryRefused, LogEntry, LogEvent, read_entry
from signing.public_log.unseen import signature_names

MOST_OCTETS = 100_000


@dataclass(frozen=True, slots=True)
class Receipt:
    """An entry, and the way from it to the root of a signed checkpoint.

    Attributes:
        body: the entry's octets.
        index: of its leaf, from 0.
        path: RFC 9162 §2.1.3.
        checkpoint: signed note.
    """

    body: bytes
    index: int
    path: Sequence[bytes]
    checkpoint: str

    def document(self) -> Mapping[str, object]:
        return {
            "entry": self.body.decode(),
            "index": self.index,
            "path": [base64.b64encode(one).decode() for one in self.path],
            "checkpoint": self.checkpoint,
        }


@dataclass(frozen=True, slots=True)
class CheckedReceipt:
    """What a receipt proves; `fault` says why it proves nothing.

    Attributes:
        size: of the checkpoint that it rests on.
        fault: `not-signed`, `not-the-root`, `other-file`; None when the proof holds.
    """

    entry: LogEntry
    index: int
    size: int
    fault: str | None = None


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    entry: str
    index: int
    path: list[str]
    checkpoint: str


def check_receipt(
    document: bytes, origin: str, keys: Sequence[NoteVerifier], clock: Clock, *, file: bytes | None = None
) -> CheckedReceipt:
    """Check a receipt against pinned keys alone: no database, no network.

    Args:
        origin: the log's name.
        file: the sealed file, to be held against the entry; where nobody saw it, by its signatures.

    Raises:
        InvalidInput: `receipt-malformed`.
    """
    receipt, entry = _read(document)
    signed = read_trusted(receipt.checkpoint, origin, keys, clock)
    if isinstance(signed, int):
        return CheckedReceipt(entry, receipt.index, signed, "not-signed")
    size = signed.head.size
    if root_by_inclusion(leaf_hash(receipt.body), receipt.index, size, receipt.path) != signed.head.root:
        return CheckedReceipt(entry, receipt.index, size, "not-the-root")
    if file is not None and not _is_of(entry, file):
        return CheckedReceipt(entry, receipt.index, size, "other-file")
    return CheckedReceipt(entry, receipt.index, size)


def _is_of(entry: LogEntry, file: bytes) -> bool:
    if entry.event in (LogEvent.DIGEST_SIGNATURE, LogEvent.HASH_SIGNATURE):
        return entry.document in signature_names(file)
    return hashlib.sha256(file).hexdigest() == entry.document


def _read(document: bytes) -> tuple[Receipt, LogEntry]:
    if len(document) > MOST_OCTETS:
        raise _malformed()
    try:
        read = msgspec.json.decode(document, type=_Document)
        path = [base64.b64decode(one, validate=True) for one in read.path]
        body = read.entry.encode()
        return Receipt(body, read.index, path, read.checkpoint), read_entry(body)
    except (msgspec.MsgspecError, binascii.Error, ValueError, RecursionError, EntryRefused):
        raise _malformed() from None


def _malformed() -> InvalidInput:
    return InvalidInput(
        "receipt-malformed",
        Text("这不是用印公开日志的回执。", "This is not a receipt of the public log of signatures."),
        field="receipt",
    )

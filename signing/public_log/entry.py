"""What one line of the public log says: digests, a seal's code and a time; nothing about people or contents.

An entry is canonical JSON (sorted names, no spaces, UTF-8). Its octets are the data of a leaf (RFC 9162 §2.1.1):
whoever has a file and an entry computes the leaf without asking us.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum

import msgspec
import orjson

MOST_OCTETS = 1000
_VERSION = 1
_DIGEST = "[0-9a-f]{64}"
_CODE = "[0-9]{13}"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


class EntryRefused(ValueError):
    """It is no entry of the log in its canonical form."""


class LogEvent(StrEnum):
    """What happened."""

    SIGNATURE = "signature"  # a file was sealed
    DIGEST_SIGNATURE = "digest-signature"  # a document's digest was signed; nobody here saw the document
    HASH_SIGNATURE = "hash-signature"  # a hash was signed; nobody here knows of what
    MADE = "seal-made"  # in use from here on, unless the next line about it says when it is activated
    ACTIVATED = "seal-activated"
    CERTIFICATE = "seal-certificate"  # the seal goes on under another certificate
    SUSPENDED = "seal-suspended"
    RESUMED = "seal-resumed"
    REVOKED = "seal-revoked"
    REPLACED = "seal-replaced"  # another seal took its place
    DESTROYED = "seal-destroyed"  # its key is gone


SIGNATURES = frozenset({LogEvent.SIGNATURE, LogEvent.DIGEST_SIGNATURE, LogEvent.HASH_SIGNATURE})


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line.

    Attributes:
        seal: its code, 13 digits.
        certificate: SHA-256 of the seal's certificate (DER), hexadecimal: at a signature the one it was made under.
        at: to the second, in UTC.
        document: SHA-256, hexadecimal, of the sealed file; where that was not seen, of the signature's value as it
            stands in its container (RFC 5652 §5.3). For signatures alone.
    """

    event: LogEvent
    seal: str
    certificate: str
    at: dt.datetime
    document: str | None = None

    def body(self) -> bytes:
        """The leaf's data."""
        line: dict[str, object] = {
            "at": self.at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "certificate": self.certificate,
            "event": self.event.value,
            "seal": self.seal,
            "v": _VERSION,
        }
        if self.document is not None:
            line["document"] = self.document
        return orjson.dumps(line, option=orjson.OPT_SORT_KEYS)


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    at: str
    certificate: str
    event: LogEvent
    seal: str
    v: int
    document: str | None = None


def read_entry(body: bytes) -> LogEntry:
    """
    Raises:
        EntryRefused: it is none, or not in the one form that its content has.
    """
    try:
        line = msgspec.json.decode(body[: MOST_OCTETS + 1], type=_Line)
        if not _TIME.fullmatch(line.at):
            raise EntryRefused("time")
        at = dt.datetime.strptime(line.at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
    except (msgspec.MsgspecError, ValueError) as e:
        raise EntryRefused("form") from e
    found = LogEntry(line.event, line.seal, line.certificate, at, line.document)
    if line.v != _VERSION or not _is_whole(found) or found.body() != body:
        raise EntryRefused("form")
    return found


def _is_whole(entry: LogEntry) -> bool:
    digests = [entry.certificate] if entry.document is None else [entry.certificate, entry.document]
    return (
        re.fullmatch(_CODE, entry.seal, re.ASCII) is not None
        and all(re.fullmatch(_DIGEST, one, re.ASCII) for one in digests)
        and (entry.document is not None) == (entry.event in SIGNATURES)
    )

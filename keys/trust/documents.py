"""The list as JSON of our own: strict to read, one form to write (RFC 8785); `docs/trust-list.schema.json` says how."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import itertools
import json
from typing import Annotated, Literal

import msgspec

from core.text import Text
from keys.trust.certificate import CertificateUnreadable, read_certificate
from keys.trust.errors import TrustListRefused
from keys.trust.model import Assurance, Period, Service, Standing, TrustEntry, TrustList

FORMAT = "yizheng-trust-list/1"
LARGEST = 4 * 2**20
MOST_ENTRIES = 2000

_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Oid = Annotated[str, msgspec.Meta(pattern=r"^[0-2](\.(0|[1-9][0-9]*))+$", max_length=100)]
_Moment = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]


class _Name(msgspec.Struct, forbid_unknown_fields=True):
    zh: _Word
    en: _Word


class _Period(msgspec.Struct, forbid_unknown_fields=True):
    standing: Standing
    since: _Moment


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    certificate: Annotated[str, msgspec.Meta(max_length=90_000)]
    name: _Name
    services: Annotated[list[Service], msgspec.Meta(max_length=8)]
    assurance: Assurance
    history: Annotated[list[_Period], msgspec.Meta(min_length=1, max_length=100)]
    also_extended: Annotated[list[_Oid], msgspec.Meta(max_length=20)]
    territory: _Word
    kind: Annotated[str, msgspec.Meta(max_length=200)]


class _List(msgspec.Struct, forbid_unknown_fields=True):
    format: Literal["yizheng-trust-list/1"]
    publisher: _Name
    territory: _Word
    sequence: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    issued_at: _Moment
    next_update: _Moment
    entries: Annotated[list[_Entry], msgspec.Meta(max_length=MOST_ENTRIES)]


def write_document(trust_list: TrustList) -> bytes:
    """The one form of a list: members and services sorted, no spaces, UTF-8, times to the second."""
    value = {
        "format": FORMAT,
        "publisher": _name(trust_list.publisher),
        "territory": trust_list.territory,
        "sequence": trust_list.sequence,
        "issued_at": written_moment(trust_list.issued_at),
        "next_update": written_moment(trust_list.next_update),
        "entries": [_entry(entry) for entry in trust_list.entries],
    }
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def read_document(data: bytes) -> TrustList:
    """
    Raises:
        TrustListRefused: `document`: not this format, not its one form, or something in it makes no sense.
    """
    try:
        if len(data) > LARGEST:
            raise ValueError("too large")
        found = msgspec.json.decode(data, type=_List)
        read = _read(found)
        if write_document(read) != data:  # one form only: no duplicate members, no order of one's own
            raise ValueError("not in the one form")
    except (ValueError, RecursionError, CertificateUnreadable) as error:
        text = Text("这不是有效的信任列表文件。", "This is no trust list that can be accepted.")
        raise TrustListRefused("document", text, private=f"document: {type(error).__name__}") from None
    return read


def _read(found: _List) -> TrustList:
    issued, ends = read_moment(found.issued_at), read_moment(found.next_update)
    if ends <= issued:
        raise ValueError("ends before it begins")
    return TrustList(
        publisher=Text(found.publisher.zh, found.publisher.en),
        territory=found.territory,
        sequence=found.sequence,
        issued_at=issued,
        next_update=ends,
        entries=tuple(_read_entry(entry) for entry in found.entries),
    )


def _read_entry(found: _Entry) -> TrustEntry:
    try:
        certificate = base64.b64decode(found.certificate, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    read_certificate(certificate)
    periods = tuple(Period(one.standing, read_moment(one.since)) for one in found.history)
    if any(later.since <= earlier.since for earlier, later in itertools.pairwise(periods)):
        raise ValueError("a history out of order")
    return TrustEntry(
        certificate=certificate,
        name=Text(found.name.zh, found.name.en),
        services=frozenset(found.services),
        assurance=found.assurance,
        periods=periods,
        also_extended=frozenset(found.also_extended),
        territory=found.territory,
        kind=found.kind,
    )


def _entry(entry: TrustEntry) -> dict[str, object]:
    return {
        "certificate": base64.b64encode(entry.certificate).decode(),
        "name": _name(entry.name),
        "services": sorted(entry.services),
        "assurance": str(entry.assurance),
        "history": [{"standing": str(one.standing), "since": written_moment(one.since)} for one in entry.periods],
        "also_extended": sorted(entry.also_extended),
        "territory": entry.territory,
        "kind": entry.kind,
    }


def _name(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def written_moment(moment: dt.datetime) -> str:
    """UTC to the second, as `2026-11-25T04:00:00Z`."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_moment(text: str) -> dt.datetime:
    """
    Raises:
        ValueError: no such moment.
    """
    return dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)

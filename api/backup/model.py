"""What an archive holds and what backup and restore report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import msgspec

FORMAT = 1


class What(StrEnum):
    """What an archive is for. The master key is in none of them."""

    ALL = "all"
    DATA = "data"  # domain database and documents
    KEYS = "keys"  # key store
    JOURNAL = "journal"  # what ended since a moment

    @property
    def data(self) -> bool:
        return self in (What.ALL, What.DATA)

    @property
    def keys(self) -> bool:
        return self in (What.ALL, What.KEYS)


class PartSum(msgspec.Struct, frozen=True):
    """One part as the manifest lists it.

    Attributes:
        name: `domain/<table>`, `keys/<table>` or `documents/<table>.<column>`.
        count: rows or documents.
        octets: of what was written.
        sha256: over it, hexadecimal.
        names: SHA-256 over the names of documents in their order; in the part of a table that names documents and in
            the part that holds them.
    """

    name: str
    count: int
    octets: int
    sha256: str
    names: str = ""


class DeviceKey(msgspec.Struct, frozen=True):
    """A key that no archive can carry, for it cannot leave its device."""

    key_id: str
    purpose: str
    uri: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What the archive says about itself; sealed with it, signed, and written last.

    Attributes:
        point: the moment whose data it holds.
        since: of a journal: what ended from then on is in it.
        revision: of the domain's tables; of the key store's tables, its version.
        audit_number, audit_hash: head of the audit chain at that moment.
        key_check: which master key the key store is sealed under (`KeyWrap.check`).
        data_keys: ids of the secrets that the data are sealed under.
        lost: names of documents that rows refer to and that the document store did not have, or had damaged.
    """

    format: int
    id: str
    what: str
    point: dt.datetime
    since: dt.datetime | None = None
    issuer: str
    made_by: str
    revision: str | None = None
    key_version: int | None = None
    key_check: str = ""
    data_keys: Sequence[str] = ()
    device_keys: Sequence[DeviceKey] = ()
    audit_number: int = 0
    audit_hash: str = ""
    lost: Sequence[str] = ()
    lost_count: int = 0
    parts: Sequence[PartSum] = ()

    @property
    def rows(self) -> int:
        return sum(part.count for part in self.parts if not part.name.startswith("documents/"))

    @property
    def documents(self) -> int:
        return sum(part.count for part in self.parts if part.name.startswith("documents/"))


class Signature(msgspec.Struct, frozen=True):
    """Over the manifest's octets, by the key ring's `statement.backup`."""

    key_id: str
    algorithm: str
    value: bytes


class Progress(Protocol):
    """Follows the work for whoever waits for it."""

    def begin(self, part: str, total: int | None) -> None: ...

    def advance(self, count: int) -> None: ...


class Silent:
    """Tells nobody."""

    def begin(self, part: str, total: int | None) -> None:
        return

    def advance(self, count: int) -> None:
        return


_: type[Progress] = Silent


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What was written."""

    archive: str
    file: str
    what: str
    point: dt.datetime
    seconds: float
    rows: int
    documents: int
    octets: int
    lost: Sequence[str]
    lost_count: int
    device_keys: Sequence[DeviceKey]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What was restored, and how well it holds.

    Attributes:
        seconds: the recovery time: from the first octet read to the last check.
        revision_from, revision_to: of the tables, before and after they were brought up to date.
        checks: each with True (holds), False (does not), or None where it could not be made.
        ended: what was ended so that nothing comes back to life: sessions, tokens.
        replayed: endings of a journal, by table.
        needed: what the operator has to bring or do before the service can work.
    """

    archives: Sequence[str]
    what: str
    point: dt.datetime | None
    seconds: float
    rows: int
    documents: int
    revision_from: str | None = None
    revision_to: str | None = None
    checks: Mapping[str, bool | None] = field(default_factory=dict)
    ended: Mapping[str, int] = field(default_factory=dict)
    replayed: Mapping[str, int] = field(default_factory=dict)
    needed: Sequence[str] = ()
    gap_from: dt.datetime | None = None
    gap_accepted: bool = False

    @property
    def good(self) -> bool:
        return all(held is not False for held in self.checks.values())

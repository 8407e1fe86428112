"""What imports speak of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from certstore.codes import HolderCode
from certstore.model import Trust
from core.principal import PrincipalKind
from core.text import Text

PART_ROWS = 500
"""Rows of one part: what is written, or looked at, in one unit."""


class ImportState(StrEnum):
    """Where an import stands."""

    READING = "reading"  # the file is coming in
    READY = "ready"  # it is here; nothing was looked at yet
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"  # of a dry run: the real one can follow
    CANCELLED = "cancelled"


STATE_NAMES: dict[ImportState, Text] = {
    ImportState.READING: Text("正在接收", "being received"),
    ImportState.READY: Text("待开始", "ready"),
    ImportState.RUNNING: Text("进行中", "running"),
    ImportState.PAUSED: Text("已暂停", "paused"),
    ImportState.DONE: Text("已完成", "done"),
    ImportState.CANCELLED: Text("已取消", "cancelled"),
}


@dataclass(frozen=True, slots=True)
class Import:
    """One import of one register into one licence type.

    Attributes:
        organisation: USCC of the authority whose licences the register holds.
        trust: how far its data can be relied on.
        header: the file's column titles.
        dry: nothing is written in this run but its findings.
        parts: number of parts that the file came in; `next_part` is the next one to do, from 1.
        seen, kept, faulty, unchanged: rows of this run.
        findings: counts by name, for the report (`certstore.bulk.report`).
        lease: whose turn the next part is.
    """

    id: str
    organisation: str
    type_code: str
    trust: Trust
    file_name: str = field(repr=False)
    header: Sequence[str]
    columns: Mapping[str, str]
    state: ImportState
    dry: bool
    rows: int
    parts: int
    next_part: int
    seen: int
    kept: int
    faulty: int
    unchanged: int
    findings: Mapping[str, int]
    actor_kind: PrincipalKind
    actor_id: str
    began_at: dt.datetime
    changed_at: dt.datetime
    lease: str | None = None


@dataclass(frozen=True, slots=True)
class ImportPart:
    """Some rows of the file, sealed; `content` is the document's address."""

    import_id: str
    number: int
    content: str
    first_row: int
    rows: int


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with a row: codes by target; never a value."""

    row: int
    faults: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A licence number or holder that a row has, by keyed digest: to see it again in a later row."""

    kind: str
    digest: bytes = field(repr=False)
    row: int
    companion: bytes = field(repr=False)  # of a holder: the digest of the name


class DifferenceKind(StrEnum):
    """Who knows a holder's number by another name."""

    OWN = "own"  # other licences of the register's own authority
    OFFICE = "office"  # licences of another authority
    IDENTITY = "identity"  # the person's account, under a proved name


@dataclass(frozen=True, slots=True)
class NameClaim:
    """That somebody with a number has a name.

    Attributes:
        name: folded (`core.identifiers.names.folded_name`).
    """

    code: HolderCode
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HeldName:
    """The name that a licence of an issuer gives its holder."""

    issuer: str
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Difference:
    """A row whose holder has another name elsewhere; never which.

    Attributes:
        office: USCC of the authority that can be asked; empty where that is whoever proves identities.
    """

    row: int
    kind: DifferenceKind
    office: str

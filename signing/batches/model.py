"""What batches speak of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from core.principal import Principal, PrincipalKind
from core.text import Text
from signing.levels import Level, LevelPolicy
from signing.locks import NO_LOCKS, Locks
from signing.places import Place
from signing.profiles import PdfProfile

MOST_FILES = 5000
"""Files of one batch."""
MOST_LIVING = 20
"""Batches of one caller that are not over."""
MOST_FILE_OCTETS = 50_000_000
"""Of one file; larger ones are sealed one by one, by way of the disk."""
MOST_OCTETS = 10_000_000_000
"""Of one batch, all files together."""
MOST_TRIES = 3
"""How often a file is begun; one that its worker never comes back from is set aside then."""
LIFE = dt.timedelta(days=7)
"""How long a batch waits for its owner, or for a second person; and how long an approval counts."""
KEPT_FOR = dt.timedelta(days=30)
"""How long a batch that is over can be looked at; the ledger keeps its uses, and their files, for ever."""


class BatchState(StrEnum):
    """Where a batch stands."""

    COLLECTING = "collecting"  # files come in
    ASKED = "asked"  # a second person decides over all of it
    RUNNING = "running"
    HALTED = "halted"  # what it rests on does not hold: seal, grant, approval; its owner may resume it
    DONE = "done"  # every file was sealed or refused
    CANCELLED = "cancelled"  # by its owner
    REFUSED = "refused"  # by the second person
    LAPSED = "lapsed"  # nobody came back to it in time


OVER = frozenset({BatchState.DONE, BatchState.CANCELLED, BatchState.REFUSED, BatchState.LAPSED})
LIVING = frozenset(BatchState) - OVER

STATE_NAMES: Mapping[BatchState, Text] = {
    BatchState.COLLECTING: Text("正在收文件", "collecting files"),
    BatchState.ASKED: Text("待审批", "waits for approval"),
    BatchState.RUNNING: Text("正在盖章", "being sealed"),
    BatchState.HALTED: Text("已停下", "halted"),
    BatchState.DONE: Text("已办完", "done"),
    BatchState.CANCELLED: Text("已取消", "cancelled"),
    BatchState.REFUSED: Text("审批不同意", "not approved"),
    BatchState.LAPSED: Text("已过期", "lapsed"),
}


class FileState(StrEnum):
    """Where one file stands; each leaves `waiting` in one step, which decides everything."""

    WAITING = "waiting"
    SEALED = "sealed"
    REFUSED = "refused"  # cannot be sealed, or was set aside; nothing was done to it
    CANCELLED = "cancelled"  # with its batch


FILE_STATE_NAMES: Mapping[FileState, Text] = {
    FileState.WAITING: Text("等待", "waiting"),
    FileState.SEALED: Text("已盖章", "sealed"),
    FileState.REFUSED: Text("没盖成", "not sealed"),
    FileState.CANCELLED: Text("已取消", "cancelled"),
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """How every file of a batch is sealed; as in `signing.model.SealPdfCommand`."""

    document_class: str
    places: tuple[Place, ...] = ()
    reason: str | None = None
    level: Level | None = None
    level_policy: LevelPolicy | None = None
    location: str | None = None
    contact: str | None = None
    locks: Locks = NO_LOCKS
    profile: PdfProfile | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose batch it is: who may seal under which grant is asked anew for each file."""

    kind: PrincipalKind
    id: str
    organisation: str | None

    @classmethod
    def of(cls, actor: Principal) -> Owner:
        return cls(actor.kind, actor.id[:128], actor.organisation)

    def is_(self, actor: Principal) -> bool:
        return (self.kind, self.id) == (actor.kind, actor.id[:128])


@dataclass(frozen=True, slots=True)
class Fault:
    """Why something was not done, and the remedy."""

    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class Approval:
    """What a second person decided.

    Attributes:
        grant_id: the grant that asks for it; what was approved rests on this one.
        digest: SHA-256 of the list of all files, hexadecimal: what was asked, and nothing else, is approved.
        answer: what the one who decided wrote.
        until: how long it counts.
    """

    grant_id: str
    digest: str
    decided_by: str | None = None
    decided_at: dt.datetime | None = None
    answer: str | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that are sealed alike.

    Attributes:
        name_key: digests of its files' names are made under it.
        files, octets: how many were brought, and how large they are.
        receiver: the subscription whose address is told when the batch is done or halted.
        halted: why it does not go on.
        expires_at: when it lapses, or is forgotten, unless something happens before.
        stumbles: failures in a row of something that all files need; it is tried again at `due_at`.
    """

    id: str
    seal_id: str
    owner: Owner
    wishes: Wishes = field(repr=False)
    state: BatchState
    name_key: bytes = field(repr=False)
    created_at: dt.datetime
    changed_at: dt.datetime
    expires_at: dt.datetime
    files: int = 0
    octets: int = 0
    receiver: str | None = None
    approval: Approval | None = None
    halted: Fault | None = None
    started_at: dt.datetime | None = None
    finished_at: dt.datetime | None = None
    stumbles: int = 0
    due_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class BatchFile:
    """One file of a batch.

    Attributes:
        number: its place in the batch, from 1.
        name: its caller's name for it, unlike all others of the batch.
        name_digest: of the name, under the batch's key.
        digest: SHA-256 of the file as it was brought, hexadecimal.
        document: address in the vault of the file as it was brought, as long as it may be needed.
        lease: the claim of the worker that has it.
    """

    id: str
    batch_id: str
    number: int
    name: str = field(repr=False)
    name_digest: bytes = field(repr=False)
    digest: str
    octets: int
    document: str | None
    state: FileState = FileState.WAITING
    signature_id: str | None = None
    fault: Fault | None = None
    tries: int = 0
    lease: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many files of a batch stand where."""

    waiting: int = 0
    sealed: int = 0
    refused: int = 0
    cancelled: int = 0

    @property
    def all(self) -> int:
        return self.waiting + self.sealed + self.refused + self.cancelled

    @property
    def settled(self) -> int:
        return self.all - self.waiting

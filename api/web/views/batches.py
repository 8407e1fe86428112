"""What the pages of batches show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from api.web.views.common import Fact, Mark
from api.web.views.seals import SealTabs
from core.text import Text


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A line of the list."""

    href: str
    reason: str
    seal: Text
    mark: Mark
    files: int
    sealed: int
    refused: int
    began: str


@dataclass(frozen=True, slots=True)
class BatchesView:
    """`/office/batches`: the visitor's own, and those that wait for their decision."""

    to_decide: Sequence[BatchRow]
    rows: Sequence[BatchRow]
    may_begin: bool
    tabs: SealTabs
    first_href: str | None = None
    next_href: str | None = None


@dataclass(frozen=True, slots=True)
class BatchNewView:
    """`/office/batches/new`."""

    seals: Sequence[tuple[str, Text]]
    values: Mapping[str, str]
    most_files: int
    max_megabytes: int
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class BatchFileRow:
    """One file.

    Attributes:
        sealed, source: where it can be had, sealed and as it was brought.
        again: where its being tried once more is asked for.
        remove: where its being taken out is asked for.
    """

    number: int
    name: str = field(repr=False)
    mark: Mark
    fault: Text | None = None
    sealed: str | None = None
    source: str | None = None
    again: str | None = None
    remove: str | None = None


@dataclass(frozen=True, slots=True)
class BatchView:
    """`/office/batches/{id}`; widths in percent.

    Attributes:
        steps: what this visitor can do now.
        digest: SHA-256 of the list, where a second person decides.
        again: where to look once more while it goes on.
    """

    base: str
    title: Text
    mark: Mark
    facts: Sequence[Fact]
    files: int
    settled: int
    sealed: int
    refused: int
    waiting: int
    sealed_width: str
    refused_width: str
    rows: Sequence[BatchFileRow]
    tabs: SealTabs
    steps: frozenset[str] = frozenset()
    may_decide: bool = False
    own_waits: bool = False
    digest: str | None = None
    halted: Text | None = None
    delayed: str | None = None
    only_refused: bool = False
    first_href: str | None = None
    next_href: str | None = None
    again: str | None = None
    error: Text | None = None
    note: Text | None = None

"""What the pages of imports show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from api.web.views.common import Mark
from core.text import Text


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A line of the list."""

    href: str
    name: str = field(repr=False)
    type_name: Text
    mark: Mark
    rows: int
    kept: int
    faulty: int
    began: str


@dataclass(frozen=True, slots=True)
class ImportsView:
    """`/office/imports`."""

    types: Sequence[tuple[str, Text]]
    rows: Sequence[ImportRow]
    max_megabytes: int
    chosen: str = ""
    first_href: str | None = None
    next_href: str | None = None
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A count out of all, drawn and told; widths in percent."""

    name: Text
    count: int
    width: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What a column can be put onto, with the column proposed."""

    target: str
    title: Text
    required: bool
    column: str


@dataclass(frozen=True, slots=True)
class FaultLine:
    """A row at fault."""

    row: int
    words: Sequence[Text]


@dataclass(frozen=True, slots=True)
class ImportView:
    """`/office/imports/{id}`.

    Attributes:
        looked_at: when it was last changed, sent back with a start: a colleague may have run it meanwhile.
        steps: names of the steps that may be taken now: start, pause, resume, cancel.
        differing: the first rows whose holder has another name elsewhere.
        again: address to look at again while it runs.
    """

    id: str
    looked_at: str
    name: str = field(repr=False)
    type_name: Text
    mark: Mark
    dry: bool
    rows: int
    seen: int
    kept: int
    faulty: int
    unchanged: int
    done_width: str
    faulty_width: str
    header: Sequence[str]
    choices: Sequence[Choice]
    steps: Sequence[str]
    again: str | None
    faults: Sequence[FaultLine]
    coverage: Sequence[Bar]
    kinds: Sequence[Bar]
    identifiers: Sequence[Bar]
    notes: Sequence[Bar]
    differences: Sequence[Bar]
    differing: Sequence[FaultLine]
    years: Sequence[Bar]
    error: Text | None = None

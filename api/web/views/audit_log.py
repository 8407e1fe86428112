"""What the page of the audit log shows."""

from __future__ import annotations

from dataclasses import dataclass, field

from api.web.log_drawing import Ladder, LogBar
from api.web.views.common import Fact, Mark
from core.text import Text


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """A signed checkpoint."""

    size: int
    root: str
    at: str


@dataclass(frozen=True, slots=True)
class WitnessRow:
    """Somebody elsewhere who keeps checkpoints."""

    name: str
    size: int
    at: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class VerdictView:
    """What a verification proved, or what is wrong."""

    mark: Mark
    title: Text
    sentence: Text
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class ProofView:
    """An event, and its way to a signed root; `document` is the proof as JSON, to be kept."""

    number: int
    facts: tuple[Fact, ...]
    size: int
    ladder: Ladder
    document: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AuditLogView:
    """`/audit`."""

    origin: str
    size: int
    bar: LogBar
    checkpoints: tuple[CheckpointRow, ...]
    witnesses: tuple[WitnessRow, ...]
    keys: tuple[str, ...]
    verdict: VerdictView | None = None
    proof: ProofView | None = None
    outside: str = ""
    number: str = ""
    error: Text | None = None

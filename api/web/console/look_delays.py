"""What the console of looks that are shown later shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from api.web.console.views import Choice
from api.web.views.common import Mark
from core.text import Language, Text


@dataclass(frozen=True, slots=True)
class DelayRow:
    """A rule; `may_decide` and `may_end` are for whoever looks."""

    action: str
    item: str
    days: int
    basis: str
    since: str
    mark: Mark
    may_decide: bool
    may_end: bool


@dataclass(frozen=True, slots=True)
class LookDelaysView:
    """`/admin/look-delays`."""

    rows: tuple[DelayRow, ...]
    items: tuple[Choice, ...]
    sent: Mapping[str, str] = field(repr=False)
    most_days: int
    may_propose: bool
    note: Text | None
    error: Text | None
    error_field: str
    language: Language

    def error_at(self, name: str) -> Text | None:
        return self.error if self.error_field == name else None

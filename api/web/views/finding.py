"""What `/office/licences` shows: filters, and the licences of this office that fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from api.web.views.common import Mark
from core.text import Text

Choice = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ListedRow:
    """One licence, free of personal data."""

    href: str
    type_name: Text
    identifier: str
    mark: Mark
    issued: str
    until: Text


@dataclass(frozen=True, slots=True)
class FindView:
    """The page.

    Attributes:
        sent: what was typed, to be shown again and to go on with.
        next_cursor: where the next page begins; None on the last.
        later: this is not the first page.
    """

    types: tuple[Choice, ...]
    statuses: tuple[Choice, ...]
    expiring: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    rows: tuple[ListedRow, ...]
    sent: Mapping[str, str] = field(repr=False)
    next_cursor: str | None = None
    later: bool = False
    error: Text | None = None
    error_field: str = ""

    def error_at(self, name: str) -> Text | None:
        return self.error if self.error_field == name else None

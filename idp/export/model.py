"""A copy of a person's data on its way: asked for, being put together, ready for a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from core.text import Text


class ExportState(StrEnum):
    """::

    asked ──▶ working ──▶ ready
                 └──────▶ failed      (from both: asked again)
    """

    ASKED = "asked"
    WORKING = "working"
    READY = "ready"
    FAILED = "failed"


UNDER_WAY = frozenset({ExportState.ASKED, ExportState.WORKING})


@dataclass(frozen=True, slots=True)
class DataExport:
    """The one copy that an account may have at a time.

    Attributes:
        claimed_until: a worker is at it until then; afterwards another may begin again.
        attempts: how often it was begun.
        expires_at: the row and the content are gone by then, whatever the state.
    """

    account_id: str
    id: str
    state: ExportState
    asked_at: dt.datetime
    expires_at: dt.datetime
    claimed_until: dt.datetime | None = None
    attempts: int = 0
    ready_at: dt.datetime | None = None
    size: int = 0


Value = str | int | bool | None | Text | Sequence[str]
"""What an entry may hold; moments and days as ISO 8601."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """One sort of data.

    Attributes:
        name: for machines; unique in a copy.
        about: why it is kept, in one sentence.
        labels: what each member of an entry is called for people.
    """

    name: str
    title: Text
    about: Text
    labels: Mapping[str, Text]
    entries: Sequence[Mapping[str, Value]] = field(repr=False)

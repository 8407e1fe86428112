"""Shares and objections: the pages of the holder, of who opens a share, and of the authority."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from api.web.views.common import Mark, TimelineEntry
from core.text import Text


@dataclass(frozen=True, slots=True)
class ShareFormView:
    """`/me/licences/{id}/share`.

    Attributes:
        entries: name, title and the value as it would be shown.
        chosen: names that are ticked.
        sent: what was typed, to be shown again.
    """

    action: str
    back: str
    licence: Text
    entries: tuple[tuple[str, Text, str], ...] = field(repr=False)
    chosen: frozenset[str]
    sent: Mapping[str, str] = field(repr=False)
    most_views: int
    most_days: int
    error: Text | None = None
    error_field: str = ""

    def error_at(self, name: str) -> Text | None:
        return self.error if self.error_field == name else None


@dataclass(frozen=True, slots=True)
class ShareMadeView:
    """After it was made: the only time that the code is told."""

    licence: Text
    address: str
    code: str = field(repr=False)
    titles: tuple[Text, ...]
    views: int
    until: dt.datetime


@dataclass(frozen=True, slots=True)
class ShareRow:
    """A share of the holder's."""

    what: Text
    titles: tuple[Text, ...]
    purpose: str = field(repr=False)
    until: dt.datetime
    views: int
    views_allowed: int
    mark: Mark
    withdraw: str | None


@dataclass(frozen=True, slots=True)
class SharesView:
    """`/me/shares`."""

    rows: tuple[ShareRow, ...]
    first_href: str | None
    next_href: str | None
    done: Text | None = None


@dataclass(frozen=True, slots=True)
class OpenShareView:
    """`/shared/{id}`: the question for the code."""

    action: str
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class SharedView:
    """What whoever has the code is shown."""

    what: Text
    mark: Mark
    issuer: Text
    identifier: str
    until: Text
    rows: tuple[tuple[Text, str], ...] = field(repr=False)
    purpose: str = field(repr=False)
    views_left: int
    ends: dt.datetime
    verify: str


@dataclass(frozen=True, slots=True)
class ObjectionFormView:
    """`/me/objections/new`."""

    licence_id: str
    back: str
    licence: Text
    options: tuple[tuple[str, str], ...]
    sent: Mapping[str, str] = field(repr=False)
    days: int
    megabytes: int
    error: Text | None = None
    error_field: str = ""

    def error_at(self, name: str) -> Text | None:
        return self.error if self.error_field == name else None


@dataclass(frozen=True, slots=True)
class ObjectionRow:
    """A line of a list of objections."""

    href: str
    what: Text
    about: Text
    at: dt.datetime
    due: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class ObjectionsView:
    """`/me/objections`."""

    rows: tuple[ObjectionRow, ...]
    first_href: str | None
    next_href: str | None
    done: Text | None = None
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class ObjectionView:
    """One objection, for its holder or for the authority.

    Attributes:
        revision: as shown; an answer is for this one.
        can_answer, can_close, can_withdraw: what may be done here.
    """

    action: str
    back: str
    back_label: Text
    what: Text
    about: Text
    issuer: Text
    mark: Mark
    due: Text | None
    story: tuple[TimelineEntry, ...]
    evidence: str | None
    revision: int
    licence_href: str
    can_answer: bool = False
    can_close: bool = False
    can_withdraw: bool = False
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class DepartureRow:
    """A licence whose holder has died."""

    href: str
    what: Text
    identifier: str
    died_on: str


@dataclass(frozen=True, slots=True)
class InboxView:
    """`/office/objections`."""

    rows: tuple[ObjectionRow, ...]
    waiting: int
    overdue: int
    closed: bool
    first_href: str | None
    next_href: str | None
    done: Text | None = None
    departures: tuple[DepartureRow, ...] = ()

"""The clerk's pages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from markupsafe import Markup

from api.web.views.common import Mark, Tone
from core.text import Text

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CheckFormView:
    """`/clerk`: the start."""

    items: Options
    service_item: str = ""
    id_number: str = field(default="", repr=False)
    case_number: str = ""
    basis: str = ""
    error: Text | None = None
    error_field: str | None = None
    agent_number: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class MaterialRow:
    """One material with its result and what comes next."""

    number: int
    name: Text
    why: Text
    source: Text | None
    tone: Tone
    icon: str
    word: Text
    copy_action: str | None = None
    next: Text | None = None


@dataclass(frozen=True, slots=True)
class MaterialGroup:
    """Materials with the same need."""

    title: Text
    rows: tuple[MaterialRow, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the bar over the table."""

    cls: str
    word: Text
    count: int


@dataclass(frozen=True, slots=True)
class QuestionView:
    """The question that the applicant is to answer: its code to scan, and what they have decided so far."""

    picture: Markup
    address: str
    rows: tuple[tuple[Text, Mark], ...]
    open: bool


@dataclass(frozen=True, slots=True)
class CheckView:
    """The exemption check's result; what needs work comes first.

    Attributes:
        first: which of the actions is the one to do now: `ask`, `again` or `deliver`.
        delivered: how many copies are with the case already.
    """

    item_name: Text
    item_code: str
    masked_number: str
    case_number: str
    basis: str
    checked_at: dt.datetime
    total: int
    exempt: int
    missing: int
    parts: tuple[Part, ...]
    groups: tuple[MaterialGroup, ...]
    ask_action: str | None
    again_action: str
    deliver_action: str | None = None
    delivered: int = 0
    first: str = "again"
    agent: tuple[str, Mark] | None = None
    question: QuestionView | None = None
    next_href: str = "/clerk"


@dataclass(frozen=True, slots=True)
class Found:
    """One licence found, with the fields that the office is granted."""

    title: Text
    state: Text
    tone: Tone
    icon: str
    fields: tuple[tuple[str, str], ...] = field(repr=False)
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class LookUpView:
    """`/clerk/licences`; `found` is None before anything was looked up."""

    items: Options
    types: Options
    service_item: str = ""
    type_code: str = ""
    id_number: str = field(default="", repr=False)
    case_number: str = ""
    basis: str = ""
    found: tuple[Found, ...] | None = None
    at: dt.datetime | None = None
    error: Text | None = None
    error_field: str | None = None

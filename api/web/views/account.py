"""The pages of a person's own account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from api.web.account_area import Section
from api.web.level_words import LevelWords
from api.web.views.common import Mark, TimelineEntry
from core.text import Text


@dataclass(frozen=True, slots=True)
class Attention:
    """Something that the person should do, or know."""

    text: Text
    href: str
    link: Text


@dataclass(frozen=True, slots=True)
class SectionState:
    """A door to a section, with how things stand there."""

    section: Section
    state: Text | None = None


@dataclass(frozen=True, slots=True)
class AccountView:
    """`/me/account`."""

    name: str = field(repr=False)
    masked_number: str
    masked_phone: str | None
    since: dt.datetime
    level: int
    highest: int
    words: LevelWords
    next_href: str | None
    attention: tuple[Attention, ...]
    groups: tuple[tuple[Text, tuple[SectionState, ...]], ...]


@dataclass(frozen=True, slots=True)
class DetailsView:
    """`/me/details`.

    Attributes:
        values: the fields of the form by name; what was typed, after an error.
        again_href: leads to a log-in, where the last one is too long ago to change anything.
    """

    name: str = field(repr=False)
    masked_phone: str | None
    values: Mapping[str, str] = field(repr=False)
    email_verified: bool
    again_href: str | None
    error: Text | None = None
    error_field: str | None = None
    done: Text | None = None
    can_verify: bool = False


@dataclass(frozen=True, slots=True)
class ConfirmEmailView:
    """`/me/details/email`: a code was sent to the mailbox."""

    email: str = field(repr=False)
    error: Text | None = None
    error_field: str | None = None
    demo: bool = False


@dataclass(frozen=True, slots=True)
class LogInRow:
    """One log-in, or refused tries of one sort."""

    at: dt.datetime
    device: Text
    source: str
    how: Text
    mark: Mark
    why: Text | None = None
    times: int = 1
    here: bool = False


@dataclass(frozen=True, slots=True)
class LogInsView:
    """`/me/log-ins`."""

    rows: tuple[LogInRow, ...]
    first_href: str | None
    next_href: str | None
    days: int


@dataclass(frozen=True, slots=True)
class IdentityLooksView:
    """`/me/accesses/identity`: who learned what about the person."""

    entries: tuple[TimelineEntry, ...]
    first_href: str | None
    next_href: str | None


@dataclass(frozen=True, slots=True)
class DataCopyView:
    """`/me/data-copy`.

    Attributes:
        state: of the copy that was asked for; None where none was.
        again: address to which the page goes on by itself while it is being made; None when it rests.
        again_href: leads to a log-in, where the last one is too long ago to take anything away.
    """

    state: str | None
    under_way: bool
    asked_at: dt.datetime | None
    expires_at: dt.datetime | None
    again: str | None
    again_href: str | None


@dataclass(frozen=True, slots=True)
class CloseView:
    """`/me/close`.

    Attributes:
        due: the day on which the account is closed; None where nobody asked for it.
        days: how long the wish can be taken back.
        again_href: leads to a log-in, where the last one is too long ago or too weak.
    """

    due: dt.date | None
    days: int
    again_href: str | None = None
    done: Text | None = None


@dataclass(frozen=True, slots=True)
class ConfirmCloseView:
    """`/me/close/confirm`: the question before it is done."""

    days: int


@dataclass(frozen=True, slots=True)
class ClosingView:
    """`/closing`: after the wish, for somebody who is logged out."""

    until: dt.date


@dataclass(frozen=True, slots=True)
class ChangeNameView:
    """`/me/details/name`."""

    name: str = field(repr=False)
    again_href: str | None
    error: Text | None = None
    error_field: str | None = None


@dataclass(frozen=True, slots=True)
class ChangePhoneView:
    """`/me/details/phone`: first the number, then the code that went there.

    Attributes:
        sent: a code is on its way.
    """

    masked_phone: str | None
    again_href: str | None
    sent: bool = False
    typed: str = field(default="", repr=False)
    error: Text | None = None
    error_field: str | None = None
    demo: bool = False

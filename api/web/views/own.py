"""The pages of the person whose licences they are."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from markupsafe import Markup

from api.web.views.common import TimelineEntry, Tone
from api.web.views.consenting import CopyPreview
from api.web.views.upstream import IdentityRow
from core.text import Text


@dataclass(frozen=True, slots=True)
class LicenceCard:
    """A licence as a card. `usable` is False for one that is not valid: its card stays, grey, with its state's word."""

    href: str
    colour: str
    title: str
    number: str = field(repr=False)
    rows: tuple[tuple[str, str], ...] = field(repr=False)
    issuer: str
    state: Text
    tone: Tone
    icon: str
    usable: bool = True
    seal: str | None = None


@dataclass(frozen=True, slots=True)
class Showable:
    """A licence that its holder can show right now."""

    name: str
    href: str


@dataclass(frozen=True, slots=True)
class MeView:
    """`/me`."""

    name: str = field(repr=False)
    masked_number: str
    cards: tuple[LicenceCard, ...]
    papers_saved: int
    looks: tuple[TimelineEntry, ...]
    level: int
    highest: int
    level_name: Text
    pending: int = 0
    due: Text | None = None
    due_href: str = ""
    sign_ins: int = 0
    ways: tuple[IdentityRow, ...] = ()
    notices: tuple[NoticeRow, ...] = ()
    showable: tuple[Showable, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of a licence."""

    number: str
    made_by: Text
    at: dt.datetime
    until: Text


@dataclass(frozen=True, slots=True)
class LicenceView:
    """`/me/licences/{id}`."""

    card: LicenceCard
    download: str | None
    file_name: str
    pages: tuple[str, ...]
    page_count: int
    fields: tuple[tuple[str, str], ...] = field(repr=False)
    story: tuple[TimelineEntry, ...]
    looks: tuple[TimelineEntry, ...]
    technical: tuple[tuple[Text, str], ...]
    state_note: Text | None = None
    state_tone: Tone = "warn"
    show: str | None = None
    share: str | None = None
    object: str = ""
    versions: tuple[VersionRow, ...] = ()
    qr: Markup | None = None
    attachments: tuple[AttachmentRow, ...] = ()
    ofd: str | None = None


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """A file that the authority keeps with the licence."""

    name: str = field(repr=False)
    size: str
    at: dt.datetime
    href: str


@dataclass(frozen=True, slots=True)
class AccessRow:
    """One look."""

    at: dt.datetime
    who: Text
    what: Text
    case_number: str | None
    right: Text
    tone: Tone
    icon: str


@dataclass(frozen=True, slots=True)
class AccessesView:
    """`/me/accesses`."""

    rows: tuple[AccessRow, ...]
    first_href: str | None
    next_href: str | None


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One consent, with what its holder can do about it now."""

    who: Text
    what: Text
    purpose: Text
    case_number: str | None
    until: str
    state: Text
    tone: Tone
    icon: str
    decide_href: str | None = None
    withdraw_href: str | None = None
    uses: Text | None = None


@dataclass(frozen=True, slots=True)
class ConsentsView:
    """`/me/consents`."""

    rows: tuple[ConsentRow, ...]
    first_href: str | None
    next_href: str | None
    done: Text | None = None


@dataclass(frozen=True, slots=True)
class WithdrawView:
    """`/me/consents/{id}/withdraw`: the question before it is done."""

    action: str
    consequence: Text
    keep: str = "/me/consents"


@dataclass(frozen=True, slots=True)
class PortalRow:
    """A portal that the person agreed to tell something."""

    name: Text
    office: Text | None
    gives: tuple[Text, ...]
    left_out: tuple[Text, ...]
    since: dt.datetime
    withdraw_href: str


@dataclass(frozen=True, slots=True)
class OwnPortalsView:
    """`/me/portals`."""

    rows: tuple[PortalRow, ...]
    events: tuple[TimelineEntry, ...]
    first_href: str | None
    next_href: str | None
    done: Text | None = None


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """Something that a person should know, and the button that puts it away."""

    text: Text
    action: str
    href: str
    where: Text


@dataclass(frozen=True, slots=True)
class ConsentView:
    """`/consents/{id}`: who, what, why, until when, and the very copy they would get.

    Attributes:
        given, withheld: titles of the fields.
        copy: None where the holder has no such licence.
        choices: licences that would do, by id and identifier, newest first.
        holder: for whom an agent decides; None for one's own.
    """

    action: str
    who: Text
    what: Text
    item: Text
    asked_at: dt.datetime
    minutes_left: int
    given: tuple[str, ...]
    withheld: tuple[str, ...]
    basis: str | None
    case_number: str
    until: dt.date
    copy: CopyPreview | None = None
    choices: tuple[tuple[str, str], ...] = ()
    holder: Text | None = None


@dataclass(frozen=True, slots=True)
class ConsentDoneView:
    """After the decision."""

    title: Text
    text: Text
    return_to: str | None = None

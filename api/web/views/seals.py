"""A department's pages about its seals: applications, lives, grants, approvals, the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from api.web.seal_diagram import SealDrawing
from api.web.seal_places import BY_HAND, Asked
from api.web.views.common import Fact, Mark, TimelineEntry
from core.text import Text


@dataclass(frozen=True, slots=True)
class SealRow:
    """A seal, or an application for one, in a list; `picture` is the address of its drawing."""

    href: str
    picture: str
    name: Text
    kind: Text
    code: str
    mark: Mark
    what_next: Text | None = None


@dataclass(frozen=True, slots=True)
class SealsView:
    """`/office/seals`: what waits first, then the seals."""

    title: Text
    below: Text
    waiting: tuple[SealRow, ...]
    seals: tuple[SealRow, ...]
    may_apply: bool
    tabs: SealTabs
    first_href: str | None = None
    next_href: str | None = None
    note: Text | None = None
    forms: FormsChoice | None = None


@dataclass(frozen=True, slots=True)
class FormsChoice:
    """In which forms new seals of the office are made.

    Attributes:
        chosen: what the office has set; empty for nothing of its own.
        usual: what the deployment has.
        outcome: what comes of it.
    """

    choices: tuple[tuple[str, Text], ...]
    chosen: str
    usual: Text
    outcome: Text


@dataclass(frozen=True, slots=True)
class SealTabs:
    """Which of the pages about seals this visitor has, and where they are."""

    here: str
    looks_after: bool
    requests: bool
    to_decide: int = 0


@dataclass(frozen=True, slots=True)
class SealAct:
    """A step that this visitor can take now.

    Attributes:
        legal: it lets a seal bind, or cannot be undone.
        onwards: it brings the seal further; what stops or ends it is never the first choice.
        blocked: it must be somebody else.
    """

    event: str
    name: Text
    effect: Text
    action: str
    legal: bool
    onwards: bool
    reason_needed: bool
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One grant; `end_action` is None where it has ended, or the visitor may not end it."""

    grantee: Text
    classes: Text
    days: str
    terms: Text
    mark: Mark
    share: str | None  # how much of the ceiling is used, in per cent, for the bar
    end_action: str | None


@dataclass(frozen=True, slots=True)
class SealView:
    """One seal, or one application: its picture, what can be done, its story."""

    title: Text
    mark: Mark
    picture: str
    facts: tuple[Fact, ...]
    acts: tuple[SealAct, ...]
    story: tuple[TimelineEntry, ...]
    diagram: SealDrawing
    tabs: SealTabs
    grants: tuple[GrantRow, ...] | None = None
    give_href: str | None = None
    certificate_href: str | None = None
    error: Text | None = None
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class SealPicture:
    """Where a seal's drawing lies, and its size in millimetres."""

    address: str
    size: str


@dataclass(frozen=True, slots=True)
class SealApplyView:
    """`/office/seals/new`; `before` is where the scan lies as it was, and the picture is what was made of it."""

    values: Mapping[str, str]
    kinds: tuple[tuple[str, Text], ...]
    diameters: tuple[str, ...]
    replaceable: tuple[tuple[str, str], ...]
    forms: tuple[tuple[str, Text], ...] = ()
    usual_form: Text | None = None
    picture: SealPicture | None = None
    before: str | None = None
    max_megabytes: int = 16
    error: Text | None = None
    error_field: str | None = None

    def error_at(self, name: str) -> Text | None:
        return self.error if self.error_field == name else None


@dataclass(frozen=True, slots=True)
class NationalFormView:
    """The national form of a seal: its certificate, and its SESeal.

    Attributes:
        mark, why: whether its certificate counts today.
        href: where SESeal is.
        former: how many editions there were before.
    """

    mark: Mark
    why: Text | None
    seal_facts: tuple[Fact, ...]
    facts: tuple[Fact, ...]
    href: str
    former: int


@dataclass(frozen=True, slots=True)
class SealCertificateView:
    """`/office/seals/{id}/certificate`; `mark` and `why` say whether it counts today."""

    seal: Text
    back: str
    base: str
    state: Mark
    mark: Mark
    why: Text | None
    facts: tuple[Fact, ...]
    may_change: bool
    national: NationalFormView | None = None
    error: Text | None = None
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class SealGrantView:
    """`/office/seals/{id}/grants/new`."""

    action: str
    back: str
    seal: Text
    values: Mapping[str, str]
    kinds: tuple[tuple[str, Text], ...]
    roles: tuple[tuple[str, Text], ...]
    forms: tuple[tuple[str, Text], ...]
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class UseRequestRow:
    """A request in a list."""

    href: str
    seal: Text
    reason: str
    who: Text
    at: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class UseRequestsView:
    """`/office/seal-requests`."""

    title: Text
    rows: tuple[UseRequestRow, ...]
    may_ask: bool
    tabs: SealTabs
    state: str = ""
    first_href: str | None = None
    next_href: str | None = None


@dataclass(frozen=True, slots=True)
class UseRequestNewView:
    """`/office/seal-requests/new`."""

    seals: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    max_megabytes: int
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class UseRequestView:
    """One request: the file to look at, and what can be done; `unseen` where the file never comes here."""

    action: str
    title: Text
    mark: Mark
    facts: tuple[Fact, ...]
    pages: tuple[str, ...]
    page_count: int
    tabs: SealTabs
    file: str | None = None
    may_decide: bool = False
    own_waits: bool = False
    may_seal: bool = False
    may_withdraw: bool = False
    sealed_file: str | None = None
    place: Mapping[str, str] = field(default_factory=dict)
    asked: Asked = BY_HAND
    error: Text | None = None
    note: Text | None = None
    unseen: bool = False


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One use.

    Attributes:
        sealed_as: the form of what was made, where it is not the usual one.
    """

    at: str
    seal: Text
    document_class: str
    reason: str
    who: Text
    level: str
    id: str
    unseen: Text | None = None
    sealed_as: Text | None = None


@dataclass(frozen=True, slots=True)
class LedgerView:
    """`/office/seals/ledger`."""

    rows: tuple[LedgerRow, ...]
    seals: tuple[tuple[str, str], ...]
    sent: Mapping[str, str]
    export: str
    tabs: SealTabs
    first_href: str | None = None
    next_href: str | None = None
    error: Text | None = None

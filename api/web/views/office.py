"""A department's pages: issue a licence, seal a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from api.web.seal_places import BY_HAND, Asked
from api.web.views.common import Fact, Tone
from api.web.views.own import LicenceCard
from certstore.codes import CODE_TYPES, ORGANISATION_CODE, Bearer
from core.text import Text


@dataclass(frozen=True, slots=True)
class SealChoice:
    """A seal of the office; `picture` is the address of its drawing."""

    id: str
    name: Text
    code: str
    picture: str
    diameter_mm: float
    state: Text
    tone: Tone
    icon: str
    across_mm: float | None = None

    @property
    def width_mm(self) -> float:
        return self.diameter_mm if self.across_mm is None else self.across_mm


@dataclass(frozen=True, slots=True)
class IssuedRow:
    """One licence that this office issued; `identifier` is free of personal data."""

    title: Text
    href: str
    identifier: str
    state: Text
    tone: Tone
    icon: str


@dataclass(frozen=True, slots=True)
class OfficeView:
    """`/office`; `issued` is None for people who do not issue."""

    organisation: Text
    may_issue: bool
    may_seal: bool
    has_seals: bool
    seals: tuple[SealChoice, ...]
    issued: tuple[IssuedRow, ...] | None


@dataclass(frozen=True, slots=True)
class TypeChoice:
    """A type that may be issued."""

    href: str
    name: Text
    code: str
    colour: str


@dataclass(frozen=True, slots=True)
class ChooseTypeView:
    """`/office/issue`."""

    types: tuple[TypeChoice, ...]


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of the form, made from one property of the type's JSON Schema. `key` is the property's name."""

    name: str
    key: str
    title: Text
    type: str
    inputmode: str
    maxlength: int
    required: bool
    options: tuple[tuple[str, str], ...] = ()
    hint: Text | None = None


@dataclass(frozen=True, slots=True)
class HolderBlock:
    """One holder in a form.

    Attributes:
        suffix: what its fields' names end with.
        kind: of the number.
        fault: which of its fields was refused, `holder_code` or `holder_name`.
    """

    suffix: str
    kind: str
    code: str = field(repr=False)
    name: str = field(repr=False)
    role: str = "holder"
    kinds: tuple[tuple[str, Text], ...] = ()  # to choose from; none where a type's holders are of one kind
    fault: str | None = None

    @property
    def organisation(self) -> bool:
        return self.kind == ORGANISATION_CODE

    @property
    def about_things(self) -> bool:
        """Whether one of the kinds is a thing's."""
        return any(CODE_TYPES[code].bearer is Bearer.THING for code, _ in self.kinds)


@dataclass(frozen=True, slots=True)
class IssueView:
    """`/office/issue/{type}`, and `/office/drafts/{id}`, which has a revision."""

    action: str
    type_name: Text
    issuer: Text
    holders: Sequence[HolderBlock] = field(repr=False)
    may_add: bool
    fields: tuple[FormField, ...]
    values: Mapping[str, str] = field(repr=False)
    states_end: bool
    validity: Text
    seal: str | None
    idempotency: str
    error: Text | None = None
    error_field: str | None = None
    draft_revision: int | None = None
    draws_number: bool = False


@dataclass(frozen=True, slots=True)
class IssuedView:
    """After issuing."""

    title: Text
    card: LicenceCard
    facts: tuple[Fact, ...]
    download: str


@dataclass(frozen=True, slots=True)
class SealUploadView:
    """`/office/seal`: step 1."""

    has_seal: bool
    max_megabytes: int
    error: Text | None = None
    step: int = 1


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page to choose; `places` of the seal on it."""

    number: int
    picture: str
    href: str
    places: int = 0


@dataclass(frozen=True, slots=True)
class SealSeen:
    """The seal, or a part of it, at a place that was found; `part` is the picture's view box, from its centre."""

    left_mm: float
    top_mm: float
    width_mm: float
    height_mm: float
    part: str
    seal_width_mm: float
    seal_height_mm: float


@dataclass(frozen=True, slots=True)
class SealPlaceView:
    """Step 2: the page with the seal on it. Millimetres from the left and the top, as the file is read.

    Attributes:
        profiles: forms to choose from, each with its name and what it gives; none where no seal has two.
    """

    action: str
    file_name: str
    sheets: tuple[Sheet, ...]
    page: int
    picture: str
    width_mm: float
    height_mm: float
    x_mm: float
    y_mm: float
    seal: SealChoice
    seals: tuple[SealChoice, ...]
    reason: str = ""
    error: Text | None = None
    asked: Asked = BY_HAND
    fields: tuple[str, ...] = ()
    total: int = 1
    places: tuple[SealSeen, ...] = ()
    found: Text | None = None
    levels: tuple[tuple[str, Text, Text], ...] = ()
    level: str = ""
    level_chosen: bool = False
    level_or_nothing: bool = True
    profiles: tuple[tuple[str, Text, Text], ...] = ()
    profile: str = ""
    step: int = 2

    @property
    def field_options(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, name) for name in self.fields)


@dataclass(frozen=True, slots=True)
class SealedView:
    """Step 3: the sealed file."""

    file_name: str
    signature_id: str
    pages: tuple[str, ...]
    page_count: int
    shown_page: int
    facts: tuple[Fact, ...]
    download: str
    step: int = 3

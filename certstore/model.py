"""What the repository keeps: licence types, licences with their versions and files, consents, looks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from certstore.codes import HolderCode
from certstore.conditions import Condition
from certstore.lifecycle import Event, State
from core.principal import PrincipalKind, Purpose
from core.text import Text

Scalar = str | int | float | bool
FaceData = Mapping[str, Scalar]

HOLDER_NAME, HOLDER_CODE, NUMBER = "holder_name", "holder_code", "number"
FIXED_FIELDS: dict[str, Text] = {  # every licence has these beside what its type's schema names
    HOLDER_NAME: Text("持证主体", "Holder"),
    HOLDER_CODE: Text("证件号码", "Holder's number"),
    NUMBER: Text("证照编号", "Licence number"),
}


class HolderKind(StrEnum):
    """Who can hold a licence of a type."""

    PERSON = "person"
    ORGANISATION = "organisation"
    EITHER = "either"  # persons and organisations, also side by side (co-owners)
    THING = "thing"  # the face is about a thing; its holders are whoever owns it


class Trust(StrEnum):
    """How far a licence's data can be relied on (国办函〔2016〕108号)."""

    A = "A"  # made by the authority itself
    B = "B"  # checked against the original by a window clerk
    C = "C"  # uploaded by the holder; usable once a clerk has seen the original
    D = "D"  # the holder's own statement with a promise


class Sharing(StrEnum):
    """On what ground other offices may use a type: the holder's consent, or their function (依职能)."""

    CONSENT = "consent"
    FUNCTION = "function"


class Colour(StrEnum):
    """The colour class that belongs to a type and follows it from card to face."""

    PINE = "pine"
    BLUE = "blue"
    OCHRE = "ochre"
    PLUM = "plum"


class Validity(StrEnum):
    """How a type's last day of validity comes about."""

    LONG_TERM = "long-term"  # 长期
    YEARS = "years"
    DAYS = "days"
    STATED = "stated"  # the issuer says it with each licence


@dataclass(frozen=True, slots=True)
class ValidityRule:
    """`amount` counts years or days from the first day of validity."""

    kind: Validity
    amount: int = 0


class Masking(StrEnum):
    """How a field is shown where it is not being used in full."""

    NONE = "none"
    NAME = "name"
    CODE = "code"
    ADDRESS = "address"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class FaceField:
    """One element of a licence's face.

    Attributes:
        name: property name in the type's JSON Schema.
        code: GB/T 36903-like extension element (`KZ_…`).
    """

    name: str
    title: Text
    masking: Masking
    code: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class InspectionRule:
    """An inspection, yearly (年检) or in another rhythm: due every `months`, from `window_days` before that day on."""

    months: int
    window_days: int


@dataclass(frozen=True, slots=True)
class LifeProfile:
    """What may happen to licences of a type: a part of `certstore.lifecycle.TRANSITIONS`.

    Attributes:
        two_people: endings that a member of staff only proposes and a colleague decides.
    """

    events: frozenset[Event] = frozenset(Event)
    two_people: frozenset[Event] = frozenset()


class FileForms(StrEnum):
    """The formats that licences of a type are issued in."""

    PDF = "pdf"
    OFD = "ofd"  # GB/T 33190 alone: what is shown or copied is drawn anew
    BOTH = "both"  # PDF, and OFD beside it: one version in two files

    @property
    def files(self) -> tuple[str, ...]:
        """Each that a version is issued in; the first is the one that is shown and known by its digest."""
        return ("pdf", "ofd") if self is FileForms.BOTH else (self.value,)


@dataclass(frozen=True, slots=True)
class LicenceType:
    """One version of a licence type; what was issued under an earlier version stays as it was.

    Attributes:
        code: 21 characters, GB/T 36904.
        version: 1, then one more with each change of the catalogue entry.
        issuers: unified social credit codes of the authorities that may issue it.
        schema: JSON Schema, draft 2020-12, of the face data (profile: `certstore.schema`).
        one_per_holder: a holder can have only one valid licence of this type.
        several_holders: a licence can have more than one holder.
        inspection: None for types that are not inspected.
        profile: None allows everything that the life-cycle table allows.
        numbering: pattern of the 证照编号; empty takes the identifier's serial.
        retired: nothing new is issued; what is issued stays.
        file_forms: in what its licences are issued.
    """

    code: str
    version: int
    name: Text
    authority: str
    issuers: tuple[str, ...]
    holder_kind: HolderKind
    colour: Colour
    schema: Mapping[str, object]
    validity: ValidityRule
    sharing: Sharing
    template: str
    one_per_holder: bool
    created_at: dt.datetime
    several_holders: bool = True
    inspection: InspectionRule | None = None
    profile: LifeProfile | None = None
    numbering: str = ""
    retired: bool = False
    file_forms: FileForms = FileForms.PDF

    def allows(self, event: Event) -> bool:
        """Whether the type's own profile leaves `event` open; the table of transitions decides the rest."""
        return self.profile is None or event in self.profile.events

    def needs_two(self, event: Event) -> bool:
        """Whether `event` takes two members of staff: one proposes, another decides (attacks L-23)."""
        return self.profile is not None and event in self.profile.two_people


@dataclass(frozen=True, slots=True)
class Material:
    """One material of a service item.

    Attributes:
        types: any one of these licence types will do; empty means the repository has no such thing.
        condition: when the material is needed, in words.
        conditions: what a licence's data must say for it to stand in; all of them.
    """

    number: int
    name: Text
    types: tuple[str, ...]
    condition: Text | None = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceItem:
    """A service item (政务服务事项) with the materials that it asks for."""

    code: str
    name: Text
    department: str
    materials: tuple[Material, ...]


@dataclass(frozen=True, slots=True)
class Quota:
    """How often a grant may be used in a clock hour and on a calendar day; None where there is no limit."""

    hourly: int | None = None
    daily: int | None = None


@dataclass(frozen=True, slots=True)
class ConsumerGrant:
    """An organisation may use these fields of a type for a service item (使用授权)."""

    organisation: str
    type_code: str
    service_item: str
    fields: tuple[str, ...]
    basis: str
    valid_from: dt.date
    valid_until: dt.date | None = None
    quota: Quota = Quota()

    def covers(self, day: dt.date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True, slots=True)
class Holder:
    """One holder of a licence; a licence can have several (co-owners)."""

    code: HolderCode
    name: str = field(repr=False)
    role: str = "holder"


@dataclass(frozen=True, slots=True)
class LicenceVersion:
    """What was issued at one time; never changed afterwards.

    Attributes:
        number: 1, then one more with each renewal or change; the identifier's version part.
        identifier: GB/T 36904.
        licence_number: 证照编号 (ZZBH) as printed on the face.
        previous, hash: the chain over the licence's versions (`certstore.history`).
        trust: how far the data can be relied on.
        based_on: 关联证照标识 (GLZZBS), the identifier of what this version follows.
        made_by: the event that made it.
    """

    licence_id: str
    number: int
    identifier: str
    type_code: str
    type_version: int
    licence_number: str = field(repr=False)
    holders: tuple[Holder, ...] = field(repr=False)
    data: FaceData = field(repr=False)
    issued_at: dt.datetime
    valid_from: dt.date
    valid_until: dt.date | None
    previous: bytes
    hash: bytes
    trust: Trust = Trust.A
    based_on: str | None = None
    made_by: Event = Event.ISSUE


@dataclass(frozen=True, slots=True)
class Licence:
    """One licence with its current version.

    Attributes:
        revision: rises with every change of state or version; the ETag.
        verification_code: random; in the QR code on the face.
        inspected_until: last day covered by the last inspection that was passed; None for types without.
    """

    id: str
    type_code: str
    issuer: str
    state: State
    revision: int
    verification_code: str = field(repr=False)
    current: LicenceVersion
    inspected_until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class LicenceChange:
    """One event in a licence's life."""

    sequence: int
    event: Event
    state: State
    version: int
    at: dt.datetime
    actor_kind: PrincipalKind
    actor_id: str
    organisation: str | None
    reason: str = field(default="", repr=False)


class FileKind(StrEnum):
    """The original, or a copy made for one use."""

    ORIGINAL = "original"
    ORIGINAL_OFD = "original-ofd"  # the same version as OFD, or the only original
    ANNOTATED_COPY = "annotated-copy"  # 加注件


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long the seal on a file lasts.

    Attributes:
        level: PAdES level that it has (ETSI EN 319 142-1).
        due_at: when somebody must look after it; None for never.
    """

    level: str
    due_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class LicenceFile:
    """A sealed file.

    Attributes:
        content: address of its encrypted bytes.
        sha256, size: of an annotated copy, all of it; of an original, the revision that was sealed, for what proves the
            seal's time follows that and is renewed.
        lasting: of a new file that is to be looked after; the row does not tell it.
        beside: of a new PDF, the same version as OFD, whose row is written with this one's; the row does not tell it.
    """

    id: str
    licence_id: str
    version: int
    kind: FileKind
    content: str
    sha256: str
    size: int
    seal_id: str
    signature_id: str
    made_at: dt.datetime
    lasting: Lasting | None = field(default=None, compare=False)
    beside: LicenceFile | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class AnnotatedCopy:
    """What a copy was made for, by and until when."""

    id: str
    licence_id: str
    file: LicenceFile
    organisation: str
    purpose: Purpose
    fields: tuple[str, ...]
    consent_id: str | None
    expires_on: dt.date
    verification_code: str = field(repr=False)
    made_at: dt.datetime


class ConsentState(StrEnum):
    """Decided once; `granted` ends by withdrawal or by date."""

    PENDING = "pending"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"  # not decided in time, or past its last day; computed


@dataclass(frozen=True, slots=True)
class Consent:
    """A request for one holder's licence, and what the holder decided.

    Attributes:
        client_id, requester: the system that asked, and the name and organisation behind it.
        days: how long the holder's yes holds, counted from the day it is given.
        decide_by: an undecided request ends then.
        licence_id: chosen when granted.
        last_day: last calendar day of use, once granted.
        bundle: id of the one question that this was asked in together with others.
        max_uses: how often the data may be taken; None for as often as the case needs.
        decided_by, authority: the account that decided, and under which authorisation if it was an agent's (委托).
    """

    id: str
    client_id: str
    organisation: str
    holder: HolderCode
    type_code: str
    purpose: Purpose
    fields: tuple[str, ...]
    days: int
    state: ConsentState
    created_at: dt.datetime
    decide_by: dt.datetime
    decided_at: dt.datetime | None = None
    withdrawn_at: dt.datetime | None = None
    licence_id: str | None = None
    last_day: dt.date | None = None
    bundle: str | None = None
    max_uses: int | None = None
    uses: int = 0
    decided_by: str | None = None
    authority: str | None = None

    def state_at(self, now: dt.datetime, today: dt.date) -> ConsentState:
        """The stored state, or `expired` where time has ended it."""
        if self.state is ConsentState.PENDING and now >= self.decide_by:
            return ConsentState.EXPIRED
        if self.state is ConsentState.GRANTED and self.last_day is not None and today > self.last_day:
            return ConsentState.EXPIRED
        return self.state


class Look(StrEnum):
    """How somebody looked at a holder's data."""

    SEARCH = "search"
    EXEMPTION = "exemption-check"
    COPY = "copy"
    FILE = "copy-file"
    ISSUER = "issuer-read"
    FIELD_CHECK = "field-check"
    PRESENTATION = "presentation"  # the holder showed it
    SHARE = "share"
    USE_CODE = "use-code"
    VIEW = "view-page"
    ENTRUSTED = "entrusted"  # somebody whom the holder entrusted saw what they were to decide on
    EXPORT = "export"
    REGISTER = "register"  # a register taken over was held against it


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """One look at a holder's data, as the holder sees it.

    Attributes:
        fields: names of the fields given out; empty when only existence or a yes/no was told.
        about_other: it was another holder of the same licence who was looked for: what for is not this one's to know.
        actor_name: the clerk's name, encrypted at rest.
    """

    id: str
    holder: HolderCode = field(repr=False)
    licence_id: str | None
    type_code: str | None
    look: Look
    organisation: str | None
    actor_kind: PrincipalKind
    actor_id: str
    actor_name: str | None = field(repr=False)
    purpose: Purpose
    fields: tuple[str, ...]
    consent_id: str | None
    at: dt.datetime
    about_other: bool = False

"""What the repository needs from others: stores of its own, a sealer, a judge of documents, two directories."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from certstore.codes import HolderCode
from certstore.model import (
    AccessRecord,
    AnnotatedCopy,
    Consent,
    ConsumerGrant,
    FileKind,
    Lasting,
    Licence,
    LicenceChange,
    LicenceFile,
    LicenceType,
    LicenceVersion,
    ServiceItem,
)
from core.db.database import ReadTx, WriteTx
from core.principal import Principal
from core.text import Text

# --- rendering -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SealAnchor:
    """Where the centre of a 42 mm seal belongs; `page` counts from 1, millimetres from the left and top edges."""

    page: int
    x_mm: float
    y_mm: float


@dataclass(frozen=True, slots=True)
class RenderedFace:
    """A PDF/A-3b file, not sealed yet."""

    content: bytes
    seal_anchor: SealAnchor


class Renderer(Protocol):
    """Makes the PDF of a licence face; the same input gives the same bytes."""

    async def render(
        self, template: str, face: Mapping[str, object], *, metadata: bytes, qr_text: str, made_at: dt.datetime
    ) -> RenderedFace:
        """
        Args:
            template: name of a face template.
            face: JSON-like values for it (`certstore.face`); text only, never markup.
            metadata: XML to embed as `metadata.xml`.
            qr_text: what the QR code says.
            made_at: the document's date.

        Raises:
            core.errors.InvalidInput: `glyph-missing`, `template-unknown`.
        """

    async def pinned(self, template: str) -> str | None:
        """The template under a name that will always mean the same face; None if `render` knows no such template."""


# --- other domains ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A sealed PDF, or an OFD that is issued alone, and what sealed it.

    Attributes:
        revision: where the signature's own revision ends, in octets; None for the end of the file.
        lasting: where somebody has to look after its seal.
        beside: the same as OFD, where one was sealed with it.
    """

    content: bytes
    seal_id: str
    signature_id: str
    revision: int | None = None
    lasting: Lasting | None = None
    beside: SealedFile | None = None


@dataclass(frozen=True, slots=True)
class OfdAbout:
    """What an OFD says of itself (GB/T 33190 §7.4).

    Attributes:
        doc_id: 32 hexadecimal digits.
        custom: names and values of its CustomData, in their order.
    """

    doc_id: str
    title: str
    author: str
    created: dt.date
    custom: tuple[tuple[str, str], ...] = field(repr=False)


class OfdMaker(Protocol):
    """Makes an OFD that looks and reads like a PDF; the same input gives the same bytes."""

    async def make(self, pdf: bytes, about: OfdAbout) -> bytes:
        """
        Raises:
            core.errors.InvalidInput: `pdf-not-convertible`: the face has something that an OFD could not say.
        """


class LicenceSealer(Protocol):
    """Puts the issuing authority's seal on a file."""

    async def seal(
        self,
        pdf: bytes | None,
        *,
        organisation: str,
        licence_id: str,
        actor: Principal,
        placement: SealAnchor,
        seal_code: str | None = None,
        sealed_before: str | None = None,
        ofd: bytes | None = None,
    ) -> SealedFile:
        """
        Args:
            pdf: None where the OFD is issued alone; the answer is that one then.
            ofd: the same as OFD, to be sealed with the national form of the same seal.
            organisation: USCC of the authority whose active seal is used.
            seal_code: 印章编码 of one of its active seals; its official seal when None.
            sealed_before: id of the seal on the licence's version before this one: the same again if it is still one of
                the authority's active seals, its official seal if not.

        Raises:
            core.errors.NotFound: it has no such active seal.
            core.errors.NotPermitted: the actor may not use that seal.
            core.errors.Conflict: `seal-form-missing`: the seal has no national form; nothing was sealed.
            core.errors.Unavailable: the seal or its key does not answer; nothing was sealed.
        """

    async def has(self, organisation: str, seal_code: str) -> bool:
        """Whether the authority has an active seal of this code for its licences."""

    async def stamps(self, organisation: str) -> bool | None:
        """Whether one of the authority's active seals for licences has a national form; None where it has no seal."""


DocumentConclusion = Literal[
    "genuine",
    "annotated",
    "changed",
    "unknown-signer",
    "not-signed",
    "not-a-pdf",
    "not-an-ofd",
    "empty",
    "undecided",
]


@dataclass(frozen=True, slots=True)
class DocumentJudgement:
    """What the signature check says of a file.

    Attributes:
        organisation: USCC in the certificate of the trusted seal, when there is one.
        embedded_files: attachments of the signed revision, by name.
        names: what an OFD says of itself under a trusted seal (`ZZBS`, …), by the element's name.
        signed_revision: the bytes as they were when sealed, when they can be told.
        report: the signing domain's own report, passed through for display.
        broken: what is called changed has no signature of somebody trusted that holds.
    """

    conclusion: DocumentConclusion
    indication: str
    sub_indication: str | None = None
    organisation: str | None = None
    signed_at: dt.datetime | None = None
    embedded_files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    signed_revision: bytes | None = field(default=None, repr=False)
    report: object | None = field(default=None, repr=False)
    broken: bool = False


class DocumentJudge(Protocol):
    """Judges a file's seals; answers for every input and never raises on a hostile one."""

    async def judge(self, content: bytes) -> DocumentJudgement: ...


@dataclass(frozen=True, slots=True)
class HolderIdentity:
    """A known person, or the organisation that they act for.

    Attributes:
        code: the number that new things are made for.
        former: further numbers of the same holder: other documents, and those of accounts that were merged into theirs.
    """

    account_id: str
    code: HolderCode
    name: str = field(repr=False)
    former: tuple[HolderCode, ...] = ()

    @property
    def codes(self) -> tuple[HolderCode, ...]:
        """Every number under which something can be theirs."""
        return (self.code, *self.former)


class HolderDirectory(Protocol):
    """Accounts ↔ holders' numbers."""

    async def of_account(self, account_id: str) -> HolderIdentity | None: ...

    async def of_subject(self, client_id: str, subject: str) -> HolderIdentity | None:
        """By the pairwise subject (OpenID Connect Core §8.1) that this client knows the person under."""


class OrganisationDirectory(Protocol):
    """Names of organisations."""

    async def name(self, uscc: str) -> Text | None: ...


@dataclass(frozen=True, slots=True)
class Case:
    """One case (办件) of one office."""

    organisation: str
    service_item: str
    number: str


@dataclass(frozen=True, slots=True)
class Mandate:
    """An authority to act for somebody, in force today (委托).

    Attributes:
        id: of the authorisation, or of the entrustment.
        holder: whom it is to act for.
        items, types: service items and licence types that it is for; empty for all.
        further: other numbers of the same holder.
        until: last day of what is agreed to under it; None where the agreement itself says it.
        only: the cases that it is still for, once no new one may be begun; None for any.
        personal: a person gave it for themselves: what is done under it is counted and shown to them.
    """

    id: str
    holder: HolderCode
    holder_name: Text = field(repr=False)
    items: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    further: tuple[HolderCode, ...] = field(default=(), repr=False)
    until: dt.date | None = None
    only: frozenset[Case] | None = None
    personal: bool = False

    def is_for(self, holder: HolderCode) -> bool:
        return holder == self.holder or holder in self.further

    def covers(self, case: Case) -> bool:
        """Whether it is for this case at all; for which types, `reaches` says."""
        within = not self.items or case.service_item in self.items
        return within and (self.only is None or case in self.only)

    def reaches(self, type_code: str) -> bool:
        return not self.types or type_code in self.types


class Deed(StrEnum):
    """What an agent does under a mandate."""

    LOOK = "look"  # at what they are to decide on
    CONSENT = "consent"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    CODES = "codes"  # had use codes issued


@dataclass(frozen=True, slots=True)
class Act:
    """Something done in one case.

    Attributes:
        types: licence types that it was about.
        subjects: ids of what came of it.
    """

    deed: Deed
    case: Case
    types: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()


class AgencyDirectory(Protocol):
    """Who may act for whom today."""

    async def of_account(self, account_id: str) -> Sequence[Mandate]:
        """What the owner of an account may do for others."""

    async def of_number(self, agent: HolderCode) -> Sequence[Mandate]:
        """The same for whoever has this number; nothing where the number is not known."""

    async def act(self, tx: WriteTx, mandate: Mandate, act: Act) -> bool:
        """Put on record what is done under a mandate, in the unit that does it and before anything else is locked.

        Returns:
            False if it has ended meanwhile, or may begin no new case. Otherwise it cannot be ended before the unit.
        """


# --- stores ----------------------------------------------------------------------------------------------------


class CatalogueStore(Protocol):
    """Licence types, service items, grants of use."""

    async def add_type(self, tx: WriteTx, licence_type: LicenceType) -> bool:
        """Add one version; False if that version is there already (another caller was first)."""

    async def licence_type(self, tx: ReadTx, code: str, version: int | None = None) -> LicenceType | None:
        """The version asked for, or the newest."""

    async def newest_types(self, tx: ReadTx, codes: Sequence[str]) -> Mapping[str, LicenceType]:
        """The newest version of each of these types that the catalogue has, by code."""

    async def licence_types(self, tx: ReadTx, *, after: str = "", limit: int = 100) -> Sequence[LicenceType]:
        """Newest versions in order of code."""

    async def held_item(self, tx: WriteTx, code: str) -> ServiceItem | None:
        """The item as it is, kept from other writers until the end of this one; None where there is none yet.

        Whoever holds it and puts nothing must not commit.
        """

    async def put_item(self, tx: WriteTx, item: ServiceItem) -> None:
        """Add or replace a service item with its materials."""

    async def item(self, tx: ReadTx, code: str) -> ServiceItem | None: ...

    async def items(
        self, tx: ReadTx, *, after: str = "", limit: int = 100, department: str | None = None
    ) -> Sequence[ServiceItem]:
        """In order of code; of one department where it is named."""

    async def put_grant(self, tx: WriteTx, grant: ConsumerGrant) -> None:
        """Add or replace the grant of (organisation, type, service item)."""

    async def grants(self, tx: ReadTx, organisation: str, service_item: str) -> Mapping[str, ConsumerGrant]:
        """All grants for that use, by type code; dates are for the caller to judge."""

    async def all_grants(
        self,
        tx: ReadTx,
        *,
        organisation: str = "",
        service_item: str = "",
        after: tuple[str, str, str] = ("", "", ""),
        limit: int = 100,
    ) -> Sequence[ConsumerGrant]:
        """In order of (organisation, service item, type), after that place; of one organisation or item if named."""

    async def remove_grant(self, tx: WriteTx, organisation: str, service_item: str, type_code: str) -> bool:
        """False if there is none."""


@dataclass(frozen=True, slots=True)
class UseRules:
    """What an organisation may use for a service item.

    Attributes:
        grants: by type code; dates and quotas are for the caller to judge.
        types: the newest version of each of these types that the catalogue has, by code.
    """

    grants: Mapping[str, ConsumerGrant]
    types: Mapping[str, LicenceType]


class UseRuleStore(Protocol):
    """The rules of a use as they are at this moment, in one look."""

    async def rules(self, tx: ReadTx, organisation: str, service_item: str) -> UseRules | None:
        """None where there is no such service item."""


class LicenceStore(Protocol):
    """Licences, versions, holders and events. Personal data are encrypted; holders found by blind index."""

    async def add(self, tx: WriteTx, licence: Licence, *changes: LicenceChange) -> None:
        """Add a licence with its first version and the events that brought it there."""

    async def add_recorded(self, tx: WriteTx, licences: Sequence[Licence], recorded: LicenceChange) -> None:
        """Many licences taken over from a register at once, each with the same first event."""

    async def of_numbers(self, tx: ReadTx, type_code: str, numbers: Sequence[str]) -> Sequence[Licence]:
        """All of a type that have one of these licence numbers, in no order."""

    async def add_version(self, tx: WriteTx, licence: Licence, change: LicenceChange) -> bool:
        """The licence's next version with its holders and event; False if its revision is not `change.sequence - 1`.

        Its marks of a holder's single licence are given back: the caller claims them anew (`claim_single`).
        """

    async def claim_single(self, tx: WriteTx, licence: Licence, *, today: dt.date) -> bool:
        """Mark the licence as its holders' only valid one of its type, in the database itself.

        A mark left by a licence that has run out by date is taken over. False if another valid one holds it.
        """

    async def claim_singles(self, tx: WriteTx, licences: Sequence[Licence], *, today: dt.date) -> bool:
        """`claim_single` for many licences of one type at once; False if one of them did not get its marks."""

    async def holding(
        self, tx: ReadTx, type_code: str, holders: Collection[HolderCode], *, today: dt.date
    ) -> Collection[HolderCode]:
        """Those among the holders who have a licence of the type that has neither ended nor run out."""

    async def licence(self, tx: ReadTx, licence_id: str) -> Licence | None: ...

    async def locked(self, tx: WriteTx, licence_id: str) -> Licence | None:
        """The licence, kept from changing until the unit ends."""

    async def by_identifier(self, tx: ReadTx, identifier: str) -> Licence | None:
        """By the identifier of any of its versions."""

    async def by_number(self, tx: ReadTx, type_code: str, licence_number: str) -> Licence | None: ...

    async def by_code(self, tx: ReadTx, verification_code: str) -> Licence | None: ...

    async def by_holder(self, tx: ReadTx, holder: HolderCode, types: Sequence[str] | None = None) -> Sequence[Licence]:
        """Newest first; at most 200."""

    async def by_issuer(
        self, tx: ReadTx, issuer: str, *, before: str | None = None, limit: int = 20
    ) -> Sequence[Licence]:
        """Newest first, before the id `before`."""

    async def change_state(self, tx: WriteTx, licence: Licence, change: LicenceChange) -> bool:
        """Move `licence` from the revision it was read at to `change.state`; False if it moved meanwhile.

        What the licence says of its inspection is written along.
        """

    async def history(self, tx: ReadTx, licence_id: str) -> Sequence[LicenceChange]:
        """Oldest first."""

    async def versions(self, tx: ReadTx, licence_id: str) -> Sequence[LicenceVersion]:
        """Oldest first."""


class FileStore(Protocol):
    """Sealed files of licences: originals and annotated copies."""

    async def add(self, tx: WriteTx, file: LicenceFile) -> None:
        """Add a file, and what is beside it."""

    async def original(
        self, tx: ReadTx, licence_id: str, version: int, kind: FileKind | None = None
    ) -> LicenceFile | None:
        """The version's original of this kind; by itself the PDF, or the OFD that was issued alone."""

    async def file_by_digest(self, tx: ReadTx, sha256: str) -> LicenceFile | None: ...

    async def add_copy(self, tx: WriteTx, copy: AnnotatedCopy) -> None:
        """Add a copy with its file."""

    async def copy(self, tx: ReadTx, copy_id: str) -> AnnotatedCopy | None: ...

    async def copy_by_code(self, tx: ReadTx, verification_code: str) -> AnnotatedCopy | None: ...

    async def copy_by_file(self, tx: ReadTx, file_id: str) -> AnnotatedCopy | None: ...


class ConsentStore(Protocol):
    """Consents; each is decided once and by one caller."""

    async def add(self, tx: WriteTx, consent: Consent) -> None: ...

    async def consent(self, tx: ReadTx, consent_id: str) -> Consent | None: ...

    async def decide(self, tx: WriteTx, decided: Consent, *, now: dt.datetime) -> bool:
        """Store the decision if the request is still pending and in time; of many callers one gets True."""

    async def withdraw(self, tx: WriteTx, consent_id: str, *, now: dt.datetime) -> bool:
        """End a granted consent; False if it was not granted (any more)."""

    async def use(self, tx: WriteTx, consent_id: str, *, today: dt.date) -> bool:
        """Count one use if the consent is in force and has one left; from here to the end of the unit it cannot be
        withdrawn."""

    async def hold(self, tx: WriteTx, consent_id: str, *, today: dt.date) -> bool:
        """Whether it is in force, without counting; it cannot be withdrawn until the unit ends."""

    async def of_bundle(self, tx: ReadTx, bundle: str) -> Sequence[Consent]:
        """What was asked for together, in order of type."""

    async def of_holder(
        self, tx: ReadTx, holder: HolderCode, *, before: str | None = None, limit: int = 20
    ) -> Sequence[Consent]:
        """Newest first."""

    async def granted_under(self, tx: ReadTx, holder: HolderCode, authority: str) -> Sequence[Consent]:
        """Those of a holder that were given under an authority and not withdrawn, in order of id."""

    async def in_force(
        self, tx: ReadTx, organisation: str, holder: HolderCode, *, service_item: str, case_number: str, today: dt.date
    ) -> Sequence[Consent]:
        """Granted consents for exactly this use that have a use left."""


class AccessStore(Protocol):
    """Who looked."""

    async def add(self, tx: WriteTx, records: Sequence[AccessRecord]) -> None: ...

    async def of_holder(
        self, tx: ReadTx, holder: HolderCode, *, now: dt.datetime, before: str | None = None, limit: int = 20
    ) -> Sequence[AccessRecord]:
        """Newest first, without those that the holder is to see only later (`certstore.look_delays`)."""

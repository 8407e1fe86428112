"""Seals, grants, signatures: the facts of the e-seal service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from core.files.scratch import FileBytes
from core.principal import Principal
from core.text import Text
from keys.profile import Profile
from signing.levels import Level, LevelPolicy
from signing.locks import NO_LOCKS, Locks
from signing.places import Place
from signing.profiles import PdfProfile

ANY_DOCUMENT = "*"


class SealStatus(StrEnum):
    """Where a seal is in its life; `signing.lifecycle` says what leads where. Until it is made it is an application."""

    APPLIED = "applied"  # 申请
    APPROVED = "approved"  # 审核通过
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    MADE = "made"  # 已制作, 未启用: has key, certificate and picture, and seals nothing yet
    ACTIVE = "active"  # 启用
    SUSPENDED = "suspended"  # 暂停: may become active again
    REVOKED = "revoked"  # 注销
    REPLACED = "replaced"  # 换章: its successor took its place
    DESTROYED = "destroyed"  # 销毁: its key is gone


class SealKind(StrEnum):
    """What a seal is for."""

    OFFICIAL = "official"  # 公章
    FINANCE = "finance"  # 财务专用章
    CONTRACT = "contract"  # 合同专用章
    LICENCE = "licence"  # 证照专用章
    SPECIAL = "special"  # 其他专用章
    REPRESENTATIVE = "representative"  # 法定代表人名章
    PERSONAL = "personal"  # 个人签名章: nobody but its bearer uses it


class GranteeKind(StrEnum):
    """Who may hold a grant."""

    CLIENT = "client"
    ACCOUNT = "account"
    ROLE = "role"  # a role within the organisation that owns the seal
    SERVICE = "service"  # this service itself: annotated copies of what the seal's owner issued


class GrantForm(StrEnum):
    """What the holder of a grant hands in, and so how much of what is sealed anybody here sees (attacks S-53)."""

    DOCUMENT = "document"  # the file itself
    DIGEST = "digest"  # a document's digest: the document stays with the holder, the signed attributes are ours
    HASH = "hash"  # the hash of whatever the holder's software wants signed: nothing of it is ours


@dataclass(frozen=True, slots=True)
class SealImage:
    """A seal's picture, frozen when the seal is made.

    Attributes:
        diameter_mm: outer diameter; the height of a picture that is not round.
        svg: the picture for pages.
        content: the same outlines as PDF operators, deflated; unit 1 mm, origin at the centre, y upwards.
        across_mm: width, of a picture that is not as wide as it is high.
    """

    diameter_mm: float
    svg: str
    content: bytes
    across_mm: float | None = None

    @property
    def width_mm(self) -> float:
        return self.diameter_mm if self.across_mm is None else self.across_mm

    @property
    def height_mm(self) -> float:
        return self.diameter_mm


@dataclass(frozen=True, slots=True)
class Seal:
    """An electronic seal (电子印章).

    Attributes:
        code: 13-digit seal code (印章编码).
        organisation: unified social credit code of the owner.
        name: the organisation's registered name, as it stands on the arc.
        certificates: DER, the seal's own first, then its issuers; no root.
        key_purpose: purpose of the key in `keys`.
        revoked_at: since when the seal is revoked or replaced, if it is.
        design: what the picture was drawn of; None for seals that were made before designs were kept.
        bearer: account of the person whose seal it is; for a personal one, and possibly for a representative's.
        replaces: the seal whose place it takes when it is activated.
        profile: in which forms it exists, and in which one files are sealed unless it is said; every seal has the
            international form (ADR 82).
    """

    id: str
    code: str
    organisation: str
    name: Text
    kind: SealKind
    status: SealStatus
    certificates: tuple[bytes, ...] = field(repr=False)
    key_purpose: str
    image: SealImage = field(repr=False)
    created_at: dt.datetime
    revoked_at: dt.datetime | None = None
    design: Mapping[str, object] | None = field(default=None, repr=False)
    bearer: str | None = None
    replaces: str | None = None
    profile: Profile = Profile.INTERNATIONAL

    @property
    def certificate(self) -> bytes:
        return self.certificates[0]


@dataclass(frozen=True, slots=True)
class SealGrant:
    """A right to use a seal.

    Attributes:
        grantee: client id, account id, or role name.
        document_classes: classes of documents it covers; `*` for all.
        valid_from: first calendar day (Asia/Shanghai).
        valid_to: last calendar day, inclusive.
        max_uses: how often it may be used; None for any number.
        uses: how often it was.
        approval: every single use needs a second person's approval.
        form: what the holder hands in; each form needs a grant of its own.
        ended_at, ended_by: when and by whom it was taken back.
    """

    id: str
    seal_id: str
    grantee_kind: GranteeKind
    grantee: str
    document_classes: tuple[str, ...]
    valid_from: dt.date
    valid_to: dt.date
    granted_by: str
    created_at: dt.datetime
    max_uses: int | None = None
    uses: int = 0
    approval: bool = False
    ended_at: dt.datetime | None = None
    ended_by: str | None = None
    form: GrantForm = GrantForm.DOCUMENT

    @property
    def spent(self) -> bool:
        return self.max_uses is not None and self.uses >= self.max_uses


@dataclass(frozen=True, slots=True)
class SealPdfCommand:
    """A PDF to seal.

    Attributes:
        actor: who asks; needs a grant for the seal and the class.
        document_class: what the document is, e.g. `licence`, `document`.
        placement: where the seal stands, in one place or in several; None for a signature that shows nothing.
        reason: why it is sealed, at most 200 characters; stands in the file.
        idempotency_key: a repeated command with the same key answers with the first one's result.
        keep: keep the sealed file here; False for a caller that keeps it, who then gives no idempotency key.
        level: how long the signature is to last; None for what the settings say.
        level_policy: what happens when that cannot be had now; None for what the settings say.
        request_id: the approved request that this use rests on, where the grant asks for one.
        location, contact: where it is sealed and how to reach the signer, at most 200 characters; stand in the file.
        locks: what may not be done with the file afterwards.
        profile: in which form; None for the one that goes with the seal.
    """

    pdf: FileBytes = field(repr=False)
    seal_id: str
    actor: Principal
    document_class: str
    placement: Place | tuple[Place, ...] | None
    reason: str | None = None
    idempotency_key: str | None = None
    keep: bool = True
    level: Level | None = None
    level_policy: LevelPolicy | None = None
    request_id: str | None = None
    location: str | None = None
    contact: str | None = None
    locks: Locks = NO_LOCKS
    profile: PdfProfile | None = None

    @property
    def places(self) -> tuple[Place, ...]:
        if self.placement is None:
            return ()
        return self.placement if isinstance(self.placement, tuple) else (self.placement,)


@dataclass(frozen=True, slots=True)
class SealedPdf:
    """A sealed PDF.

    Attributes:
        level: the signature level that it has (ETSI EN 319 142-1); of a national form, its name (`signing.profiles`).
        level_wanted: the one that was asked for; a file that is kept here gets it later where it could not be had.
        revision: where the signature's own revision ends, in octets; None when it is not known any more.
        renew_by: when its outermost time-stamp stops counting.
    """

    content: FileBytes = field(repr=False)
    signature_id: str
    seal_id: str
    signed_at: dt.datetime
    level: str
    level_wanted: str = ""
    revision: int | None = None
    renew_by: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class SealOfdCommand:
    """An OFD to seal.

    Attributes:
        placement: where the seal stands, in one place or in several; None for a seal that is not shown.
        closed: nobody may sign behind it: the list of signatures is protected too.
        actor, document_class, reason, idempotency_key, keep, request_id: as `SealPdfCommand` has them; the reason
            stands in the ledger alone, for which the format has no place.
        level: B-B, or B-T with a time-stamp in the stamp; None for what the settings say, as far as that is possible.
        level_policy: what happens when that cannot be had now; None for what the settings say.
    """

    ofd: FileBytes = field(repr=False)
    seal_id: str
    actor: Principal
    document_class: str
    placement: Place | tuple[Place, ...] | None
    reason: str | None = None
    idempotency_key: str | None = None
    keep: bool = True
    level: Level | None = None
    level_policy: LevelPolicy | None = None
    request_id: str | None = None
    closed: bool = False

    @property
    def places(self) -> tuple[Place, ...]:
        if self.placement is None:
            return ()
        return self.placement if isinstance(self.placement, tuple) else (self.placement,)


@dataclass(frozen=True, slots=True)
class SealedOfd:
    """A sealed OFD.

    Attributes:
        level, level_wanted: `SES-B-B`, or `SES-B-T` with a time-stamp (`signing.ofd.seal.levels.name_of`).
    """

    content: FileBytes = field(repr=False)
    signature_id: str
    seal_id: str
    signed_at: dt.datetime
    level: str
    level_wanted: str = ""


@dataclass(frozen=True, slots=True)
class SignatureRecord:
    """One use of a seal (用印记录).

    Attributes:
        digest_before, digest_after: SHA-256 of the file without and with this signature, hexadecimal; without what
            was added after it so that it lasts. Where the document was not seen: of the digest that was handed in, and
            of the signature's value.
        document: address in the vault of the sealed file, or of the signature alone; None where the caller keeps it.
        certificate: SHA-256 of the certificate it was sealed under, hexadecimal; None in uses from before it was kept.
        grant_id: the grant that it rested on; None for uses before grants were counted.
        request_id: the approved request that it rested on, if one was needed.
        form: what was handed in.
        signed_digest: the digest that was handed in, as `sha256:…`.
        document_name: what the caller called a document that was not seen.
        sealed_as: the form of what was made, as `signing.profiles` names it; None in uses from before it was kept, and
            where no file was made.
    """

    id: str
    seal_id: str
    actor_kind: str
    actor_id: str
    actor_organisation: str | None
    document_class: str
    reason: str | None
    digest_before: str
    digest_after: str
    level: str
    signed_at: dt.datetime
    document: str | None = None
    certificate: str | None = None
    grant_id: str | None = None
    request_id: str | None = None
    form: GrantForm = GrantForm.DOCUMENT
    signed_digest: str | None = None
    document_name: str | None = field(default=None, repr=False)
    sealed_as: str | None = None


@dataclass(frozen=True, slots=True)
class SealApplication:
    """A seal that somebody asks for; when it is made it becomes a `Seal`.

    Attributes:
        line: short line under the star; empty for none.
        algorithm: of the key, as `keys.spec.SignatureAlgorithm` names it.
        reason: why it is needed, up to 200 characters.
        bearer: account of the person whose seal it will be.
        replaces: the seal whose place it shall take.
        seal_id: the seal that was made of it.
        shape, centre: as `signing.appearance.official_seal` names them.
        numbered: the code stands on the seal.
        scan: the ink of a scanned impression, as `signing.appearance.trace.InkMap` packs it; not read for lists.
        picture: SHA-256 of what it will look like, hexadecimal: that is what is approved; None for old ones.
        profile: as `Seal` has it.
    """

    id: str
    organisation: str
    kind: SealKind
    name: Text
    code: str
    line: str
    diameter_mm: float
    algorithm: str
    reason: str
    status: SealStatus
    applicant_kind: str
    applicant: str
    created_at: dt.datetime
    bearer: str | None = None
    replaces: str | None = None
    seal_id: str | None = None
    shape: str = "round"
    centre: str = "star"
    numbered: bool = True
    scan: bytes | None = field(default=None, repr=False)
    picture: str | None = None
    profile: Profile = Profile.INTERNATIONAL


@dataclass(frozen=True, slots=True)
class SealStep:
    """One step in the life of an application or a seal.

    Attributes:
        event: as `signing.lifecycle.SealEvent` names it.
        status: where it led.
    """

    application_id: str | None
    seal_id: str | None
    event: str
    status: SealStatus
    actor_kind: str
    actor: str
    actor_organisation: str | None
    reason: str
    at: dt.datetime


class RequestState(StrEnum):
    """Where a request to use a seal is."""

    OPEN = "open"
    APPROVED = "approved"
    SEALED = "sealed"  # the approval was used, once
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"  # nobody decided, or nobody sealed, in time


@dataclass(frozen=True, slots=True)
class UseRequest:
    """用印申请: a file that somebody wants to seal under a grant that asks for a second person.

    Attributes:
        digest: SHA-256 of the file, hexadecimal: what was approved, and nothing else, may be sealed. Where the file
            is not seen: of the digest that was handed in.
        document: address of the file in the vault, until the request is over; None where it is not seen.
        expires_at: until when it may be decided, and used.
        answer: what the one who decided wrote.
        signature_id: the use that it became.
        form, signed_digest, document_name: as `SignatureRecord` has them.
    """

    id: str
    seal_id: str
    grant_id: str
    requester_kind: str
    requester: str
    requester_organisation: str | None
    document_class: str
    reason: str
    digest: str
    document: str | None
    state: RequestState
    created_at: dt.datetime
    expires_at: dt.datetime
    decided_by: str | None = None
    decided_at: dt.datetime | None = None
    answer: str | None = None
    signature_id: str | None = None
    form: GrantForm = GrantForm.DOCUMENT
    signed_digest: str | None = None
    document_name: str | None = field(default=None, repr=False)

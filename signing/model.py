"""Seals, grants, signatures: the facts of the e-seal service."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from core.principal import Principal
from core.text import Text
from signing.levels import Level, LevelPolicy

ANY_DOCUMENT = "*"


class SealStatus(StrEnum):
    """Life of a seal."""

    ACTIVE = "active"
    SUSPENDED = "suspended"  # 暂停: may become active again
    REVOKED = "revoked"  # 注销: final


class SealKind(StrEnum):
    """What a seal is for."""

    OFFICIAL = "official"  # 公章
    FINANCE = "finance"  # 财务专用章
    CONTRACT = "contract"  # 合同专用章
    LICENCE = "licence"  # 证照专用章


class GranteeKind(StrEnum):
    """Who may hold a grant."""

    CLIENT = "client"
    ACCOUNT = "account"
    ROLE = "role"  # a role within the organisation that owns the seal
    SERVICE = "service"  # this service itself: annotated copies of what the seal's owner issued


@dataclass(frozen=True, slots=True)
class SealImage:
    """A seal's picture, frozen when the seal is made.

    Attributes:
        diameter_mm: outer diameter.
        svg: the picture for pages.
        content: the same outlines as PDF operators, deflated; unit 1 mm, origin at the centre, y upwards.
    """

    diameter_mm: float
    svg: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Seal:
    """An electronic seal (电子印章).

    Attributes:
        code: 13-digit seal code (印章编码).
        organisation: unified social credit code of the owner.
        name: the organisation's registered name, as it stands on the arc.
        certificates: DER, the seal's own first, then its issuers; no root.
        key_purpose: purpose of the key in `keys`.
        revoked_at: since when the seal is revoked, if it is.
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


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the seal's centre lies: on `page` (from 1), mm from the left and the top of the page as shown."""

    page: int
    x_mm: float
    y_mm: float


@dataclass(frozen=True, slots=True)
class SealPdfCommand:
    """A PDF to seal.

    Attributes:
        actor: who asks; needs a grant for the seal and the class.
        document_class: what the document is, e.g. `licence`, `document`.
        placement: None for a signature that shows nothing.
        reason: why it is sealed, at most 200 characters; stands in the file.
        idempotency_key: a repeated command with the same key answers with the first one's result.
        keep: keep the sealed file here; False for a caller that keeps it, who then gives no idempotency key.
        level: how long the signature is to last; None for what the settings say.
        level_policy: what happens when that cannot be had now; None for what the settings say.
    """

    pdf: bytes = field(repr=False)
    seal_id: str
    actor: Principal
    document_class: str
    placement: Placement | None
    reason: str | None = None
    idempotency_key: str | None = None
    keep: bool = True
    level: Level | None = None
    level_policy: LevelPolicy | None = None


@dataclass(frozen=True, slots=True)
class SealedPdf:
    """A sealed PDF.

    Attributes:
        level: the signature level that it has (ETSI EN 319 142-1).
        level_wanted: the one that was asked for; a file that is kept here gets it later where it could not be had.
    """

    content: bytes = field(repr=False)
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
            was added after it so that it lasts.
        document: address of the sealed file in the vault; None where the caller keeps it.
        certificate: SHA-256 of the certificate it was sealed under, hexadecimal; None in uses from before it was kept.
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

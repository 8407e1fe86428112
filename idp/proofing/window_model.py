"""What a clerk at a window records about somebody who stands there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.identifiers.documents import DocumentKind


class WindowState(StrEnum):
    """Life of such a record; only the first can change."""

    WAITING = "waiting"  # for a second clerk
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    LAPSED = "lapsed"  # nobody looked in time


class WindowDocument(StrEnum):
    """What the person showed."""

    ID_CARD = "id-card"
    TEMPORARY_ID_CARD = "temporary-id-card"
    PASSPORT = "passport"
    RESIDENCE_PERMIT = "residence-permit"  # 港澳台居民居住证
    PERMANENT_RESIDENCE_CARD = "permanent-residence-card"  # 外国人永久居留身份证
    HK_MACAO_PERMIT = "hk-macao-permit"  # 港澳居民来往内地通行证
    TAIWAN_PERMIT = "taiwan-permit"  # 台湾居民来往大陆通行证

    @property
    def kind(self) -> DocumentKind:
        """In whose number space its number is."""
        return _KINDS[self]


_KINDS: Final = {
    WindowDocument.ID_CARD: DocumentKind.CITIZEN_ID,
    WindowDocument.TEMPORARY_ID_CARD: DocumentKind.CITIZEN_ID,
    WindowDocument.PASSPORT: DocumentKind.PASSPORT,
    WindowDocument.RESIDENCE_PERMIT: DocumentKind.RESIDENCE_PERMIT,
    WindowDocument.PERMANENT_RESIDENCE_CARD: DocumentKind.FOREIGN_RESIDENT,
    WindowDocument.HK_MACAO_PERMIT: DocumentKind.HK_MACAO_PERMIT,
    WindowDocument.TAIWAN_PERMIT: DocumentKind.TAIWAN_PERMIT,
}


@dataclass(frozen=True, slots=True)
class WindowProof:
    """A record.

    Attributes:
        organisation: code of the organisation whose window it is.
        document_until: last day of the document; None for one that is good for life.
        reference: the population register's receipt; empty where it could not be asked.
        recorded_by, decided_by: accounts of two different clerks.
        expires_at: until when the second clerk must have looked.
    """

    id: str
    account_id: str
    organisation: str
    state: WindowState
    document: WindowDocument
    document_until: dt.date | None
    reference: str
    recorded_by: str
    recorded_at: dt.datetime
    expires_at: dt.datetime
    decided_by: str | None = None
    decided_at: dt.datetime | None = None

"""What lawful uses leave behind: checks of cases that can be gone on with, what was delivered, use codes (用证码)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from certstore.codes import HolderCode
from core.principal import Principal, PrincipalKind, Purpose


@dataclass(frozen=True, slots=True)
class CaseCheck:
    """An exemption check that its caller can go on with: ask for consents, have the copies delivered.

    Attributes:
        client_id, organisation: who checked, and for whom.
        to_ask: licence types that the holder had to consent to when it was made.
        bundle: id of the question that was put to the holder.
        rounds: how many deliveries there were; decides between two at the same time.
        ends_at: from then on it is gone.
    """

    id: str
    client_id: str
    organisation: str
    holder: HolderCode = field(repr=False)
    agent: HolderCode | None = field(repr=False)
    purpose: Purpose
    to_ask: tuple[str, ...]
    created_at: dt.datetime
    ends_at: dt.datetime
    bundle: str | None = None
    rounds: int = 0


@dataclass(frozen=True, slots=True)
class Delivered:
    """A copy that stands in for one material of a case."""

    material: int
    copy_id: str
    licence_id: str


class Form(StrEnum):
    """What a use code is turned into."""

    DATA = "data"
    COPY = "copy"
    VIEW = "view"


@dataclass(frozen=True, slots=True)
class UseCode:
    """A code that stands for one lawful use of one licence, bound to consumer, item and case.

    Attributes:
        client_id, organisation: who may redeem it; staff of the organisation may, too.
        version: of the licence; a licence that changes, perhaps hands, needs a new code.
        fields: what it gives.
        uses, max_uses: how often it was redeemed, and may be.
    """

    id: str
    client_id: str
    organisation: str
    licence_id: str
    version: int
    type_code: str
    purpose: Purpose
    fields: tuple[str, ...]
    consent_id: str | None
    created_at: dt.datetime
    ends_at: dt.datetime
    max_uses: int
    uses: int = 0


def same_caller(client_id: str, organisation: str, actor: Principal) -> bool:
    """Whether somebody may go on with what a system or a colleague of their own organisation began."""
    if actor.organisation != organisation:
        return False
    return actor.id == client_id or actor.kind is PrincipalKind.STAFF

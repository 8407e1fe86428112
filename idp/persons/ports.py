"""What the lives of accounts need from outside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from core.identifiers.documents import Document
from core.principal import Principal
from idp.model import Account, LogoutDelivery
from idp.persons.model import Departure, PersonProposal, ProposalState


class Verdict(StrEnum):
    """What a source of identities says about a document and a name."""

    AGREES = "agrees"
    DIFFERS = "differs"
    DEAD = "dead"
    UNKNOWN = "unknown"  # the source knows no documents of this kind


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, and the source's receipt where it gave one."""

    verdict: Verdict
    reference: str = ""


class SourceUnavailable(Exception):
    """The source gave no answer; nothing may be concluded from it."""


class IdentitySource(Protocol):
    """Knows who holds which document."""

    async def check(self, document: Document, name: str) -> Finding:
        """
        Raises:
            SourceUnavailable.
        """


class EvidenceOfPersons(Protocol):
    """Keeps what a level rests on; the level of the account follows. Works inside the caller's transaction."""

    async def checked(self, tx: WriteTx, account_id: str, reference: str, actor: Principal) -> None:
        """A source agreed to number and name just now.

        Args:
            reference: the source's receipt.
        """

    async def reached(self, tx: WriteTx, account_id: str, actor: Principal) -> None:
        """A code that went to the account's phone came back just now."""

    async def phone_gone(self, tx: WriteTx, account_id: str, actor: Principal) -> None:
        """The phone is another one, or none: what rested on it counts no more."""

    async def number_gone(self, tx: WriteTx, account_id: str, actor: Principal) -> None:
        """Number or name are others: all that rested on them counts no more."""

    async def taken_over(self, tx: WriteTx, *, account_id: str, to: str, actor: Principal) -> None:
        """What was proved of one account speaks for another of the same person."""


class PersonStore(Protocol):
    """What may change about who somebody is."""

    async def hold(self, tx: WriteTx, account_ids: Sequence[str]) -> Sequence[Account]:
        """Those that there are; nobody changes them before the caller has committed."""

    async def change_name(self, tx: WriteTx, account_id: str, sealed: bytes) -> None: ...

    async def change_phone(self, tx: WriteTx, account_id: str, sealed: bytes, indexes: Sequence[bytes]) -> bool:
        """False, and nothing changes, when it is somebody else's."""

    async def change_number(self, tx: WriteTx, account_id: str, sealed: bytes, indexes: Sequence[bytes]) -> bool:
        """False, and nothing changes, when it is somebody else's."""

    async def merge(self, tx: WriteTx, account_id: str, *, into: str) -> None:
        """Close an account in favour of another; all that ever led to it leads to that one."""

    async def merged_into(self, tx: ReadTx, account_id: str) -> Sequence[str]:
        """The accounts that went on in this one."""


class DepartureStore(Protocol):
    """Wishes to leave."""

    async def add(self, tx: WriteTx, departure: Departure) -> bool:
        """False when there is one already."""

    async def get(self, tx: ReadTx, account_id: str) -> Departure | None: ...

    async def remove(self, tx: WriteTx, account_id: str) -> bool:
        """True for the one caller who removed it: taken back, or carried out."""

    async def due(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[str]:
        """Accounts in use whose time has come, the earliest first."""


class PersonProposals(Protocol):
    """Changes that two people decide."""

    async def add(self, tx: WriteTx, proposal: PersonProposal) -> None: ...

    async def get(self, tx: ReadTx, proposal_id: str) -> PersonProposal | None: ...

    async def open(self, tx: ReadTx, now: dt.datetime, *, after: str | None, limit: int) -> Sequence[PersonProposal]:
        """Those that wait, in the order of their ids; those that come after the one with this id."""

    async def decide(self, tx: WriteTx, proposal_id: str, state: ProposalState, *, by: str, at: dt.datetime) -> bool:
        """True for the one caller who decided it, while it was open and had not run out."""

    async def delete_before(self, tx: WriteTx, before: dt.datetime) -> int:
        """Remove a part of those that ran out, decided or not, before a moment."""


class Authorities(Protocol):
    """What people may do in the name of organisations."""

    async def end_of(self, tx: WriteTx, account_id: str, actor: Principal) -> Sequence[LogoutDelivery]:
        """End all that somebody has, with what rests on it; what is to be delivered after the commit."""


class PersonalTraces(Protocol):
    """All rows that belong to an account, whichever part of the service keeps them."""

    async def erase(self, tx: WriteTx, account_id: str, *, empty: bytes | None) -> None:
        """Remove what need not be kept; who the person was cannot be told from what stays.

        Args:
            empty: an empty name, sealed for this account; None where name and number stay, so that nobody takes them.
        """

    async def hand_over(self, tx: WriteTx, *, account_id: str, to: str) -> None:
        """Give what belongs to one account to another of the same person; what opens an account is dropped."""

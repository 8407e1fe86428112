"""Ports of the authorisations: where they are kept, and who knows who represents an organisation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from idp.agency.model import Agent, Authorisation, CompanyEntry, Reason
from idp.model import Session


class AuthorisationStore(Protocol):
    """Authorisations; each method works inside the transaction that it is given."""

    async def add(self, tx: WriteTx, one: Authorisation) -> bool:
        """False, and nothing changes, when it would be a second active representative of the organisation."""

    async def get(self, tx: ReadTx, authorisation_id: str) -> Authorisation | None: ...

    async def hold(self, tx: WriteTx, authorisation_id: str) -> Authorisation | None:
        """As `get`; whoever ends it waits until the caller has committed, and so finds what rests on it."""

    async def by_code(self, tx: ReadTx, code_digests: Sequence[str]) -> Authorisation | None:
        """The offer under one of the digests that its code may have."""

    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[Authorisation]:
        """All that a person has or had, the newest first."""

    async def of_organisation(self, tx: ReadTx, uscc: str) -> Sequence[Authorisation]:
        """All that there are or were for an organisation, the newest first."""

    async def representative(self, tx: ReadTx, uscc: str) -> Authorisation | None:
        """The active one of the legal representative."""

    async def accept(self, tx: WriteTx, authorisation_id: str, *, account_id: str, at: dt.datetime) -> bool:
        """Make an offer active; True for one caller only, and only before its time is over."""

    async def decline(self, tx: WriteTx, authorisation_id: str, at: dt.datetime) -> bool:
        """True for the one caller who declined an open offer."""

    async def end(self, tx: WriteTx, authorisation_id: str, *, at: dt.datetime, reason: Reason) -> bool:
        """End an offer or an active one; True for one caller only."""

    async def given_under(self, tx: WriteTx, authorisation_id: str) -> Sequence[Authorisation]:
        """Those that rest on it and have not ended."""

    async def lapsed(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[Authorisation]:
        """Offers whose time is over."""


class ActingStore(Protocol):
    """What goes on under an authorisation."""

    async def sessions(self, tx: WriteTx, authorisation_id: str, now: dt.datetime) -> Sequence[Session]:
        """Live sessions that act under it."""

    async def revoke_tokens(self, tx: WriteTx, authorisation_id: str, *, at: dt.datetime, reason: str) -> int:
        """Revoke all token families that were begun under it; answers how many."""


class CompanyRegister(Protocol):
    """The register of organisations (法人库)."""

    async def look(self, uscc: str, person: Agent) -> CompanyEntry | None:
        """
        Returns:
            None when the register has no such organisation.

        Raises:
            Unavailable: the register does not answer.
        """

"""What an offer to act for an organisation is given and answered with."""

from __future__ import annotations

from dataclasses import dataclass

from core.clock import Clock
from core.db.database import Database
from idp.agency.ports import AuthorisationStore
from idp.agency.sealing import AgentVault
from idp.directory import PersonVault
from idp.ports import AccountStore
from keys.ports import TokenDigests


@dataclass(frozen=True, slots=True)
class OfferDesk:
    """Stores, vaults and the clock that both sides of an offer need."""

    database: Database
    accounts: AccountStore
    authorisations: AuthorisationStore
    people: PersonVault
    agents: AgentVault
    digests: TokenDigests
    clock: Clock

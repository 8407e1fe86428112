"""Ports of registration and of client authentication. Every store method works inside the transaction it is given.

Methods that decide a one-time thing answer True to exactly one of many callers, on every backend.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from idp.clients.records import ClientError, ClientProposal, Permit, PermitKind, ProposalState, Registration
from idp.model import Client, ClientStatus
from keys.trust.judgement import Judgement
from keys.trust.model import Service


@dataclass(frozen=True, slots=True)
class ClientSearch:
    """Which clients; None or empty for any.

    Attributes:
        text: part of the client id or of a name.
        organisation: USCC.
    """

    text: str = ""
    organisation: str | None = None
    status: ClientStatus | None = None


class RegisteredClients(Protocol):
    """Clients as those see them who look after them; for the protocol there is `idp.ports.ClientStore`."""

    async def add(self, tx: WriteTx, client: Client) -> bool: ...

    async def get(self, tx: ReadTx, client_id: str) -> Client | None: ...

    async def redescribe(self, tx: WriteTx, client: Client) -> bool:
        """Write everything that a description holds; status and secrets stay as they are."""

    async def move(self, tx: WriteTx, client_id: str, *, expected: Sequence[ClientStatus], new: ClientStatus) -> bool:
        """True for the one caller who moved it."""

    async def write_secrets(self, tx: WriteTx, client: Client, *, known: Client) -> bool:
        """Write the secrets of `client`, if those that are kept still are the ones of `known`."""

    async def page(self, tx: ReadTx, search: ClientSearch, *, after: str | None, limit: int) -> Sequence[Client]:
        """By client id, from the one behind `after` on."""

    async def delete_removed(self, tx: WriteTx, before: dt.datetime, limit: int) -> int:
        """Delete clients that were removed before a moment and that nothing refers to any more; answers how many."""


class RegistrationStore(Protocol):
    """Records of registrations."""

    async def add(self, tx: WriteTx, registration: Registration) -> None: ...

    async def get(self, tx: ReadTx, client_id: str) -> Registration | None: ...

    async def advance(self, tx: WriteTx, client_id: str, *, revision: int, at: dt.datetime) -> bool:
        """Step on from `revision` if it is the current one; True for one caller only."""

    async def exchange_token(self, tx: WriteTx, client_id: str, *, old: str, new: str | None) -> bool:
        """Put another registration access token in the place of `old`; True for one caller only."""


class ClientProposals(Protocol):
    """What waits for a second person."""

    async def add(self, tx: WriteTx, proposal: ClientProposal) -> bool:
        """False, and no change, when something about the same client is open already."""

    async def get(self, tx: ReadTx, proposal_id: str) -> ClientProposal | None: ...

    async def of_client(self, tx: ReadTx, client_id: str, limit: int) -> Sequence[ClientProposal]:
        """The newest first."""

    async def open(
        self, tx: ReadTx, *, organisation: str | None, after: str | None, limit: int
    ) -> Sequence[ClientProposal]:
        """The oldest first, from the one behind `after` on; of one organisation, or of all with None."""

    async def decide(
        self, tx: WriteTx, proposal_id: str, new: ProposalState, *, by: str, at: dt.datetime, note: str | None
    ) -> bool:
        """Out of `open`; True for one caller only."""

    async def decide_of_client(
        self, tx: WriteTx, client_id: str, new: ProposalState, *, by: str, at: dt.datetime
    ) -> None:
        """Whatever is open about a client that has gone."""

    async def delete_decided(self, tx: WriteTx, before: dt.datetime) -> int: ...


class PermitStore(Protocol):
    """What lets clients register themselves."""

    async def add(self, tx: WriteTx, permit: Permit) -> bool:
        """False when there is one for the same issuer, or the same id."""

    async def get(self, tx: ReadTx, permit_id: str) -> Permit | None: ...

    async def by_token(self, tx: ReadTx, digests: Sequence[str]) -> Permit | None: ...

    async def by_issuer(self, tx: ReadTx, issuer: str) -> Permit | None:
        """The one that has not ended."""

    async def page(self, tx: ReadTx, kind: PermitKind, *, after: str | None, limit: int) -> Sequence[Permit]: ...

    async def use(self, tx: WriteTx, permit_id: str, now: dt.datetime) -> bool:
        """Count one registration, if the permit is open and has room; decided by one statement."""

    async def release(self, tx: WriteTx, permit_id: str) -> None:
        """One of its clients has gone."""

    async def end(self, tx: WriteTx, permit_id: str, at: dt.datetime) -> bool:
        """True for the one caller who ended it."""

    async def delete_over(self, tx: WriteTx, before: dt.datetime) -> int:
        """Those that ended or expired before a moment and have no clients left."""


class ClientErrorStore(Protocol):
    """Refusals that developers may read about."""

    async def add(self, tx: WriteTx, errors: Sequence[ClientError], *, keep: int) -> None:
        """Keep those whose client exists, and of each client the newest `keep` only."""

    async def of_client(self, tx: ReadTx, client_id: str, *, before: str | None, limit: int) -> Sequence[ClientError]:
        """The newest first, from the one behind `before` on."""

    async def delete_before(self, tx: WriteTx, at: dt.datetime) -> int: ...


class CertificateJudge(Protocol):
    """Judges whether an authority on our lists stands behind a certificate."""

    async def judge(self, certificate: bytes, others: Sequence[bytes] = (), *, service: Service) -> Judgement:
        """
        Args:
            certificate: DER, from a stranger.
            others: certificates that came along; they may help to build a path and count for nothing themselves.

        Raises:
            core.errors.Unavailable: the lists cannot be read; nothing is said.
        """

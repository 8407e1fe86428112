"""What is kept about a registration beside the client itself: how it came about, who decides over changes, refusals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from idp.clients.description import ClientDescription
from idp.clients.policy import RegistrationPolicy


class Origin(StrEnum):
    """By which way a client came here."""

    OPERATOR = "operator"  # command line, data that we bring along
    PORTAL = "portal"  # proposed by a person
    DYNAMIC = "dynamic"  # by itself (RFC 7591)


@dataclass(frozen=True, slots=True)
class Registration:
    """The record of one client.

    Attributes:
        registered_by: account or client id of whoever proposed it; the permit's id for a dynamic one.
        permit: what let it register itself.
        policy: under which it may change itself; None for those that people look after.
        access_digest: of the registration access token (RFC 7592 §3).
        statement: the software statement that it came with, unchanged (RFC 7591 §3.2.1).
        revision: goes up with every change.
    """

    client_id: str
    origin: Origin
    registered_by: str
    revision: int
    changed_at: dt.datetime
    permit: str | None = None
    policy: RegistrationPolicy | None = None
    access_digest: str | None = field(default=None, repr=False)
    statement: str | None = field(default=None, repr=False)


class ProposalKind(StrEnum):
    REGISTRATION = "registration"
    CHANGE = "change"


class ProposalState(StrEnum):
    """
    ::

        open ──▶ approved
         ├─────▶ refused
         └─────▶ withdrawn
    """

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class ClientProposal:
    """A registration or a change that waits for a second person, or has been decided.

    Attributes:
        description: what the client would be, whole.
        changed: registered names of the members that would change.
        revision: of the client when it was proposed; by then it must not have moved on.
        organisation: whose portal managers may see it.
        proposed_by: account or client id; whoever decides must be somebody else.
        note: what the one who decided wants the portal to know.
    """

    id: str
    client_id: str
    kind: ProposalKind
    description: ClientDescription
    changed: tuple[str, ...]
    revision: int
    organisation: str | None
    proposed_by: str
    proposed_at: dt.datetime
    state: ProposalState = ProposalState.OPEN
    decided_by: str | None = None
    decided_at: dt.datetime | None = None
    note: str | None = None


class PermitKind(StrEnum):
    """What opens the registration endpoint."""

    TOKEN = "token"  # noqa: S105 - an initial access token (RFC 7591 §3)
    STATEMENTS = "statements"  # software statements of one issuer (RFC 7591 §2.3)
    OPEN = "open"  # nothing at all; a development instance


@dataclass(frozen=True, slots=True)
class Permit:
    """Lets somebody register clients by themselves, within bounds.

    Attributes:
        note: for whom it was made, in words.
        digest: of the initial access token.
        issuer, jwks: whose software statements count, and their keys.
        most_uses: registrations in all; None without a bound.
        most_clients: clients that exist at the same time.
    """

    id: str
    kind: PermitKind
    note: str
    policy: RegistrationPolicy
    created_by: str
    created_at: dt.datetime
    most_clients: int
    digest: str | None = field(default=None, repr=False)
    issuer: str | None = None
    jwks: Mapping[str, Any] | None = None
    most_uses: int | None = None
    expires_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    uses: int = 0
    clients: int = 0

    def open(self, now: dt.datetime) -> bool:
        """Whether it lets somebody in now; whether there is room is decided where it is used."""
        return self.ended_at is None and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True)
class ClientError:
    """Refusals of one sort that a client's developers may read about.

    Attributes:
        error: the registered code.
        description: what the client was told.
        detail: what only its developers are told; never a secret, a token or personal data.
        request_id: of the latest of them, as in our log and in the answer's `Request-Id`.
        times: how many within the moment that they were gathered over.
    """

    id: str
    client_id: str
    at: dt.datetime
    endpoint: str
    error: str
    description: str
    detail: str
    request_id: str | None
    times: int = 1

"""Who acts: the answer of authentication, the question of every authorisation and audit event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class PrincipalKind(StrEnum):
    """What sort of actor it is."""

    PERSON = "person"  # a citizen acting for themself
    STAFF = "staff"  # a person acting for the organisation that employs them
    CLIENT = "client"  # a registered system: a portal or a department's application
    SYSTEM = "system"  # this service itself: workers, migrations, the command line
    ANONYMOUS = "anonymous"  # the public


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts, for whom, with which rights.

    Attributes:
        kind: sort of actor.
        id: account id, client id, or a fixed word for SYSTEM and ANONYMOUS; never an ID number.
        organisation: unified social credit code of the organisation acted for (GB 32100), if any.
        name: the actor's name in the clear for consoles; never written to a log or an audit row.
        scopes: OAuth scopes (clients and tokens) or rights derived from roles (staff).
        roles: role names within `organisation`.
        session: id of the log-in session or token that this rests on.
        types: the licence types (by code) that a scope is limited to; a scope that is missing here has no limit.
    """

    kind: PrincipalKind
    id: str
    organisation: str | None = None
    name: str | None = field(default=None, repr=False)
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    session: str | None = field(default=None, repr=False)
    types: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)

    def may(self, scope: str) -> bool:
        return scope in self.scopes

    def may_with(self, scope: str, licence_type: str) -> bool:
        """Whether a right that somebody has reaches licences of this type."""
        return scope not in self.types or licence_type in self.types[scope]


ANONYMOUS = Principal(PrincipalKind.ANONYMOUS, "anonymous")
SYSTEM = Principal(PrincipalKind.SYSTEM, "system")


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why personal data are used; every read names one.

    Attributes:
        service_item: code of the service item (事项编码), or None for the holder's own look.
        case_number: number of the case (办件编号).
        basis: legal basis or the reason in words (申请事由), at most 200 characters.
    """

    service_item: str | None = None
    case_number: str | None = None
    basis: str | None = None

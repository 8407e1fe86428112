"""The pages of organisations and of those who act for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from api.web.views.common import Mark
from core.text import Text


@dataclass(frozen=True, slots=True)
class HatRow:
    """One organisation that somebody may act for now."""

    id: str
    name: Text
    code: str
    role: Text
    items: tuple[str, ...]
    until: dt.date | None
    current: bool = False


@dataclass(frozen=True, slots=True)
class ActingView:
    """`/acting`.

    Attributes:
        client_name, client_host: the portal that asks; None on our own account.
        self_allowed: the person may also act for themselves.
    """

    action: str
    hats: tuple[HatRow, ...]
    client_name: Text | None = None
    client_host: str = ""
    self_allowed: bool = True
    name: str = field(default="", repr=False)
    self_current: bool = False
    compact: bool = False
    back: str = "/me/organisations"


@dataclass(frozen=True, slots=True)
class AgentRow:
    """Somebody who was authorised; `end_href` is there while it can be ended."""

    name: str = field(repr=False)
    masked_number: str = field(repr=False)
    role: Text
    items: tuple[str, ...]
    starts_on: dt.date
    ends_on: dt.date | None
    mark: Mark
    why: Text | None = None
    end_href: str | None = None


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One's own authority, with the agents that one sees by it."""

    name: Text
    code: str
    role: Text
    items: tuple[str, ...]
    starts_on: dt.date
    ends_on: dt.date | None
    mark: Mark
    in_force: bool
    give_href: str | None = None
    end_href: str | None = None
    agents: tuple[AgentRow, ...] = ()
    former: tuple[AgentRow, ...] = ()


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An offer that waits for an answer."""

    id: str
    name: Text
    code: str
    role: Text
    items: tuple[str, ...]
    starts_on: dt.date
    ends_on: dt.date | None


@dataclass(frozen=True, slots=True)
class OrganisationsView:
    """`/me/organisations`."""

    held: tuple[HeldRow, ...]
    former: tuple[HeldRow, ...]
    offers: tuple[OfferRow, ...]
    done: Text | None = None
    code_error: Text | None = None


@dataclass(frozen=True, slots=True)
class OfferView:
    """`/me/organisations/offer`."""

    offer: OfferRow


@dataclass(frozen=True, slots=True)
class RepresentView:
    """`/me/organisations/represent`."""

    typed: str = ""
    error: Text | None = None
    again_href: str | None = None


@dataclass(frozen=True, slots=True)
class GiveView:
    """`/me/organisations/{id}/give`.

    Attributes:
        items: what the giver is limited to; empty for no limit.
        latest: the last day that can be given.
        managers: the giver may also make managers.
    """

    action: str
    name: Text
    items: tuple[str, ...]
    first: dt.date
    latest: dt.date
    managers: bool
    values: Mapping[str, str] = field(repr=False)
    error: Text | None = None
    error_field: str | None = None


@dataclass(frozen=True, slots=True)
class GivenView:
    """The code, shown once."""

    name: Text
    agent: str = field(repr=False)
    code: str = field(repr=False)
    until: dt.datetime


@dataclass(frozen=True, slots=True)
class EndView:
    """`/me/organisations/{id}/end`."""

    action: str
    name: Text
    agent: str | None = field(repr=False)
    own: bool = False
    manager: bool = False

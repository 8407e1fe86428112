"""Log-in through other providers: what the log-in page offers, a person's own list, and refusals."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from core.text import Text


@dataclass(frozen=True, slots=True)
class WayIn:
    """A button of the log-in page."""

    name: Text
    href: str


@dataclass(frozen=True, slots=True)
class UpstreamRefusedView:
    """Why a log-in or a link came to nothing, and where other ways are."""

    text: Text
    back: str = field(repr=False)
    linking: bool
    name: Text | None = None


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """One provider; `linked_at` is None where it is not linked."""

    name: Text
    linked_at: dt.datetime | None
    used_at: dt.datetime | None
    link_action: str
    unlink_href: str


@dataclass(frozen=True, slots=True)
class IdentitiesView:
    """`/me/identities`. `again_href` leads to a log-in, where the last one is too long ago to change anything."""

    linked: tuple[IdentityRow, ...]
    others: tuple[IdentityRow, ...]
    has_password: bool
    again_href: str | None
    done: Text | None = None


@dataclass(frozen=True, slots=True)
class UnlinkView:
    """`/me/identities/{provider}/unlink`: the question before it is done."""

    action: str
    name: Text


@dataclass(frozen=True, slots=True)
class LinkView:
    """Before somebody goes to a provider to link their identity there."""

    name: Text
    host: str
    href: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class GoodbyeView:
    """The form that logs out at a provider."""

    name: Text
    endpoint: str = field(repr=False)
    fields: tuple[tuple[str, str], ...] = field(repr=False)

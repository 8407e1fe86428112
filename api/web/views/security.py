"""The pages on which people change how they log in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from markupsafe import Markup

from api.web.views.steps import MethodWords
from core.text import Text


@dataclass(frozen=True, slots=True)
class FactorRow:
    """One way to log in.

    Attributes:
        shown: where a code would go, masked.
        href: where it is changed; None where it is not changed here.
    """

    words: MethodWords
    usable: bool
    state: Text
    shown: str = ""
    href: str | None = None


@dataclass(frozen=True, slots=True)
class SecurityView:
    """`/me/security`. `two_factors`: the person could log in with two."""

    rows: tuple[FactorRow, ...]
    two_factors: bool
    upstream_href: str | None = None


@dataclass(frozen=True, slots=True)
class AuthenticatorRow:
    """An authenticator app."""

    name: str = field(repr=False)
    created_at: dt.datetime
    used_at: dt.datetime | None
    href: str


@dataclass(frozen=True, slots=True)
class AuthenticatorsView:
    """`/me/security/totp`. `full`: as many as one may have."""

    rows: tuple[AuthenticatorRow, ...]
    again_href: str | None = None
    full: bool = False
    done: Text | None = None


@dataclass(frozen=True, slots=True)
class SetupView:
    """`/me/security/totp/add`: the secret as a picture and in letters, and the form for the first code."""

    picture: Markup = field(repr=False)
    secret: str = field(repr=False)
    name: str = field(default="", repr=False)
    error: Text | None = None
    error_field: str | None = None


@dataclass(frozen=True, slots=True)
class RemoveAuthenticatorView:
    """`/me/security/totp/ID`: asks before it is done."""

    action: str
    name: str = field(repr=False)
    again_href: str | None = None


@dataclass(frozen=True, slots=True)
class RecoveryView:
    """`/me/security/recovery`. `codes`: the new ones, on the one page that shows them."""

    left: int
    again_href: str | None = None
    codes: tuple[str, ...] = field(default=(), repr=False)
    removed: bool = False

"""What a registration may ask for: by initial access token, by software statement, by people with that duty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import msgspec

from idp.client_metadata import SecurityProfile
from idp.model import GrantType
from idp.protocol.scopes import ALL_SCOPES, OFFLINE_ACCESS, OPENID, REALNAME

_LOG_IN = frozenset({GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN})
_ORDER = tuple(SecurityProfile)  # from the weakest on


class WithoutPkce(StrEnum):
    """When a client need not use PKCE (RFC 7636); public clients always must (RFC 9700 §2.1.1)."""

    NEVER = "never"
    IF_ASKED = "if-asked"  # the document says `"require_pkce": false`
    UNLESS_ASKED = "unless-asked"  # also where the document says nothing: clients of OpenID Connect that know no PKCE


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationPolicy:
    """Bounds of a registration. What lies outside is not taken from the document, or the document is refused.

    Attributes:
        scopes: those that may be registered; others are left out (RFC 7591 §2: the server may replace values).
        grants: those that may be registered; a document with another one is refused.
        profile: the weakest security profile; a weaker one is raised to it.
        redirect_hosts: hosts of redirect URIs, by name (`a.example.cn`) or by suffix (`.example.cn`); empty: any.
        review: a security administrator decides before the client can be used.
        without_pkce: whether a confidential client may be without PKCE.
        public_subjects: people may be named alike to this client and others; without it names are pairwise.
        loopback: web clients may have http addresses on the loopback interface.
        administrator: the members that nobody says of oneself are taken too: rights to real names and to resources, the
            sector, the organisation.
    """

    scopes: frozenset[str] = frozenset({OPENID, OFFLINE_ACCESS})
    grants: frozenset[GrantType] = _LOG_IN
    profile: SecurityProfile = SecurityProfile.STANDARD
    redirect_hosts: tuple[str, ...] = ()
    review: bool = True
    without_pkce: WithoutPkce = WithoutPkce.NEVER
    public_subjects: bool = False
    loopback: bool = False
    administrator: bool = False

    def at_least(self, profile: SecurityProfile) -> SecurityProfile:
        """The profile, or the policy's own where that is stricter."""
        return max(profile, self.profile, key=_ORDER.index)

    def names_host(self, host: str) -> bool:
        """Whether redirect URIs may lead to this host (lower case)."""
        if not self.redirect_hosts:
            return True
        return any(host.endswith(one) if one.startswith(".") else host == one for one in self.redirect_hosts)

    def to_stored(self) -> dict[str, Any]:
        stored: dict[str, Any] = msgspec.to_builtins(self)
        return {name: sorted(value) if name in ("scopes", "grants") else value for name, value in stored.items()}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """
        Raises:
            msgspec.ValidationError: not what `to_stored` gave.
        """
        return msgspec.convert(stored, cls)


ADMINISTRATOR = RegistrationPolicy(
    scopes=ALL_SCOPES,
    grants=frozenset(GrantType),
    without_pkce=WithoutPkce.IF_ASKED,
    public_subjects=True,
    loopback=True,
    administrator=True,
)
"""What people with that duty may ask for; somebody else confirms it."""

OPEN_FOR_TESTS = RegistrationPolicy(
    scopes=ALL_SCOPES - {REALNAME} - {scope for scope in ALL_SCOPES if ":" in scope},
    grants=frozenset(GrantType) - {GrantType.CLIENT_CREDENTIALS, GrantType.TOKEN_EXCHANGE},
    review=False,
    without_pkce=WithoutPkce.UNLESS_ASKED,
    public_subjects=True,
    loopback=True,
)
"""Registration without a token, for conformance tests; a development instance only."""

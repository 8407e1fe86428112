"""Scopes: which exist, which of them a person must consent to, and which a role gives.

RFC 6749 §3.3; OpenID Connect Core §3.1.2.1, §11.
"""

from __future__ import annotations

import re

from idp.errors import InvalidScope
from idp.protocol.verified_wish import is_wish

OPENID = "openid"
REALNAME = "realname"
OFFLINE_ACCESS = "offline_access"
ORGANISATION = "organisation"  # for whom the person acts, and by which authorisation
PROFILE, EMAIL, PHONE, ADDRESS = "profile", "email", "phone", "address"  # OIDC Core §5.4
ASKED_BY_HABIT = frozenset({PROFILE, EMAIL, PHONE, ADDRESS})
"""Many libraries ask for these unasked; a client that is not registered for them gets less and no error (§5.4)."""
OIDC_SCOPES = frozenset({OPENID, REALNAME, OFFLINE_ACCESS, ORGANISATION}) | ASKED_BY_HABIT

SEAL_DIGEST = "seal:digest"
"""To have digests of documents sealed that stay outside; with a grant for digests."""
CSC_SERVICE, CSC_CREDENTIAL = "service", "credential"
"""What signing software asks for (CSC API v2 §8.4.2): to see credentials, and to use one for hashes that it names."""

IDENTITY_PROVE = "identity:prove"
"""To say of somebody at a window that it is they; always together with a second clerk."""

API_SCOPES = frozenset(
    {
        "licence:read",
        "licence:issue",
        "licence:verify",
        "seal:sign",
        SEAL_DIGEST,
        CSC_SERVICE,
        CSC_CREDENTIAL,
        "seal:manage",
        "seal:approve",
        "audit:read",
        "metrics:read",
        IDENTITY_PROVE,
        "client:manage",
        "staff:manage",
        "admin:system",
        "admin:security",
        "admin:audit",
        "admin:scim",
    }
)
ALL_SCOPES = OIDC_SCOPES | API_SCOPES

SCOPE_CLAIMS: dict[str, tuple[str, ...]] = {
    REALNAME: ("name", "id_number"),
    PROFILE: ("name", "gender", "birthdate", "locale", "zoneinfo", "updated_at"),
    EMAIL: ("email", "email_verified"),
    PHONE: ("phone_number", "phone_number_verified"),
    ADDRESS: ("address",),
    ORGANISATION: ("organisation",),
}
"""The claims about a person that a scope stands for (OIDC Core §5.4); they are given from userinfo. `name` stands for
two: a portal that is approved for real names is asked for by the first of them."""

CLAIMS_ABOUT_PEOPLE = tuple(dict.fromkeys(claim for claims in SCOPE_CLAIMS.values() for claim in claims))

NEEDS_NO_CONSENT = frozenset({OPENID})
"""`openid` tells a portal a pseudonym of its own and a level; everything more is the person's to give."""

ROLE_SCOPES: dict[str, frozenset[str]] = {
    "clerk": frozenset({"licence:read", "licence:verify"}),
    "issuer": frozenset({"licence:read", "licence:issue", "licence:verify"}),
    "seal-user": frozenset({"seal:sign"}),
    "seal-digest-user": frozenset({SEAL_DIGEST, CSC_SERVICE, CSC_CREDENTIAL}),
    "seal-custodian": frozenset({"seal:sign", "seal:manage"}),
    "seal-reviewer": frozenset({"seal:approve"}),
    "auditor": frozenset({"audit:read"}),
    "window-clerk": frozenset({IDENTITY_PROVE}),
    "portal-manager": frozenset({"client:manage"}),
    "department-manager": frozenset({"staff:manage"}),
    # system, security and audit administration are three separate roles (三权分立)
    "system-administrator": frozenset({"admin:system"}),
    "security-administrator": frozenset({"admin:security"}),
    "audit-administrator": frozenset({"admin:audit", "audit:read"}),
}

ADMINISTRATOR_ROLES = ("system-administrator", "security-administrator", "audit-administrator")
"""Nobody has two of the three, and nobody gives one to themselves."""

_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+", re.ASCII)  # RFC 6749 §3.3


def parse_scope(value: str) -> tuple[str, ...]:
    """The scope values in the order given, each once.

    Raises:
        InvalidScope: a character that no scope may hold.
    """
    parts = value.split(" ")
    if not all(_SCOPE_TOKEN.fullmatch(part) for part in parts):
        raise InvalidScope("the scope is malformed")
    return tuple(dict.fromkeys(parts))


def scope_behind(claim: str, allowed: frozenset[str] | None = None) -> str | None:
    """The scope that a single claim is asked for under: it needs the same registration, approval and consent.

    Args:
        allowed: the scopes to choose from; None for all.
    """
    if is_wish(claim):  # only for portals that are approved for real names
        return REALNAME if allowed is None or REALNAME in allowed else None
    for scope, claims in SCOPE_CLAIMS.items():
        if claim in claims and (allowed is None or scope in allowed):
            return scope
    return None

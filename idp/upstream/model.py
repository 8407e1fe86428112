"""What is known of an upstream provider, of the identities linked to accounts, and of the sessions they began."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from core.identifiers.citizen_id import CitizenId
from core.text import Text
from keys.spec import SignatureAlgorithm

LEAST_LEVEL = 2
"""The real-name level below which an ID number is somebody's own word, and nobody's account is found by it."""

HIGHEST_LEVEL = 3


class TrustClass(StrEnum):
    """What a provider's word is worth here."""

    REALNAME = "realname"  # its ID numbers and names count: an account may be found, or made, by them
    LINKED = "linked"  # only its subject counts, and only for an account that its owner linked before


class UpstreamAuthMethod(StrEnum):
    """How we prove who we are at a provider (OIDC Core §9)."""

    BASIC = "client_secret_basic"
    PRIVATE_KEY_JWT = "private_key_jwt"


class ProviderStatus(StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class ClaimMapping:
    """Which of a provider's claims says what. A claim is named by its name, or by a JSON pointer (RFC 6901) to it.

    Attributes:
        levels: real-name level for each value of the claim `level`; another value is refused.
        stated_level: the level where no claim tells, because the provider proves everybody alike.
        acrs: our authentication context class for each of the provider's; another one counts as one factor.
    """

    id_number: str | None = None
    name: str | None = None
    level: str | None = None
    levels: Mapping[str, int] = field(default_factory=dict)
    stated_level: int | None = None
    acrs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Provider:
    """An upstream provider as an administrator registered it.

    Attributes:
        id: its name in our addresses.
        secret_sealed: the client secret, sealed; None with `private_key_jwt`.
        algorithms: the allow-list for its ID tokens and logout tokens.
        userinfo: whether claims are asked for at its userinfo endpoint too.
        required_acrs: classes of which an ID token must name one; always asked for.
        hinting_clients: portals that may send people straight to it (`idp_hint`).
        revision: grows with every change.
    """

    id: str
    name: Text
    issuer: str
    client_id: str
    auth_method: UpstreamAuthMethod
    secret_sealed: bytes | None = field(repr=False)
    trust: TrustClass
    scopes: tuple[str, ...]
    mapping: ClaimMapping
    algorithms: tuple[SignatureAlgorithm, ...]
    userinfo: bool
    required_acrs: tuple[str, ...]
    hinting_clients: frozenset[str]
    status: ProviderStatus
    revision: int
    created_at: dt.datetime
    changed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Link:
    """An identity at a provider that belongs to an account. `subject` is a keyed name of the provider's `sub`."""

    provider_id: str
    subject: str = field(repr=False)
    account_id: str
    linked_at: dt.datetime
    used_at: dt.datetime


@dataclass(frozen=True, slots=True)
class UpstreamSession:
    """That a session of ours was begun through a provider, and what ends it there and here.

    Attributes:
        subject, sid: keyed names of the provider's `sub` and `sid`.
        id_token_sealed: the ID token, for the hint of a log-out there (RP-Initiated Logout §2).
    """

    session_id: str
    provider_id: str
    subject: str = field(repr=False)
    sid: str | None = field(repr=False)
    id_token_sealed: bytes = field(repr=False)
    begun_at: dt.datetime


@dataclass(frozen=True, slots=True)
class UpstreamPerson:
    """Who a provider says that somebody is."""

    citizen_id: CitizenId = field(repr=False)
    name: str = field(repr=False)
    level: int


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a provider said in a log-in, after everything in it was checked.

    Attributes:
        subject, sid: keyed names, as stored.
        person: None from a provider of the class `linked`.
        auth_time: when the person really authenticated there.
        acr, amr: in our words.
    """

    provider_id: str
    subject: str = field(repr=False)
    sid: str | None = field(repr=False)
    person: UpstreamPerson | None = field(repr=False)
    auth_time: dt.datetime
    acr: str
    amr: tuple[str, ...]
    id_token: str = field(repr=False)

"""What the identity provider keeps: people, organisations, clients, sessions, token families."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from core.clock import calendar_day
from core.text import Text
from idp.client_metadata import ClientMetadata, SubjectType
from keys.spec import SignatureAlgorithm

ONE_FACTOR = "urn:yizheng:loa:1"  # the authentication context class (acr) of a password log-in

PUBLIC_SECTOR = ""
"""The sector of clients with public subjects (OIDC Core §8); no registered sector is empty."""


class AccountStatus(StrEnum):
    """Life of an account."""

    ACTIVE = "active"
    FROZEN = "frozen"  # 冻结: may come back
    CLOSED = "closed"  # 注销: never comes back


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account as stored: personal data sealed, found through blind indexes.

    Attributes:
        number: the citizen ID number, once it was checked; None for people who are known by other documents, and where
            the account was closed and its data erased.
        level: real-name level (实名等级), one of `idp.real_name.LEVELS`.
        status_reason: short word why it has the status that it has; empty for an account in use.
        merged_into: the account of the same person that went on in place of this one.
    """

    id: str
    number: bytes | None = field(repr=False)
    name: bytes = field(repr=False)
    phone: bytes | None = field(repr=False)
    password_hash: str = field(repr=False)
    level: int
    status: AccountStatus
    created_at: dt.datetime
    status_reason: str = ""
    merged_into: str | None = None


@dataclass(frozen=True, slots=True)
class HeldDocument:
    """A document of a person beside the citizen ID number.

    Attributes:
        kind: as in `core.identifiers.documents`.
        number: with its issuer, sealed.
        proved_at: when it was checked; until then it is only what the person says, and finds nobody.
    """

    id: str
    account_id: str
    kind: str
    number: bytes = field(repr=False)
    added_at: dt.datetime
    proved_at: dt.datetime | None = None


class OrganisationStatus(StrEnum):
    """Life of a legal person."""

    ACTIVE = "active"
    DISSOLVED = "dissolved"  # 注销: nobody acts for it any more


@dataclass(frozen=True, slots=True)
class Organisation:
    """A legal person by its unified social credit code (GB 32100); `kind` is `government` or `enterprise`.

    Attributes:
        parent: code of the department that it belongs to; None at the top of a tree, and for enterprises.
    """

    uscc: str
    name: Text
    kind: str
    parent: str | None = None
    status: OrganisationStatus = OrganisationStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class StaffRole:
    """What a person may do for an organisation; what a role allows is in `idp.protocol.scopes`.

    Attributes:
        limits: what the role is limited to, by `licence_types` and `functions`; no limit where a key is missing.
        until: the last day on which the person has it; None for no end.
    """

    account_id: str
    organisation: str
    role: str
    limits: Mapping[str, Sequence[str]] = field(default_factory=dict)
    until: dt.date | None = None


class ClientAuthMethod(StrEnum):
    """How a client proves who it is at the endpoints that it calls itself (OIDC Core §9, RFC 8705 §2)."""

    BASIC = "client_secret_basic"
    POST = "client_secret_post"
    SECRET_JWT = "client_secret_jwt"  # noqa: S105 - the method's name
    PRIVATE_KEY_JWT = "private_key_jwt"
    TLS = "tls_client_auth"
    SELF_SIGNED_TLS = "self_signed_tls_client_auth"
    NONE = "none"


class GrantType(StrEnum):
    """Grants that a client may be registered for (RFC 6749 §4.1, §4.2, §4.4, §6; RFC 8628; CIBA; RFC 8693)."""

    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the grant's name
    CLIENT_CREDENTIALS = "client_credentials"
    IMPLICIT = "implicit"
    DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
    CIBA = "urn:openid:params:grant-type:ciba"
    TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - the grant's name


class ClientStatus(StrEnum):
    """Life of a client; only an active one can be used.

    ::

        pending ──▶ active ◀──▶ disabled
           └──────────┴────────────┴────▶ removed
    """

    PENDING = "pending"  # waits for a security administrator
    ACTIVE = "active"
    DISABLED = "disabled"
    REMOVED = "removed"  # never comes back


@dataclass(frozen=True, slots=True)
class Client:
    """A registered portal or departmental system.

    Attributes:
        sector: what pairwise subjects are computed for (OIDC Core §8.1); portals of one sector share subjects.
        realname_approved: may ask for the scope `realname`.
        secret_digest: keyed digest of the secret, which is long and random; None for clients without one.
        secret_sealed: the secret itself, only where the client signs with it (`client_secret_jwt`).
        earlier_secret_digest, earlier_secret_sealed, earlier_secret_ends_at: the secret before, while both count.
        metadata: all that a client may register beyond these.
    """

    id: str
    name: Text
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    backchannel_logout_uri: str | None
    auth_method: ClientAuthMethod
    secret_digest: str | None = field(repr=False)
    scopes: frozenset[str]
    grants: frozenset[GrantType]
    id_token_alg: SignatureAlgorithm
    organisation: str | None
    realname_approved: bool
    sector: str
    status: ClientStatus
    created_at: dt.datetime
    secret_sealed: bytes | None = field(default=None, repr=False)
    earlier_secret_digest: str | None = field(default=None, repr=False)
    earlier_secret_sealed: bytes | None = field(default=None, repr=False)
    earlier_secret_ends_at: dt.datetime | None = None
    metadata: ClientMetadata = field(default_factory=ClientMetadata)

    @property
    def subject_sector(self) -> str:
        """What the client's subjects are computed for: its sector, or the one that all `public` clients share."""
        return PUBLIC_SECTOR if self.metadata.subject_type is SubjectType.PUBLIC else self.sector


class SessionKind(StrEnum):
    """Where a session lives."""

    BROWSER = "browser"
    DEVICE = "device"  # begun by a device code (RFC 8628); has no cookie
    DECOUPLED = "decoupled"  # begun by CIBA; has no cookie


@dataclass(frozen=True, slots=True)
class Session:
    """A single sign-on session of one browser, or one that stands for a device.

    The cookie's value is known here only by its digest and changes at every authentication; `id` stays, so that
    one log-out reaches every portal that was ever entered through it.

    Attributes:
        acr: the authentication context class that the log-in reached.
        amr: the methods that were used (RFC 8176 §2).
        provider: id of the upstream provider through which it began; None for our own log-in.
        user_agent: what the browser says that it is, shortened.
        source: network address that it began from, as `idp.source.source_of` gives it.
        acting_for: id of the authorisation under which the person acts for an organisation; None for themselves.
    """

    id: str
    cookie_digest: str = field(repr=False)
    account_id: str
    authenticated_at: dt.datetime
    seen_at: dt.datetime
    expires_at: dt.datetime
    ended_at: dt.datetime | None = None
    kind: SessionKind = SessionKind.BROWSER
    acr: str = ONE_FACTOR
    amr: tuple[str, ...] = ("pwd",)
    provider: str | None = None
    user_agent: str = ""
    source: str = field(default="", repr=False)
    acting_for: str | None = None


@dataclass(frozen=True, slots=True)
class SessionClient:
    """A portal that was entered through a session; `sid` is the session's name for this portal only."""

    session_id: str
    client_id: str
    sid: str
    subject: str
    joined_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """A browser that comes with a session: whose it is, and whether a client was entered through it before."""

    session: Session
    account: Account
    entered: bool


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The key that a token is bound to: of a DPoP proof (RFC 9449 §6.1) or of a certificate (RFC 8705 §3.1)."""

    method: Literal["jkt", "x5t#S256"]
    thumbprint: str

    def claim(self) -> dict[str, str]:
        """The value of `cnf` (RFC 7800 §3.1)."""
        return {self.method: self.thumbprint}


@dataclass(frozen=True, slots=True)
class TokenFamily:
    """All tokens that descend from one decision: a code, an approval on another device, an exchange.

    Attributes:
        code_digest: of the authorization code; None where there was none.
        origin: the grant by which the family began.
        resources: what its access tokens are for (RFC 8707); empty for our own API.
        authorization_details: what was granted in detail (RFC 9396 §7).
        confirmation: the key that its tokens are bound to.
        actor: who acts for the person, as in `act` (RFC 8693 §4.1).
        acting_for: the organisation that the person acts for and the authorisation that lets them; None for themselves.
        generation: number of the refresh token that is good now.
        retry_digest: digest of the Idempotency-Key of the latest rotation, if it had one.
        offline: the refresh token outlives the session's expiry (scope `offline_access`), never its log-out.
        expires_at: the end if it is not used before; moves on with every use.
        ends_at: the end in any case, known once tokens were handed out.
        userinfo_claims: single claims asked for by the `claims` parameter.
    """

    id: str
    code_digest: str | None = field(repr=False)
    session_id: str
    account_id: str
    client_id: str
    subject: str
    sid: str
    scopes: tuple[str, ...]
    userinfo_claims: tuple[str, ...]
    auth_time: dt.datetime
    offline: bool
    created_at: dt.datetime
    expires_at: dt.datetime
    redeemed_at: dt.datetime | None = None
    generation: int = 0
    rotated_at: dt.datetime | None = None
    retry_digest: str | None = None
    revoked_at: dt.datetime | None = None
    revoked_for: str | None = None
    origin: GrantType = GrantType.AUTHORIZATION_CODE
    acr: str = ONE_FACTOR
    amr: tuple[str, ...] = ("pwd",)
    resources: tuple[str, ...] = ()
    authorization_details: tuple[Mapping[str, Any], ...] = ()
    confirmation: Confirmation | None = None
    actor: Mapping[str, Any] | None = None
    acting_for: Mapping[str, Any] | None = None
    ends_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A token family together with what decides whether its tokens are still good."""

    family: TokenFamily
    session_ended: bool
    account_status: AccountStatus
    account_level: int
    token_revoked: bool = False

    def alive(self, now: dt.datetime) -> bool:
        """Every grant and every resource asks this one question (attacks O-37)."""
        return (
            self.family.revoked_at is None
            and self.family.expires_at > now
            and not self.session_ended
            and self.account_status is AccountStatus.ACTIVE
            and not self.token_revoked
            and self._authority_lasts(now)
        )

    def _authority_lasts(self, now: dt.datetime) -> bool:
        """Tokens that act for an organisation end with the last day of the authorisation."""
        until = None if self.family.acting_for is None else self.family.acting_for.get("until")
        return until is None or calendar_day(now) <= dt.date.fromisoformat(until)


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person agreed that a portal may get, until it is withdrawn.

    Attributes:
        scopes: what was agreed to: scopes, and single claims as `claim:birthdate`.
        declined: what was asked and left out; the portal is not let ask again each time.
    """

    account_id: str
    client_id: str
    scopes: frozenset[str]
    granted_at: dt.datetime
    declined: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AccountProfile:
    """What a person stated about themselves beyond name, number and phone; `content` is sealed JSON."""

    account_id: str
    content: bytes = field(repr=False)
    updated_at: dt.datetime


class NoticeKind(StrEnum):
    """What a person is told about their own account."""

    REFRESH_REUSED = "refresh-reused"  # a portal's token was used twice: it, or a thief, has a copy
    NEW_DEVICE = "new-device"  # somebody logged in from a browser that was not used before
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - the notice's name
    PASSWORD_RESET = "password-reset"  # noqa: S105 - the notice's name
    FACTOR_ADDED = "factor-added"
    FACTOR_REMOVED = "factor-removed"
    PHONE_CHANGED = "phone-changed"
    NAME_CHANGED = "name-changed"
    NUMBER_CHANGED = "number-changed"
    MERGED = "merged"  # another account of the same person went on in this one
    LEAVING = "leaving"  # the account is closed in some days
    LICENCE_ENDS = "licence-ends"  # a licence of the person's runs out soon
    OBJECTION_ANSWERED = "objection-answered"  # an authority answered an objection of the person's
    ENTRUSTED = "entrusted"  # another person would like to entrust this one with their licences
    ENTRUSTMENT_MOVED = "entrustment-moved"  # the other side of an entrustment answered it, or ended it


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person should know when they come next.

    Attributes:
        client_id: the portal that it is about, if it is about one.
        detail: short words of what happened; no personal data.
    """

    id: str
    account_id: str
    kind: NoticeKind
    client_id: str | None
    at: dt.datetime
    seen_at: dt.datetime | None = None
    detail: Mapping[str, str] = field(default_factory=dict)


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True)
class LogoutDelivery:
    """One logout token on its way to one portal (OIDC Back-Channel Logout 1.0 §2.5)."""

    id: str
    client_id: str
    sid: str
    subject: str
    state: DeliveryState
    attempts: int
    due_at: dt.datetime
    last_result: str | None
    created_at: dt.datetime
    tried_at: dt.datetime | None = None
    finished_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class DeliveryHealth:
    """How a portal takes its logout notices.

    Attributes:
        pending, delivered, given_up: since a moment.
        failures_in_row: attempts that failed since the last one that arrived.
        last_delivered_at: None when none ever arrived.
        last_result: of the newest attempt.
    """

    pending: int = 0
    delivered: int = 0
    given_up: int = 0
    failures_in_row: int = 0
    last_delivered_at: dt.datetime | None = None
    last_result: str | None = None

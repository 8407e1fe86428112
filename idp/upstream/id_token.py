"""What a provider signs for us: ID tokens (OpenID Connect Core §3.1.3.7, §3.1.3.8) and logout tokens
(Back-Channel Logout 1.0 §2.6), judged exactly, with keys from the provider's own address only.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.clock import Clock
from idp.upstream.attempts import Attempt
from idp.upstream.documents import Documents
from idp.upstream.errors import not_trusted
from idp.upstream.model import Provider
from keys.errors import TokenRejected
from keys.jose.foreign_tokens import LEEWAY_SECONDS, ForeignProfile, ForeignToken, verify_foreign
from keys.jose.jws import UnverifiedToken, parse_compact
from keys.spec import ALGORITHMS, SignatureAlgorithm, Use

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_LONGEST_NAME = 255  # Core §2
_LONGEST_ID_TOKEN_LIFE = 24 * 3600
_LONGEST_LOGOUT_TOKEN_LIFE = 600
_ID_TOKEN = frozenset({"sub", "iat", "nonce", "auth_time"})
_LOGOUT_TOKEN = frozenset({"iat", "jti", "events"})
_LATEST = 253_402_300_799  # 9999-12-31T23:59:59Z


@dataclass(frozen=True, slots=True)
class IdToken:
    """An ID token that holds, and was made for this very attempt."""

    subject: str = field(repr=False)
    sid: str | None = field(repr=False)
    auth_time: dt.datetime
    acr: str | None
    claims: Mapping[str, Any] = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LogoutToken:
    """A logout token that holds; one of `subject` and `sid` is there at least."""

    subject: str | None = field(repr=False)
    sid: str | None = field(repr=False)
    token_id: str = field(repr=False)
    expires_at: float


class ProviderTokens:
    """Judges what providers signed."""

    def __init__(self, documents: Documents, clock: Clock) -> None:
        self._documents = documents
        self._clock = clock

    async def id_token(self, provider: Provider, text: str, attempt: Attempt, *, access_token: str) -> IdToken:
        """
        Raises:
            UpstreamRefused: for whatever reason; the reason is for the log only.
            UpstreamUnavailable: the provider's keys are not to be had.
        """
        profile = ForeignProfile(
            frozenset(provider.algorithms),
            frozenset({None, "JWT"}),
            Use.TOKEN,
            required=_ID_TOKEN,
            longest_life=_LONGEST_ID_TOKEN_LIFE,
        )
        try:
            token = await self._verified(provider, text, profile)
            return self._for_attempt(provider, token, attempt, access_token, text)
        except TokenRejected as rejected:
            raise not_trusted(provider.name, private=f"ID token: {rejected}") from None

    async def logout_token(self, provider: Provider, text: str) -> LogoutToken:
        """
        Raises:
            TokenRejected: for whatever reason; the reason is for the log only.
            UpstreamUnavailable: the provider's keys are not to be had.
        """
        profile = ForeignProfile(
            frozenset(provider.algorithms),
            frozenset({None, "JWT", "logout+jwt"}),  # §2.4: the explicit type is recommended, not demanded
            Use.TOKEN,
            required=_LOGOUT_TOKEN,
            longest_life=_LONGEST_LOGOUT_TOKEN_LIFE,
        )
        claims = (await self._verified(provider, text, profile)).claims
        _check_audience(provider, claims)
        events = claims["events"]
        if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):  # §2.6 step 5
            raise TokenRejected("events")
        if "nonce" in claims:  # §2.6 step 7: an ID token must never pass for one
            raise TokenRejected("nonce")
        subject, sid = _optional_text(claims, "sub"), _optional_text(claims, "sid")
        if subject is None and sid is None:  # §2.6 step 4
            raise TokenRejected("neither sub nor sid")
        return LogoutToken(subject, sid, claims["jti"], claims["exp"])

    async def _verified(self, provider: Provider, text: str, profile: ForeignProfile) -> ForeignToken:
        parsed = parse_compact(text)
        keys = await self._documents.keys(provider)
        if not any(keys.verifying(algorithm, parsed.key_id) for algorithm in _named(parsed, profile)):
            keys = await self._documents.keys(provider, anew=True)  # Core §10.1.1: the keys were rotated
        return verify_foreign(
            parsed,
            keys,
            profile,
            issuer=provider.issuer,
            audiences=frozenset({provider.client_id}),
            clock=self._clock,
        )

    def _for_attempt(
        self, provider: Provider, token: ForeignToken, attempt: Attempt, access_token: str, text: str
    ) -> IdToken:
        claims = token.claims
        _check_audience(provider, claims)
        subject = _optional_text(claims, "sub")
        if subject is None:
            raise TokenRejected("sub")
        if claims["iat"] < attempt.begun_at - LEEWAY_SECONDS:  # §3.1.3.7 step 10: made before we asked
            raise TokenRejected("iat")
        nonce = claims["nonce"]
        if (
            not isinstance(nonce, str) or not nonce.isascii() or not hmac.compare_digest(nonce, attempt.nonce)
        ):  # step 11
            raise TokenRejected("nonce")
        if "at_hash" in claims and claims["at_hash"] != half_hash(access_token, token.algorithm):  # §3.1.3.8
            raise TokenRejected("at_hash")
        acr = claims.get("acr")
        if provider.required_acrs and acr not in provider.required_acrs:  # step 12
            raise TokenRejected("acr")
        return IdToken(
            subject,
            _optional_text(claims, "sid"),
            self._auth_time(claims["auth_time"], attempt),
            acr if isinstance(acr, str) else None,
            claims,
            text,
        )

    def _auth_time(self, value: object, attempt: Attempt) -> dt.datetime:
        """Step 13: within `max_age`, and after the attempt began where they had to authenticate anew."""
        if type(value) not in (int, float) or not 0 < value <= _LATEST:  # type: ignore[operator]  # not bool
            raise TokenRejected("auth_time")
        moment = float(value)  # type: ignore[arg-type]  # as above
        now = self._clock.now()
        earliest = attempt.begun_at if attempt.again else now.timestamp() - attempt.max_age
        if not earliest - LEEWAY_SECONDS <= moment <= now.timestamp() + LEEWAY_SECONDS:
            raise TokenRejected("auth_time too long ago, or in the future")
        return min(dt.datetime.fromtimestamp(moment, dt.UTC), now)


def _named(token: UnverifiedToken, profile: ForeignProfile) -> list[SignatureAlgorithm]:
    return [algorithm for algorithm in profile.algorithms if str(algorithm) == token.algorithm]


def _check_audience(provider: Provider, claims: Mapping[str, Any]) -> None:
    """§3.1.3.7 steps 3 to 5: for us, and for nobody else whom we would have to trust."""
    if claims["aud"] not in (provider.client_id, [provider.client_id]):
        raise TokenRejected("aud")
    if claims.get("azp", provider.client_id) != provider.client_id:
        raise TokenRejected("azp")


def _optional_text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_NAME or not value.isprintable():
        raise TokenRejected(name)
    return value


def half_hash(value: str, algorithm: SignatureAlgorithm) -> str:
    """The left half of a digest, by the hash of the signature's algorithm, base64url (Core §3.1.3.6)."""
    digest = hashlib.new(ALGORITHMS[algorithm].digest, value.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()

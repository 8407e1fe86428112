"""Our tokens: access tokens (RFC 9068), ID tokens (OpenID Connect Core §2), logout tokens (OpenID Connect Back-Channel
Logout §2.4), and signed answers to clients, signed and judged under the rules of RFC 8725.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.clock import Clock
from keys.errors import TokenRejected
from keys.jose.jwk import ALL_TOKEN_PURPOSES
from keys.jose.jws import UnverifiedToken, VerifyingKey, parse_compact, sign_compact, verify_signature
from keys.ports import KeyProvider, Signer, VerificationKey
from keys.spec import ALGORITHMS, SignatureAlgorithm
from keys.verification import load_verification_key

LEEWAY_SECONDS = 60
"""How far clocks may be apart: added to `exp`, taken from `nbf` and `iat`."""

_LATEST = 253_402_300_799  # 9999-12-31T23:59:59Z: later moments are nonsense, not dates
_TIMES = ("exp", "nbf", "iat")


@dataclass(frozen=True, slots=True)
class TokenProfile:
    """One kind of token: its exact `typ` (RFC 8725 §3.11) and the claims that it must have."""

    typ: str
    required: frozenset[str]


ACCESS_TOKEN = TokenProfile(
    "at+jwt", frozenset({"iss", "exp", "aud", "sub", "client_id", "iat", "jti"})
)  # RFC 9068 §2.2
ID_TOKEN = TokenProfile("JWT", frozenset({"iss", "sub", "aud", "exp", "iat"}))  # OpenID Connect Core §2
LOGOUT_TOKEN = TokenProfile("logout+jwt", frozenset({"iss", "aud", "iat", "exp", "jti", "events"}))  # Back-Channel §2.4

# What clients read and we never take back. None has all claims of another token with its `typ`, so none passes for it.
AUTHORIZATION_RESPONSE = TokenProfile("JWT", frozenset({"iss", "aud", "exp"}))  # JARM §2.1
USERINFO_RESPONSE = TokenProfile("JWT", frozenset({"iss", "aud", "sub"}))  # OpenID Connect Core §5.3.2
INTROSPECTION_RESPONSE = TokenProfile(
    "token-introspection+jwt", frozenset({"iss", "aud", "iat", "token_introspection"})
)  # RFC 9701 §5

PROFILES = {profile.typ: profile for profile in (ACCESS_TOKEN, ID_TOKEN, LOGOUT_TOKEN)}


class TokenSigner:
    """Signs our tokens with the active key of the algorithm's purpose.

    Args:
        purposes: which key signs with which algorithm.
    """

    def __init__(self, provider: KeyProvider, purposes: Mapping[SignatureAlgorithm, str] = ALL_TOKEN_PURPOSES) -> None:
        self._provider = provider
        self._purposes = {algorithm: purpose for algorithm, purpose in purposes.items() if ALGORITHMS[algorithm].tokens}

    def sign(self, claims: Mapping[str, Any], *, typ: str, algorithm: SignatureAlgorithm) -> str:
        """A signed token. With a key on a device this waits for the device: call `sign_async` instead.

        Args:
            claims: times are whole seconds since 1970 (RFC 7519 §2 NumericDate).
            typ: `at+jwt`, `JWT` or `logout+jwt`.

        Raises:
            core.errors.Unavailable: `key-missing`, `key-unavailable`.
            ValueError: an unknown `typ`, a required claim left out or a time that is no whole number; all three
                are mistakes of the calling code.
        """
        return sign_compact(claims, self._prepare(claims, _profile(typ), algorithm), typ=typ)

    async def sign_async(self, claims: Mapping[str, Any], *, typ: str, algorithm: SignatureAlgorithm) -> str:
        """As `sign`, in a thread where the key lives on a device."""
        return await self.make(claims, _profile(typ), algorithm)

    async def make(self, claims: Mapping[str, Any], profile: TokenProfile, algorithm: SignatureAlgorithm) -> str:
        """As `sign_async`, for any kind of token."""
        signer = self._prepare(claims, profile, algorithm)
        if signer.blocking:
            return await asyncio.to_thread(sign_compact, claims, signer, typ=profile.typ)
        return sign_compact(claims, signer, typ=profile.typ)

    def _prepare(self, claims: Mapping[str, Any], profile: TokenProfile, algorithm: SignatureAlgorithm) -> Signer:
        if not profile.required <= claims.keys():
            raise ValueError(f"a token {profile.typ} needs {sorted(profile.required - claims.keys())}")
        if not all(_is_moment(claims[name]) for name in _TIMES if name in claims):
            raise ValueError("times are whole seconds since 1970")
        return self._provider.signer(self._purposes[algorithm])


class TokenVerifier:
    """Judges tokens that claim to be ours. Keys come from our own key ring only, never from the token.

    Args:
        purposes: the allow-list: which algorithm is accepted, and whose keys verify it (RFC 8725 §3.1).
        leeway: seconds by which clocks may be apart.
    """

    def __init__(
        self,
        provider: KeyProvider,
        clock: Clock,
        purposes: Mapping[SignatureAlgorithm, str] = ALL_TOKEN_PURPOSES,
        *,
        leeway: int = LEEWAY_SECONDS,
    ) -> None:
        self._provider = provider
        self._clock = clock
        self._purposes = {str(a): (a, purpose) for a, purpose in purposes.items() if ALGORITHMS[a].tokens}
        self._leeway = leeway
        self._parsed: dict[str, VerifyingKey] = {}

    def verify(
        self, token: str, *, typ: str, issuer: str, audience: str | None, accept_expired: bool = False
    ) -> dict[str, Any]:
        """The claims of a token that is ours, of this type, for this audience, and current.

        Args:
            audience: the one value that `aud` must be, as a string or as a list of just it; None where the
                audience is to be looked at by the caller (an `id_token_hint`).
            accept_expired: for an `id_token_hint`, which may be long past (RP-Initiated Logout §4).

        Raises:
            TokenRejected: for whatever reason; the reason is for the log only.
        """
        parsed = parse_compact(token)  # 1. form
        if parsed.typ != typ or typ not in PROFILES:  # 2. type, RFC 8725 §3.11
            raise TokenRejected("typ")
        algorithm, key = self._key(parsed)  # 3. algorithm and key from our own lists
        if key.until is not None and self._clock.now().date() > key.until:
            raise TokenRejected("algorithm ended")
        verify_signature(parsed, key, algorithm)  # 4. signature
        self.judge(parsed.claims, typ=typ, issuer=issuer, audience=audience, accept_expired=accept_expired)
        return parsed.claims

    def judge(
        self,
        claims: Mapping[str, Any],
        *,
        typ: str,
        issuer: str,
        audience: str | None,
        accept_expired: bool = False,
    ) -> None:
        """What is asked of the claims of a token, however that was found to be ours.

        Raises:
            TokenRejected.
        """
        _check_form(claims, PROFILES[typ])  # 5. claims are there and have their types
        if claims["iss"] != issuer:  # 6. issuer, RFC 8725 §3.8
            raise TokenRejected("iss")
        if audience is not None and claims["aud"] not in (audience, [audience]):  # 7. audience, RFC 8725 §3.9
            raise TokenRejected("aud")
        self._check_times(claims, accept_expired=accept_expired)  # 8. times

    def _key(self, token: UnverifiedToken) -> tuple[SignatureAlgorithm, VerifyingKey]:
        row = self._purposes.get(token.algorithm)
        if row is None:
            raise TokenRejected("alg")
        algorithm, purpose = row
        for key in self._provider.verification_keys(purpose):
            if key.key_id == token.key_id and key.algorithm is algorithm:
                return algorithm, self._parsed.get(key.key_id) or self._parse(key)
        raise TokenRejected("kid")

    def _parse(self, key: VerificationKey) -> VerifyingKey:
        if len(self._parsed) >= 64:  # only our own keys get here; old ones leave after many rotations
            self._parsed.clear()
        public = load_verification_key(key.public_key, key.algorithm)
        parsed = self._parsed[key.key_id] = VerifyingKey(public, key.algorithm)
        return parsed

    def _check_times(self, claims: Mapping[str, Any], *, accept_expired: bool) -> None:
        now = self._clock.now().timestamp()
        if not accept_expired and now >= claims["exp"] + self._leeway:  # RFC 7519 §4.1.4
            raise TokenRejected("exp")
        if now < claims.get("nbf", 0) - self._leeway:  # RFC 7519 §4.1.5
            raise TokenRejected("nbf")
        if now < claims["iat"] - self._leeway:
            raise TokenRejected("iat")


def _profile(typ: str) -> TokenProfile:
    profile = PROFILES.get(typ)
    if profile is None:
        raise ValueError(f"no token has the type {typ!r}")
    return profile


def _check_form(claims: Mapping[str, Any], profile: TokenProfile) -> None:
    if not profile.required <= claims.keys():
        raise TokenRejected("claim missing")
    if not all(_is_moment(claims[name]) for name in _TIMES if name in claims):
        raise TokenRejected("time not a whole number")
    if not all(isinstance(claims[name], str) for name in ("iss", "sub", "client_id", "jti") if name in claims):
        raise TokenRejected("claim not a string")
    audience = claims["aud"]
    if not isinstance(audience, str) and not (
        isinstance(audience, list) and audience and all(isinstance(one, str) for one in audience)
    ):
        raise TokenRejected("aud not a string or a list of strings")


def _is_moment(value: object) -> bool:
    return type(value) is int and 0 <= value <= _LATEST  # not bool, which is an int too

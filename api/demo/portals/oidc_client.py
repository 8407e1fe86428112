"""A portal's side of OpenID Connect, built on authlib and joserfc: nothing of our own provider is imported here.

OpenID Connect Core §3.1, RP-Initiated Logout 1.0, Back-Channel Logout 1.0; RFC 7636 (PKCE), RFC 9207 (`iss`).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
from authlib.deprecate import AuthlibDeprecationWarning
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from api.demo.portals.addresses import PortalAddresses

with warnings.catch_warnings():
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)  # it announces its next major version
    from authlib.integrations.base_client.errors import OAuthError
    from authlib.integrations.httpx_client import AsyncOAuth2Client

ALGORITHMS = ["ES256", "RS256"]
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_LEEWAY = 60


class LoginFailed(Exception):
    """The provider's answer cannot be accepted; the words are for the portal's log."""


@dataclass(frozen=True, slots=True)
class Login:
    """A finished log-in: the checked ID token's claims, what userinfo said, and the tokens."""

    claims: Mapping[str, Any] = field(repr=False)
    userinfo: Mapping[str, Any] = field(repr=False)
    id_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """What the portal remembers between sending somebody off and their coming back."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


class OidcClient:
    """One registered client."""

    def __init__(
        self, issuer: str, client_id: str, secret: str, scopes: tuple[str, ...], addresses: PortalAddresses
    ) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self._secret = secret
        self._scope = " ".join(scopes)
        self._addresses = addresses
        self._metadata: dict[str, Any] | None = None

    async def begin(self) -> tuple[str, LoginAttempt]:
        """Where to send the browser, and what to remember."""
        attempt = LoginAttempt(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))
        endpoint = (await self._discovered())["authorization_endpoint"]
        async with self._oauth() as client:
            address, _ = client.create_authorization_url(
                endpoint, state=attempt.state, nonce=attempt.nonce, code_verifier=attempt.verifier
            )
        return str(address), attempt

    async def finish(self, attempt: LoginAttempt, answer: Mapping[str, str]) -> Login:
        """Exchange the code and check everything that came back.

        Raises:
            LoginFailed: the answer is an error, not ours, or not to be trusted.
        """
        if answer.get("state") != attempt.state or answer.get("iss") != self.issuer:
            raise LoginFailed("state or iss differ")
        if "code" not in answer:
            raise LoginFailed(answer.get("error", "no code"))
        metadata = await self._discovered()
        async with self._oauth() as client:
            try:
                token = await client.fetch_token(
                    metadata["token_endpoint"], code=answer["code"], code_verifier=attempt.verifier
                )
                claims = await self._id_token(token["id_token"], attempt.nonce, token["access_token"])
                userinfo = (await client.get(metadata["userinfo_endpoint"])).raise_for_status().json()
            except (OAuthError, httpx.HTTPError, JoseError, KeyError) as error:
                raise LoginFailed(type(error).__name__) from error
        if userinfo.get("sub") != claims["sub"]:  # OIDC Core §5.3.2
            raise LoginFailed("userinfo is about somebody else")
        return Login(claims, userinfo, token["id_token"])

    async def log_out_address(self, id_token: str) -> str:
        """Where to send the browser to log out everywhere (RP-Initiated Logout §2)."""
        endpoint = (await self._discovered())["end_session_endpoint"]
        query = {
            "id_token_hint": id_token,
            "client_id": self.client_id,
            "post_logout_redirect_uri": self._addresses.home,
        }
        return f"{endpoint}?{urlencode(query)}"

    async def logged_out_session(self, logout_token: str) -> str:
        """The `sid` that a logout token names, once it is checked (Back-Channel Logout §2.6).

        Raises:
            LoginFailed: it is not a logout token for this portal.
        """
        try:
            token = jwt.decode(logout_token, await self._keys(), algorithms=ALGORITHMS)
            self._registry().validate(token.claims)
        except (JoseError, ValueError) as error:
            raise LoginFailed(type(error).__name__) from error
        claims = token.claims
        if LOGOUT_EVENT not in claims.get("events", {}) or "nonce" in claims or "sid" not in claims:
            raise LoginFailed("not a logout token")
        return str(claims["sid"])

    async def service_token(self, scope: str) -> str:
        """An access token of the portal's own (RFC 6749 §4.4), for the licence API.

        Raises:
            LoginFailed: the provider refused.
        """
        metadata = await self._discovered()
        async with self._oauth(scope) as client:
            try:
                token = await client.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
            except (OAuthError, httpx.HTTPError) as error:
                raise LoginFailed(type(error).__name__) from error
        return str(token["access_token"])

    def _oauth(self, scope: str | None = None) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            client_id=self.client_id,
            client_secret=self._secret,
            redirect_uri=self._addresses.callback,
            scope=scope or self._scope,
            code_challenge_method="S256",
            trust_env=False,
            timeout=15,
        )

    async def _id_token(self, token: str, nonce: str, access_token: str) -> Mapping[str, Any]:
        """OIDC Core §3.1.3.7 and §3.1.3.8."""
        decoded = jwt.decode(token, await self._keys(), algorithms=ALGORITHMS)
        self._registry(nonce=nonce).validate(decoded.claims)
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        if decoded.claims.get("at_hash") not in (None, base64.urlsafe_b64encode(half).rstrip(b"=").decode()):
            raise LoginFailed("at_hash")
        return decoded.claims

    def _registry(self, nonce: str | None = None) -> JWTClaimsRegistry:
        rules: dict[str, Any] = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self.client_id},
            "exp": {"essential": True},
            "iat": {"essential": True},
        }
        if nonce is not None:
            rules["nonce"] = {"essential": True, "value": nonce}
        return JWTClaimsRegistry(leeway=_LEEWAY, **rules)

    async def _discovered(self) -> dict[str, Any]:
        if self._metadata is None:
            async with self._http() as http:
                answer = (await http.get(f"{self.issuer}/.well-known/openid-configuration")).raise_for_status()
            self._metadata = answer.json()
        return self._metadata

    async def _keys(self) -> KeySet:
        metadata = await self._discovered()
        async with self._http() as http:
            return KeySet.import_key_set((await http.get(metadata["jwks_uri"])).raise_for_status().json())

    @staticmethod
    def _http() -> httpx.AsyncClient:
        return httpx.AsyncClient(trust_env=False, timeout=15)

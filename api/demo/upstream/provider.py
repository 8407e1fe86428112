"""An OpenID provider as others write them: discovery, PAR, code flow with PKCE, userinfo, log-out on every channel.

OpenID Connect Core §3.1, §5.3; RFC 7636, RFC 9126, RFC 9207; RP-Initiated, Back-Channel and Front-Channel Logout 1.0.
All state is in memory, one process long. Each step is a method of its own, so that tests can make a provider lie.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus, urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from joserfc.jwt import JWTClaimsRegistry

from core.text import Text

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_CODE_LIFE = 60
_TOKEN_LIFE = 300
Parameters = Mapping[str, str]
FetchKeys = Callable[[], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class StandInPerson:
    """Somebody with an account at the provider."""

    key: str
    name: str
    does: Text
    claims: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """The one relying party that the provider knows."""

    client_id: str
    secret: str | None = field(repr=False)
    redirect_uri: str
    backchannel_logout_uri: str
    frontchannel_logout_uri: str
    post_logout_redirect_uri: str


@dataclass(slots=True)
class StandInSession:
    """A log-in in one browser."""

    person: StandInPerson
    sid: str
    auth_time: int


@dataclass(frozen=True, slots=True)
class _Grant:
    session: StandInSession
    nonce: str | None
    challenge: str
    acr: str | None
    until: float


class Refused(Exception):
    """An OAuth error answer."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.status = status


class StandIn:
    """The protocol; `StandInPages` puts it on HTTP.

    Args:
        now: seconds since 1970.
        client_keys: fetches the relying party's JWK Set, where it authenticates by `private_key_jwt`.
    """

    def __init__(
        self,
        issuer: str,
        client: RegisteredClient,
        people: Sequence[StandInPerson],
        *,
        now: Callable[[], float] | None = None,
        client_keys: FetchKeys | None = None,
        algorithm: str = "ES256",
    ) -> None:
        self.issuer = issuer
        self.client = client
        self.people = {person.key: person for person in people}
        self._now = now or _system_time
        self._client_keys = client_keys
        self.algorithm = algorithm
        self.keys = [self.make_key()]
        self.sessions: dict[str, StandInSession] = {}  # by cookie
        self.pushed: dict[str, Parameters] = {}
        self.pending: dict[str, Parameters] = {}
        self._codes: dict[str, _Grant] = {}
        self._tokens: dict[str, tuple[StandInPerson, float]] = {}
        self._assertions: set[str] = set()

    # -- documents -----------------------------------------------------------------------------------------------

    def metadata(self) -> dict[str, Any]:
        at = self.issuer
        return {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "userinfo_endpoint": f"{at}/userinfo",
            "jwks_uri": f"{at}/jwks",
            "pushed_authorization_request_endpoint": f"{at}/par",
            "end_session_endpoint": f"{at}/end-session",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.algorithm],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
            "authorization_response_iss_parameter_supported": True,
            "backchannel_logout_supported": True,
            "backchannel_logout_session_supported": True,
            "frontchannel_logout_supported": True,
            "frontchannel_logout_session_supported": True,
        }

    def jwks(self) -> Any:
        return KeySet(list(self.keys)).as_dict(private=False)

    def make_key(self) -> Any:
        """A signing key with its id."""
        parameters: Any = {"use": "sig", "alg": self.algorithm, "kid": secrets.token_hex(6)}
        if self.algorithm.startswith("ES"):
            return ECKey.generate_key("P-256", parameters)
        return RSAKey.generate_key(2048, parameters)

    def rotate(self) -> None:
        """A new key signs from now on; the old one is gone at once, as careless operators do it."""
        self.keys = [self.make_key()]

    # -- the authorization endpoint ------------------------------------------------------------------------------

    async def push(self, authorization: str | None, parameters: Parameters) -> dict[str, Any]:
        """RFC 9126 §2."""
        await self._authenticate(authorization, parameters)
        self._check_request(parameters)
        request_uri = f"urn:ietf:params:oauth:request_uri:{secrets.token_urlsafe(24)}"
        self.pushed[request_uri] = dict(parameters)
        return {"request_uri": request_uri, "expires_in": 60}

    def begin(self, parameters: Parameters, cookie: str | None) -> tuple[str, str | None]:
        """The id of the request that is pending, and the redirect where nobody need be asked.

        Raises:
            Refused: the request cannot be answered by redirect.
        """
        if "request_uri" in parameters:
            parameters = self.pushed.pop(parameters["request_uri"], {})
        self._check_request(parameters)
        pending_id = secrets.token_urlsafe(24)
        self.pending[pending_id] = parameters
        session = self.sessions.get(cookie or "")
        if session is None or self._must_ask(parameters, session):
            return pending_id, None
        return pending_id, self.answer(pending_id, session)

    def _must_ask(self, parameters: Parameters, session: StandInSession) -> bool:
        age = self._now() - session.auth_time
        return "login" in parameters.get("prompt", "").split() or age > int(parameters.get("max_age", "86400"))

    def log_in(self, person_key: str) -> tuple[str, StandInSession]:
        """A new session, and its cookie."""
        cookie = secrets.token_urlsafe(24)
        session = StandInSession(self.people[person_key], secrets.token_urlsafe(16), int(self._now()))
        self.sessions[cookie] = session
        return cookie, session

    def answer(self, pending_id: str, session: StandInSession) -> str:
        """Back to the relying party with a code."""
        parameters = self.pending.pop(pending_id)
        code = secrets.token_urlsafe(24)
        wanted = parameters.get("acr_values", "").split()
        self._codes[code] = _Grant(
            session,
            parameters.get("nonce"),
            parameters["code_challenge"],
            wanted[0] if wanted else None,
            self._now() + _CODE_LIFE,
        )
        return self.redirect({"code": code, "state": parameters.get("state", ""), "iss": self.issuer})

    def refuse(self, pending_id: str) -> str:
        """Back to the relying party without one: the person said no."""
        parameters = self.pending.pop(pending_id)
        state = parameters.get("state", "")
        return self.redirect({"error": "access_denied", "state": state, "iss": self.issuer})

    def redirect(self, answer: Parameters) -> str:
        return f"{self.client.redirect_uri}?{urlencode(answer)}"

    def _check_request(self, parameters: Parameters) -> None:
        known = (parameters.get("client_id"), parameters.get("redirect_uri"))
        if known != (self.client.client_id, self.client.redirect_uri):
            raise Refused("invalid_request")
        pkce = parameters.get("code_challenge_method") == "S256" and len(parameters.get("code_challenge", "")) == 43
        if parameters.get("response_type") != "code" or not pkce or "openid" not in parameters.get("scope", "").split():
            raise Refused("invalid_request")

    # -- token and userinfo --------------------------------------------------------------------------------------

    async def token(self, authorization: str | None, parameters: Parameters) -> dict[str, Any]:
        """RFC 6749 §4.1.3, RFC 7636 §4.6."""
        await self._authenticate(authorization, parameters)
        if parameters.get("grant_type") != "authorization_code":
            raise Refused("unsupported_grant_type")
        grant = self._codes.pop(parameters.get("code", ""), None)
        digest = hashlib.sha256(parameters.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        same = parameters.get("redirect_uri") == self.client.redirect_uri
        if grant is None or grant.until < self._now() or grant.challenge != challenge or not same:
            raise Refused("invalid_grant")
        access_token = secrets.token_urlsafe(24)
        self._tokens[access_token] = (grant.session.person, self._now() + _TOKEN_LIFE)
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": _TOKEN_LIFE,
            "id_token": self.sign(self.id_claims(grant.session, grant.nonce, grant.acr, access_token)),
        }

    def id_claims(
        self, session: StandInSession, nonce: str | None, acr: str | None, access_token: str
    ) -> dict[str, Any]:
        now = int(self._now())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": self.subject(session.person),
            "aud": self.client.client_id,
            "iat": now,
            "exp": now + _TOKEN_LIFE,
            "auth_time": session.auth_time,
            "sid": session.sid,
            "amr": ["pwd", "otp"],
            "at_hash": _half(access_token),
        }
        claims |= {} if nonce is None else {"nonce": nonce}
        claims |= {} if acr is None else {"acr": acr}
        return claims

    def subject(self, person: StandInPerson) -> str:
        return f"person-{person.key}"

    def userinfo(self, access_token: str) -> dict[str, Any]:
        person, until = self._tokens.get(access_token, (None, 0.0))
        if person is None or until < self._now():
            raise Refused("invalid_token", 401)
        return {"sub": self.subject(person), **person.claims}

    def sign(self, claims: Mapping[str, Any], typ: str = "JWT") -> str:
        key = self.keys[0]
        return jwt.encode({"alg": self.algorithm, "typ": typ, "kid": key.kid}, dict(claims), key, [self.algorithm])

    async def _authenticate(self, authorization: str | None, parameters: Parameters) -> None:
        if authorization is not None and self.client.secret is not None:
            pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
            client_id, _, secret = pair.partition(":")
            right = hmac.compare_digest(unquote_plus(secret), self.client.secret)
            if right and unquote_plus(client_id) == self.client.client_id:
                return
        elif self._client_keys is not None and "client_assertion" in parameters:
            keys: Any = await self._client_keys()
            await self._check_assertion(parameters["client_assertion"], KeySet.import_key_set(keys))
            return
        raise Refused("invalid_client", 401)

    async def _check_assertion(self, assertion: str, keys: KeySet) -> None:
        """RFC 7523 §3."""
        try:
            claims = jwt.decode(assertion, keys, algorithms=["ES256"]).claims
            rules: Any = {name: {"essential": True, "value": self.client.client_id} for name in ("iss", "sub")}
            rules |= {"aud": {"essential": True, "value": self.issuer}, "exp": {"essential": True}}
            JWTClaimsRegistry(now=int(self._now()), leeway=10, **rules).validate(claims)
        except (JoseError, ValueError) as error:
            raise Refused("invalid_client", 401) from error
        if claims.get("jti") is None or claims["jti"] in self._assertions:
            raise Refused("invalid_client", 401)
        self._assertions.add(claims["jti"])

    # -- log-out -------------------------------------------------------------------------------------------------

    def end(self, cookie: str | None) -> StandInSession | None:
        return self.sessions.pop(cookie or "", None)

    def logout_claims(self, session: StandInSession) -> dict[str, Any]:
        """Back-Channel Logout §2.4."""
        now = int(self._now())
        return {
            "iss": self.issuer,
            "aud": self.client.client_id,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_urlsafe(16),
            "sub": self.subject(session.person),
            "sid": session.sid,
            "events": {LOGOUT_EVENT: {}},
        }

    def logout_token(self, session: StandInSession) -> str:
        return self.sign(self.logout_claims(session), typ="logout+jwt")

    def front_channel_address(self, session: StandInSession) -> str:
        """Front-Channel Logout §3."""
        return f"{self.client.frontchannel_logout_uri}?{urlencode({'iss': self.issuer, 'sid': session.sid})}"

    def is_hint(self, token: str) -> bool:
        """Whether it is an ID token of ours, expired or not (RP-Initiated Logout §2)."""
        try:
            claims = jwt.decode(token, KeySet(list(self.keys)), algorithms=[self.algorithm]).claims
        except (JoseError, ValueError):
            return False
        return claims.get("iss") == self.issuer and claims.get("aud") == self.client.client_id


def _half(value: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest()[:16]).rstrip(b"=").decode()


def _system_time() -> float:
    from core.clock import SystemClock

    return SystemClock().now().timestamp()

"""The same requests to two providers, and their answers in words that can be compared."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from core.ids import new_secret
from tests.support.idp_browser import Pkce, basic

OBJECT = "oauth-authz-req+jwt"
KEYS = {"ES256": ECKey.generate_key("P-256"), "ES256-other": ECKey.generate_key("P-256")}
WEB = "https://web.example.test/cb"
SECRETS = {
    name: f"{name}-secret-of-forty-characters-or-more-0123456789"
    for name in ("web", "poster", "machine", "other", "hybrid")
}
TOKENS = ("access_token", "refresh_token", "id_token")

CLIENTS: list[dict[str, Any]] = [
    {"client_id": "web", "redirect_uris": [WEB, f"{WEB}?kept=1"], "scope": "openid offline_access"},
    {
        "client_id": "poster",
        "redirect_uris": [WEB],
        "scope": "openid",
        "token_endpoint_auth_method": "client_secret_post",
    },
    {
        "client_id": "machine",
        "redirect_uris": [],
        "response_types": [],
        "grant_types": ["client_credentials"],
        "scope": "licence:read licence:issue",
    },
    {"client_id": "app", "redirect_uris": [WEB], "scope": "openid", "token_endpoint_auth_method": "none"},
    {"client_id": "other", "redirect_uris": ["https://other.example.test/cb"], "scope": "openid"},
    {
        "client_id": "keyed",
        "redirect_uris": [WEB],
        "scope": "openid",
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "request_object_signing_alg": "ES256",
        "jwks": {"keys": [KEYS["ES256"].as_dict(private=False)]},
    },
    {
        "client_id": "hybrid",
        "redirect_uris": [WEB],
        "scope": "openid",
        "grant_types": ["authorization_code", "refresh_token", "implicit"],
        "response_types": ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"],
    },
    *(
        {
            "client_id": name,
            "redirect_uris": [],
            "response_types": [],
            "grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
            "scope": "openid",
            "token_endpoint_auth_method": "none",
            "application_type": "native",
        }
        for name in ("kiosk", "kiosk-2")
    ),
]


def metadata_of(client: Mapping[str, Any]) -> dict[str, Any]:
    """A registration document as either provider reads it."""
    whole = {"grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"], **client}
    if client["client_id"] in SECRETS:
        whole["client_secret"] = SECRETS[client["client_id"]]
    return whole


@dataclass
class Provider:
    """One of the two, with a browser of its own.

    Attributes:
        paths: its addresses.
        asks: by what a path is known as a page that asks the person for something.
        clock: its time, in seconds since 1970.
    """

    name: str
    http: httpx.AsyncClient
    issuer: str
    paths: Mapping[str, str]
    asks: tuple[str, ...]
    clock: Callable[[], float]
    person: tuple[str, str] = ("", "")
    pkce: Pkce = field(default_factory=Pkce)

    async def authorize(self, *, method: str = "GET", extra: str = "", **changes: str | None) -> str:
        """What the first answer of the authorization endpoint is, in words.

        Args:
            extra: appended to the query as it is.
        """
        query = str(httpx.QueryParams(self.asked(changes))) + extra
        address = self.paths["authorization"]
        if method == "GET":
            answer = await self.http.get(f"{address}?{query}")
        else:
            answer = await self.http.request(method, address, content=query, headers={"Content-Type": FORM})
        return self._landed(answer, changes)

    async def walk(self, **changes: str | None) -> dict[str, str]:
        """The parameters that come to the client at the end of the browser's way."""
        answer = await self.http.get(self.paths["authorization"], params=self.asked(changes))
        for _ in range(10):
            location = answer.headers.get("location", "")
            assert answer.status_code == 303, (answer.status_code, answer.text[:500])
            if not self._own(location):
                return parameters_of(location)
            answer = await self._page(location)
        raise AssertionError("too many redirects")

    async def call(
        self, endpoint: str, form: Mapping[str, str] | str, *, client: str | None = "web", **options: Any
    ) -> httpx.Response:
        """A POST to one of its addresses, with the client's own credentials unless `client` is None."""
        body = form if isinstance(form, str) else str(httpx.QueryParams(form))
        headers = {"Content-Type": FORM, **options.pop("headers", {})}
        if client == "poster" and "client_secret" not in body:
            body += "&" + str(httpx.QueryParams({"client_id": client, "client_secret": SECRETS[client]}))
        elif client in ("app", "kiosk", "kiosk-2") and "client_id" not in body:
            body += f"&client_id={client}"
        elif client in SECRETS and client != "poster":
            headers.setdefault("Authorization", basic(client, SECRETS[client]))
        return await self.http.post(self.paths[endpoint], content=body, headers=headers, **options)

    async def token(self, form: Mapping[str, str] | str, *, client: str | None = "web", **options: Any) -> str:
        return answer_of(await self.call("token", form, client=client, **options))

    async def code(self, client: str = "web", **changes: str | None) -> dict[str, str]:
        """A token request that redeems a fresh code, ready to be spoiled."""
        landed = await self.walk(client_id=client, **changes)
        return {
            "grant_type": "authorization_code",
            "code": landed["code"],
            "redirect_uri": changes.get("redirect_uri") or WEB,
            "code_verifier": self.pkce.verifier,
        }

    async def tokens(self, client: str = "web", **changes: str | None) -> dict[str, Any]:
        answer = await self.call("token", await self.code(client, **changes), client=client)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def asked(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        request = {
            "response_type": "code",
            "client_id": "web",
            "redirect_uri": WEB,
            "scope": "openid",
            "state": "s",
            "nonce": "n",
            "code_challenge": self.pkce.challenge,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in request.items() if value is not None}

    def thumbprint(self) -> str:
        """Of the key that proofs are made with (RFC 7638)."""
        return str(KEYS["ES256"].thumbprint())

    def request_object(self, algorithm: str, **changes: object) -> str:
        """A signed request of the client `keyed`; a change to None leaves a claim out."""
        now = int(self.clock())
        inside = {"aud": self.issuer, "iss": "keyed", "iat": now, "nbf": now, "exp": now + 60, "jti": new_secret(12)}
        return signed(algorithm, {**self.asked({"client_id": "keyed"}), **inside, **changes}, typ=OBJECT)

    def assertion(self, algorithm: str = "ES256", **changes: object) -> dict[str, str]:
        """The client `keyed` proves itself (RFC 7523 §2.2)."""
        now = int(self.clock())
        claims = {
            "iss": "keyed",
            "sub": "keyed",
            "aud": self.issuer,
            "iat": now,
            "exp": now + 60,
            "jti": new_secret(12),
        }
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        return {"client_assertion": signed(algorithm, claims | changes), "client_assertion_type": kind}

    def proof(
        self,
        endpoint: str,
        algorithm: str = "ES256",
        *,
        token: str | None = None,
        text: str | None = None,
        typ: str = "dpop+jwt",
        private: bool = False,
        **changes: object,
    ) -> dict[str, str]:
        """A DPoP header for one of its addresses (RFC 9449 §4.2)."""
        claims = {
            "htm": "POST",
            "htu": self.issuer + self.paths[endpoint],
            "iat": int(self.clock()),
            "jti": new_secret(12),
            "ath": None if token is None else ath(token),
            **changes,
        }
        key = KEYS.get(algorithm, KEYS["ES256"])
        return {"DPoP": text or signed(algorithm, claims, typ=typ, jwk=key.as_dict(private=private))}

    def _own(self, location: str) -> bool:
        return location.startswith(("/", self.issuer))

    def _landed(self, answer: httpx.Response, sent: Mapping[str, str | None]) -> str:
        location = answer.headers.get("location", "")
        if answer.status_code not in (302, 303):
            return f"page {answer.status_code}"
        if self._own(location):
            return "asks" if any(part in location for part in self.asks) else f"own {urlsplit(location).path}"
        found = parameters_of(location)
        shown = sorted(found.keys() - {"session_state"})  # the other one has no session management
        words = ["fragment" if urlsplit(location).fragment else "query", found.get("error") or " ".join(shown)]
        if found.get("state") != sent.get("state", "s"):
            words.append("state lost")
        if found.get("iss") != self.issuer:
            words.append("iss missing")
        return " ".join(words)

    async def _page(self, location: str) -> httpx.Response:
        path = urlsplit(location).path
        if path == "/login":
            return await self.http.post(location, data={"identifier": self.person[0], "password": self.person[1]})
        if path == "/consent":
            return await self.http.post(location, data={"decision": "grant"})
        return await self.http.get(location)


def signed(algorithm: str, claims: Mapping[str, object], **header: object) -> str:
    """A token made by a library that is not ours."""
    present = {name: value for name, value in claims.items() if value is not None}
    name = algorithm.partition("-")[0]
    key = KEYS.get(algorithm) or OctKey.import_key("s" * 64)
    if name == "none":
        parts = [json.dumps(part).encode() for part in ({"alg": "none", **header}, present)]
        return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
    return jwt.encode({"alg": name, **header}, present, key, algorithms=[name])


def ath(token: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


FORM = "application/x-www-form-urlencoded"


def parameters_of(location: str) -> dict[str, str]:
    parts = urlsplit(location)
    return dict(parse_qsl(parts.fragment or parts.query, keep_blank_values=True))


def answer_of(answer: httpx.Response) -> str:
    """Status, error code or the tokens given, and the challenge's scheme and error."""
    words = [str(answer.status_code)]
    if answer.headers.get("content-type", "").startswith("application/json"):
        content = answer.json()
        if "error" in content:
            words.append(content["error"])
        elif "active" in content:
            words.append("active" if content["active"] else "inactive")
        else:
            words += [name for name in TOKENS if name in content]
    challenge = answer.headers.get("www-authenticate")
    if challenge:
        words.append(challenge.split(" ", 1)[0])
        words += re.findall(r'error="([a-z_]+)"', challenge)
    return " ".join([words[0], *sorted(set(words[1:]))])  # the code may stand in the body, the challenge or both

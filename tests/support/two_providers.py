"""The same requests to two providers, and their answers in words that can be compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.support.idp_browser import Pkce, basic

WEB = "https://web.example.test/cb"
SECRETS = {
    name: f"{name}-secret-of-forty-characters-or-more-0123456789" for name in ("web", "poster", "machine", "other")
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
        paths: its addresses by the names of the discovery document, without `_endpoint`.
        resource: a protected resource that exists there.
    """

    name: str
    http: httpx.AsyncClient
    issuer: str
    paths: Mapping[str, str]
    resource: str
    asks: tuple[str, ...]
    person: tuple[str, str] = ("", "")
    pkce: Pkce = field(default_factory=Pkce)

    async def authorize(self, *, method: str = "GET", extra: str = "", **changes: str | None) -> str:
        """What the first answer of the authorization endpoint is, in words.

        Args:
            extra: appended to the query as it is.
        """
        query = str(httpx.QueryParams(self._request(changes))) + extra
        address = self.paths["authorization"]
        if method == "GET":
            answer = await self.http.get(f"{address}?{query}")
        else:
            answer = await self.http.request(method, address, content=query, headers={"Content-Type": FORM})
        return self._landed(answer, changes)

    async def walk(self, **changes: str | None) -> dict[str, str]:
        """The parameters that come to the client at the end of the browser's way."""
        answer = await self.http.get(self.paths["authorization"], params=self._request(changes))
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
        elif client == "app" and "client_id" not in body:
            body += "&client_id=app"
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

    def _request(self, changes: Mapping[str, str | None]) -> dict[str, str]:
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

    def _own(self, location: str) -> bool:
        return location.startswith(("/", self.issuer))

    def _landed(self, answer: httpx.Response, sent: Mapping[str, str | None]) -> str:
        location = answer.headers.get("location", "")
        if answer.status_code not in (302, 303):
            return f"page {answer.status_code}"
        if self._own(location):
            return "asks" if any(part in location for part in self.asks) else f"own {urlsplit(location).path}"
        found = parameters_of(location)
        words = ["fragment" if urlsplit(location).fragment else "query", found.get("error") or " ".join(sorted(found))]
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
    return " ".join(words)

"""Two portals for the journey, in a server of their own; all OpenID Connect in them is authlib's, not ours."""

from __future__ import annotations

import secrets
import threading
import time
import warnings
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from authlib.deprecate import AuthlibDeprecationWarning
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

with warnings.catch_warnings():
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)  # it announces its next major version
    from authlib.integrations.starlette_client import OAuth

from joserfc import jwt
from joserfc.jwk import KeySet

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True)
class PortalRegistration:
    """What the provider told a portal when it was registered."""

    key: str
    name: str
    client_id: str
    client_secret: str
    scope: str


@dataclass
class PortalSession:
    """One visitor of a portal; the rest of its session is authlib's."""

    values: dict[str, Any] = field(default_factory=dict)


class MemorySessions:
    """ASGI middleware: `request.session`, kept in memory under a cookie per portal."""

    def __init__(self, app: ASGIApp, store: dict[str, PortalSession]) -> None:
        self.app = app
        self.store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        name = "portal_" + scope["path"].split("/")[1]
        key = Request(scope).cookies.get(name) or secrets.token_urlsafe(16)
        scope["session"] = self.store.setdefault(key, PortalSession()).values

        async def with_cookie(message: Any) -> None:
            if message["type"] == "http.response.start":
                cookie = f"{name}={key}; Path=/{scope['path'].split('/')[1]}; HttpOnly; SameSite=Lax"
                message["headers"] = [*message["headers"], (b"set-cookie", cookie.encode())]
            await send(message)

        await self.app(scope, receive, with_cookie)


class Portals:
    """Portal A and portal B on one free port; start and stop it as a context manager."""

    def __init__(self, issuer: str, port: int, registrations: list[PortalRegistration]) -> None:
        self.issuer = issuer
        self.base = f"http://127.0.0.1:{port}"
        self.sessions: dict[str, PortalSession] = {}
        self.logout_tokens: list[tuple[str, dict[str, Any]]] = []
        self.registrations = {r.key: r for r in registrations}
        self.oauth = OAuth()
        for r in registrations:
            self.oauth.register(
                name=r.key,
                server_metadata_url=f"{issuer}/.well-known/openid-configuration",
                client_id=r.client_id,
                client_secret=r.client_secret,
                client_kwargs={"scope": r.scope, "code_challenge_method": "S256", "trust_env": False},
            )
        self._server = uvicorn.Server(
            uvicorn.Config(self._app(), host="127.0.0.1", port=port, log_level="critical", access_log=False)
        )
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> Portals:
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started:
            if time.monotonic() > deadline:
                raise RuntimeError("the portals did not start")
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=5)

    def wait_for_logouts(self, count: int, seconds: float = 10.0) -> None:
        """Wait until so many logout tokens have come; the channel is asynchronous by nature."""
        deadline = time.monotonic() + seconds
        while len(self.logout_tokens) < count and time.monotonic() < deadline:
            time.sleep(0.05)

    def _app(self) -> ASGIApp:
        routes = [
            Route("/{portal}/login", self._login),
            Route("/{portal}/callback", self._callback, name="callback"),
            Route("/{portal}/me", self._me),
            Route("/{portal}/bye", self._bye),
            Route("/{portal}/backchannel-logout", self._backchannel_logout, methods=["POST"]),
        ]
        return MemorySessions(Starlette(routes=routes), self.sessions)

    async def _login(self, request: Request) -> Response:
        portal = request.path_params["portal"]
        answer: Response = await self.oauth.create_client(portal).authorize_redirect(
            request, f"{self.base}/{portal}/callback"
        )
        return answer

    async def _callback(self, request: Request) -> Response:
        portal = request.path_params["portal"]
        client = self.oauth.create_client(portal)
        token = await client.authorize_access_token(request)  # exchanges the code, checks the ID token and its nonce
        request.session["claims"] = dict(token["userinfo"])
        request.session["id_token"] = token["id_token"]
        request.session["userinfo"] = dict(await client.userinfo(token=token))
        return RedirectResponse(f"/{portal}/me", status_code=303)

    async def _me(self, request: Request) -> Response:
        if "claims" not in request.session:
            return JSONResponse({"logged_in": False}, 401)
        session = request.session
        return JSONResponse(
            {
                "logged_in": True,
                "claims": session["claims"],
                "userinfo": session["userinfo"],
                "id_token": session["id_token"],
            }
        )

    async def _bye(self, request: Request) -> Response:
        return PlainTextResponse("logged out; back at the portal")

    async def _backchannel_logout(self, request: Request) -> Response:
        """OpenID Connect Back-Channel Logout 1.0 §2.6: check the logout token, end the session that it names."""
        portal = request.path_params["portal"]
        form = await request.form()
        async with httpx.AsyncClient(trust_env=False) as http:
            keys = KeySet.import_key_set((await http.get(f"{self.issuer}/jwks")).json())
        token = jwt.decode(str(form["logout_token"]), keys, algorithms=["RS256", "ES256"])
        claims = token.claims
        expected = self.registrations[portal].client_id
        good = (
            claims["iss"] == self.issuer
            and claims["aud"] in (expected, [expected])
            and LOGOUT_EVENT in claims["events"]
        )
        if not good or "nonce" in claims:
            return PlainTextResponse("not a logout token for us", 400)
        for session in self.sessions.values():
            known = session.values.get("claims")
            if known and known.get("aud") in (expected, [expected]) and known.get("sid") == claims["sid"]:
                session.values.clear()
        self.logout_tokens.append((portal, claims))
        return PlainTextResponse("", 200)

"""The stand-in providers on HTTP: endpoints for the relying party, and the page where one chooses who one is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.demo.upstream.cast import DemoProvider
from api.demo.upstream.provider import Refused, StandIn, StandInPerson, StandInSession
from api.web.render import page
from core.text import Text


@dataclass(frozen=True, slots=True)
class StandInView:
    """What the provider's own pages show."""

    name: Text
    base: str
    pending: str = field(default="", repr=False)
    people: tuple[StandInPerson, ...] = ()
    logged_in: str = ""
    back: str | None = None


Show = Callable[[Request, StandInView, int], Response]


def demo_page(one: DemoProvider) -> Show:
    """The pages in the demo city's hand."""

    def show(request: Request, view: StandInView, status: int) -> Response:
        return page(request, "standin.html", status=status, view=view, name=one.name)

    return show


class StandInPages:
    """Routes of one stand-in below its issuer's path.

    Args:
        http: how it reaches the relying party; tests put their own in.
    """

    def __init__(
        self,
        key: str,
        provider: StandIn,
        show: Show,
        *,
        secure: bool,
        path: str | None = None,
        http: Callable[[], httpx.AsyncClient] | None = None,
    ) -> None:
        self.provider = provider
        self._key = key
        self._show = show
        self._secure = secure
        self._path = f"/demo/upstream/{key}" if path is None else path
        self._http = http or (lambda: httpx.AsyncClient(trust_env=False, timeout=10))
        self.router = self._routes()

    def _routes(self) -> APIRouter:
        router = APIRouter(prefix=self._path, include_in_schema=False)
        router.add_api_route("/.well-known/openid-configuration", self.metadata, methods=["GET"])
        router.add_api_route("/jwks", self.jwks, methods=["GET"])
        router.add_api_route("/par", self.par, methods=["POST"])
        router.add_api_route("/authorize", self.authorize, methods=["GET"])
        router.add_api_route("/choose", self.choose, methods=["POST"])
        router.add_api_route("/token", self.token, methods=["POST"])
        router.add_api_route("/userinfo", self.userinfo, methods=["GET"])
        router.add_api_route("/end-session", self.end_session, methods=["GET", "POST"])
        router.add_api_route("/", self.home, methods=["GET"])
        router.add_api_route("/leave", self.leave, methods=["POST"])
        return router

    async def metadata(self, request: Request) -> Response:
        return JSONResponse(self.provider.metadata())

    async def jwks(self, request: Request) -> Response:
        return JSONResponse(self.provider.jwks())

    async def par(self, request: Request) -> Response:
        authorization, form = request.headers.get("authorization"), await _form(request)
        try:
            return JSONResponse(await self.provider.push(authorization, form), 201)
        except Refused as refused:
            return _error(refused)

    async def authorize(self, request: Request) -> Response:
        """Who are you?"""
        try:
            pending, location = self.provider.begin(dict(request.query_params), request.cookies.get(self._cookie))
        except Refused as refused:
            return _error(refused)
        if location is not None:
            return RedirectResponse(location, 303)
        people = tuple(self.provider.people.values())
        return self._show(request, StandInView(Text("", ""), self._path, pending, people), 200)

    async def choose(self, request: Request) -> Response:
        """It is this one; or nobody."""
        form = await _form(request)
        pending, person = form.get("pending", ""), form.get("person", "")
        if pending not in self.provider.pending:
            return _error(Refused("invalid_request"))
        if person not in self.provider.people:
            return RedirectResponse(self.provider.refuse(pending), 303)
        cookie, session = self.provider.log_in(person)
        response = RedirectResponse(self.provider.answer(pending, session), 303)
        response.set_cookie(
            self._cookie, cookie, path=self._path or "/", secure=self._secure, httponly=True, samesite="lax"
        )
        return response

    async def token(self, request: Request) -> Response:
        authorization, form = request.headers.get("authorization"), await _form(request)
        try:
            return JSONResponse(await self.provider.token(authorization, form), headers={"Cache-Control": "no-store"})
        except Refused as refused:
            return _error(refused)

    async def userinfo(self, request: Request) -> Response:
        try:
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            return Response(json.dumps(self.provider.userinfo(token)), media_type="application/json")
        except Refused as refused:
            return _error(refused)

    async def end_session(self, request: Request) -> Response:
        """RP-initiated log-out: the relying party knows already, so it gets no notice."""
        asked: dict[str, Any] = dict(request.query_params)
        if request.method == "POST":
            asked |= await _form(request)
        goal = asked.get("post_logout_redirect_uri")
        known = goal == self.provider.client.post_logout_redirect_uri
        if not known or not self.provider.is_hint(asked.get("id_token_hint", "")):
            return self._show(request, StandInView(Text("", ""), self._path), 400)
        self.provider.end(request.cookies.get(self._cookie))
        response = RedirectResponse(str(goal), 303)
        response.delete_cookie(self._cookie, path=self._path or "/")
        return response

    async def home(self, request: Request) -> Response:
        """Who is logged in here, and the way out."""
        session = self.provider.sessions.get(request.cookies.get(self._cookie, ""))
        shown = "" if session is None else session.person.name
        return self._show(request, StandInView(Text("", ""), self._path, logged_in=shown), 200)

    async def leave(self, request: Request) -> Response:
        """Log out here; relying parties are told (Back-Channel Logout §2.5)."""
        session = self.provider.end(request.cookies.get(self._cookie))
        if session is not None:
            await self.tell(session)
        response = RedirectResponse(f"{self._path}/", 303)
        response.delete_cookie(self._cookie, path=self._path or "/")
        return response

    async def tell(self, session: StandInSession) -> int:
        """Post the logout token; answers the status."""
        form = {"logout_token": self.provider.logout_token(session)}
        async with self._http() as http:
            return (await http.post(self.provider.client.backchannel_logout_uri, data=form)).status_code

    @property
    def _cookie(self) -> str:
        return f"standin_{self._key}"


async def _form(request: Request) -> dict[str, str]:
    async with request.form(max_files=0, max_fields=40) as data:
        return {name: value for name, value in data.items() if isinstance(value, str)}


def _error(refused: Refused) -> Response:
    return JSONResponse({"error": refused.error}, refused.status, {"Cache-Control": "no-store"})

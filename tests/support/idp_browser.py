"""A browser and a portal's back end for identity tests, over the real routes.

The log-in and consent pages are reduced to what a test needs of them: they call the same use cases.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.deps import container
from api.device_cookie import read_device_cookie, set_device_cookie
from api.errors.problems import problem_response
from api.middleware.proxies import CERTIFICATE
from api.routes import idp as idp_routes
from api.routes.idp.end_session import logged_out_address
from api.session_cookie import clear_session_cookie, read_session_cookie, set_session_cookie
from api.step_cookie import read_step_cookie
from api.web.puzzles import puzzle_of
from api.web.stepping import after_proof, circumstances_of
from api.wiring.idp import IdpServices
from core.errors import AppError
from idp.abuse.attempt import Answer
from idp.login.circumstances import Circumstances
from idp.login.proofs import Method
from idp.login.steps import MoreNeeded, SignedIn
from idp.model import ClientAuthMethod
from tests.support.idp_proofs import by_assertion
from tests.support.idp_world import ISSUER, IdpWorld, Portal, Somebody
from tests.support.messages import RecordingSender

pages = APIRouter()


@pages.post("/login")
async def _log_in(request: Request, i: str | None = None) -> Response:
    form = await request.form()
    source = request.client.host if request.client else "unknown"
    here = Circumstances(
        source,
        interaction_id=i,
        session_cookie=read_session_cookie(request),
        device_cookie=read_device_cookie(request),
        answer=Answer(str(form.get("puzzle", "")), str(form.get("puzzle_number", ""))),
    )
    done = await container(request).idp.log_in(str(form["identifier"]), str(form["password"]), here)
    if isinstance(done, MoreNeeded):
        done = await second_step(container(request).idp, done, here)
    response = RedirectResponse(f"/authorize/resume?i={i}" if i else "/me", 303)
    set_session_cookie(request, response, done.session_cookie_value)
    set_device_cookie(request, response, done.device_cookie_value)
    return response


@pages.post("/login/step")
async def _finish(request: Request) -> Response:
    begun = MoreNeeded(read_step_cookie(request) or "")
    done = await second_step(container(request).idp, begun, circumstances_of(request))
    return await after_proof(request, done)


async def second_step(idp: IdpServices, begun: MoreNeeded, here: Circumstances) -> SignedIn:
    """What somebody with a phone does when a password is not enough: ask for a code, read it, type it."""
    there = dataclasses.replace(here, interaction_id=None, step_cookie=begun.step_cookie_value)
    await idp.factors.send_step_code(Method.SMS, there, "zh")
    assert isinstance(idp.messages, RecordingSender)
    done = await idp.factors.check_step(Method.SMS, idp.messages.newest_code(), there)
    assert isinstance(done, SignedIn)
    return done


@pages.post("/consent")
async def _decide(request: Request, i: str) -> Response:
    form = await request.form()
    left_out = str(form.get("left_out", "")).split()
    await container(request).idp.decide_consent(i, read_session_cookie(request), form["decision"] == "grant", left_out)
    return RedirectResponse(f"/authorize/resume?i={i}", 303)


@pages.post("/select-account")
async def _select(request: Request, i: str) -> Response:
    await container(request).idp.select_account(i, read_session_cookie(request))
    return RedirectResponse(f"/authorize/resume?i={i}", 303)


@pages.post("/acting")
async def _act(request: Request, i: str) -> Response:
    form, idp, cookie = await request.form(), container(request).idp, read_session_cookie(request)
    await idp.agency.acting.choose(cookie, None if form["for"] == "self" else str(form["for"]))
    visit = await idp.sessions.find(cookie)
    assert visit is not None
    await idp.interactions.acted(i, visit.session.id)
    return RedirectResponse(f"/authorize/resume?i={i}", 303)


@pages.post("/prove/back")
async def _proved(request: Request, i: str) -> Response:
    visit = await container(request).idp.sessions.find(read_session_cookie(request))
    assert visit is not None
    await container(request).idp.interactions.proved(i, visit.session.id)
    return RedirectResponse(f"/authorize/resume?i={i}", 303)


@pages.post("/logout")
async def _log_out(request: Request, r: str = "") -> Response:
    idp = container(request).idp
    back = (await idp.logout_questions.get(r)).back if r else None
    farewell = await idp.log_out(read_session_cookie(request), back)
    response = RedirectResponse(logged_out_address(farewell), 303)
    clear_session_cookie(request, response)
    return response


async def _page(request: Request) -> Response:
    return PlainTextResponse(f"page {request.url.path}")


for _path in ("/login", "/consent", "/logout", "/logged-out", "/me"):
    pages.add_route(_path, _page, methods=["GET"])


def idp_app(world: IdpWorld) -> FastAPI:
    """The protocol routes over a world, with the reduced pages."""
    app = FastAPI()
    app.state.container = SimpleNamespace(ground=world.ground, idp=world.idp)
    for router in (*idp_routes.routers, pages):
        app.include_router(router)

    @app.exception_handler(AppError)
    async def _refused(request: Request, error: AppError) -> Response:
        response = problem_response(request, error)
        puzzle = puzzle_of(error)
        if puzzle is not None:
            response.headers["x-puzzle"] = f"{puzzle.token} {puzzle.name} {puzzle.bits}"  # the real page has a form
        return response

    return app


@dataclass
class Entered:
    """What came to the portal's redirect URI, and what its back end kept."""

    params: Mapping[str, str]
    verifier: str
    redirect_uri: str
    location: str

    @property
    def code(self) -> str:
        return self.params["code"]


@dataclass
class Pkce:
    """A verifier and its challenge."""

    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Browser:
    """One browser with its own cookies; it does not follow redirects by itself."""

    def __init__(self, world: IdpWorld, app: FastAPI | None = None, *, source: str = "192.0.2.10") -> None:
        self.world = world
        transport = httpx.ASGITransport(app=app or idp_app(world), client=(source, 40000))
        self.http = httpx.AsyncClient(transport=transport, base_url=ISSUER)

    async def authorize(
        self, portal: Portal, pkce: Pkce | None = None, *, method: str = "GET", **changes: str | None
    ) -> httpx.Response:
        """Ask for a code; `changes` replace parameters, None leaves one out."""
        params = authorization_params(portal, pkce or Pkce(), **changes)
        if method == "GET":
            return await self.http.get("/authorize", params=params)
        return await self.http.post("/authorize", data=params)

    async def enter(
        self,
        portal: Portal,
        somebody: Somebody | None = None,
        *,
        decision: str = "grant",
        method: str = "GET",
        **changes: str | None,
    ) -> Entered:
        """Go all the way to the portal, logging in and deciding where a page asks for it."""
        pkce = Pkce()
        answer = await self.authorize(portal, pkce, method=method, **changes)
        return await self.follow(answer, pkce, portal, somebody, decision=decision)

    async def follow(
        self,
        answer: httpx.Response,
        pkce: Pkce,
        portal: Portal,
        somebody: Somebody | None = None,
        *,
        decision: str = "grant",
    ) -> Entered:
        for _ in range(8):
            if answer.status_code == 200:  # response_mode=form_post
                form = form_of(answer)
                return Entered(form.fields, pkce.verifier, portal.redirect_uri, form.action)
            assert answer.status_code == 303, (answer.status_code, answer.text)
            location = answer.headers["location"]
            if not location.startswith("/"):
                return Entered(response_of(answer), pkce.verifier, portal.redirect_uri, location)
            if location.startswith("/login"):
                assert somebody is not None, "a log-in was asked for"
                answer = await self.log_in(somebody, location)
            elif location.startswith("/acting"):
                answer = await self.answer_page(location)
            elif location.startswith("/consent"):
                answer = await self.http.post(location, data={"decision": decision})
            else:
                answer = await self.http.get(location)
        raise AssertionError("too many redirects")

    async def answer_page(self, location: str) -> httpx.Response:
        raise AssertionError(f"nobody answers {location}")

    async def log_in(self, somebody: Somebody, location: str = "/login", **changes: str) -> httpx.Response:
        form = {"identifier": somebody.number, "password": somebody.password, **changes}
        return await self.http.post(location, data=form)

    @property
    def session_cookie(self) -> str | None:
        return self.http.cookies.get("__Host-yz_session") or self.http.cookies.get("yz_session")


class BackEnd:
    """A portal's server: talks to the token endpoint and what lies around it."""

    def __init__(self, world: IdpWorld, portal: Portal, app: FastAPI | None = None) -> None:
        self.world = world
        self.portal = portal
        served = with_certificate(app or idp_app(world), portal.certificate)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=served), base_url=ISSUER)

    async def post(self, path: str, data: Mapping[str, str], **options: Any) -> httpx.Response:
        """A POST with the portal's own credentials, by its registered method."""
        form, headers = credentials(self.portal)
        return await self.http.post(path, data={**data, **form}, headers={**headers, **options.pop("headers", {})})

    async def redeem(self, entered: Entered, **changes: str | None) -> httpx.Response:
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": entered.code,
            "redirect_uri": entered.redirect_uri,
            "code_verifier": entered.verifier,
            **changes,
        }
        return await self.post("/token", {name: value for name, value in form.items() if value is not None})

    async def tokens(self, entered: Entered) -> dict[str, Any]:
        answer = await self.redeem(entered)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def refresh(self, token: str, *, key: str | None = None, **more: str) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self.post(
            "/token", {"grant_type": "refresh_token", "refresh_token": token, **more}, headers=headers
        )

    async def client_credentials(self, **more: str) -> httpx.Response:
        return await self.post("/token", {"grant_type": "client_credentials", **more})

    async def introspect(self, token: str) -> dict[str, Any]:
        answer = await self.post("/introspect", {"token": token})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def userinfo(self, access_token: str) -> httpx.Response:
        return await self.http.get("/userinfo", headers={"Authorization": f"Bearer {access_token}"})


def with_certificate(app: ASGIApp, certificate: bytes | None) -> ASGIApp:
    """The application as it sees connections on which this certificate was shown."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, CERTIFICATE: certificate}, receive, send)

    return served


def authorization_params(portal: Portal, pkce: Pkce, **changes: str | None) -> dict[str, str]:
    params: dict[str, str | None] = {
        "response_type": "code",
        "client_id": portal.client_id,
        "redirect_uri": portal.redirect_uri,
        "scope": portal.scope,
        "state": "s-123",
        "nonce": "n-456",
        "code_challenge": pkce.challenge,
        "code_challenge_method": "S256",
        **changes,
    }
    return {name: value for name, value in params.items() if value is not None}


def credentials(portal: Portal) -> tuple[dict[str, str], dict[str, str]]:
    """Form fields and headers of the registered method."""
    if portal.auth_method is ClientAuthMethod.BASIC:
        return {}, {"Authorization": basic(portal.client_id, portal.secret or "")}
    if portal.auth_method is ClientAuthMethod.POST:
        return {"client_id": portal.client_id, "client_secret": portal.secret or ""}, {}
    if portal.assertion is not None:
        return by_assertion(portal.assertion()), {}
    return {"client_id": portal.client_id}, {}


def basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{quote(client_id, safe='')}:{quote(secret, safe='')}".encode()).decode()


@dataclass(frozen=True)
class Form:
    """A form on a page."""

    action: str
    fields: dict[str, str]


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.actions: list[str] = []
        self.fields: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.actions.append(found["action"])
        if tag == "input":
            self.fields.append((found["name"], found.get("value", "")))


def form_of(answer: httpx.Response) -> Form:
    """The one form of a page, read as a browser reads it."""
    reader = _FormReader()
    reader.feed(answer.text)
    assert len(reader.actions) == 1
    assert len(dict(reader.fields)) == len(reader.fields)
    return Form(reader.actions[0], dict(reader.fields))


def response_of(answer: httpx.Response) -> dict[str, str]:
    """The parameters of an authorization response, wherever they are; in two places they would be none."""
    if answer.status_code == 200:
        return form_of(answer).fields
    parts = urlsplit(answer.headers["location"])
    found = dict(parse_qsl(parts.fragment or parts.query, keep_blank_values=True))
    assert not (parts.fragment and {"iss", "response"} & dict(parse_qsl(parts.query)).keys())
    return found


def query_of(location: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(location).query, keep_blank_values=True, strict_parsing=False))

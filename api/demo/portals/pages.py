"""The pages of one demo portal: log in, who am I, apply for public rental housing, log out everywhere."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.demo.city import CLIENTS, Client
from api.demo.portals.addresses import portal_addresses
from api.demo.portals.licence_api import ApiRefused, LicenceApi
from api.demo.portals.oidc_client import LoginFailed, OidcClient
from api.demo.portals.sessions import Application, PortalSession, PortalSessions
from api.deps import container
from api.web.downloads import download
from api.web.forms import read_form
from api.web.render import page
from api.web.shelf import shelf
from core.clock import calendar_day
from core.errors import NotFound, Unavailable
from core.text import Text

APPLIES = "housing"  # the portal whose organisation may use title deeds for the service item


@dataclass(frozen=True, slots=True)
class PortalView:
    """What a portal's page shows."""

    key: str
    name: Text
    base: str
    other_name: Text
    other_base: str
    session: PortalSession | None
    state: str = ""
    error: Text | None = None
    returned: bool = False


class Portal:
    """One portal: routes below its own path."""

    def __init__(self, client: Client, issuer: str, *, secure: bool) -> None:
        self.client = client
        self.key = str(client.portal)
        self._secure = secure
        self._addresses = portal_addresses(issuer, self.key)
        sign_on = tuple(scope for scope in client.scopes if ":" not in scope and scope != "offline_access")
        self._oidc = OidcClient(issuer, client.id, client.secret, sign_on, self._addresses)
        self._api = LicenceApi(self._oidc)
        other = next(one for one in CLIENTS if one.portal and one.portal != self.key)
        self._other = (other.name, portal_addresses(issuer, str(other.portal)).path)
        self.router = self._routes()

    def _routes(self) -> APIRouter:
        router = APIRouter(prefix=self._addresses.path, include_in_schema=False)
        router.add_api_route("/", self.home, methods=["GET"])
        router.add_api_route("/login", self.login, methods=["GET"])
        router.add_api_route("/callback", self.callback, methods=["GET"])
        router.add_api_route("/logout", self.log_out, methods=["POST"])
        router.add_api_route("/backchannel-logout", self.backchannel_logout, methods=["POST"])
        if self.key == APPLIES:
            router.add_api_route("/apply", self.apply, methods=["POST"])
            router.add_api_route("/application", self.application, methods=["GET"])
            router.add_api_route("/application/copy", self.fetch_copy, methods=["POST"])
            router.add_api_route("/application/copy.pdf", self.copy_file, methods=["GET"])
        return router

    async def home(self, request: Request) -> Response:
        """Welcome, or who you are here."""
        return self._page(request, "portal_home.html", await self._sessions(request).current(request))

    async def login(self, request: Request) -> Response:
        """Off to the provider."""
        try:
            address, attempt = await self._oidc.begin()
        except OSError as error:
            raise _provider_away() from error
        response = RedirectResponse(address, 303)
        await self._sessions(request).remember_attempt(attempt, response)
        return response

    async def callback(self, request: Request) -> Response:
        """Back from the provider, with a code or with an error."""
        sessions = self._sessions(request)
        attempt = await sessions.take_attempt(request)
        if attempt is None:
            return RedirectResponse(f"{self._addresses.path}/", 303)
        try:
            login = await self._oidc.finish(attempt, dict(request.query_params))
        except LoginFailed as error:
            refused = str(error) == "access_denied"
            text = Text("您没有同意，所以没有登录。", "You did not agree, so you are not logged in.")
            if not refused:
                text = Text("登录没有成功，请再试一次。", "The log-in did not succeed. Try again.")
            return self._page(request, "portal_home.html", None, error=text)
        response = RedirectResponse(f"{self._addresses.path}/", 303)
        await sessions.start(login, response)
        return response

    async def log_out(self, request: Request) -> Response:
        """End the session here, then everywhere."""
        await read_form(request)
        sessions = self._sessions(request)
        session = await sessions.current(request)
        goal = await self._oidc.log_out_address(session.id_token) if session else f"{self._addresses.path}/"
        response = RedirectResponse(goal, 303)
        await sessions.end(request, response)
        return response

    async def backchannel_logout(self, request: Request) -> Response:
        """The provider says that a session has ended (OIDC Back-Channel Logout 1.0 §2.5, §2.8)."""
        headers = {"Cache-Control": "no-store"}
        form = await request.form(max_files=0, max_fields=5)
        try:
            sid = await self._oidc.logged_out_session(str(form.get("logout_token", "")))
        except LoginFailed:
            return JSONResponse({"error": "invalid_request"}, 400, headers)
        await self._sessions(request).end_by_sid(sid)
        return Response(status_code=200, headers=headers)

    async def apply(self, request: Request) -> Response:
        """Begin an application: ask for the title deed and send the person to decide."""
        await read_form(request)
        sessions = self._sessions(request)
        session = await sessions.current(request)
        if session is None:
            return RedirectResponse(f"{self._addresses.path}/login", 303)
        day = calendar_day(container(request).ground.clock.now())
        number = f"GZF-{day:%Y-%m%d}-{secrets.randbelow(100_000):05d}"
        try:
            asked = await self._api.ask_consent(session.claims["sub"], number)
        except ApiRefused as error:
            return self._page(request, "portal_home.html", session, error=Text(error.detail, error.detail))
        begun = Application(number, asked["id"], asked["decision_url"])
        await sessions.change(request, msgspec.structs.replace(session, application=begun))
        return RedirectResponse(asked["decision_url"], 303)

    async def application(self, request: Request) -> Response:
        """How far the application is."""
        session = await self._sessions(request).current(request)
        if session is None or session.application is None:
            return RedirectResponse(f"{self._addresses.path}/", 303)
        state = (await self._api.consent(session.application.consent_id))["state"]
        return self._page(request, "portal_application.html", session, state=state)

    async def fetch_copy(self, request: Request) -> Response:
        """Fetch the annotated copy that the person agreed to."""
        await read_form(request)
        sessions = self._sessions(request)
        session = await sessions.current(request)
        if session is None or session.application is None:
            return RedirectResponse(f"{self._addresses.path}/", 303)
        one = session.application
        try:
            consent = await self._api.consent(one.consent_id)
            made = await self._api.make_copy(str(consent["licence"]), one.consent_id, one.case_number)
        except ApiRefused as error:
            text = Text(error.detail, error.detail)
            return self._page(request, "portal_application.html", session, state="granted", error=text)
        fetched = msgspec.structs.replace(
            one, licence_id=made["licence"], copy_id=made["id"], expires_on=made["expires_on"]
        )
        await sessions.change(request, msgspec.structs.replace(session, application=fetched))
        return RedirectResponse(f"{self._addresses.path}/application", 303)

    async def copy_file(self, request: Request) -> Response:
        """The copy, as the portal received it."""
        session = await self._sessions(request).current(request)
        one = session.application if session else None
        if one is None or one.licence_id is None or one.copy_id is None:
            raise NotFound("copy-not-found", Text("还没有取到加注件。", "No copy was fetched yet."))
        try:
            content = await self._api.copy_file(one.licence_id, one.copy_id)
        except ApiRefused as error:
            raise NotFound("copy-gone", Text(error.detail, error.detail)) from error
        return download(content, f"{one.case_number}.pdf")

    def _sessions(self, request: Request) -> PortalSessions:
        return PortalSessions(self.key, self._addresses, self._secure, shelf(request))

    def _page(
        self,
        request: Request,
        template: str,
        session: PortalSession | None,
        *,
        state: str = "",
        error: Text | None = None,
    ) -> Response:
        name, base = self._other
        view = PortalView(
            self.key, self.client.name, self._addresses.path, name, base, session, state, error,
            returned=session is None and error is None and "state" in request.query_params,
        )  # fmt: skip
        return page(request, template, status=400 if error else 200, view=view, applies=self.key == APPLIES)


def _provider_away() -> Unavailable:
    return Unavailable(
        "provider-away",
        Text("统一身份认证没有回应，请稍后再登录。", "The log-in service does not answer. Try again shortly."),
    )

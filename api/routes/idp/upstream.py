"""The addresses that upstream providers and their users come to (OpenID Connect Core §3.1.2.5; Back-Channel and
Front-Channel Logout 1.0; RP-Initiated Logout 1.0 §3)."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language, source_of
from api.errors.oauth import NO_STORE, oauth_error_response
from api.errors.problems import status_of
from api.routes.idp.hot import form_body, read_parameters
from api.session_cookie import (
    clear_flow_cookie,
    read_flow_cookie,
    set_flow_cookie,
)
from api.web.forms import read_form
from api.web.our_pages import after_login
from api.web.policy import origin_of
from api.web.render import page
from api.web.stepping import after_proof, circumstances_of
from api.web.views.upstream import GoodbyeView, UpstreamRefusedView
from core.errors import AppError, LimitExceeded, NotFound, Unavailable
from core.text import Text
from idp.protocol.params import parse_parameters
from idp.upstream.arrive import Arrived, Failed
from idp.upstream.attempts import Attempt
from idp.upstream.depart import Departure
from idp.upstream.errors import AttemptGone

router = APIRouter(tags=["upstream"])
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
LINKED_PAGE = "/me/identities"


@router.get("/upstream/jwks", summary="Keys that sign our client assertions")
async def jwks(request: Request) -> Response:
    """Our public keys, for providers to which we authenticate by `private_key_jwt`."""
    keys = container(request).idp.upstream.credentials.jwks()
    headers = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}
    return Response(orjson.dumps(keys), 200, headers, "application/jwk-set+json")


@router.get("/upstream/{provider}/log-in", include_in_schema=False)
async def log_in(request: Request, provider: str, i: str | None = None, again: bool = False) -> Response:
    """Send the person to a provider, for a portal's request (`i`) or for our own pages (`next`)."""
    try:
        departure = await container(request).idp.upstream.depart.to_log_in(
            provider,
            language=language(request),
            source=source_of(request),
            interaction_id=i,
            flow=read_flow_cookie(request, i) if i else None,
            after=None if i else after_login(request),
            again=again,
        )
    except (Unavailable, LimitExceeded) as error:
        return _refused(request, error, _login_address(i))
    return departed(request, departure)


def departed(request: Request, departure: Departure) -> Response:
    """To the provider, with the cookie that binds the answer to this browser."""
    response = RedirectResponse(departure.location, 303, _HEADERS)
    set_flow_cookie(request, response, departure.state, departure.browser)
    return response


@router.get("/upstream/{provider}/callback", include_in_schema=False)
async def callback(request: Request, provider: str) -> Response:
    """The redirect URI of one provider."""
    arrive = container(request).idp.upstream.arrive
    state = request.query_params.get("state", "")
    browser = read_flow_cookie(request, state) if state else None
    try:
        attempt, answer = await arrive.attempt(provider, request.scope["query_string"], browser)
    except AttemptGone as error:
        return _refused(request, error, "/login")
    flow = read_flow_cookie(request, attempt.interaction_id) if attempt.interaction_id else None
    try:
        arrived = await arrive(attempt, answer, flow=flow, circumstances=circumstances_of(request))
    except Failed as failed:
        linking = attempt.purpose == "link"
        back = LINKED_PAGE if linking else _login_address(attempt.interaction_id)
        response = _refused(request, failed.cause, back, name=failed.name, linking=linking)
        clear_flow_cookie(request, response, state)
        return response
    return await _arrived(request, attempt, arrived)


async def _arrived(request: Request, attempt: Attempt, arrived: Arrived) -> Response:
    if arrived.outcome is None:
        response: Response = RedirectResponse(f"{LINKED_PAGE}?linked={attempt.provider_id}", 303)
    else:
        response = await after_proof(request, arrived.outcome)
    response.headers.update(_HEADERS)
    clear_flow_cookie(request, response, arrived.state)
    return response


def _refused(
    request: Request, error: AppError, back: str, *, name: Text | None = None, linking: bool = False
) -> Response:
    """Why, and the other ways in; never a redirect to the portal, which cannot help here."""
    view = UpstreamRefusedView(error.text, back, linking, name)
    response = page(request, "upstream_refused.html", status=status_of(error), view=view)
    if isinstance(error, LimitExceeded) and error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)  # RFC 6585 §4
    return response


def _login_address(interaction_id: str | None) -> str:
    """Our own log-in page, also for a portal that would send people elsewhere."""
    return f"/login?i={interaction_id}&own=1" if interaction_id else "/login"


@router.post(
    "/upstream/{provider}/backchannel-logout",
    summary="A provider ends sessions",
    openapi_extra=form_body("logout_token"),
)
async def back_channel_logout(request: Request, provider: str) -> Response:
    """A logout token of an upstream provider (Back-Channel Logout 1.0 §2.5)."""
    try:
        await container(request).idp.upstream.receive_logout.back_channel(provider, await read_parameters(request))
    except NotFound:
        raise
    except AppError as error:
        return oauth_error_response(error)
    return Response(b"", 200, NO_STORE)


@router.get("/upstream/{provider}/frontchannel-logout", include_in_schema=False)
async def front_channel_logout(request: Request, provider: str) -> Response:
    """In a frame on a provider's page (Front-Channel Logout 1.0 §3)."""
    try:
        parameters = parse_parameters(request.scope["query_string"])
        known = await container(request).idp.upstream.receive_logout.front_channel(provider, parameters)
    except NotFound:
        raise
    except AppError as error:
        return oauth_error_response(error)
    return Response(b"", 200, _framed_by(known.issuer), "text/html")


def _framed_by(issuer: str) -> Mapping[str, str]:
    return {
        "Content-Security-Policy": f"default-src 'none'; frame-ancestors {origin_of(issuer)}",
        "Cache-Control": "no-store",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


@router.post("/upstream/goodbye", include_in_schema=False)
async def goodbye(request: Request) -> Response:
    """From the page after our log-out to the provider's (RP-Initiated Logout 1.0 §2); once, for the form holds a token
    of the provider's that a page which can be opened again must not show."""
    form = await read_form(request)
    idp = container(request).idp
    ended = await idp.farewells.leave(form["f"]) if form["f"] else None
    found = await idp.upstream.goodbye.goodbye(ended) if ended else None
    if found is None:
        return RedirectResponse("/logged-out", 303, _HEADERS)
    view = GoodbyeView(found.name, found.endpoint, tuple(found.fields))
    return page(request, "upstream_goodbye.html", form_action=(origin_of(found.endpoint),), view=view)


@router.get("/upstream/{provider}/logged-out", include_in_schema=False)
async def logged_out(request: Request, provider: str) -> Response:
    """Back from the provider's own log-out."""
    return RedirectResponse("/logged-out", 303, _HEADERS)

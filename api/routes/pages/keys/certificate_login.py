"""Log-in by certificate. The certificate is shown at the address where TLS clients are asked for one (RFC 8705 §5 names
such an address for clients; people are led there and back)."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.middleware.proxies import CERTIFICATE, ISSUERS
from api.routes.pages.stepping import STEP_PAGE, after_proof, circumstances_of
from api.session_cookie import read_session_cookie
from api.step_cookie import read_step_cookie
from api.web.forms import read_form
from api.web.log_in_target import Target, target_of
from api.web.passkey_request import browser_of
from api.web.policy import origin_of
from api.web.render import page
from api.web.views.keys import CertificateLoginView
from core.errors import AppError, NotFound, NotPermitted
from core.text import Text
from idp.errors import InteractionGone
from idp.factors.certificates.model import Begun, Purpose, Shown
from idp.login.circumstances import Circumstances

router = APIRouter(include_in_schema=False)
PAGE = "/login/certificate"
OWN_PAGE = "/me/security/certificates"
_SHOW = f"{PAGE}/show"
_BACK = f"{PAGE}/back"
STEP = f"{STEP_PAGE}/certificate"
CHALLENGE = "/challenge"


@router.get(PAGE)
async def ask(request: Request) -> Response:
    """What to have at hand."""
    return login_page(request, await target_of(request))


@router.post(PAGE)
async def begin(request: Request) -> Response:
    """To where the certificate is shown."""
    await read_form(request)
    target = await target_of(request)
    return await _begin(request, circumstances_of(request, target.interaction_id, target.goal))


@router.get(STEP)
async def ask_step(request: Request) -> Response:
    """The same, as the second step of a log-in."""
    pending = await container(request).idp.steps.pending(read_step_cookie(request))
    return login_page(request, await target_of(request, pending.interaction_id), step=True)


@router.post(STEP)
async def begin_step(request: Request) -> Response:
    """To where the certificate is shown."""
    await read_form(request)
    pending = await container(request).idp.steps.pending(read_step_cookie(request))
    return await _begin(request, circumstances_of(request, pending.interaction_id, pending.goal))


@router.get(_SHOW)
async def show(request: Request, w: str = "") -> Response:
    """What the handshake of this connection brought; no page and no cookie is needed here."""
    certificate, issuers = request.scope.get(CERTIFICATE), request.scope.get(ISSUERS, ())
    back = await container(request).idp.keys.showing.show(w, certificate, issuers)
    issuer = container(request).ground.settings.issuer
    return RedirectResponse(f"{issuer}{_BACK}?{urlencode({'w': back})}", 303, {"Referrer-Policy": "no-referrer"})


@router.get(_BACK)
async def back(request: Request, w: str = "") -> Response:
    """Back in the browser that began: log in, or bind the certificate to the account."""
    keys = container(request).idp.keys
    try:
        shown = await keys.showing.take(w, browser_of(request))
    except NotFound as error:
        return login_page(request, await target_of(request), error=error)
    return await settle(request, shown)


async def settle(request: Request, shown: Shown) -> Response:
    """Log in with what was shown, or bind it: whatever it was begun for."""
    if shown.begun.purpose is Purpose.BIND:
        return await _bind(request, shown)
    return await _log_in(request, shown)


async def _begin(request: Request, here: Circumstances) -> Response:
    return RedirectResponse(
        show_address(request, await container(request).idp.keys.log_in_by_certificate.begin(browser_of(request), here)),
        303,
    )


def show_address(request: Request, word: str) -> str:
    """Where the certificate is shown."""
    settings = container(request).ground.settings
    return f"{settings.mtls_url or settings.issuer}{_SHOW}?{urlencode({'w': word})}"


def show_origins(request: Request) -> tuple[str, ...]:
    """Where a form that leads there ends at, besides here."""
    mtls = container(request).ground.settings.mtls_url
    return (origin_of(mtls),) if mtls else ()


async def _log_in(request: Request, shown: Shown) -> Response:
    begun = shown.begun
    try:
        here = circumstances_of(request, begun.interaction_id, begun.goal)
        return await after_proof(request, await container(request).idp.keys.log_in_by_certificate(shown, here))
    except InteractionGone:
        raise
    except NotPermitted as error:
        return login_page(request, await _target_of(request, begun), error=error)


async def _bind(request: Request, shown: Shown) -> Response:
    await container(request).idp.keys.own_certificates.bind(read_session_cookie(request), shown)
    return RedirectResponse(f"{OWN_PAGE}?done=added", 303)


async def _target_of(request: Request, begun: Begun) -> Target:
    if begun.interaction_id is not None:
        return await target_of(request, begun.interaction_id)
    return Target(None, begun.goal, f"?{urlencode({'next': begun.goal}, safe='/')}" if begun.goal else "", ())


def login_page(request: Request, target: Target, *, step: bool = False, error: AppError | None = None) -> Response:
    """What to have at hand, and where to go on."""
    settings = container(request).idp.settings
    view = CertificateLoginView(
        action=STEP if step else f"{PAGE}{target.query}",
        sign=_sign(target, step=step) if settings.certificate_challenges else None,
        other=f"{STEP_PAGE}?choose=1" if step else f"/login{target.query}",
        offered=settings.client_certificates,
        asking=target.asking,
        error=_words(error),
        step=step,
    )
    origins = (*target.origins, *show_origins(request))
    status = status_of(error) if error else 200
    return page(request, "login_certificate.html", status=status, form_action=origins, view=view)


def _sign(target: Target, *, step: bool) -> str:
    return f"{STEP}{CHALLENGE}" if step else f"{PAGE}{CHALLENGE}{target.query}"


def _words(error: AppError | None) -> Text | None:
    return None if error is None else error.text

"""A certificate shown by signing a line of text: for keys that no browser shows in a handshake, those by SM2 above all.

The software of the U-key signs the line; its holder, or a script of the city's that speaks to that software, brings the
certificate and the signature back into the form.
"""

from __future__ import annotations

import base64
import binascii

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.routes.pages.keys.certificate_login import CHALLENGE, OWN_PAGE, PAGE, STEP, login_page, settle
from api.routes.pages.stepping import STEP_PAGE, circumstances_of
from api.step_cookie import read_step_cookie
from api.web.forms import read_form
from api.web.log_in_target import Target, target_of
from api.web.passkey_request import browser_of
from api.web.render import page
from api.web.views.keys import CertificateChallengeView
from core.errors import NotFound
from idp.login.circumstances import Circumstances
from keys.errors import CertificateRefused
from keys.x509.files import certificates_in

router = APIRouter(include_in_schema=False)
SIGNED = f"{PAGE}/signed"
_MOST = 6  # certificates: one, and those above it


@router.post(f"{PAGE}{CHALLENGE}")
async def challenge(request: Request) -> Response:
    """The line to sign."""
    await read_form(request)
    target = await target_of(request)
    return await _begin(request, target, circumstances_of(request, target.interaction_id, target.goal))


@router.post(f"{STEP}{CHALLENGE}")
async def challenge_step(request: Request) -> Response:
    """The same, as the second step of a log-in."""
    await read_form(request)
    pending = await container(request).idp.steps.pending(read_step_cookie(request))
    target = await target_of(request, pending.interaction_id)
    here = circumstances_of(request, pending.interaction_id, pending.goal)
    return await _begin(request, target, here, step=True)


@router.get(f"{PAGE}{CHALLENGE}")
async def again(request: Request) -> Response:
    """A line is given to a form only; whoever comes by address begins anew."""
    return RedirectResponse(f"{PAGE}{(await target_of(request)).query}", 303)


@router.post(SIGNED)
async def signed(request: Request) -> Response:
    """Log in with it, or bind it to the account."""
    form = await read_form(request)
    path, signature = _certificates(form["certificate"]), _decoded(form["signature"])
    keys = container(request).idp.keys
    own, others = (path[0], path[1:]) if path else (None, [])
    try:
        shown = await keys.showing.prove(form["w"], browser_of(request), own, others, signature)
    except NotFound as error:
        return login_page(request, await target_of(request), error=error)
    return await settle(request, shown)


async def _begin(request: Request, target: Target, here: Circumstances, *, step: bool = False) -> Response:
    if not container(request).idp.settings.certificate_challenges:
        return login_page(request, target, step=step)
    word = await container(request).idp.keys.log_in_by_certificate.begin(browser_of(request), here)
    other = f"{STEP_PAGE}?choose=1" if step else f"/login{target.query}"
    return challenge_page(request, target, word, other=other, step=step)


def challenge_page(
    request: Request, target: Target, word: str, *, other: str = OWN_PAGE, step: bool = False, own: bool = False
) -> Response:
    """The line, and the form that its signature comes back in."""
    view = CertificateChallengeView(
        action=SIGNED,
        word=word,
        challenge=container(request).idp.keys.showing.challenge(word),
        other=other,
        asking=target.asking,
        step=step,
        own=own,
    )
    return page(request, "login_challenge.html", form_action=target.origins, view=view)


def _certificates(text: str) -> list[bytes]:
    """As PEM, or the base64 of DER; none at all for anything else, which is told like a missing one."""
    try:
        return certificates_in(text.encode() if text.startswith("-----") else _decoded(text))[:_MOST]
    except CertificateRefused:
        return []


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""

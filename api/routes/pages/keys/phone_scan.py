"""The phone of a QR log-in: who asks, from where, for what; yes with the screen's number, or no."""

from __future__ import annotations

import math

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, source_of
from api.errors.problems import status_of
from api.session_cookie import read_session_cookie
from api.web.devices import device_icon, device_of
from api.web.forms import read_form
from api.web.render import page
from api.web.views.keys import ScanDoneView, ScanView
from api.web.visitor import visitor
from core.errors import AppError, Conflict, InvalidInput, NotFound
from idp.login.sessions import Visit
from idp.qr_login.errors import QrNotFresh

router = APIRouter(include_in_schema=False)


@router.get("/scan")
async def explain(request: Request) -> Response:
    """How to scan."""
    await visitor(request)
    return page(request, "scan.html", view=None)


@router.get("/scan/done")
async def done(request: Request, d: str = "") -> Response:
    """What became of it."""
    await visitor(request)
    return page(request, "scan_done.html", view=ScanDoneView(d == "granted"))


@router.get("/scan/{code}")
async def look(request: Request, code: str) -> Response:
    """Look at what was scanned; only somebody who is logged in on this phone can."""
    visit = await _visit(request)
    if visit is None:
        return RedirectResponse(f"/login?next=/scan/{_plain(code)}", 303)
    try:
        return await _question(request, visit, code)
    except QrNotFresh:
        return _log_in_again(code)
    except (NotFound, Conflict) as error:
        return _nothing(request, error)


@router.post("/scan/{code}")
async def decide(request: Request, code: str) -> Response:
    """Say yes or no."""
    form, visit = await read_form(request), await _visit(request)
    if visit is None:
        return RedirectResponse(f"/login?next=/scan/{_plain(code)}", 303)
    granted = form["decision"] == "grant"
    try:
        await container(request).idp.keys.qr_phone.decide(visit, code, granted=granted, number=form["number"])
    except QrNotFresh:
        return _log_in_again(code)
    except (NotFound, Conflict, InvalidInput) as error:
        return _nothing(request, error)
    return RedirectResponse(f"/scan/done?d={'granted' if granted else 'refused'}", 303)


async def _question(request: Request, visit: Visit, code: str) -> Response:
    who = await visitor(request)
    seen = await container(request).idp.keys.qr_phone.scan(visit, code, source_of(request))
    left = (seen.expires_at - container(request).ground.clock.now()).total_seconds()
    view = ScanView(
        action=f"/scan/{_plain(code)}",
        client_name=None if seen.client is None else seen.client.name,
        source=seen.source,
        same_network=seen.same_network,
        device=device_of(seen.user_agent),
        device_icon=device_icon(seen.user_agent),
        asked_at=seen.begun_at,
        minutes_left=max(1, math.ceil(left / 60)),
        name=who.name if who else "",
    )
    return page(request, "scan_confirm.html", view=view)


def _nothing(request: Request, error: AppError) -> Response:
    return page(request, "scan_done.html", status=status_of(error), view=ScanDoneView(None, error.text))


def _log_in_again(code: str) -> Response:
    return RedirectResponse(f"/login?again=1&next=/scan/{_plain(code)}", 303)


def _plain(code: str) -> str:
    """The code as it may stand in an address; what is none leads to nothing."""
    known = code.replace("-", "").replace("_", "")
    return code if known.isascii() and known.isalnum() and len(code) <= 64 else "gone"


async def _visit(request: Request) -> Visit | None:
    await visitor(request)
    return await container(request).idp.sessions.find(read_session_cookie(request))

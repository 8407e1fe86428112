"""Prove who you are: on one's own account, or because a portal asks for a level, and then back to it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language, prefer_languages
from api.errors.problems import status_of
from api.routes.pages.stepping import circumstances_of
from api.session_cookie import read_session_cookie
from api.web.forms import read_form
from api.web.level_words import LEVELS
from api.web.proof_words import EVIDENCE
from api.web.render import page
from api.web.views.proving import ProofLine, ProveView, Rung
from api.web.visitor import logged_in, visitor
from core.clock import calendar_day
from core.errors import AppError, Conflict, InvalidInput, LimitExceeded, NotAuthenticated, Unavailable
from core.text import Text
from idp import levels
from idp.evidence.model import Evidence, EvidenceKind
from idp.evidence.rules import STEPS
from idp.login.interactions import Interaction
from idp.login.sessions import Visit
from idp.proofing.own import OwnProofs
from idp.real_name import BOUND, CHECKED, IN_PERSON, REACHED_BY_PHONE

router = APIRouter(include_in_schema=False)
PAGE = "/prove"
_RESUME = "/authorize/resume"
_SHOWN_AGAIN = (Conflict, InvalidInput, LimitExceeded, Unavailable)


@dataclass(frozen=True, slots=True)
class _Lead:
    """Why somebody is here."""

    asking: Interaction | None
    wanted: int | None

    @property
    def query(self) -> str:
        return f"?{urlencode({'i': self.asking.id})}" if self.asking else ""


@router.get(PAGE)
async def prove(request: Request, i: str = "", sent: bool = False) -> Response:
    """How far am I proved, and what can I do about it?"""
    if i and await visitor(request) is None:
        return RedirectResponse(f"/login?i={i}", 303)
    return await _page(request, i, sent=sent)


@router.post(f"{PAGE}/register")
async def ask_register(request: Request, i: str = "") -> Response:
    """Have number and name checked with the population register."""
    await read_form(request)
    who, visit = await logged_in(request), await _visit(request)
    try:
        await container(request).idp.proofing.check(visit.account, who.principal)
    except _SHOWN_AGAIN as error:
        return await _page(request, i, error=error)
    return await _on(request, i)


@router.post(f"{PAGE}/phone/send")
async def send(request: Request, i: str = "") -> Response:
    """Send a code to the phone of the account."""
    await read_form(request)
    await logged_in(request)
    source = circumstances_of(request).source
    try:
        await container(request).idp.proofing.prove_phone.send(await _visit(request), source, language(request))
    except _SHOWN_AGAIN as error:
        return await _page(request, i, sent=error.code == "code-too-soon", error=error)
    query = {"i": i, "sent": "1"} if i else {"sent": "1"}
    return RedirectResponse(f"{PAGE}?{urlencode(query)}#phone", 303)


@router.post(f"{PAGE}/phone")
async def check_phone(request: Request, i: str = "") -> Response:
    """Judge the code that was typed."""
    form = await read_form(request)
    await logged_in(request)
    try:
        await container(request).idp.proofing.prove_phone.check(await _visit(request), form["code"])
    except _SHOWN_AGAIN as error:
        return await _page(request, i, sent=error.code != "code-gone", error=error)
    return await _on(request, i)


@router.post(f"{PAGE}/back")
async def back(request: Request, i: str) -> Response:
    """Back to the portal, with whatever level there is."""
    await read_form(request)
    await logged_in(request)
    visit = await _visit(request)
    await container(request).idp.interactions.proved(i, visit.session.id)
    return RedirectResponse(f"{_RESUME}?{urlencode({'i': i})}", 303)


async def _visit(request: Request) -> Visit:
    visit = await container(request).idp.sessions.find(read_session_cookie(request))
    if visit is None:
        raise NotAuthenticated("log-in-first", Text("请先登录。", "Log in first."))
    return visit


async def _lead(request: Request, i: str, level: int) -> _Lead:
    asking = await container(request).idp.interactions.get(i) if i else None
    if asking is None:
        return _Lead(None, None)
    prefer_languages(request, " ".join(asking.ui_locales))
    return _Lead(asking, levels.level_lacks(level, asking.wanted_acr))


async def _on(request: Request, i: str) -> Response:
    """Straight back to the portal once the level is reached; else here, for the next step."""
    visit = await _visit(request)
    lead = await _lead(request, i, visit.account.level)
    if lead.asking is not None and lead.wanted is None:
        return RedirectResponse(_RESUME + lead.query, 303)
    return RedirectResponse(PAGE + lead.query, 303)


async def _page(request: Request, i: str, *, sent: bool = False, error: AppError | None = None) -> Response:
    await logged_in(request)
    visit, service = await _visit(request), container(request)
    lead, proofing = await _lead(request, i, visit.account.level), service.idp.proofing
    own = await proofing.own(visit.account.id)
    asking = lead.asking
    view = ProveView(
        level=own.level,
        words=LEVELS[own.level],
        rungs=tuple(_rung(level, own, lead) for level in LEVELS if level),
        query=lead.query,
        client_name=asking.client_name if asking else None,
        client_host=asking.client_host if asking else "",
        wanted=None if lead.wanted is None else LEVELS[lead.wanted],
        wanted_level=lead.wanted,
        essential=bool(asking and asking.essential_acr),
        register=proofing.ask.connected,
        destination=await proofing.prove_phone.destination(visit),
        sent=sent,
        error=error.text if error else None,
        error_field=error.field if isinstance(error, InvalidInput) else None,
        demo=service.ground.settings.demo,
        compact=asking.compact if asking else False,
    )
    template = "prove_for.html" if asking else "prove.html"
    origins = (asking.return_origin,) if asking else ()
    response = page(request, template, status=status_of(error) if error else 200, form_action=origins, view=view)
    if isinstance(error, LimitExceeded) and error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)  # RFC 6585 §4
    return response


_WAYS = {CHECKED: "check", REACHED_BY_PHONE: "phone", IN_PERSON: "window", BOUND: "key"}


def _rung(level: int, own: OwnProofs, lead: _Lead) -> Rung:
    proved = level in own.carried
    lines = tuple(_line(one) for one in own.counting if _carries(one, level))
    return Rung(level, LEVELS[level], proved, lines, "" if proved else _WAYS[level])


def _line(one: Evidence) -> ProofLine:
    return ProofLine(EVIDENCE[one.kind], one.at, None if one.expires_at is None else calendar_day(one.expires_at))


def _carries(one: Evidence, level: int) -> bool:
    """Whether a record is shown at a level: at the highest that it carries."""
    if one.kind in (EvidenceKind.VOUCHED, EvidenceKind.CARRIED):
        return one.level == level
    return max(STEPS[one.kind]) == level

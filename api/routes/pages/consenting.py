"""A person's consents: decide, list, withdraw."""

from __future__ import annotations

import math

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.routes.pages.copy_preview import copy_preview
from api.web.consent_states import STATES
from api.web.forms import read_form
from api.web.render import page
from api.web.views.own import ConsentDoneView, ConsentRow, ConsentsView, ConsentView, WithdrawView
from api.web.visitor import logged_in
from certstore import consents
from certstore.model import Consent, ConsentState
from core.errors import NotFound
from core.text import Text

router = APIRouter(include_in_schema=False)
_PER_PAGE = 20
_DONE = {"withdrawn": Text("已撤回。对方从现在起不能再取这份证照。", "Withdrawn. From now on they cannot fetch it.")}


@router.get("/consents/{consent_id}")
async def ask(request: Request, consent_id: str) -> Response:
    """The question, or what became of it."""
    who = await logged_in(request)
    found = await container(request).certstore.consents.view(consent_id, who.principal)
    if found.state is not ConsentState.PENDING:
        return page(request, "consent_done.html", view=await _outcome(request, found))
    return page(request, "consent.html", view=await _question(request, found))


@router.post("/consents/{consent_id}")
async def decide(request: Request, consent_id: str) -> Response:
    """Say yes or no."""
    who = await logged_in(request)
    form = await read_form(request)
    granted = form["decision"] == "grant"
    await container(request).certstore.consents.decide(
        consent_id, who.principal, granted, (form["licence"] or None) if granted else None
    )
    return RedirectResponse(f"/consents/{consent_id}", 303)


@router.get("/me/consents")
async def mine(request: Request, cursor: str | None = None, done: str = "") -> Response:
    """All of them, newest first."""
    who = await logged_in(request)
    found = await container(request).certstore.consents.mine(who.principal, cursor, _PER_PAGE)
    view = ConsentsView(
        tuple([await _row(request, consent, state) for consent, state in found.items]),
        "/me/consents" if cursor else None,
        f"/me/consents?cursor={found.next_cursor}" if found.next_cursor else None,
        _DONE.get(done),
    )
    return page(request, "consents.html", view=view)


@router.get("/me/consents/{consent_id}/withdraw")
async def withdraw_page(request: Request, consent_id: str) -> Response:
    """Ask before it is done."""
    who = await logged_in(request)
    found = await container(request).certstore.consents.view(consent_id, who.principal)
    office, what = found.requester_name, found.licence_type.name
    text = Text(
        f"{office.zh}将不能再取您的{what.zh}。撤回之前已经用过的不受影响。",
        f"{office.en} will no longer be able to fetch your {what.en}. Uses before this stand.",
    )
    return page(request, "withdraw.html", view=WithdrawView(f"/me/consents/{consent_id}/withdraw", text))


@router.post("/me/consents/{consent_id}/withdraw")
async def withdraw(request: Request, consent_id: str) -> Response:
    """Take the yes back."""
    who = await logged_in(request)
    await read_form(request)
    await container(request).certstore.consents.withdraw(consent_id, who.principal)
    return RedirectResponse("/me/consents?done=withdrawn", 303)


async def _question(request: Request, found: consents.ConsentView) -> ConsentView:
    lang, now = language(request), container(request).ground.clock.now()
    consent, until = found.consent, found.last_day
    return ConsentView(
        action=f"/consents/{consent.id}",
        who=found.requester_name,
        holder=found.holder_name,
        what=found.licence_type.name,
        item=found.item.name,
        asked_at=consent.created_at,
        minutes_left=max(1, math.ceil((consent.decide_by - now).total_seconds() / 60)),
        given=tuple(title.to(lang) for title in found.given),
        withheld=tuple(title.to(lang) for title in found.withheld),
        basis=consent.purpose.basis,
        case_number=consent.purpose.case_number or "",
        until=until,
        copy=await copy_preview(request, found),
        choices=tuple((one.licence_id, one.identifier) for one in found.candidates),
    )


async def _outcome(request: Request, found: consents.ConsentView) -> ConsentDoneView:
    office, what, item = found.requester_name, found.licence_type.name, found.item.name
    granted = found.state is ConsentState.GRANTED
    title, holder = STATES[found.state][2], found.holder_name
    whose = Text(f"{holder.zh}的", f"{holder.en}'s") if holder else Text("您的", "your")
    text = Text(
        f"{office.zh}可以为办理{item.zh}取{whose.zh}{what.zh}，用到 {found.last_day}。您可以随时撤回。",
        f"{office.en} may fetch {whose.en} {what.en} for {item.en} until {found.last_day}. You can withdraw any time.",
    )
    if not granted:
        text = Text(
            f"{office.zh}不能取{whose.zh}{what.zh}。办理{item.zh}时，带原件到窗口即可。",
            f"{office.en} cannot fetch {whose.en} {what.en}. For {item.en}, bring the original to the counter.",
        )
    return ConsentDoneView(title, text, await _asked_from(request, found.consent))


async def _asked_from(request: Request, consent: Consent) -> str | None:
    """The registered home page of the portal that asked; None for a request made at a counter."""
    client = await container(request).idp.registry.active(consent.client_id)
    return client.post_logout_redirect_uris[0] if client and client.post_logout_redirect_uris else None


async def _row(request: Request, consent: Consent, state: ConsentState) -> ConsentRow:
    certstore = container(request).certstore
    office = await container(request).idp.directory.organisation(consent.organisation)
    what = (await certstore.catalogue.licence_type(consent.type_code)).name
    tone, icon, word = STATES[state]
    return ConsentRow(
        who=office.name if office else Text(consent.organisation, consent.organisation),
        what=what,
        purpose=await _item_name(request, consent.purpose.service_item or ""),
        case_number=consent.purpose.case_number,
        until=consent.last_day.isoformat() if consent.last_day else "—",
        state=word,
        tone=tone,
        icon=icon,
        decide_href=_decide_address(consent) if state is ConsentState.PENDING else None,
        withdraw_href=f"/me/consents/{consent.id}/withdraw" if state is ConsentState.GRANTED else None,
        uses=_uses(consent) if state is ConsentState.GRANTED else None,
    )


async def _item_name(request: Request, code: str) -> Text:
    try:
        return (await container(request).certstore.catalogue.item(code)).name
    except NotFound:
        return Text(code, code)


def _decide_address(consent: Consent) -> str:
    """What was asked together is decided together."""
    return f"/consents/together/{consent.bundle}" if consent.bundle else f"/consents/{consent.id}"


def _uses(consent: Consent) -> Text:
    if consent.max_uses is None:
        return Text(f"已用 {consent.uses} 次", f"used {consent.uses} times")
    return Text(
        f"已用 {consent.uses} 次，至多 {consent.max_uses} 次", f"used {consent.uses} of {consent.max_uses} times"
    )

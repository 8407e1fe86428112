"""One question about several licences: seen, decided and taken back on one page."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.routes.pages.copy_preview import copy_preview
from api.web.consent_states import STATES
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.views.common import Mark
from api.web.views.consenting import TogetherDoneView, TogetherItem, TogetherView
from api.web.visitor import logged_in
from certstore.consents import ConsentView
from certstore.model import ConsentState
from core.text import Language, Text

router = APIRouter(include_in_schema=False)
_AGREE = "agree."
_LICENCE = "licence."


@router.get("/consents/together/{bundle_id}")
async def ask(request: Request, bundle_id: str) -> Response:
    """The question, or what became of it."""
    who = await logged_in(request)
    found = await container(request).certstore.consents.view_together(bundle_id, who.principal)
    if any(one.state is ConsentState.PENDING for one in found):
        return page(request, "consent_together.html", view=await _question(request, bundle_id, found))
    return page(request, "consent_together_done.html", view=_outcome(bundle_id, found))


@router.post("/consents/together/{bundle_id}")
async def decide(request: Request, bundle_id: str) -> Response:
    """Yes to all that can be given, to what was ticked, or to nothing."""
    who = await logged_in(request)
    form = await read_form(request)
    consents = container(request).certstore.consents
    granted: dict[str, str | None] = {}
    if form["decision"] == "all":
        found = await consents.view_together(bundle_id, who.principal)
        granted = {one.consent.id: _chosen(form, one) for one in found if one.candidates}
    elif form["decision"] == "ticked":
        ticked = (name.removeprefix(_AGREE) for name in form.values if name.startswith(_AGREE))
        granted = {consent_id: form[_LICENCE + consent_id] or None for consent_id in ticked}
    await consents.decide_together(bundle_id, who.principal, granted)
    return RedirectResponse(f"/consents/together/{bundle_id}", 303)


@router.post("/consents/together/{bundle_id}/withdraw")
async def withdraw(request: Request, bundle_id: str) -> Response:
    """Take every yes back, in one step like it was given."""
    who = await logged_in(request)
    await read_form(request)
    await container(request).certstore.consents.withdraw_together(bundle_id, who.principal)
    return RedirectResponse(f"/consents/together/{bundle_id}", 303)


def _chosen(form: Form, one: ConsentView) -> str | None:
    return form[_LICENCE + one.consent.id] or None


async def _question(request: Request, bundle_id: str, found: Sequence[ConsentView]) -> TogetherView:
    first, now = found[0], container(request).ground.clock.now()
    lang = language(request)
    pending = [one for one in found if one.state is ConsentState.PENDING]
    return TogetherView(
        action=f"/consents/together/{bundle_id}",
        who=first.requester_name,
        holder=first.holder_name,
        item=first.item.name,
        asked_at=first.consent.created_at,
        minutes_left=max(1, math.ceil((first.consent.decide_by - now).total_seconds() / 60)),
        basis=first.consent.purpose.basis or "",
        case_number=first.consent.purpose.case_number or "",
        until=first.last_day,
        max_uses=first.consent.max_uses,
        rows=tuple([await _item(request, one, lang) for one in pending]),
    )


async def _item(request: Request, one: ConsentView, lang: Language) -> TogetherItem:
    return TogetherItem(
        name=_AGREE + one.consent.id,
        licence_name=_LICENCE + one.consent.id,
        what=one.licence_type.name,
        given=tuple(title.to(lang) for title in one.given),
        withheld=tuple(title.to(lang) for title in one.withheld),
        choices=tuple((candidate.licence_id, candidate.identifier) for candidate in one.candidates),
        copy=await copy_preview(request, one),
    )


def _outcome(bundle_id: str, found: Sequence[ConsentView]) -> TogetherDoneView:
    given = [one for one in found if one.state is ConsentState.GRANTED]
    office, item = found[0].requester_name, found[0].item.name
    title = (
        Text(f"已同意 {len(given)} 份", f"You agreed to {len(given)}") if given else Text("没有同意", "Nothing agreed")
    )
    text = Text(
        f"{office.zh}可以为办理{item.zh}取您同意的证照，用到 {found[0].last_day}。您可以随时撤回。",
        f"{office.en} may fetch what you agreed to for {item.en} until {found[0].last_day}. Withdraw any time.",
    )
    if not given:
        text = Text(
            f"{office.zh}不能取您的证照。办理{item.zh}时，带原件到窗口即可。",
            f"{office.en} cannot fetch your licences. For {item.en}, bring the originals to the counter.",
        )
    rows = tuple((one.licence_type.name, Mark(*STATES[one.state])) for one in found)
    return TogetherDoneView(title, text, rows, f"/consents/together/{bundle_id}/withdraw" if given else None)

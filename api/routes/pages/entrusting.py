"""My entrustments (委托): let another person decide on the use of one's licences, answer, see what was done, end it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.pages.security.again import again_address, again_href
from api.web.entrust_words import LIVING, REASONS, row_of_entrustment, story_of_deeds
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.views.entrusting import (
    EndEntrustmentView,
    EntrustFormView,
    EntrustmentRow,
    EntrustmentsView,
    EntrustmentView,
    OfferRow,
    WaitingRow,
)
from api.web.visitor import Visitor, logged_in
from certstore.entrust.errors import entrustment_not_found
from certstore.entrust.give import NewEntrustment
from certstore.entrust.model import EntrustmentLine, EntrustmentState, Side
from certstore.entrust.rules import LONGEST, MOST_USES
from certstore.entrust.waiting import Waiting
from core.clock import calendar_day
from core.errors import AppError, Conflict, InvalidInput, LimitExceeded, NotPermitted
from core.text import Language, Text

router = APIRouter(include_in_schema=False)
PAGE = "/me/entrustments"
_FORM = f"{PAGE}/new"
_MOST = 100
_USUAL = dt.timedelta(days=30)  # what the form proposes
_TYPE = "type-"
_FIELDS = ("name", "number", "purpose", "item", "starts_on", "ends_on", "uses")
_DONE: Mapping[str, Text] = {
    "given": Text(
        "已发出。对方登录后会看到，7 天内接受才生效。",
        "Sent. They see it after logging in; it begins when they accept.",
    ),
    "accepted": Text("您已接受，可以代为决定了。", "You accepted; you may decide for them now."),
    "declined": Text("您没有接受这项委托。", "You declined."),
    "ended": Text("委托已结束，立即生效。", "The entrustment has ended, with immediate effect."),
}


@router.get(PAGE)
async def entrustments(request: Request, done: str = "") -> Response:
    """Whom did I entrust, who entrusted me, what waits for me?"""
    return await _overview(request, await logged_in(request), done=_DONE.get(done))


@router.get(_FORM)
async def form(request: Request) -> Response:
    """Whom, with what, for what, until when?"""
    who = await logged_in(request)
    if (again := await again_href(request, _FORM)) is not None:
        return RedirectResponse(again, 303)
    today = calendar_day(container(request).ground.clock.now())
    first = {"starts_on": today.isoformat(), "ends_on": (today + _USUAL).isoformat(), "uses": "1"}
    return await _form(request, who, dict.fromkeys(_FIELDS, "") | first, frozenset())


@router.post(_FORM)
async def give(request: Request) -> Response:
    """Offer it; what was typed stays on the page if that cannot be done."""
    sent = await read_form(request)
    who = await logged_in(request)
    if await again_href(request, _FORM) is not None:
        return RedirectResponse(again_address(_FORM), 303)
    chosen = frozenset(name.removeprefix(_TYPE) for name in sent.values if name.startswith(_TYPE))
    try:
        await container(request).certstore.entrusting.give(_stated(sent, sorted(chosen)), who.principal)
    except (InvalidInput, NotPermitted, Conflict, LimitExceeded) as error:
        return await _form(request, who, {name: sent[name] for name in _FIELDS}, chosen, error)
    return RedirectResponse(f"{PAGE}?done=given", 303)


@router.post(f"{PAGE}/{{entrustment_id}}/answer")
async def answer(request: Request, entrustment_id: str) -> Response:
    """Accept an offer, or decline it."""
    sent = await read_form(request)
    who = await logged_in(request)
    accept = sent["answer"] == "accept"
    try:
        await container(request).certstore.entrusting.answer(entrustment_id, who.principal, accept=accept)
    except (NotPermitted, Conflict) as error:
        return await _overview(request, who, error=error)
    return RedirectResponse(f"{PAGE}?done={'accepted' if accept else 'declined'}", 303)


@router.get(f"{PAGE}/{{entrustment_id}}")
async def one(request: Request, entrustment_id: str) -> Response:
    """Its terms, and what was done under it; both sides see the same."""
    who = await logged_in(request)
    found = await container(request).certstore.entrusting.look.one(entrustment_id, who.principal)
    line, href = found.line, f"{PAGE}/{entrustment_id}"
    reason = line.entrustment.ended_for
    view = EntrustmentView(
        row=row_of_entrustment(line, href),
        principal=line.side is Side.PRINCIPAL,
        story=story_of_deeds(found.done, container(request).ground.clock.now()),
        why=None if reason is None else REASONS[reason],
        end_href=f"{href}/end" if line.state in LIVING else None,
        back=PAGE,
    )
    return page(request, "entrustment.html", view=view)


@router.get(f"{PAGE}/{{entrustment_id}}/end")
async def ask_end(request: Request, entrustment_id: str) -> Response:
    """Ask before it is done."""
    who = await logged_in(request)
    line = (await container(request).certstore.entrusting.look.one(entrustment_id, who.principal)).line
    if line.state not in LIVING:
        raise entrustment_not_found()
    row, href = row_of_entrustment(line, f"{PAGE}/{entrustment_id}"), f"{PAGE}/{entrustment_id}"
    view = EndEntrustmentView(f"{href}/end", href, row.name, line.side is Side.PRINCIPAL)
    return page(request, "entrustment_end.html", view=view)


@router.post(f"{PAGE}/{{entrustment_id}}/end")
async def end(request: Request, entrustment_id: str) -> Response:
    """Take it back, or lay it down."""
    await read_form(request)
    who = await logged_in(request)
    await container(request).certstore.entrusting.end(entrustment_id, who.principal)
    return RedirectResponse(f"{PAGE}?done=ended", 303)


async def _overview(
    request: Request, who: Visitor, *, done: Text | None = None, error: AppError | None = None
) -> Response:
    entrusting = container(request).certstore.entrusting
    given = (await entrusting.look.mine(Side.PRINCIPAL, who.principal, None, _MOST)).items
    held = (await entrusting.look.mine(Side.AGENT, who.principal, None, _MOST)).items
    offers = [line for line in held if line.state is EntrustmentState.OFFERED]
    living = [line for line in held if line.state in LIVING and line not in offers]
    over = [line for line in (*given, *held) if line.state not in LIVING]
    view = EntrustmentsView(
        offers=tuple(OfferRow(f"{_href(line)}/answer", line.entrustment.answer_by, _row(line)) for line in offers),
        waiting=tuple(_waiting(one) for one in await entrusting.waiting(who.principal)),
        given=tuple(_row(line) for line in given if line.state in LIVING),
        held=tuple(_row(line) for line in living),
        former=tuple(_row(line) for line in over),
        new_href=_FORM,
        done=done,
        error=error.text if error else None,
    )
    return page(request, "entrustments.html", status=status_of(error) if error else 200, view=view)


async def _form(
    request: Request,
    who: Visitor,
    sent: Mapping[str, str],
    chosen: frozenset[str],
    error: AppError | None = None,
) -> Response:
    certstore, lang = container(request).certstore, language(request)
    held = await certstore.my_licences(who.principal)
    types = {one.type_code: one.type_name for one in held}
    today = calendar_day(container(request).ground.clock.now())
    view = EntrustFormView(
        action=_FORM,
        types=tuple(types.items()),
        items=(("", Text("任何用到这些证照的事", "anything that uses these licences").to(lang)),)
        + await _items(request, frozenset(types), lang),
        chosen=chosen,
        sent=sent,
        most_uses=MOST_USES,
        latest=today + LONGEST,
        error=error.text if error else None,
        error_field=(error.field or "") if isinstance(error, InvalidInput) else "",
    )
    return page(request, "entrustment_new.html", status=status_of(error) if error else 200, view=view)


async def _items(request: Request, types: frozenset[str], lang: Language) -> tuple[tuple[str, str], ...]:
    """The service items that use any of these types."""
    found = (await container(request).certstore.catalogue.items(limit=_MOST)).items
    return tuple(
        (item.code, item.name.to(lang))
        for item in found
        if types.intersection(code for material in item.materials for code in material.types)
    )


def _stated(sent: Form, types: list[str]) -> NewEntrustment:
    """
    Raises:
        InvalidInput: a day that is none.
    """
    item, uses = sent["item"], sent["uses"]
    return NewEntrustment(
        name=sent["name"],
        code=sent["number"],
        types=types,
        purpose=sent["purpose"],
        starts_on=_day(sent, "starts_on"),
        ends_on=_day(sent, "ends_on"),
        uses=int(uses) if uses.isascii() and uses.isdigit() and len(uses) <= 3 else 0,
        items=(item,) if item else (),
    )


def _day(sent: Form, name: str) -> dt.date:
    try:
        return dt.date.fromisoformat(sent[name])
    except ValueError:
        text = Text("请填写日期，例如 2026-12-31。", "Enter a day, such as 2026-12-31.")
        raise InvalidInput("day-invalid", text, field=name) from None


def _href(line: EntrustmentLine) -> str:
    return f"{PAGE}/{line.entrustment.id}"


def _row(line: EntrustmentLine) -> EntrustmentRow:
    return row_of_entrustment(line, _href(line))


def _waiting(one: Waiting) -> WaitingRow:
    consent = one.consent
    href = f"/consents/together/{consent.bundle}" if consent.bundle else f"/consents/{consent.id}"
    return WaitingRow(href, one.principal_name, one.requester_name, one.type_name, one.item_name)

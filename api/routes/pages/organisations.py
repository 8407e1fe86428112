"""Your organisations: whom you may act for, whom you authorised, and what others offer you."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.session_cookie import read_session_cookie
from api.web.agency_words import REASONS, ROLES, mark_of
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.views.common import Mark
from api.web.views.organisations import (
    AgentRow,
    EndView,
    GivenView,
    GiveView,
    HeldRow,
    OfferRow,
    OfferView,
    OrganisationsView,
    RepresentView,
)
from api.web.visitor import logged_in
from core.clock import calendar_day
from core.errors import AppError, Conflict, InvalidInput, NotFound, NotPermitted, Unavailable
from core.identifiers.citizen_id import parse_citizen_id
from core.identifiers.uscc import grouped
from core.text import Text
from idp.agency.give import NewAuthorisation
from idp.agency.model import Authorisation, Role, State
from idp.agency.overview import GivenOne, Held
from idp.agency.revoke import authorisation_not_found
from idp.agency.rules import LONGEST
from idp.login.fresh import NotFresh, require_fresh

router = APIRouter(include_in_schema=False)
PAGE = "/me/organisations"
_AGAIN = "/login?again=1&next="
_DONE: Mapping[str, Text] = {
    "represented": Text(
        "已核对：您是这个单位的法定代表人。", "Checked: you are the legal representative of this organisation."
    ),
    "accepted": Text("您已接受授权，可以代表它办事了。", "You accepted; you may act for it now."),
    "declined": Text("您没有接受这项授权。", "You declined the offer."),
    "ended": Text("这项授权已经结束，立即生效。", "The authority has ended, with immediate effect."),
}
_FIELDS = ("name", "number", "role", "items", "starts_on", "ends_on")
_USUAL = dt.timedelta(days=365)  # what the form proposes
_LIVING = (State.OFFERED, State.ACTIVE)


@router.get(PAGE)
async def organisations(request: Request, done: str = "") -> Response:
    """Whom may you act for, and who acts for you?"""
    return await _overview(request, done=_DONE.get(done))


@router.post(f"{PAGE}/code")
async def code(request: Request) -> Response:
    """Show the offer behind a code; nothing is decided yet."""
    form = await read_form(request)
    who = await logged_in(request)
    agency = container(request).idp.agency
    try:
        one = await agency.answer.find(who.principal, form["code"])
    except NotFound as error:
        return await _overview(request, code_error=error.text, status=404)
    return page(request, "organisation_offer.html", view=OfferView(await _offer(request, one)))


@router.post(f"{PAGE}/{{authorisation_id}}/answer")
async def answer(request: Request, authorisation_id: str) -> Response:
    """Accept an offer, or decline it."""
    form = await read_form(request)
    who = await logged_in(request)
    accept = form["answer"] == "accept"
    await container(request).idp.agency.answer(who.principal, authorisation_id, accept=accept)
    return RedirectResponse(f"{PAGE}?done={'accepted' if accept else 'declined'}", 303)


@router.get(f"{PAGE}/represent")
async def ask_represent(request: Request) -> Response:
    """Which organisation do you represent?"""
    await logged_in(request)
    if not await _fresh(request):
        return RedirectResponse(f"{_AGAIN}{PAGE}/represent", 303)
    return page(request, "organisation_represent.html", view=RepresentView())


@router.post(f"{PAGE}/represent")
async def represent(request: Request) -> Response:
    """Ask the register of organisations."""
    form = await read_form(request)
    who = await logged_in(request)
    if not await _fresh(request):
        return RedirectResponse(f"{_AGAIN}{PAGE}/represent", 303)
    try:
        await container(request).idp.agency.represent(who.principal, form["uscc"])
    except (InvalidInput, NotPermitted, Conflict, Unavailable) as error:
        view = RepresentView(form["uscc"], error.text)
        return page(request, "organisation_represent.html", status=status_of(error), view=view)
    return RedirectResponse(f"{PAGE}?done=represented", 303)


@router.get(f"{PAGE}/{{authorisation_id}}/give")
async def ask_give(request: Request, authorisation_id: str) -> Response:
    """Whom do you authorise, for what, until when?"""
    held = await _held(request, authorisation_id)
    if not await _fresh(request):
        return RedirectResponse(f"{_AGAIN}{PAGE}/{authorisation_id}/give", 303)
    today = calendar_day(container(request).ground.clock.now())
    ends_on = min(_latest(held, today), today + _USUAL)
    values = dict.fromkeys(_FIELDS, "") | {
        "starts_on": today.isoformat(),
        "ends_on": ends_on.isoformat(),
        "role": Role.AGENT.value,
    }
    return page(request, "organisation_give.html", view=_give_view(held, today, values))


@router.post(f"{PAGE}/{{authorisation_id}}/give")
async def give(request: Request, authorisation_id: str) -> Response:
    """Make the offer; its code is shown once."""
    form = await read_form(request)
    who = await logged_in(request)
    held = await _held(request, authorisation_id)
    if not await _fresh(request):
        return RedirectResponse(f"{_AGAIN}{PAGE}/{authorisation_id}/give", 303)
    try:
        given = await container(request).idp.agency.give(who.principal, _stated(form, authorisation_id))
    except (InvalidInput, NotPermitted) as error:
        today = calendar_day(container(request).ground.clock.now())
        view = _give_view(held, today, {name: form[name] for name in _FIELDS}, error)
        return page(request, "organisation_give.html", status=status_of(error), view=view)
    until = given.authorisation.offered_until
    assert until is not None, "an offer has an end"
    shown = GivenView(held.organisation.name, " ".join(form["name"].split()), _in_groups(given.code), until)
    return page(request, "organisation_given.html", view=shown)


@router.get(f"{PAGE}/{{authorisation_id}}/end")
async def ask_end(request: Request, authorisation_id: str) -> Response:
    """Ask before it is done."""
    who = await logged_in(request)
    for held in await container(request).idp.agency.overview(who.principal):
        action, name = f"{PAGE}/{authorisation_id}/end", held.organisation.name
        if held.authorisation.id == authorisation_id and held.authorisation.state in _LIVING:
            view = EndView(action, name, None, own=True)
            return page(request, "organisation_end.html", view=view)
        for one in held.agents:
            if one.authorisation.id == authorisation_id and one.may_end:
                manager = one.authorisation.role is Role.MANAGER
                return page(
                    request, "organisation_end.html", view=EndView(action, name, one.agent.name, manager=manager)
                )
    raise authorisation_not_found()


@router.post(f"{PAGE}/{{authorisation_id}}/end")
async def end(request: Request, authorisation_id: str) -> Response:
    """Take it back, or lay it down; sessions and tokens under it are dead at once."""
    await read_form(request)
    who = await logged_in(request)
    await container(request).idp.agency.revoke(who.principal, authorisation_id)
    return RedirectResponse(f"{PAGE}?done=ended", 303)


async def _overview(
    request: Request, *, done: Text | None = None, code_error: Text | None = None, status: int = 200
) -> Response:
    who = await logged_in(request)
    found = await container(request).idp.agency.overview(who.principal)
    now = container(request).ground.clock.now()
    open_offers = [one for one in found if _waits(one.authorisation, now)]
    held = [one for one in found if one.authorisation.state is State.ACTIVE]
    over = [one for one in held if not one.in_force and one.authorisation.starts_on <= calendar_day(now)]
    ended = [one for one in found if one.authorisation.state is State.ENDED and one.authorisation.accepted_at]
    view = OrganisationsView(
        tuple(_held_row(one, now) for one in held if one not in over),
        tuple(_held_row(one, now) for one in (*over, *ended)),
        tuple(_offer_row(one.authorisation, one.organisation.name) for one in open_offers),
        done,
        code_error,
    )
    return page(request, "organisations.html", status=status, view=view)


async def _held(request: Request, authorisation_id: str) -> Held:
    """One's own authority by which one may authorise others.

    Raises:
        NotFound: `authorisation-not-found`.
    """
    who = await logged_in(request)
    for held in await container(request).idp.agency.overview(who.principal):
        if held.authorisation.id == authorisation_id and held.gives:
            return held
    raise authorisation_not_found()


async def _fresh(request: Request) -> bool:
    c = container(request)
    try:
        await require_fresh(c.idp.sessions, read_session_cookie(request), c.ground.clock, c.idp.settings)
    except NotFresh:
        return False
    return True


async def _offer(request: Request, one: Authorisation) -> OfferRow:
    organisation = await container(request).idp.directory.organisation(one.organisation)
    name = organisation.name if organisation else Text(one.organisation, one.organisation)
    return _offer_row(one, name)


def _offer_row(one: Authorisation, name: Text) -> OfferRow:
    return OfferRow(one.id, name, grouped(one.organisation), ROLES[one.role], one.items, one.starts_on, one.ends_on)


def _held_row(held: Held, now: dt.datetime) -> HeldRow:
    one = held.authorisation
    living = one.state in _LIVING
    agents = [(given, _agent_row(given, now)) for given in held.agents]
    return HeldRow(
        held.organisation.name,
        grouped(one.organisation),
        ROLES[one.role],
        one.items,
        one.starts_on,
        one.ends_on,
        _mark(one, now, in_force=held.in_force),
        held.in_force,
        f"{PAGE}/{one.id}/give" if held.gives else None,
        f"{PAGE}/{one.id}/end" if living else None,
        tuple(row for given, row in agents if given.may_end),
        tuple(row for given, row in agents if not given.may_end),
    )


def _agent_row(given: GivenOne, now: dt.datetime) -> AgentRow:
    one = given.authorisation
    return AgentRow(
        given.agent.name,
        parse_citizen_id(given.agent.number, today=calendar_day(now)).masked,
        ROLES[one.role],
        one.items,
        one.starts_on,
        one.ends_on,
        _mark(one, now, in_force=one.in_force(calendar_day(now))),
        None if one.ended_for is None else REASONS[one.ended_for],
        f"{PAGE}/{one.id}/end" if given.may_end else None,
    )


def _mark(one: Authorisation, now: dt.datetime, *, in_force: bool) -> Mark:
    lapsed = one.state is State.OFFERED and not _waits(one, now)
    return mark_of(one, in_force=in_force, lapsed=lapsed, begun=one.starts_on <= calendar_day(now))


def _waits(one: Authorisation, now: dt.datetime) -> bool:
    return one.state is State.OFFERED and one.offered_until is not None and one.offered_until > now


def _give_view(held: Held, today: dt.date, values: Mapping[str, str], error: AppError | None = None) -> GiveView:
    one = held.authorisation
    return GiveView(
        f"{PAGE}/{one.id}/give",
        held.organisation.name,
        one.items,
        today,
        _latest(held, today),
        one.role is Role.REPRESENTATIVE,
        values,
        None if error is None else error.text,
        error.field if isinstance(error, InvalidInput) else None,
    )


def _latest(held: Held, today: dt.date) -> dt.date:
    longest = today + LONGEST - dt.timedelta(days=2)
    ends = held.authorisation.ends_on
    return longest if ends is None else min(longest, ends)


def _stated(form: Form, under: str) -> NewAuthorisation:
    """
    Raises:
        InvalidInput: a day that is none.
    """
    role = Role.MANAGER if form["role"] == Role.MANAGER.value else Role.AGENT
    items = form["items"].replace("，", " ").replace(",", " ").split()
    return NewAuthorisation(
        under, form["name"], form["number"], role, items, _day(form, "starts_on"), _day(form, "ends_on")
    )


def _day(form: Form, name: str) -> dt.date:
    try:
        return dt.date.fromisoformat(form[name])
    except ValueError:
        raise InvalidInput(
            "day-invalid", Text("请填写日期，例如 2026-12-31。", "Enter a day, such as 2026-12-31."), field=name
        ) from None


def _in_groups(code_: str) -> str:
    return "-".join(code_[at : at + 4] for at in range(0, len(code_), 4))

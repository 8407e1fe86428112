"""A department's rounds of inspections: how far each type has come, and who is due, to be passed many at a time."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.routes.pages.office import all_types
from api.web.forms import read_form
from api.web.render import page
from api.web.views.licence_life import Part, RoundBar, RoundRow, RoundsView, RoundView
from api.web.visitor import ISSUER, permitted
from certstore.inspecting import Standing
from certstore.life.inspect import Round, ToInspect
from certstore.life.steps import Step
from certstore.lifecycle import State
from certstore.model import LicenceType
from core.errors import AppError
from core.ids import is_id, new_secret
from core.text import Text

router = APIRouter(include_in_schema=False)
_KINDS = {Standing.COVERED: "ok", Standing.DUE: "warn", Standing.OVERDUE: "late"}


@router.get("/office/inspections")
async def rounds(request: Request) -> Response:
    """One bar for each inspected type of this office."""
    who = await permitted(request, ISSUER)
    inspect = container(request).certstore.life.inspect
    own = inspect.inspected(who.principal, await all_types(request))
    bars = [_bar(await inspect.round(one.code, who.principal, limit=1)) for one in own]
    return page(request, "inspections.html", view=RoundsView(tuple(bars)))


@router.get("/office/inspections/{type_code}")
async def inspection_round(request: Request, type_code: str) -> Response:
    """Who is due, soonest first."""
    who = await permitted(request, ISSUER)
    cursor = request.query_params.get("cursor") or None
    found = await container(request).certstore.life.inspect.round(type_code, who.principal, cursor, 50)
    base = f"/office/inspections/{type_code}"
    following = f"{base}?{urlencode({'cursor': found.page.next_cursor})}" if found.page.next_cursor else None
    passed, left = (request.query_params.get(name, "") for name in ("passed", "left"))
    view = RoundView(
        bar=_bar(found),
        opens_for=found.opens_for.isoformat(),
        rows=tuple(map(_row, found.page.items)),
        first_href=base if cursor else None,
        next_href=following,
        idempotency=new_secret(16),
        note=_passed(passed, left) if passed.isdigit() and left.isdigit() else None,
    )
    return page(request, "inspection_round.html", view=view)


@router.post("/office/inspections/{type_code}")
async def pass_chosen(request: Request, type_code: str) -> Response:
    """Pass those that were ticked, each by itself: one that cannot be passed keeps none of the others back."""
    who = await permitted(request, ISSUER)
    form = await read_form(request)
    inspect = container(request).certstore.life.inspect
    chosen = [name.removeprefix("pass.") for name in form.values if name.startswith("pass.")]
    passed = left = 0
    for licence_id in chosen:
        seen = form[f"pass.{licence_id}"]
        if not is_id(licence_id) or not seen.isdigit():
            continue
        try:
            key = f"{form['idempotency']}.{licence_id}"[:128]
            await inspect.passed(Step(licence_id, key, "", int(seen[:9])), who.principal)
            passed += 1
        except AppError:  # on record already; the list shows it again
            left += 1
    return RedirectResponse(f"/office/inspections/{type_code}?{urlencode({'passed': passed, 'left': left})}", 303)


def _bar(found: Round) -> RoundBar:
    counts: Mapping[Standing, int] = found.counts
    made: LicenceType = found.licence_type
    return RoundBar(
        made.name,
        f"/office/inspections/{made.code}",
        _parts(counts),
        counts[Standing.COVERED],
        counts[Standing.DUE],
        counts[Standing.OVERDUE],
    )


def _parts(counts: Mapping[Standing, int]) -> tuple[Part, ...]:
    total, start, parts = sum(counts.values()), 0.0, []
    for one in Standing:
        share = 100 * counts[one] / total if total else 0.0
        if share:
            parts.append(Part(_KINDS[one], f"{start:.2f}%", f"{share:.2f}%"))
        start += share
    return tuple(parts)


def _row(one: ToInspect) -> RoundRow:
    suspended = one.state is State.SUSPENDED
    word = {
        Standing.COVERED: Text("有效期内", "covered"),
        Standing.DUE: Text("可以办", "due"),
        Standing.OVERDUE: Text("已逾期", "overdue"),
    }[one.standing]
    return RoundRow(
        one.licence_id,
        one.identifier,
        f"/office/licences/{one.licence_id}",
        None if suspended else f"/office/licences/{one.licence_id}/annual-fail",
        one.revision,
        one.inspected_until.isoformat() if one.inspected_until else "—",
        Text("暂扣", "suspended") if suspended else word,
        "warn" if suspended or one.standing is Standing.OVERDUE else "info",
        "no" if suspended else "warn" if one.standing is Standing.OVERDUE else "clock",
    )


def _passed(passed: str, left: str) -> Text:
    if left == "0":
        return Text(f"{passed[:6]} 份已通过。", f"{passed[:6]} passed.")
    return Text(
        f"{passed[:6]} 份已通过，{left[:6]} 份没办成：它们刚有变化，请看列表。",
        f"{passed[:6]} passed, {left[:6]} not: they have just changed; see the list.",
    )

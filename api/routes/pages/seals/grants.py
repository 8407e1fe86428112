"""Who may use a seal: given and taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.pages.seals.tabs import SEALS, somebody_in_charge
from api.web.console.words import ROLES
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.seal_words import FORMS, GRANTEES, KINDS, classes_words, grant_terms
from api.web.views.common import Mark
from api.web.views.seals import GrantRow, SealGrantView
from api.web.visitor import SEAL_MANAGER, Visitor, permitted
from core.clock import calendar_day
from core.errors import AppError, InvalidInput
from core.text import Text
from signing.lifecycle import ENDED
from signing.model import GranteeKind, GrantForm, Seal, SealGrant
from signing.seals.grant import GrantSealCommand

router = APIRouter(include_in_schema=False)
_KINDS = (GranteeKind.ROLE, GranteeKind.CLIENT, GranteeKind.ACCOUNT)
_ROLES = ("seal-user", "seal-digest-user", "issuer", "clerk")
_GIVEN = Mark("good", "check", Text("有效", "valid"))
_ENDED = Mark("", "x", Text("已收回", "taken back"))
_SPENT = Mark("warn", "clock", Text("次数用完", "used up"))
_OVER = Mark("", "clock", Text("不在有效期", "not today"))


@router.get(SEALS + "/{seal_id}/grants/new")
async def grant_form(request: Request, seal_id: str) -> Response:
    """The form, for a year from today."""
    who = await permitted(request, SEAL_MANAGER)
    today = calendar_day(container(request).ground.clock.now())
    year = dt.timedelta(days=364)
    values = {
        "valid_from": today.isoformat(),
        "valid_to": (today + year).isoformat(),
        "classes": "document",
        "form": "document",
    }
    return await _form(request, who, seal_id, values)


@router.post(SEALS + "/{seal_id}/grants/new")
async def give(request: Request, seal_id: str) -> Response:
    """Grant; what was typed stays on the page if it cannot be done."""
    who = await permitted(request, SEAL_MANAGER)
    form = await read_form(request)
    try:
        await container(request).signing.grant_seal(_command(form, seal_id, who))
    except AppError as error:
        return await _form(request, who, seal_id, form.values, error)
    return RedirectResponse(f"{SEALS}/{seal_id}?done=grant", 303)


@router.post(SEALS + "/{seal_id}/grants/{grant_id}/end")
async def end(request: Request, seal_id: str, grant_id: str) -> Response:
    """Take a grant back."""
    who = await somebody_in_charge(request)
    await read_form(request)
    await container(request).signing.end_grant(grant_id, actor=who.principal)
    return RedirectResponse(f"{SEALS}/{seal_id}?done=grant-end", 303)


def grant_row(request: Request, grant: SealGrant, seal: Seal) -> GrantRow:
    """One line of the table."""
    today = calendar_day(container(request).ground.clock.now())
    mark = _GIVEN
    if grant.ended_at is not None:
        mark = _ENDED
    elif grant.spent:
        mark = _SPENT
    elif not grant.valid_from <= today <= grant.valid_to:
        mark = _OVER
    share = None if grant.max_uses is None else f"{min(100 * grant.uses / grant.max_uses, 100):.1f}%"
    living = grant.ended_at is None and seal.status not in ENDED
    return GrantRow(
        grantee=_grantee(grant),
        classes=classes_words(grant.document_classes),
        days=f"{grant.valid_from} – {grant.valid_to}",
        terms=grant_terms(grant),
        mark=mark,
        share=share,
        end_action=f"{SEALS}/{seal.id}/grants/{grant.id}/end" if living else None,
    )


def _grantee(grant: SealGrant) -> Text:
    kind = GRANTEES[grant.grantee_kind]
    name = Text(grant.grantee, grant.grantee)
    if grant.grantee_kind is GranteeKind.ROLE:
        name = ROLES.get(grant.grantee, name)
    return Text(f"{kind.zh} {name.zh}", f"{kind.en} {name.en}")


async def _form(
    request: Request, who: Visitor, seal_id: str, values: Mapping[str, str], error: AppError | None = None
) -> Response:
    signing = container(request).signing
    await signing.seals.grants_of(seal_id, actor=who.principal)  # refuses whoever does not look after it
    seal = await signing.seals.get(seal_id)
    view = SealGrantView(
        action=f"{SEALS}/{seal.id}/grants/new",
        back=f"{SEALS}/{seal.id}",
        seal=Text(f"{seal.name.zh} · {KINDS[seal.kind].zh}", f"{seal.name.en} · {KINDS[seal.kind].en}"),
        values=values,
        kinds=tuple((kind.value, GRANTEES[kind]) for kind in _KINDS),
        forms=tuple((form.value, words) for form, words in FORMS.items()),
        roles=tuple((role, ROLES[role]) for role in _ROLES),
        error=error.text if error else None,
    )
    return page(request, "seal_grant.html", status=status_of(error) if error else 200, view=view)


def _command(form: Form, seal_id: str, who: Visitor) -> GrantSealCommand:
    kind = form["grantee_kind"]
    if kind not in {one.value for one in _KINDS}:
        raise InvalidInput("request-invalid", Text("请重新选择。", "Choose again."), field="grantee_kind")
    limit = form["max_uses"]
    if limit and not (limit.isascii() and limit.isdigit() and len(limit) < 8):
        raise InvalidInput("max-uses-invalid", Text("次数请填整数。", "Give a whole number of uses."), field="max_uses")
    handed_in = form["form"] or GrantForm.DOCUMENT.value
    if handed_in not in {one.value for one in GrantForm}:
        raise InvalidInput("request-invalid", Text("请重新选择。", "Choose again."), field="form")
    return GrantSealCommand(
        seal_id=seal_id,
        grantee_kind=GranteeKind(kind),
        grantee=form["role"] if kind == GranteeKind.ROLE.value else form["grantee"],
        document_classes=tuple(form["classes"].split()),
        valid_from=_day(form["valid_from"]),
        valid_to=_day(form["valid_to"]),
        actor=who.principal,
        max_uses=int(limit) if limit else None,
        approval=bool(form["approval"]),
        form=GrantForm(handed_in),
    )


def _day(typed: str) -> dt.date:
    try:
        return dt.date.fromisoformat(typed)
    except ValueError:
        text = Text("日期写法应为 2026-12-19。", "Write the date as 2026-12-19.")
        raise InvalidInput("date-invalid", text, field="valid_from") from None

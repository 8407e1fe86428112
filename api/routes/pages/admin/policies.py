"""`/admin/policies`: how much a log-in must prove, kept by security administrators; auditors read."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.pages.admin.keepers import POLICIES, name_of
from api.web.console.views import PoliciesView, RuleRow
from api.web.console.words import METHODS, STRENGTHS, subject_name
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.visitor import SECURITY_ADMIN, SYSTEM_ADMIN, Visitor, permitted
from api.web.words import minute
from core.errors import AppError
from core.text import Text
from idp.login.proofs import Method
from idp.login.rules import CLIENT, EVERYBODY, LEVEL, NEW_DEVICE, STAFF, LoginRule
from idp.staff.duties import LOOKS

router = APIRouter(include_in_schema=False)
_METHOD = "refuse-"
_OFFERED = [method for method in METHODS if method not in (Method.PASSWORD, Method.RECOVERY)]
_SAID = {
    "saved": Text("已保存，几秒内生效。", "Saved. It counts within seconds."),
    "removed": Text("已去掉，几秒内生效。", "Taken away. It counts within seconds."),
}


@router.get(POLICIES)
async def policies(request: Request) -> Response:
    return await _shown(request, await permitted(request, SYSTEM_ADMIN, SECURITY_ADMIN, LOOKS), {})


@router.post(POLICIES)
async def put(request: Request) -> Response:
    """Set a rule, or replace the one for the same people."""
    who, form = await permitted(request, SECURITY_ADMIN), await read_form(request)
    subject = _subject(form)
    rules = container(request).idp.login_rules
    known = {one.subject: one.revision for one in await rules.all()}
    refused = [method for method in _OFFERED if form[_METHOD + method.value]]
    try:
        await rules.put(subject, form["acr"] or None, refused, who.principal, before=known.get(subject, 0))
    except AppError as error:
        return await _shown(request, who, form.values, error=error)
    return RedirectResponse(f"{POLICIES}?{urlencode({'said': 'saved'})}", 303)


@router.post(f"{POLICIES}/remove")
async def remove(request: Request) -> Response:
    who, form = await permitted(request, SECURITY_ADMIN), await read_form(request)
    revision = int(form["revision"]) if form["revision"].isascii() and form["revision"].isdigit() else 0
    try:
        await container(request).idp.login_rules.remove(form["subject"], who.principal, before=min(revision, 2**31 - 1))
    except AppError as error:
        return await _shown(request, who, {}, error=error)
    return RedirectResponse(f"{POLICIES}?{urlencode({'said': 'removed'})}", 303)


def _subject(form: Form) -> str:
    kind = form["kind"]
    return f"{kind}{form['which']}" if kind in (CLIENT, LEVEL) else kind


async def _shown(request: Request, who: Visitor, sent: Mapping[str, str], *, error: AppError | None = None) -> Response:
    lang = language(request)
    kinds = {
        EVERYBODY: Text("所有人", "Everybody"),
        STAFF: Text("工作人员", "Staff"),
        NEW_DEVICE: Text("从新设备登录", "Log-ins from a new device"),
        LEVEL: Text("某个实名级别及以上", "An identity level and above"),
        CLIENT: Text("某个门户", "One portal"),
    }
    view = PoliciesView(
        rows=tuple([await _row(request, rule) for rule in await container(request).idp.login_rules.all()]),
        kinds=tuple((kind, words.to(lang)) for kind, words in kinds.items()),
        strengths=tuple((acr, words.to(lang)) for acr, words in STRENGTHS.items()),
        methods=tuple((_METHOD + method.value, METHODS[method].to(lang)) for method in _OFFERED),
        may_change=who.principal.may(SECURITY_ADMIN),
        sent=sent,
        note=_SAID.get(request.query_params.get("said", "")),
        error=error.text if error else None,
    )
    return page(request, "admin_policies.html", status=status_of(error) if error else 200, view=view)


async def _row(request: Request, rule: LoginRule) -> RuleRow:
    names = [METHODS[method] for method in METHODS if method in rule.refused]
    who, when = await name_of(request, rule.changed_by), minute(rule.changed_at)
    demand = None if rule.acr is None else STRENGTHS.get(rule.acr, Text(rule.acr, rule.acr))
    return RuleRow(
        rule.subject,
        subject_name(rule.subject),
        demand,
        Text("、".join(one.zh for one in names), ", ".join(one.en for one in names)) if names else None,
        Text(f"{who} {when}", f"{who}, {when}"),
        rule.revision,
    )

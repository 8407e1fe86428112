"""The ledger of uses (用印记录): searched, and taken out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from api.deps import container
from api.errors.problems import status_of
from api.routes.pages.seals.tabs import LEDGER, colleagues, somebody_in_charge, tabs_of
from api.routes.signing.uses import ledger_headers, use_query
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.seal_words import FORMS, KINDS, SEALED_AS, Names, who_words
from api.web.views.seals import LedgerRow, LedgerView
from api.web.visitor import Visitor
from api.web.words import minute
from core.errors import AppError, InvalidInput
from core.paging import Page
from core.text import Text
from signing.digests.hashes import NO_LEVEL
from signing.model import GrantForm, Seal, SignatureRecord
from signing.ports import UseQuery

router = APIRouter(include_in_schema=False)
_FIELDS = ("seal", "document_class", "actor", "since", "until")


@router.get(LEDGER)
async def ledger(request: Request) -> Response:
    """Newest first; the filter stands in the address, for nothing of it is personal."""
    who = await somebody_in_charge(request)
    asked = Form({name: value.strip()[:128] for name, value in request.query_params.items()})
    sent = {name: asked[name] for name in _FIELDS if asked[name]}
    signing = container(request).signing
    found: Page[SignatureRecord] = Page([])
    error: AppError | None = None
    try:
        query, cursor = _query(sent, who), asked["cursor"] or None
        found = await signing.uses.ledger.page(query, actor=who.principal, cursor=cursor)
    except InvalidInput as refusal:
        error = refusal
    seals = {one.id: one for one in await signing.seals.of_organisation(who.principal.organisation or "")}
    names = await colleagues(request, who, (one.actor_id for one in found.items))
    following = urlencode({**sent, "cursor": found.next_cursor}) if found.next_cursor else ""
    view = LedgerView(
        rows=tuple(_row(one, seals, who, names) for one in found.items),
        seals=tuple((one.id, f"{KINDS[one.kind].zh} {one.code}") for one in seals.values()),
        sent=sent,
        export=f"{LEDGER}.csv?{urlencode(sent)}" if sent else f"{LEDGER}.csv",
        tabs=await tabs_of(request, who, "ledger"),
        first_href=f"{LEDGER}?{urlencode(sent)}" if asked["cursor"] else None,
        next_href=f"{LEDGER}?{following}" if following else None,
        error=error.text if error else None,
    )
    return page(request, "seal_ledger.html", status=status_of(error) if error else 200, view=view)


@router.post(LEDGER)
async def search(request: Request) -> Response:
    """The filter as an address that can be kept."""
    await somebody_in_charge(request)
    form = await read_form(request)
    sent = {name: form[name][:128] for name in _FIELDS if form[name]}
    return RedirectResponse(f"{LEDGER}?{urlencode(sent)}" if sent else LEDGER, 303)


@router.get(LEDGER + ".csv")
async def export(request: Request) -> Response:
    """The same as a file."""
    who = await somebody_in_charge(request)
    sent = {name: request.query_params.get(name, "").strip()[:128] for name in _FIELDS}
    lines = await container(request).signing.uses.ledger.export(_query(sent, who), actor=who.principal)
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=ledger_headers())


def _query(sent: Mapping[str, str], who: Visitor) -> UseQuery:
    return use_query(
        who.principal.organisation,
        sent.get("seal"),
        sent.get("actor"),
        sent.get("document_class"),
        _day(sent.get("since", "")),
        _day(sent.get("until", "")),
    )


def _day(typed: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(typed) if typed else None
    except ValueError:
        text = Text("日期写法应为 2026-12-19。", "Write the date as 2026-12-19.")
        raise InvalidInput("date-invalid", text, field="since") from None


def _row(one: SignatureRecord, seals: Mapping[str, Seal], who: Visitor, names: Names) -> LedgerRow:
    seal = seals.get(one.seal_id)
    kind = KINDS[seal.kind] if seal else Text("—", "—")
    name = Text(f"{kind.zh} {seal.code}", f"{kind.en} {seal.code}") if seal else kind
    return LedgerRow(
        minute(one.signed_at),
        name,
        one.document_class,
        one.reason or "—",
        who_words(one.actor_kind, one.actor_id, who.principal, names),
        "—" if one.level == NO_LEVEL else one.level,
        one.id,
        None if one.form is GrantForm.DOCUMENT else FORMS[one.form],
        SEALED_AS.get(one.sealed_as or ""),
    )

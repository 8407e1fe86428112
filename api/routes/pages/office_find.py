"""`/office/licences`: an office finds what it issued. Numbers of people are sent in a form, never in an address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.certstore.finding import export_file
from api.routes.pages.office import all_types
from api.routes.pages.states import mark_of, until_words
from api.web.forms import read_form
from api.web.render import page
from api.web.views.finding import Choice, FindView, ListedRow
from api.web.visitor import ISSUER, Visitor, permitted
from api.web.words import minute
from certstore.bulk.export import ExportCommand, ExportFormat
from certstore.codes import CODE_TYPES, usual_kind
from certstore.find import FindQuery, ListedLicence
from certstore.model import LicenceType
from certstore.status import STATUS_NAMES, Status
from core.clock import calendar_day
from core.errors import AppError, InvalidInput
from core.paging import Page
from core.text import Text

router = APIRouter(include_in_schema=False)
FIND = "/office/licences"
_SHOWN = 20
_EXPIRING = {
    "": Text("不限", "Any"),
    "7": Text("7 天内", "within 7 days"),
    "30": Text("30 天内", "within 30 days"),
    "90": Text("90 天内", "within 90 days"),
}


@router.get(FIND)
async def newest(request: Request) -> Response:
    """All of this office's, the newest first."""
    return await _found(request, await permitted(request, ISSUER), {})


@router.post(FIND)
async def find(request: Request) -> Response:
    """What fits the filters, page by page."""
    who = await permitted(request, ISSUER)
    form = await read_form(request)
    return await _found(request, who, form.values)


@router.post(f"{FIND}/export")
async def export(request: Request) -> Response:
    """The same as a file; what keeps it from being made is said beside its field."""
    who = await permitted(request, ISSUER)
    sent = (await read_form(request)).values
    services = container(request)
    form = ExportFormat.JSON_LINES if sent.get("format") == "jsonl" else ExportFormat.CSV
    try:
        query = _query(sent, calendar_day(services.ground.clock.now()))
        command = ExportCommand(query, form, sent.get("reason", ""))
        return export_file(await services.certstore.export(command, who.principal), form)
    except AppError as error:
        return await _found(request, who, sent, error)


async def _found(
    request: Request, who: Visitor, sent: Mapping[str, str], not_exported: AppError | None = None
) -> Response:
    types = [one for one in await all_types(request) if who.principal.organisation in one.issuers]
    services, error = container(request), not_exported
    found: Page[ListedLicence] = Page(())
    try:
        query = _query(sent, calendar_day(services.ground.clock.now()))
        found = await services.certstore.find(query, who.principal, sent.get("cursor") or None, _SHOWN)
    except AppError as refused:
        error = error or refused
    view = _view(request, types, sent, found, error)
    return page(request, "office_find.html", view=view, status=status_of(error) if error else 200)


def _query(sent: Mapping[str, str], today: dt.date) -> FindQuery:
    """
    Raises:
        InvalidInput: a day or a state that cannot be.
    """
    holder, days = sent.get("holder", ""), sent.get("expiring", "")
    status, typed = sent.get("status", ""), sent.get("type", "")
    return FindQuery(
        types=[typed] if typed else None,
        status=Status(status) if status in list(Status) else None,
        valid_on=_day(sent.get("valid_on", "")),
        expiring_until=today + dt.timedelta(days=int(days)) if days in _EXPIRING and days else None,
        number=sent.get("number") or None,
        identifier=sent.get("identifier") or None,
        holder_kind=(sent.get("kind") or usual_kind(holder)) if holder else None,
        holder_code=holder or None,
    )


def _day(typed: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(typed) if typed else None
    except ValueError:
        raise InvalidInput(
            "day-invalid", Text("日期请写成 2026-11-26 这样。", "Write the day as 2026-11-26."), field="valid_on"
        ) from None


def _view(
    request: Request,
    types: Sequence[LicenceType],
    sent: Mapping[str, str],
    found: Page[ListedLicence],
    error: AppError | None,
) -> FindView:
    lang, today = language(request), calendar_day(container(request).ground.clock.now())
    names = {one.code: one.name for one in types}
    any_one: Choice = ("", Text("全部", "All").to(lang))
    named = error.field or "" if isinstance(error, InvalidInput) else ""
    named = "" if named == "types" and not sent.get("number") else named  # said above the form: no field is at fault
    return FindView(
        types=(any_one, *((code, name.to(lang)) for code, name in names.items())),
        statuses=(
            any_one,
            *((one.value, STATUS_NAMES[one].to(lang)) for one in Status if one is not Status.NOT_ISSUED),
        ),
        expiring=tuple((days, words.to(lang)) for days, words in _EXPIRING.items()),
        kinds=(
            ("", Text("按号码的样子", "By its form").to(lang)),
            *((one.code, one.name.to(lang)) for one in CODE_TYPES.values()),
        ),
        rows=tuple(_row(one, names, today) for one in found.items),
        sent=sent,
        next_cursor=found.next_cursor,
        later=bool(sent.get("cursor")),
        error=error.text if error else None,
        error_field={"code": "holder", "types": "number"}.get(named, named),
    )


def _row(one: ListedLicence, names: Mapping[str, Text], today: dt.date) -> ListedRow:
    name = names.get(one.type_code) or Text(one.type_code, one.type_code)
    mark = mark_of(one.status, one.valid_until, today)
    return ListedRow(
        f"{FIND}/{one.id}", name, one.identifier, mark, minute(one.issued_at), until_words(one.valid_until)
    )

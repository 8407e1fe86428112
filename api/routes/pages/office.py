"""A department's pages: home, and issuing a licence by a form made from its type's schema."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.pages.seal_pictures import picture_address, seal_of
from api.routes.pages.states import mark_of, until_words
from api.web.downloads import download
from api.web.forms import Form, read_form
from api.web.holder_form import blocks, blocks_changed, holder_names, kind_of, may_add
from api.web.render import page
from api.web.schema_form import face_data, form_fields
from api.web.seal_words import MARKS
from api.web.shelf import shelf
from api.web.views.common import Fact
from api.web.views.office import (
    ChooseTypeView,
    IssuedRow,
    IssuedView,
    IssueView,
    OfficeView,
    SealChoice,
    TypeChoice,
)
from api.web.views.own import LicenceCard
from api.web.visitor import ISSUER, SEAL_APPROVER, SEAL_MANAGER, SEALER, Visitor, permitted
from certstore.issue import IssueCommand
from certstore.life.drafts import DraftCommand
from certstore.life.model import Draft, DraftContent
from certstore.model import Licence, LicenceType, Validity, ValidityRule
from certstore.read import IssuedLicence
from core.clock import calendar_day
from core.errors import AppError, InvalidInput, NotFound
from core.ids import new_secret
from core.text import Text
from signing.model import Seal

router = APIRouter(include_in_schema=False)
_SHOWN = 10
_KEEP = 3600


@router.get("/office")
async def office(request: Request) -> Response:
    """What can be done here, this office's seals, what it issued lately."""
    who = await permitted(request, ISSUER, SEALER, SEAL_MANAGER, SEAL_APPROVER)
    organisation = who.principal.organisation or ""
    may_issue = who.principal.may(ISSUER)
    view = OfficeView(
        who.acting_for or Text(organisation, organisation),
        may_issue,
        who.principal.may(SEALER),
        any(who.principal.may(duty) for duty in (SEALER, SEAL_MANAGER, SEAL_APPROVER)),
        tuple(map(seal_choice, await container(request).signing.seals.of_organisation(organisation))),
        await _issued_lately(request, who) if may_issue else None,
    )
    return page(request, "office.html", view=view)


@router.get("/office/issue")
async def choose_type(request: Request) -> Response:
    """The types that this office may issue."""
    who = await permitted(request, ISSUER)
    own = [one for one in await all_types(request) if who.principal.organisation in one.issuers]
    choices = tuple(TypeChoice(f"/office/issue/{one.code}", one.name, one.code, one.colour.value) for one in own)
    return page(request, "issue_choose.html", view=ChooseTypeView(choices))


@router.get("/office/issue/{type_code}")
async def issue_form(request: Request, type_code: str) -> Response:
    """The empty form."""
    who = await permitted(request, ISSUER)
    licence_type = await _own_type(request, who, type_code)
    today = calendar_day(container(request).ground.clock.now())
    return await issue_page(request, who, licence_type, {"valid_from": today.isoformat()}, new_secret(16))


@router.post("/office/issue/{type_code}")
async def issue(request: Request, type_code: str) -> Response:
    """Issue; what was typed stays on the page if it cannot be done."""
    who = await permitted(request, ISSUER)
    licence_type = await _own_type(request, who, type_code)
    form = await read_form(request)
    if (changed := blocks_changed(form.values)) is not None:
        return await issue_page(request, who, licence_type, changed, form["idempotency"])
    try:
        licence = await _issue(request, who, licence_type, form)
    except AppError as error:
        return await issue_page(request, who, licence_type, form.values, form["idempotency"], error)
    if licence is None:
        return RedirectResponse("/office/drafts?done=saved", 303)
    return await receipt(request, who, licence, licence_type)


async def receipt(request: Request, who: Visitor, licence: Licence, licence_type: LicenceType) -> Response:
    """Leads to the page that says what was issued."""
    content = orjson.dumps(_receipt(licence, licence_type, who))
    owner = who.principal.session or ""
    token = await shelf(request).put(content, owner=owner, seconds=_KEEP)
    return RedirectResponse(f"/office/issued/{token}", 303)


@router.get("/office/issued/{token}")
async def issued(request: Request, token: str) -> Response:
    """The receipt. Shown from what issuing answered, so that looking at it is not another look at the holder's data."""
    who = await permitted(request, ISSUER)
    kept = await shelf(request).get(token, owner=who.principal.session or "")
    if kept is None:
        raise NotFound(
            "receipt-gone",
            Text("凭证页已过期；证照已入库，不受影响。", "The receipt page has expired; the licence itself is stored."),
        )
    receipt = orjson.loads(kept)
    address = f"/office/licences/{receipt['id']}/original"
    lang = language(request)
    until = Text(*receipt["until"]).to(lang)
    card = LicenceCard(
        address,
        receipt["colour"],
        Text(*receipt["name"]).to(lang),
        receipt["number"],
        (
            (Text("颁发", "Issued by").to(lang), Text(*receipt["issuer"]).to(lang)),
            (Text("有效至", "Until").to(lang), until),
        ),
        Text(*receipt["issuer"]).to(lang),
        Text("有效", "valid"),
        "",
        "check",
        seal=await seal_of(request, receipt["organisation"]),
    )
    facts = (
        Fact(Text("证照编号", "Licence number"), receipt["number"], True),
        Fact(Text("证照标识", "Identifier"), receipt["identifier"], True),
        Fact(Text("版本", "Version"), str(receipt["version"])),
        Fact(Text("有效期至", "Valid until"), until),
    )
    return page(request, "issued.html", view=IssuedView(Text(*receipt["name"]), card, facts, address))


@router.get("/office/licences/{licence_id}/original")
async def original(request: Request, licence_id: str) -> Response:
    """The sealed original, for the office that issued it; its holder will see the look."""
    who = await permitted(request, ISSUER)
    file = await container(request).certstore.read.original(licence_id, who.principal)
    return download(file.content, file.name)


async def all_types(request: Request) -> list[LicenceType]:
    """The whole catalogue."""
    catalogue = container(request).certstore.catalogue
    found: list[LicenceType] = []
    cursor: str | None = None
    while True:
        part = await catalogue.licence_types(cursor, 100)
        found += part.items
        cursor = part.next_cursor
        if cursor is None:
            return found


def seal_choice(seal: Seal) -> SealChoice:
    mark = MARKS[seal.status]
    picture = picture_address(seal.id)
    size = (seal.image.diameter_mm, mark.word, mark.tone, mark.icon, seal.image.across_mm)
    return SealChoice(seal.id, seal.name, seal.code, picture, *size)


async def _own_type(request: Request, who: Visitor, code: str) -> LicenceType:
    licence_type = await container(request).certstore.catalogue.licence_type(code)
    if who.principal.organisation not in licence_type.issuers:
        raise NotFound(
            "licence-type-not-found", Text("本单位不颁发这类证照。", "Your office does not issue this type.")
        )
    return licence_type


async def _issued_lately(request: Request, who: Visitor) -> tuple[IssuedRow, ...]:
    certstore = container(request).certstore
    rows = (await certstore.read.issued(who.principal, limit=_SHOWN)).items
    names = {one.code: one.name for one in await all_types(request)}
    return tuple(_issued_row(names[row.type_code], row) for row in rows)


def _issued_row(name: Text, row: IssuedLicence) -> IssuedRow:
    mark = mark_of(row.status)
    return IssuedRow(name, f"/office/licences/{row.id}", row.identifier, mark.word, mark.tone, mark.icon)


async def _issue(request: Request, who: Visitor, licence_type: LicenceType, form: Form) -> Licence | None:
    """The licence; None when it was only kept as a draft."""
    services, command = container(request).certstore, issue_command(licence_type, form)
    if form["save"]:
        await services.life.drafts.create(DraftCommand(command.type_code, draft_content(command)), who.principal)
        return None
    if form["based_on"]:
        return await services.life.transfer.into(command, form["based_on"], who.principal)
    return await services.issue(command, who.principal)


def draft_content(command: IssueCommand) -> DraftContent:
    return DraftContent(command.holders, command.data, command.licence_number, command.valid_from, command.valid_until)


async def issue_page(
    request: Request,
    who: Visitor,
    licence_type: LicenceType,
    values: Mapping[str, str],
    idempotency: str,
    error: AppError | None = None,
    draft: Draft | None = None,
) -> Response:
    """The form, empty or filled; of a draft, that goes on where it was left."""
    fields = form_fields(licence_type.schema)
    named = ("licence_number", "valid_from", "valid_until", "based_on")
    every = (*named, *(one.name for one in fields))
    organisation = who.principal.organisation or ""
    known = {*named, "holder_name", "holder_code", *(one.key for one in fields)}
    field = error.field if isinstance(error, InvalidInput) else None
    place = place if (place := _FIELDS.get(field or "", field)) in known else None
    today = calendar_day(container(request).ground.clock.now())
    view = IssueView(
        action=f"/office/drafts/{draft.id}" if draft else f"/office/issue/{licence_type.code}",
        type_name=licence_type.name,
        issuer=who.acting_for or Text(organisation, organisation),
        holders=blocks(values, licence_type, today, place if place in ("holder_name", "holder_code") else None),
        may_add=may_add(values, licence_type),
        fields=fields,
        values={name: values.get(name, "") for name in every},
        states_end=licence_type.validity.kind is Validity.STATED,
        validity=_rule_words(licence_type.validity),
        seal=await seal_of(request, organisation),
        idempotency=idempotency,
        draws_number=bool(licence_type.numbering),
        error=error.text if error else None,
        error_field=place,
        draft_revision=draft.revision if draft else None,
    )
    return page(request, "issue.html", status=status_of(error) if error else 200, view=view)


# what the use case calls a part of the command → the form's field
_FIELDS = {
    "id_number": "holder_code",
    "code": "holder_code",
    "organisation": "holder_code",
    "name": "holder_name",
    "number": "licence_number",
    "identifier": "based_on",
}


def issue_command(licence_type: LicenceType, form: Form) -> IssueCommand:
    """What was typed."""
    kind = kind_of(licence_type)
    holders = [replace(one, code_type=one.code_type or kind) for one in holder_names(form.values)]
    return IssueCommand(
        type_code=licence_type.code,
        holders=holders,
        data=face_data(licence_type.schema, form.values),
        idempotency_key=form["idempotency"],
        licence_number=form["licence_number"] or None,
        valid_from=_date(form["valid_from"], "valid_from"),
        valid_until=_date(form["valid_until"], "valid_until"),
    )


def _date(typed: str, field: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(typed) if typed else None
    except ValueError:
        raise InvalidInput(
            "date-invalid", Text("日期写法应为 2026-12-19。", "Write the date as 2026-12-19."), field=field
        ) from None


def _receipt(licence: Licence, licence_type: LicenceType, who: Visitor) -> dict[str, object]:
    version, until = licence.current, until_words(licence.current.valid_until)
    issuer = who.acting_for or Text(licence.issuer, licence.issuer)
    return {
        "id": licence.id,
        "name": [licence_type.name.zh, licence_type.name.en],
        "colour": licence_type.colour.value,
        "organisation": licence.issuer,
        "issuer": [issuer.zh, issuer.en],
        "number": version.licence_number,
        "identifier": version.identifier,
        "version": version.number,
        "until": [until.zh, until.en],
    }


def _rule_words(rule: ValidityRule) -> Text:
    if rule.kind is Validity.YEARS:
        years = "1 year" if rule.amount == 1 else f"{rule.amount} years"
        return Text(f"有效期 {rule.amount} 年，从生效日起算。", f"Valid for {years} from the first day.")
    if rule.kind is Validity.DAYS:
        days = "1 day" if rule.amount == 1 else f"{rule.amount} days"
        return Text(f"有效期 {rule.amount} 天，从生效日起算。", f"Valid for {days} from the first day.")
    return Text("长期有效。", "Valid without an end date.")

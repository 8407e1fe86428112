"""`/v1/licences/search`, `/v1/exemption-checks`, `/v1/use-codes`: what is asked instead of asking for paper.

Holders' numbers and use codes come in bodies only, never in an address.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, requires
from api.routes.certstore.consents import bundle_out
from api.routes.certstore.shapes import Basis, Code, FieldNames, HolderIn, In, PurposeIn, TypeCodes, text_out
from certstore.exemption import DEFAULT_BASIS, ExemptionAnswer, ExemptionQuery, MaterialAnswer
from certstore.search import FoundLicence, SearchQuery
from certstore.use.codes import DEFAULT_MINUTES, IssuedCode, UseCodeQuery
from certstore.use.model import Delivered, Form, UseCode
from certstore.use.redeem import GivenData
from core.principal import Principal

router = APIRouter(prefix="/v1", tags=["use"])
Reader = Annotated[Principal, Depends(requires("licence:read"))]


class SearchIn(In):
    """Whose licences, for what, which types and fields."""

    holder: HolderIn
    purpose: PurposeIn
    types: TypeCodes | None = None
    fields: FieldNames | None = None


class ExemptionIn(In):
    """Which service item, for whom, in which case; `agent` is whoever acts for the applicant (委托)."""

    service_item: Code
    case_number: Code
    basis: Basis = DEFAULT_BASIS
    holder: HolderIn
    agent: HolderIn | None = None


class AskIn(In):
    """How long the holder's yes is to hold, and for how many uses."""

    days: int = 30
    uses: int | None = None


class UseCodesIn(In):
    """Whose licences, for what; how long the codes live, and how often each can be redeemed."""

    holder: HolderIn
    purpose: PurposeIn
    types: TypeCodes | None = None
    fields: FieldNames | None = None
    minutes: int = DEFAULT_MINUTES
    uses: int = 1


class RedeemIn(In):
    """The code, and what it is turned into."""

    code: Annotated[str, Field(max_length=128, repr=False)]
    form: Form


@router.post("/licences/search")
async def search(request: Request, body: SearchIn, actor: Reader) -> dict[str, Any]:
    """Look up by the holder's number, within grants, minimised; recorded for the holder to see."""
    query = SearchQuery(
        code_type=body.holder.code_type,
        code=body.holder.code,
        service_item=body.purpose.service_item,
        case_number=body.purpose.case_number,
        basis=body.purpose.basis,
        types=body.types,
        fields=body.fields,
    )
    found = await container(request).certstore.search(query, actor)
    return {"items": [_found(one) for one in found]}


@router.post("/exemption-checks")
async def exemption_check(request: Request, body: ExemptionIn, actor: Reader) -> dict[str, Any]:
    """Which of the item's materials need not be asked for, why, and what comes next; go on under its `id`."""
    agent = body.agent
    query = ExemptionQuery(
        body.service_item,
        body.case_number,
        body.holder.code_type,
        body.holder.code,
        body.basis,
        agent.code_type if agent else None,
        agent.code if agent else None,
    )
    opened = await container(request).certstore.use.checks.open(query, actor)
    return {"id": opened.id, **_answer(opened.answer)}


@router.get("/exemption-checks/{check_id}")
async def exemption_progress(request: Request, check_id: str, actor: Reader) -> dict[str, Any]:
    """What the holder has decided and what was delivered so far; tells nothing new about the holder."""
    certstore = container(request).certstore
    check = await certstore.use.checks.find(check_id, actor)
    asked = await certstore.use.ask.states(check)
    delivered = await certstore.use.checks.delivered(check_id, actor)
    return {
        "id": check.id,
        "service_item": check.purpose.service_item,
        "case_number": check.purpose.case_number,
        "created_at": check.created_at,
        "ends_at": check.ends_at,
        "question": check.bundle,
        "consents": [{"id": one.id, "type": one.type_code, "state": state} for one, state in asked],
        "copies": [_delivered(one) for one in delivered],
    }


@router.post("/exemption-checks/{check_id}/consents", status_code=201)
async def ask_for_case(
    request: Request, response: Response, check_id: str, body: AskIn, actor: Reader
) -> dict[str, Any]:
    """One question to the holder for everything that needs their consent; send them to `decision_url`."""
    certstore = container(request).certstore
    bundle = await certstore.use.ask(check_id, actor, days=body.days, uses=body.uses)
    response.headers["Location"] = f"/v1/exemption-checks/{check_id}"
    return bundle_out(bundle, certstore.consents.decision_url(bundle))


@router.post("/exemption-checks/{check_id}/deliver")
async def deliver(request: Request, check_id: str, actor: Reader) -> dict[str, Any]:
    """Annotated copies of all that is exempt, to the case: all or none. Repeat it after the holder has consented."""
    done = await container(request).certstore.use.deliver(check_id, actor)
    return {
        "id": check_id,
        "new": done.new,
        "copies": [_delivered(one) for one in done.delivered],
        "open": [_material(one) for one in done.open],
    }


@router.post("/use-codes", status_code=201)
async def use_codes(request: Request, body: UseCodesIn, actor: Reader) -> dict[str, Any]:
    """A use code (用证码) for each of the holder's licences that may be used for this purpose."""
    query = UseCodeQuery(
        code_type=body.holder.code_type,
        code=body.holder.code,
        service_item=body.purpose.service_item,
        case_number=body.purpose.case_number,
        basis=body.purpose.basis,
        types=body.types,
        fields=body.fields,
        minutes=body.minutes,
        uses=body.uses,
    )
    return {"items": [_issued(one) for one in await container(request).certstore.use.codes(query, actor)]}


@router.post("/use-codes/redeem")
async def redeem(request: Request, body: RedeemIn, actor: Reader) -> dict[str, Any]:
    """Turn a code into data, an annotated copy, or a view page that opens once."""
    redeem, issuer = container(request).certstore.use.redeem, container(request).ground.settings.issuer
    if body.form is Form.DATA:
        return {"form": body.form, **_given(await redeem.data(body.code, actor))}
    if body.form is Form.COPY:
        copy = await redeem.copy(body.code, actor)
        made = Delivered(0, copy.id, copy.licence_id)
        return {"form": body.form, "expires_on": copy.expires_on, "sha256": copy.file.sha256, **_file_of(made)}
    ticket = await redeem.ticket(body.code, actor)
    return {"form": body.form, "view_url": f"{issuer}/use-view/{ticket.token}", "ends_at": ticket.ends_at}


def _found(one: FoundLicence) -> dict[str, Any]:
    return {
        "id": one.id,
        "identifier": one.identifier,
        "type": {"code": one.type_code, "name": text_out(one.type_name)},
        "issuer": {"code": one.issuer, "name": text_out(one.issuer_name)},
        "status": one.status,
        "trust": one.trust,
        "valid_from": one.valid_from,
        "valid_until": one.valid_until,
        "ground": one.ground,
        "consent": one.consent_id,
        "fields": one.values,
    }


def _answer(answer: ExemptionAnswer) -> dict[str, Any]:
    return {
        "service_item": {"code": answer.item.code, "name": text_out(answer.item.name)},
        "agent": answer.agent,
        "total": answer.total,
        "exempt": answer.exempt,
        "materials": [_material(one) for one in answer.materials],
    }


def _material(one: MaterialAnswer) -> dict[str, Any]:
    return {
        "number": one.number,
        "name": text_out(one.name),
        "condition": text_out(one.condition),
        "outcome": one.outcome,
        "explanation": text_out(one.explanation),
        "rule": one.rule,
        "next_step": one.next_step,
        "type": one.type_code,
        "licence": one.licence_id,
        "identifier": one.identifier,
        "valid_until": one.valid_until,
        "consent": one.consent_id,
    }


def _delivered(one: Delivered) -> dict[str, Any]:
    return {"material": one.material, **_file_of(one)}


def _file_of(one: Delivered) -> dict[str, Any]:
    return {
        "copy": one.copy_id,
        "licence": one.licence_id,
        "file": f"/v1/licences/{one.licence_id}/copies/{one.copy_id}/file",
    }


def _use(one: UseCode) -> dict[str, Any]:
    return {
        "id": one.id,
        "licence": one.licence_id,
        "type": one.type_code,
        "fields": list(one.fields),
        "consent": one.consent_id,
        "ends_at": one.ends_at,
        "uses": one.max_uses,
    }


def _issued(one: IssuedCode) -> dict[str, Any]:
    return {**_use(one.use), "code": one.code, "type_name": text_out(one.type_name)}


def _given(one: GivenData) -> dict[str, Any]:
    return {
        "licence": one.use.licence_id,
        "identifier": one.identifier,
        "type": {"code": one.use.type_code, "name": text_out(one.type_name)},
        "valid_from": one.valid_from,
        "valid_until": one.valid_until,
        "fields": one.values,
    }

"""`/v1/licences`: issue, read, list, end, original."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import caller, container, requires
from api.file_answer import as_ofd
from api.routes.certstore.asked_steps import Asked, short_out
from api.routes.certstore.shapes import (
    Cursor,
    HolderIn,
    IdempotencyKey,
    In,
    etag,
    page_out,
    pdf,
    text_out,
)
from certstore.authorise import require_scope
from certstore.end import EndCommand
from certstore.issue import IssueCommand
from certstore.lifecycle import Event
from certstore.making import HolderInput
from certstore.read import LicenceView
from core.principal import Principal, PrincipalKind

router = APIRouter(prefix="/v1/licences", tags=["licences"])


SealCode = Annotated[str | None, Field(min_length=1, max_length=64)]
"""印章编码 of one of the authority's own seals; its official one where none is named."""


class NamedHolderIn(HolderIn):
    """A holder with the name that goes onto the face."""

    name: Annotated[str, Field(max_length=200, repr=False)]
    role: Annotated[str, Field(max_length=40)] = "holder"


class IssueIn(In):
    """What to issue; the issuing authority is the caller's own organisation."""

    type: Annotated[str, Field(max_length=21)]
    holders: Annotated[list[NamedHolderIn], Field(max_length=50)]
    data: Annotated[dict[str, Any], Field(repr=False)]
    number: Annotated[str | None, Field(max_length=100, repr=False)] = None
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    seal_code: SealCode = None


class ReasonIn(In):
    """Why a licence is ended."""

    reason: Annotated[str, Field(max_length=1000)]


def person_token(actor: Principal) -> None:
    """A portal's token of a person opens licences only if that person gave it `licence:read`: logging in somewhere
    is not consent to hand out licences.

    Raises:
        NotPermitted: `scope-missing`.
    """
    if actor.kind is PrincipalKind.PERSON:
        require_scope(actor, "licence:read")


async def _holder(actor: Annotated[Principal, Depends(caller)]) -> Principal:
    person_token(actor)
    return actor


Holder = Annotated[Principal, Depends(_holder)]
"""Whoever holds licences and acts on their own; that the caller holds any is for the use case to see."""


@router.post("", status_code=201)
async def issue(
    request: Request,
    response: Response,
    body: IssueIn,
    idempotency_key: IdempotencyKey,
    actor: Annotated[Principal, Depends(requires("licence:issue"))],
) -> dict[str, Any]:
    """Issue a licence: identifier, sealed file, record; a repeated Idempotency-Key answers with the first one."""
    command = IssueCommand(
        type_code=body.type,
        holders=[HolderInput(one.code_type, one.code, one.name, one.role) for one in body.holders],
        data=body.data,
        idempotency_key=idempotency_key,
        licence_number=body.number,
        valid_from=body.valid_from,
        valid_until=body.valid_until,
        seal_code=body.seal_code,
    )
    licence = await container(request).certstore.issue(command, actor)
    response.headers["Location"] = f"/v1/licences/{licence.id}"
    response.headers["ETag"] = etag(licence.revision)
    return short_out(request, licence)


@router.get("")
async def licences(
    request: Request, actor: Annotated[Principal, Depends(caller)], cursor: Cursor = None, limit: int | None = None
) -> dict[str, Any]:
    """A person's own licences; for an organisation those that it issued, without personal data."""
    services = container(request).certstore
    person_token(actor)
    if actor.kind is PrincipalKind.PERSON:
        own = await services.my_licences(actor)
        return page_out(
            [
                {
                    "id": one.id,
                    "identifier": one.identifier,
                    "type": {"code": one.type_code, "name": text_out(one.type_name)},
                    "issuer": {"code": one.issuer, "name": text_out(one.issuer_name)},
                    "status": one.status,
                    "valid_from": one.valid_from,
                    "valid_until": one.valid_until,
                }
                for one in own
            ],
            None,
        )
    page = await services.read.issued(actor, cursor, limit)
    rows = [
        {"id": one.id, "identifier": one.identifier, "type": one.type_code, "status": one.status} for one in page.items
    ]
    return page_out(rows, page.next_cursor)


@router.get("/{licence_id}")
async def licence(
    request: Request, response: Response, licence_id: str, actor: Annotated[Principal, Depends(caller)]
) -> dict[str, Any]:
    """The whole licence, for its issuing authority and its holder; for all others it does not exist."""
    person_token(actor)
    view = await container(request).certstore.read.licence(licence_id, actor)
    response.headers["ETag"] = etag(view.licence.revision)
    response.headers["Cache-Control"] = "no-store"
    return _whole(view)


@router.get("/{licence_id}/files/original", response_class=Response)
async def original(
    request: Request,
    licence_id: str,
    actor: Annotated[Principal, Depends(caller)],
    form: Literal["pdf", "ofd"] | None = None,
) -> Response:
    """The sealed original, byte for byte; where it was issued as PDF and OFD and no `form` is named, the PDF."""
    person_token(actor)
    return pdf(await container(request).certstore.read.original(licence_id, actor, ofd=as_ofd(form)))


def _ending(path: str, doc: str, event: Event) -> None:
    """Offer one of the ends that a licence can come to: different facts in law, and the same steps to them."""

    async def endpoint(body: ReasonIn, asked: Asked) -> dict[str, Any]:
        command = EndCommand(asked.licence_id, event, body.reason, asked.revision, asked.key)
        return asked.told(await asked.services.end(command, asked.actor))

    endpoint.__doc__ = doc
    router.add_api_route(f"/{{licence_id}}/{path}", endpoint, methods=["POST"], name=path)


_ending("withdraw", "撤销: it should not have been granted.", Event.WITHDRAW)
_ending("revoke", "吊销: taken away as a penalty.", Event.REVOKE)
_ending("cancel", "注销: the procedural end.", Event.CANCEL)
_ending("annul", "作废: it was issued in error.", Event.ANNUL)


def _whole(view: LicenceView) -> dict[str, Any]:
    made, version = view.licence, view.licence.current
    return {
        "id": made.id,
        "identifier": version.identifier,
        "type": {
            "code": made.type_code,
            "version": version.type_version,
            "name": text_out(view.licence_type.name),
            "colour": view.licence_type.colour,
        },
        "version": version.number,
        "number": version.licence_number,
        "issuer": {"code": made.issuer, "name": text_out(view.issuer_name)},
        "holders": [
            {"role": one.role, "code_type": one.code.kind, "code": one.code.number, "name": one.name}
            for one in version.holders
        ],
        "data": version.data,
        "status": view.status,
        "revision": made.revision,
        "trust": version.trust,
        "based_on": version.based_on,
        "inspected_until": made.inspected_until,
        "issued_at": version.issued_at,
        "valid_from": version.valid_from,
        "valid_until": version.valid_until,
        "events": [
            {"event": one.event, "state": one.state, "at": one.at, "organisation": one.organisation}
            for one in view.history
        ],
        "file": f"/v1/licences/{made.id}/files/original",
    }

"""`/v1/seal-requests`: uses that a second person approves; `/v1/seal-uses`: the ledger of all uses."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.deps import caller, caller_by, container, requires
from api.file_answer import document_answer
from api.routes.signing.levels import read_level
from api.routes.signing.places import PlaceList, places_in
from api.routes.signing.signatures import sealed_answer, unseen_view
from api.routes.signing.uploads import required_field, upload_body, uploaded
from core.clock import SHANGHAI
from core.errors import InvalidInput
from core.principal import Principal
from core.text import Text
from signing.model import RequestState, SignatureRecord, UseRequest
from signing.places import Place, Placement
from signing.ports import UseQuery
from signing.profiles import PdfProfile
from signing.uses.ask import AskCommand

router = APIRouter(prefix="/v1", tags=["seals"])
Signer = Annotated[Principal, Depends(requires("seal:sign"))]
Reviewer = Annotated[Principal, Depends(requires("seal:approve"))]
Watcher = Annotated[Principal, Depends(caller_by("seal:manage", "seal:approve", "audit:read"))]
_CSV = "text/csv; charset=utf-8"
_FIELDS = {
    "seal": {"type": "string", "description": "id of the seal"},
    "document_class": {"type": "string", "default": "document"},
    "reason": {"type": "string", "maxLength": 200, "description": "what it is for; the one who decides reads it"},
}


class Answer(BaseModel):
    """What the one who decides says; a refusal gives its reason."""

    model_config = ConfigDict(extra="forbid")

    answer: str = Field(default="", max_length=200)


class OnePlace(BaseModel):
    """Where the seal's centre goes: mm from the left and the top of the page as shown."""

    model_config = ConfigDict(extra="forbid")

    page: int = Field(ge=1)
    x_mm: float = Field(allow_inf_nan=False)
    y_mm: float = Field(allow_inf_nan=False)


class SealIt(BaseModel):
    """How an approved file is sealed: at one place (`placement`, as before there were others) or at all of `places`, as
    `/v1/signatures` takes them; without either nothing is shown. `level` and `profile` as there."""

    model_config = ConfigDict(extra="forbid")

    placement: OnePlace | None = None
    places: PlaceList | None = None
    level: str | None = Field(default=None, max_length=16)
    profile: PdfProfile | None = None

    def where(self) -> tuple[Place, ...] | None:
        """
        Raises:
            InvalidInput: `field-invalid`.
        """
        if self.placement is not None and self.places is not None:
            text = Text("placement 和 places 只给一个。", "Give placement or places, not both.")
            raise InvalidInput("field-invalid", text, field="places")
        if self.placement is not None:
            return (Placement(self.placement.page, self.placement.x_mm, self.placement.y_mm),)
        return None if self.places is None else places_in(self.places)


@router.post("/seal-requests", status_code=201, openapi_extra=upload_body(_FIELDS, ("seal", "reason")))
async def ask_for_use(request: Request, principal: Signer) -> dict[str, Any]:
    """Have a file approved before it is sealed, where the grant wants it. It waits, encrypted, for seven days."""
    signing = container(request).signing
    async with uploaded(request, limit=signing.settings.max_pdf_bytes, sender=principal) as upload:
        command = AskCommand(
            upload.content,
            required_field(upload.fields, "seal"),
            principal,
            upload.fields.get("document_class", "document"),
            upload.fields.get("reason", ""),
        )
        return request_view(await signing.uses.ask(command))


@router.get("/seal-requests")
async def list_requests(
    request: Request,
    principal: Annotated[Principal, Depends(caller)],
    state: RequestState | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """About the seals of the caller's organisation: all for those who look after them, else the caller's own."""
    found = await container(request).signing.uses.requests.page(
        actor=principal, state=state, cursor=cursor, limit=limit
    )
    return {"items": [request_view(one) for one in found.items], "next_cursor": found.next_cursor}


@router.get("/seal-requests/{request_id}")
async def one_request(
    request: Request, request_id: str, principal: Annotated[Principal, Depends(caller)]
) -> dict[str, Any]:
    """One request."""
    return request_view(await container(request).signing.uses.requests.one(request_id, actor=principal))


@router.get("/seal-requests/{request_id}/file", response_class=Response)
async def request_file(request: Request, request_id: str, principal: Annotated[Principal, Depends(caller)]) -> Response:
    """The file that waits, for the one who asked and for those who decide."""
    content = await container(request).signing.uses.requests.file(request_id, actor=principal)
    return document_answer(content, request_id, headers={"Cache-Control": "no-store"})


@router.post("/seal-requests/{request_id}/approve")
async def approve_request(request: Request, request_id: str, body: Answer, principal: Reviewer) -> dict[str, Any]:
    """Let this very file be sealed, once. Not by whoever asked."""
    decide = container(request).signing.uses.decide
    return request_view(await decide.approve(request_id, actor=principal, answer=body.answer))


@router.post("/seal-requests/{request_id}/refuse")
async def refuse_request(request: Request, request_id: str, body: Answer, principal: Reviewer) -> dict[str, Any]:
    """Say no, with the reason."""
    decide = container(request).signing.uses.decide
    return request_view(await decide.refuse(request_id, actor=principal, answer=body.answer))


@router.post("/seal-requests/{request_id}/withdraw")
async def withdraw_request(
    request: Request, request_id: str, principal: Annotated[Principal, Depends(caller)]
) -> dict[str, Any]:
    """Take one's own request back."""
    return request_view(await container(request).signing.uses.ask.withdraw(request_id, actor=principal))


@router.post("/seal-requests/{request_id}/seal", status_code=201, response_class=Response)
async def seal_request(request: Request, request_id: str, body: SealIt, principal: Signer) -> Response:
    """Seal what was approved. A second call answers with the first one's file. As `POST /v1/signatures` otherwise."""
    level = read_level({"level": body.level or ""})
    seal = container(request).signing.uses.seal
    sealed = await seal(request_id, body.where(), actor=principal, level=level, profile=body.profile)
    return sealed_answer(request, sealed)


@router.get("/seal-uses")
async def list_uses(
    request: Request,
    principal: Watcher,
    seal: Annotated[str | None, Query(max_length=64)] = None,
    actor: Annotated[str | None, Query(max_length=128)] = None,
    document_class: Annotated[str | None, Query(max_length=64)] = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """Uses of the seals of the caller's organisation, newest first; both days are included (Asia/Shanghai)."""
    query = use_query(principal.organisation, seal, actor, document_class, since, until)
    found = await container(request).signing.uses.ledger.page(query, actor=principal, cursor=cursor, limit=limit)
    return {"items": [use_view(one) for one in found.items], "next_cursor": found.next_cursor}


@router.get("/seal-uses.csv", response_class=StreamingResponse)
async def export_uses(
    request: Request,
    principal: Watcher,
    seal: Annotated[str | None, Query(max_length=64)] = None,
    actor: Annotated[str | None, Query(max_length=128)] = None,
    document_class: Annotated[str | None, Query(max_length=64)] = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> Response:
    """The same as a file for spreadsheets."""
    query = use_query(principal.organisation, seal, actor, document_class, since, until)
    lines = await container(request).signing.uses.ledger.export(query, actor=principal)
    return StreamingResponse(lines, media_type=_CSV, headers=ledger_headers())


def ledger_headers() -> dict[str, str]:
    return {"Content-Disposition": 'attachment; filename="seal-uses.csv"', "Cache-Control": "no-store"}


def use_query(
    organisation: str | None,
    seal: str | None,
    actor: str | None,
    document_class: str | None,
    since: dt.date | None,
    until: dt.date | None,
) -> UseQuery:
    """Days as moments: the last one counts to its end."""
    return UseQuery(
        organisation or "",
        seal or None,
        actor or None,
        document_class or None,
        _midnight(since) if since else None,
        _midnight(until + dt.timedelta(days=1)) if until and until < dt.date.max else None,
    )


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), SHANGHAI).astimezone(dt.UTC) if day.year > 1 else _FIRST


_FIRST = dt.datetime(1, 1, 2, tzinfo=dt.UTC)


def request_view(one: UseRequest) -> dict[str, Any]:
    return {
        "id": one.id,
        "seal": one.seal_id,
        "requester": one.requester,
        "document_class": one.document_class,
        "reason": one.reason,
        "digest": one.digest,
        "state": one.state.value,
        "created_at": one.created_at.isoformat(),
        "expires_at": one.expires_at.isoformat(),
        "decided_at": one.decided_at.isoformat() if one.decided_at else None,
        "answer": one.answer,
        "signature": one.signature_id,
        **unseen_view(one),
    }


def use_view(one: SignatureRecord) -> dict[str, Any]:
    return {
        "id": one.id,
        "seal": one.seal_id,
        "actor_kind": one.actor_kind,
        "actor": one.actor_id,
        "organisation": one.actor_organisation,
        "document_class": one.document_class,
        "reason": one.reason,
        "grant": one.grant_id,
        "request": one.request_id,
        "level": one.level,
        "sealed_as": one.sealed_as,
        "signed_at": one.signed_at.isoformat(),
        "digest_before": one.digest_before,
        "digest_after": one.digest_after,
        **unseen_view(one),
    }

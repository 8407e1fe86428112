"""`/v1/seal-applications`: seals that somebody asks for, reviewed and made by others."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from api.deps import caller_by, container
from api.routes.signing.seals import StatusChange, seal_view, step_view
from core.principal import Principal
from core.text import Text
from keys.spec import SignatureAlgorithm
from signing.appearance.drawn import DEFAULT_HEIGHT
from signing.appearance.official_seal import SealShape
from signing.model import SealApplication, SealKind
from signing.seals.apply import ApplyCommand

router = APIRouter(prefix="/v1/seal-applications", tags=["seals"])
Caller = Annotated[Principal, Depends(caller_by("seal:manage", "seal:approve"))]


class NewApplication(BaseModel):
    """A seal to ask for; `name_zh` stands on the arc, `replaces` is the seal whose place it shall take."""

    model_config = ConfigDict(extra="forbid")

    organisation: str = Field(max_length=32)
    name_zh: str = Field(min_length=1, max_length=60)
    name_en: str = Field(min_length=1, max_length=200)
    code: str = Field(pattern=r"^\d{13}$")
    reason: str = Field(min_length=1, max_length=200)
    kind: SealKind = SealKind.OFFICIAL
    line: str = Field(default="", max_length=15)
    diameter_mm: float | None = Field(default=None, ge=15, le=50, description="height; left out: what is customary")
    algorithm: SignatureAlgorithm = SignatureAlgorithm.ES256
    bearer: str | None = Field(default=None, max_length=64)
    replaces: str | None = Field(default=None, max_length=64)
    shape: SealShape = SealShape.ROUND


@router.post("", status_code=201)
async def apply_for_seal(request: Request, body: NewApplication, principal: Caller) -> dict[str, Any]:
    """Ask for a seal. A colleague who did not ask for it reviews it."""
    command = ApplyCommand(
        organisation=body.organisation,
        name=Text(body.name_zh, body.name_en),
        code=body.code,
        actor=principal,
        reason=body.reason,
        kind=body.kind,
        line=body.line,
        diameter_mm=body.diameter_mm or DEFAULT_HEIGHT[body.shape],
        algorithm=body.algorithm,
        bearer=body.bearer,
        replaces=body.replaces,
        shape=body.shape,
    )
    return application_view(await container(request).signing.apply_for_seal(command))


@router.get("")
async def list_applications(
    request: Request,
    principal: Caller,
    waiting: bool = False,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """Of the caller's organisation, newest first; with `waiting` those that still need a step."""
    found = await container(request).signing.seals.applications(
        actor=principal, waiting=waiting, cursor=cursor, limit=limit
    )
    return {"items": [application_view(one) for one in found.items], "next_cursor": found.next_cursor}


@router.get("/{application_id}")
async def one_application(request: Request, application_id: str, principal: Caller) -> dict[str, Any]:
    """One application with its story."""
    found, story = await container(request).signing.seals.application(application_id, actor=principal)
    return {**application_view(found), "events": [step_view(one) for one in story]}


@router.post("/{application_id}/approve")
async def approve_application(
    request: Request, application_id: str, body: StatusChange, principal: Caller
) -> dict[str, Any]:
    """Let it be made. Not by whoever asked for it."""
    review = container(request).signing.review_application
    return application_view(await review.approve(application_id, actor=principal, reason=body.reason))


@router.post("/{application_id}/refuse")
async def refuse_application(
    request: Request, application_id: str, body: StatusChange, principal: Caller
) -> dict[str, Any]:
    """Say no, with the reason."""
    review = container(request).signing.review_application
    return application_view(await review.refuse(application_id, actor=principal, reason=body.reason))


@router.post("/{application_id}/withdraw")
async def withdraw_application(
    request: Request, application_id: str, body: StatusChange, principal: Caller
) -> dict[str, Any]:
    """Take it back before it is made."""
    review = container(request).signing.review_application
    return application_view(await review.withdraw(application_id, actor=principal, reason=body.reason))


@router.post("/{application_id}/make", status_code=201)
async def make_seal(request: Request, application_id: str, principal: Caller) -> dict[str, Any]:
    """Make key, certificate and picture. Not by whoever approved it; it seals nothing until it is activated."""
    return seal_view(await container(request).signing.make_seal(application_id, actor=principal))


def application_view(application: SealApplication) -> dict[str, Any]:
    return {
        "id": application.id,
        "organisation": application.organisation,
        "name": {"zh": application.name.zh, "en": application.name.en},
        "code": application.code,
        "kind": application.kind.value,
        "line": application.line,
        "shape": application.shape,
        "diameter_mm": application.diameter_mm,
        "algorithm": application.algorithm,
        "reason": application.reason,
        "status": application.status.value,
        "applicant": application.applicant,
        "created_at": application.created_at.isoformat(),
        "bearer": application.bearer,
        "replaces": application.replaces,
        "seal": application.seal_id,
    }

"""`/v1/seal-applications`: seals that somebody asks for, reviewed and made by others."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.requests import Request

from api.deps import caller_by, container
from api.routes.signing.seal_orders import OrderBody, read_order
from api.routes.signing.seals import StatusChange, seal_view, step_view
from core.principal import Principal
from signing.model import SealApplication
from signing.seals.apply import ApplyCommand

router = APIRouter(prefix="/v1/seal-applications", tags=["seals"])
Caller = Annotated[Principal, Depends(caller_by("seal:manage", "seal:approve"))]


class NewApplication(OrderBody):
    """A seal to ask for; `replaces` is the seal whose place it shall take."""

    reason: str = Field(min_length=1, max_length=200)
    replaces: str | None = Field(default=None, max_length=64)


@router.post("", status_code=201)
async def apply_for_seal(request: Request, body: NewApplication, principal: Caller) -> dict[str, Any]:
    """Ask for a seal. A colleague who did not ask for it reviews it."""
    order, _ = await read_order(request, body)
    command = ApplyCommand(replace(order, replaces=body.replaces), principal, body.reason)
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
        "centre": application.centre,
        "numbered": application.numbered,
        "picture": application.picture,
        "profile": application.profile.value,
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

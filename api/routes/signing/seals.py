"""`/v1/seals`: seals, their pictures, the steps of their lives."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import caller, caller_by, container, requires
from api.routes.signing.seal_orders import OrderBody, read_order
from core.paging import page_size
from core.principal import Principal
from keys.x509.files import certificates_in, to_pem
from signing.model import Seal, SealStatus, SealStep

router = APIRouter(prefix="/v1", tags=["seals"])
Manager = Annotated[Principal, Depends(requires("seal:manage"))]
Caller = Annotated[Principal, Depends(caller_by("seal:manage", "seal:approve"))]


class StatusChange(BaseModel):
    """Why; stands in the audit log."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(default="", max_length=200)


class NewCertificate(BaseModel):
    """PEM, the certificate first, its root last, one or several to a text; none for a new one of our own authority."""

    model_config = ConfigDict(extra="forbid")

    chain: list[Annotated[str, Field(max_length=100_000)]] | None = Field(default=None, min_length=1, max_length=8)


@router.get("/seals")
async def list_seals(
    request: Request,
    principal: Annotated[Principal, Depends(caller)],
    organisation: Annotated[str | None, Query(max_length=18)] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """Seals of an organisation; of the caller's own if none is named."""
    whose = organisation or principal.organisation or ""
    found = await container(request).signing.seals.page(whose, cursor=cursor, size=page_size(limit))
    return {"items": [seal_view(seal) for seal in found.items], "next_cursor": found.next_cursor}


@router.post("/seals", status_code=201)
async def create_seal(request: Request, body: OrderBody, principal: Manager) -> dict[str, Any]:
    """Found a seal: all steps up to an active one at once, for a system that was registered for `seal:manage` and
    `seal:approve`. Everybody else applies (`/v1/seal-applications`)."""
    order, _ = await read_order(request, body)
    seal = await container(request).signing.create_seal(order, actor=principal)
    return seal_view(seal)


@router.get("/seals/{seal_id}")
async def one_seal(request: Request, seal_id: str, _: Annotated[Principal, Depends(caller)]) -> dict[str, Any]:
    """One seal."""
    return seal_view(await container(request).signing.seals.get(seal_id))


@router.get("/seals/{seal_id}/image.svg", response_class=Response)
async def seal_picture(request: Request, seal_id: str) -> Response:
    """The seal's picture; it never changes."""
    seal = await container(request).signing.seals.get(seal_id)
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(seal.image.svg, media_type="image/svg+xml", headers=headers)


@router.post("/seals/{seal_id}/revoke")
async def revoke_seal(request: Request, seal_id: str, body: StatusChange, principal: Caller) -> dict[str, Any]:
    """End a seal for good. Files sealed before stay genuine."""
    return await _change(request, seal_id, SealStatus.REVOKED, principal, body.reason)


@router.post("/seals/{seal_id}/suspend")
async def suspend_seal(request: Request, seal_id: str, body: StatusChange, principal: Caller) -> dict[str, Any]:
    """Stop a seal for now."""
    return await _change(request, seal_id, SealStatus.SUSPENDED, principal, body.reason)


@router.post("/seals/{seal_id}/resume")
async def resume_seal(request: Request, seal_id: str, body: StatusChange, principal: Caller) -> dict[str, Any]:
    """Let a suspended seal be used again. Not by whoever suspended it."""
    return await _change(request, seal_id, SealStatus.ACTIVE, principal, body.reason)


@router.get("/seals/{seal_id}/csr", response_class=Response)
async def seal_request(request: Request, seal_id: str, principal: Manager) -> Response:
    """A request for the seal's key (PKCS #10, DER), to be taken to a licensed authority."""
    made = await container(request).signing.take_over_certificate.request(seal_id, actor=principal)
    headers = {"Content-Disposition": f'attachment; filename="{seal_id}.csr"'}
    return Response(made, media_type="application/pkcs10", headers=headers)


@router.get("/seals/{seal_id}/certificate")
async def seal_certificate(request: Request, seal_id: str, _: Annotated[Principal, Depends(caller)]) -> dict[str, Any]:
    """What the seal's certificate says, and whether it counts by the trust list today; with the chain as PEM."""
    signing = container(request).signing
    seal, found = await signing.seals.get(seal_id), await signing.look_at_certificate(seal_id)
    fault = found.judgement.fault if found.judgement else None
    return {
        "subject": found.subject,
        "issuer": found.issuer,
        "serial": found.serial,
        "valid_from": found.valid_from.isoformat(),
        "valid_until": found.valid_until.isoformat(),
        "sha256": found.sha256,
        "trusted": found.trusted,
        "sub_indication": fault.sub_indication if fault else None,
        "chain": [to_pem(der) for der in seal.certificates],
    }


@router.post("/seals/{seal_id}/certificate")
async def replace_certificate(
    request: Request, seal_id: str, body: NewCertificate, principal: Manager
) -> dict[str, Any]:
    """Give a seal the certificate that a licensed authority issued for its key, or a new one of our own."""
    signing = container(request).signing
    if body.chain is None:
        return seal_view(await signing.renew_seal(seal_id, actor=principal))
    chain = [der for text in body.chain for der in certificates_in(text.encode())]
    return seal_view(await signing.take_over_certificate(seal_id, chain, actor=principal))


@router.post("/seals/{seal_id}/activate")
async def activate_seal(request: Request, seal_id: str, body: StatusChange, principal: Caller) -> dict[str, Any]:
    """Let a seal that was made be used; the one that it replaces ends in the same moment. Not by whoever made it."""
    activate = container(request).signing.activate_seal
    return seal_view(await activate(seal_id, actor=principal, reason=body.reason))


@router.post("/seals/{seal_id}/destroy")
async def destroy_seal(request: Request, seal_id: str, body: StatusChange, principal: Caller) -> dict[str, Any]:
    """Destroy the key of a seal that has ended. Not by whoever cancelled it."""
    destroy = container(request).signing.destroy_seal
    return seal_view(await destroy(seal_id, actor=principal, reason=body.reason))


@router.get("/seals/{seal_id}/events")
async def seal_story(request: Request, seal_id: str, principal: Caller) -> dict[str, Any]:
    """Every step of a seal, from its application on, for those who look after it."""
    return {"items": [step_view(one) for one in await container(request).signing.seals.story(seal_id, actor=principal)]}


async def _change(
    request: Request, seal_id: str, status: SealStatus, principal: Principal, reason: str
) -> dict[str, Any]:
    change = container(request).signing.change_seal_status
    return seal_view(await change(seal_id, status, actor=principal, reason=reason))


def seal_view(seal: Seal) -> dict[str, Any]:
    return {
        "id": seal.id,
        "code": seal.code,
        "organisation": seal.organisation,
        "name": {"zh": seal.name.zh, "en": seal.name.en},
        "kind": seal.kind.value,
        "status": seal.status.value,
        "replaces": seal.replaces,
        "created_at": seal.created_at.isoformat(),
        "revoked_at": seal.revoked_at.isoformat() if seal.revoked_at else None,
        "image": f"/v1/seals/{seal.id}/image.svg",
        "profile": seal.profile.value,
        "certificate": hashlib.sha256(seal.certificate).hexdigest(),
    }


def step_view(step: SealStep) -> dict[str, Any]:
    return {
        "event": step.event,
        "status": step.status.value,
        "actor_kind": step.actor_kind,
        "actor": step.actor,
        "reason": step.reason,
        "at": step.at.isoformat(),
    }

"""`/v1/seals/…/national-forms`: seals in their national form; `/v1/seal-departments`: in which forms new ones are."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from api.deps import caller, caller_by, container, requires
from core.principal import Principal
from keys.profile import Profile
from keys.x509.files import to_pem
from signing.national.model import NationalForm

router = APIRouter(prefix="/v1", tags=["seals"])
Anybody = Annotated[Principal, Depends(caller)]
Manager = Annotated[Principal, Depends(requires("seal:manage"))]
Caretaker = Annotated[Principal, Depends(caller_by("seal:manage", "seal:approve", "audit:read"))]
ESL = "application/octet-stream"


class DepartmentBody(BaseModel):
    """`international`, `national` or `both`; null for what the deployment has."""

    model_config = ConfigDict(extra="forbid")

    profile: Profile | None


@router.get("/seals/{seal_id}/national-forms")
async def national_forms(request: Request, seal_id: str, _: Anybody) -> dict[str, Any]:
    """Every edition of a seal's national form (GB/T 38540-2020), the newest first: what it calls itself, how long it
    counts, its SM2 certificate and whether that counts by the trust list today. None for a seal in the international
    form alone."""
    found = await container(request).signing.national.forms.of(seal_id)
    return {"items": [await _view(request, form) for form in found]}


@router.post("/seals/{seal_id}/national-forms", status_code=201)
async def give_national_form(request: Request, seal_id: str, principal: Manager) -> dict[str, Any]:
    """Give a seal that is in use the national form beside its own. Not by whoever approved the seal."""
    return await _view(request, await container(request).signing.national.give(seal_id, actor=principal))


@router.get("/seals/{seal_id}/national-forms/{form_id}/seal.esl", response_class=Response)
async def national_seal(request: Request, seal_id: str, form_id: str, principal: Caretaker) -> Response:
    """SESeal, DER, for those who look after the seal."""
    form = await container(request).signing.national.forms.download(seal_id, form_id, actor=principal)
    headers = {
        "Content-Disposition": f'attachment; filename="{form.esid}.esl"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(form.encoded, media_type=ESL, headers=headers)


@router.get("/seal-departments/{organisation}")
async def department(request: Request, organisation: str, _: Caretaker) -> dict[str, Any]:
    """In which forms new seals of a department are made where an application does not say."""
    departments = container(request).signing.national.departments
    own = await departments.of(organisation)
    return {
        "organisation": organisation,
        "profile": own.value if own else None,
        "deployment": departments.deployment.value,
        "new_seals": (await departments.for_new_seal(organisation, None)).value,
    }


@router.put("/seal-departments/{organisation}")
async def set_department(
    request: Request, organisation: str, body: DepartmentBody, principal: Manager
) -> dict[str, Any]:
    """Set it, by the department's own custodian. Seals that are there stay what they are."""
    await container(request).signing.national.departments.set(organisation, body.profile, actor=principal)
    return await department(request, organisation, principal)


async def _view(request: Request, form: NationalForm) -> dict[str, Any]:
    certificate = await container(request).signing.look_at_certificate.of_chain(form.certificates)
    return {
        "id": form.id,
        "esid": form.esid,
        "standard": "GB/T 38540-2020",
        "sm3": form.digest,
        "created_at": form.created_at.isoformat(),
        "valid_from": form.valid_from.isoformat(),
        "valid_to": form.valid_to.isoformat(),
        "current": form.ended_at is None,
        "ended_at": form.ended_at.isoformat() if form.ended_at else None,
        "certificate": {
            "subject": certificate.subject,
            "issuer": certificate.issuer,
            "serial": certificate.serial,
            "valid_from": certificate.valid_from.isoformat(),
            "valid_until": certificate.valid_until.isoformat(),
            "sha256": certificate.sha256,
            "trusted": certificate.trusted,
            "chain": [to_pem(der) for der in form.certificates],
        },
        "seal": f"/v1/seals/{form.seal_id}/national-forms/{form.id}/seal.esl",
    }

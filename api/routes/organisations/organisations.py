"""`/v1/organisations`: what is known of a legal person and of those who act for it, and its end."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request

from api.deps import caller_by, container
from api.routes.certstore.shapes import In
from core.principal import Principal
from idp.agency.overview import Counted

router = APIRouter(prefix="/v1/organisations", tags=["organisations"])
Looks = Annotated[Principal, Depends(caller_by("admin:system", "admin:security", "admin:audit"))]
Decides = Annotated[Principal, Depends(caller_by("admin:security"))]


class EndIn(In):
    """That an organisation ceased to exist.

    `reference` says where that stands: the register's or the case file's number.
    """

    on: dt.date
    reference: Annotated[str, Field(min_length=1, max_length=80)]


@router.get("/{uscc}")
async def look(request: Request, uscc: str, actor: Looks) -> dict[str, Any]:
    """Its name and state, and how many act for it; not who they are."""
    return _out(await container(request).idp.agency.overview.counted(uscc, actor))


@router.post("/{uscc}/dissolution")
async def dissolve(request: Request, uscc: str, body: EndIn, actor: Decides) -> dict[str, Any]:
    """Nobody acts for it any more: authorisations, sessions and tokens that rest on it end at once."""
    agency = container(request).idp.agency
    ended = await agency.dissolve(uscc, on=body.on, reference=body.reference, actor=actor)
    return _out(await agency.overview.counted(uscc, actor)) | {"ended": ended}


def _out(found: Counted) -> dict[str, Any]:
    one = found.organisation
    roles = Counter(role.value for role in found.acting)
    return {
        "uscc": one.uscc,
        "name": {"zh": one.name.zh, "en": one.name.en},
        "kind": one.kind,
        "status": one.status.value,
        "acting": {name: roles[name] for name in ("representative", "manager", "agent")},
    }

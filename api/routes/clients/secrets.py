"""`/v1/clients/{id}/secrets`: a second secret beside the first, and the end of the first."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.routes.certstore.shapes import In
from api.routes.clients.shapes import Caller
from idp.clients.rotation import LONGEST_OVERLAP, OVERLAP

router = APIRouter(prefix="/v1/clients", tags=["clients"])


class SecretIn(In):
    """How many seconds the secret before counts too; 0 ends it at once."""

    overlap: Annotated[int, Field(ge=0, le=int(LONGEST_OVERLAP.total_seconds()))] = int(OVERLAP.total_seconds())


@router.post("/{client_id}/secrets", status_code=201)
async def add(
    request: Request, response: Response, client_id: str, actor: Caller, body: SecretIn | None = None
) -> dict[str, Any]:
    """A new secret, shown this once. The one before counts until `earlier_ends_at`; never more than two count."""
    overlap = dt.timedelta(seconds=(body or SecretIn()).overlap)
    made = await container(request).idp.clients.secrets.add(client_id, actor, overlap=overlap)
    response.headers["Cache-Control"] = "no-store"
    return {"client_secret": made.value, "earlier_ends_at": made.earlier_ends_at}


@router.delete("/{client_id}/secrets/earlier", status_code=204)
async def end_earlier(request: Request, client_id: str, actor: Caller) -> None:
    """The earlier secret counts no longer."""
    await container(request).idp.clients.secrets.end_earlier(client_id, actor)

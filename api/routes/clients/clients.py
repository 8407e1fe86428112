"""`/v1/clients`: search, look, register, change, disable, remove, and what went wrong."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.routes.certstore.shapes import Cursor, IfMatch, In, etag, page_out, revision_of
from api.routes.clients.shapes import Caller, Document, client_out, error_out, proposed_out, view_out
from idp.clients.ports import ClientSearch
from idp.model import ClientStatus

router = APIRouter(prefix="/v1/clients", tags=["clients"])


class StatusIn(In):
    """What the client is to be; `removed` is for good."""

    status: ClientStatus


@router.get("")
async def search(
    request: Request,
    actor: Caller,
    q: Annotated[str, Field(max_length=100)] = "",
    organisation: Annotated[str | None, Field(max_length=18)] = None,
    status: ClientStatus | None = None,
    cursor: Cursor = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """Clients by id; `q` is part of the id or of a name. Portal managers see those of their own organisation."""
    wanted = ClientSearch(q, organisation, status)
    page = await container(request).idp.clients.look.search(wanted, actor, cursor=cursor, limit=limit)
    return page_out([client_out(one) for one in page.items], page.next_cursor)


@router.post("", status_code=201)
async def register(
    request: Request,
    response: Response,
    body: Document,
    actor: Caller,
    key: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
) -> dict[str, Any]:
    """Register a client. It can be used once a security administrator has approved it; its secret is shown now."""
    done = await container(request).idp.clients.propose.register(body, actor, key=key)
    response.headers["ETag"] = etag(done.revision)
    response.headers["Cache-Control"] = "no-store"
    return proposed_out(done)


@router.get("/{client_id}")
async def read(request: Request, response: Response, client_id: str, actor: Caller) -> dict[str, Any]:
    """One client with the latest proposals about it."""
    view = await container(request).idp.clients.look.read(client_id, actor)
    response.headers["ETag"] = etag(view.registration.revision)
    return view_out(view)


@router.put("/{client_id}")
async def change(
    request: Request, response: Response, client_id: str, body: Document, actor: Caller, if_match: IfMatch = None
) -> dict[str, Any]:
    """Replace what is registered. What decides who gets what waits for a security administrator, as `proposal` says."""
    done = await container(request).idp.clients.propose.change(client_id, body, actor, revision=revision_of(if_match))
    response.headers["ETag"] = etag(done.revision)
    return proposed_out(done)


@router.post("/{client_id}/status", status_code=204)
async def change_status(request: Request, client_id: str, body: StatusIn, actor: Caller) -> None:
    """Disable a client or remove it; a security administrator lets a disabled one work again."""
    await container(request).idp.clients.status(client_id, body.status, actor)


@router.get("/{client_id}/errors")
async def errors(
    request: Request, client_id: str, actor: Caller, cursor: Cursor = None, limit: int | None = None
) -> dict[str, Any]:
    """Requests of this client that were refused, the newest first, of the last 30 days and 500 rows at most."""
    page = await container(request).idp.clients.errors(client_id, actor, cursor=cursor, limit=limit)
    return page_out([error_out(one) for one in page.items], page.next_cursor)

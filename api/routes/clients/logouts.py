"""`/v1/clients/{id}/logout-notices`: how a portal heard of log-outs, and how it is doing."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from api.deps import container
from api.routes.certstore.shapes import Cursor, page_out
from api.routes.clients.shapes import Caller
from idp.model import DeliveryHealth, LogoutDelivery

router = APIRouter(prefix="/v1/clients/{client_id}/logout-notices", tags=["clients"])


@router.get("")
async def notices(
    request: Request, client_id: str, actor: Caller, cursor: Cursor = None, limit: int | None = None
) -> dict[str, Any]:
    """Logout notices to this client (Back-Channel Logout), the newest first, of the last 30 days; and its health."""
    log = container(request).idp.delivery_log
    page = await log.page(client_id, actor, cursor=cursor, limit=limit)
    health = await log.health(client_id, actor)
    return {**page_out([notice_out(one) for one in page.items], page.next_cursor), "health": health_out(health)}


@router.post("/{notice_id}/retry", status_code=204)
async def try_again(request: Request, client_id: str, notice_id: str, actor: Caller) -> None:
    """Send a notice that was given up once more, now."""
    await container(request).idp.delivery_log.try_again(client_id, notice_id, actor)


def notice_out(one: LogoutDelivery) -> dict[str, Any]:
    return {
        "id": one.id,
        "sid": one.sid,
        "sub": one.subject,
        "state": one.state,
        "attempts": one.attempts,
        "last_result": one.last_result,
        "created_at": one.created_at,
        "tried_at": one.tried_at,
        "finished_at": one.finished_at,
        "due_at": one.due_at if one.finished_at is None else None,
    }


def health_out(health: DeliveryHealth) -> dict[str, Any]:
    """Counts are of the last seven days."""
    return {
        "pending": health.pending,
        "delivered": health.delivered,
        "given_up": health.given_up,
        "failures_in_row": health.failures_in_row,
        "last_delivered_at": health.last_delivered_at,
        "last_result": health.last_result,
    }

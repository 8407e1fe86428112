"""`/v1/security-events`: for security and audit administrators, page by page or since the last look."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request

from api.deps import caller_by, container
from api.routes.certstore.shapes import Cursor, page_out
from core.principal import Principal
from idp.security_events.model import SecurityEvent, Severity
from idp.security_events.read import MAY_READ

router = APIRouter(prefix="/v1/security-events", tags=["security"])
Watcher = Annotated[Principal, Depends(caller_by(*MAY_READ))]
"""Somebody; whether they may look is for the use case to say."""

Id = Annotated[str | None, Query(max_length=40, pattern=r"^[A-Za-z0-9_]+$")]


@router.get("")
async def events(
    request: Request,
    actor: Watcher,
    cursor: Cursor = None,
    limit: int | None = None,
    severity: Severity | None = None,
    account: Id = None,
    after: Id = None,
) -> dict[str, Any]:
    """The newest first; with `after` what came since the event of that id."""
    read = container(request).idp.abuse.read_events
    if after is not None:
        page = await read.since(actor, after, limit=limit)
    else:
        page = await read.page(actor, cursor=cursor, limit=limit, severity=severity, account_id=account)
    return page_out([event_out(one) for one in page.items], page.next_cursor)


def event_out(event: SecurityEvent) -> dict[str, Any]:
    """An event in JSON."""
    return {
        "id": event.id,
        "at": event.at.isoformat(),
        "kind": event.kind.value,
        "severity": event.severity.value,
        "account": event.account_id,
        "source": event.source,
        "client": event.client_id,
        "detail": dict(event.detail),
        "times": event.times,
    }

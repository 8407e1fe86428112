"""`/admin/security`: what happens to the city's log-ins, the newest first; a script tells when there is more."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.deps import container
from api.routes.pages.admin.keepers import SECURITY
from api.web.console.views import EventRow, SecurityView
from api.web.console.words import EVENTS, SEVERITIES
from api.web.render import page
from api.web.visitor import permitted
from api.web.words import minute
from core.text import Text
from idp.security_events.model import SecurityEvent, Severity
from idp.security_events.read import MAY_READ

router = APIRouter(include_in_schema=False)
_SHOWN = 30
_OLDEST = "0"


@router.get(SECURITY)
async def events(request: Request) -> Response:
    """The newest first, all or those of one severity."""
    who = await permitted(request, *MAY_READ)
    cursor, typed = request.query_params.get("after"), request.query_params.get("severity", "")
    severity = Severity(typed) if typed in list(Severity) else None
    read = container(request).idp.abuse.read_events
    found = await read.page(who.principal, cursor=cursor, limit=_SHOWN, severity=severity)
    chosen = {"severity": severity.value} if severity else {}
    alerts = sum(one.severity is Severity.ALERT for one in found.items)
    view = SecurityView(
        title=Text(f"{alerts} 个警报", f"{alerts} alerts" if alerts > 1 else "1 alert")
        if alerts
        else Text("没有警报", "No alert"),
        below=Text("同类的事合成一条；只写编号和网络地址。", "Equal events are one; ids and network addresses only."),
        rows=tuple(_row(one) for one in found.items),
        severity=severity.value if severity else "",
        newest=found.items[0].id if found.items and not cursor else _OLDEST if not found.items else "",
        first_href=f"{SECURITY}?{urlencode(chosen)}" if cursor else None,
        next_href=f"{SECURITY}?{urlencode({**chosen, 'after': found.next_cursor})}" if found.next_cursor else None,
    )
    return page(request, "admin_security.html", view=view)


@router.get(f"{SECURITY}/count")
async def count(request: Request) -> Response:
    """How many events came after the one that a page shows as its newest; at most a page of them."""
    who = await permitted(request, *MAY_READ)
    after = request.query_params.get("after", "")[:40]
    last = after if after.isascii() and after.replace("_", "").isalnum() else _OLDEST
    found = await container(request).idp.abuse.read_events.since(who.principal, last, limit=_SHOWN)
    return JSONResponse({"events": len(found.items)}, headers={"Cache-Control": "no-store"})


def _row(event: SecurityEvent) -> EventRow:
    about = " ".join(one for one in (event.account_id, event.client_id) if one)
    return EventRow(
        minute(event.at), EVENTS[event.kind], SEVERITIES[event.severity], about, event.source or "", event.times
    )

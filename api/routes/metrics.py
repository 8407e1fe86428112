"""`GET /metrics`: gauges for a monitoring system, closed to everybody without the scope for it (attacks O-66)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, requires
from core.principal import Principal

router = APIRouter(tags=["operation"])
routers = [router]


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request, _caller: Annotated[Principal, Depends(requires("metrics:read"))]) -> Response:
    """Prometheus text format. A monitoring system logs in with client_credentials and the scope `metrics:read`."""
    from api.metrics import CONTENT_TYPE, render_metrics  # the library is loaded where it is used

    return Response(render_metrics(await container(request).care.survey()), media_type=CONTENT_TYPE)

"""Health checks: alive (the process answers) and ready (its stores answer)."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.deps import container

router = APIRouter(prefix="/health", tags=["health"])
routers = [router]


@router.get("/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/ready")
async def ready(request: Request) -> Response:
    """Database and short-lived store answer; 503 names the part that does not."""
    ground = container(request).ground
    parts: dict[str, str] = {}
    try:
        async with ground.database.read() as tx:
            await tx.connection.execute(text("SELECT 1"))
        parts["database"] = "ok"
    except Exception:
        parts["database"] = "unavailable"
    try:
        await ground.kv.get("health")
        parts["kv"] = "ok"
    except Exception:
        parts["kv"] = "unavailable"
    good = all(state == "ok" for state in parts.values())
    return JSONResponse({"status": "ready" if good else "unavailable", **parts}, 200 if good else 503)

"""The cookie by which a browser is known again: it opens nothing and lasts (attacks O-54, O-61)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

_DEVICE = "yz_device"
_LIFETIME = 180 * 86400


def _named(request: Request) -> str:
    return f"__Host-{_DEVICE}" if _secure(request) else _DEVICE


def _secure(request: Request) -> bool:
    return bool(request.app.state.container.ground.settings.secure)


def read_device_cookie(request: Request) -> str | None:
    return request.cookies.get(_named(request))


def set_device_cookie(request: Request, response: Response, value: str) -> None:
    response.set_cookie(
        _named(request), value, max_age=_LIFETIME, path="/", secure=_secure(request), httponly=True, samesite="lax"
    )

"""The cookie of a screen that shows a QR code: as strict as the session's (attacks O-50, O-61)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

_SCREEN = "yz_screen"
_LIFETIME = 600


def _named(request: Request) -> str:
    return f"__Host-{_SCREEN}" if _secure(request) else _SCREEN


def _secure(request: Request) -> bool:
    return bool(request.app.state.container.ground.settings.secure)


def read_screen_cookie(request: Request) -> str | None:
    return request.cookies.get(_named(request))


def set_screen_cookie(request: Request, response: Response, value: str) -> None:
    response.set_cookie(
        _named(request), value, max_age=_LIFETIME, path="/", secure=_secure(request), httponly=True, samesite="lax"
    )


def clear_screen_cookie(request: Request, response: Response) -> None:
    response.delete_cookie(_named(request), path="/", secure=_secure(request), httponly=True, samesite="lax")

"""The cookie of a password reset that has begun in a browser: as strict as the session's (attacks O-56, O-61)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from idp.own_password.reset import LIFETIME

_RESET = "yz_reset"


def _named(request: Request) -> str:
    return f"__Host-{_RESET}" if _secure(request) else _RESET


def _secure(request: Request) -> bool:
    return bool(request.app.state.container.ground.settings.secure)


def read_reset_cookie(request: Request) -> str | None:
    return request.cookies.get(_named(request))


def set_reset_cookie(request: Request, response: Response, value: str) -> None:
    response.set_cookie(
        _named(request), value, max_age=LIFETIME, path="/", secure=_secure(request), httponly=True, samesite="lax"
    )


def clear_reset_cookie(request: Request, response: Response) -> None:
    response.delete_cookie(_named(request), path="/", secure=_secure(request), httponly=True, samesite="lax")

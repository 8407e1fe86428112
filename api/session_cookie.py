"""The identity provider's cookies: HttpOnly, SameSite=Lax, and bound to the host by `__Host-` over https.

RFC 6265bis §4.1.3.2; OWASP ASVS 3.3.1–3.3.4. A plain name is used only for http on the loopback interface, where
browsers refuse `Secure`.
"""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response

_SESSION = "yz_session"
_FLOW = "yz_flow_"


def _secure(request: Request) -> bool:
    return bool(request.app.state.container.ground.settings.secure)


def _named(request: Request, name: str) -> str:
    return f"__Host-{name}" if _secure(request) else name


def read_session_cookie(request: Request) -> str | None:
    """The session cookie's value, if the browser sent one."""
    return request.cookies.get(_named(request, _SESSION))


def set_session_cookie(request: Request, response: Response, value: str) -> None:
    """A cookie for the browser's session only: closing the browser forgets it, the server ends it anyway."""
    response.set_cookie(
        _named(request, _SESSION), value, path="/", secure=_secure(request), httponly=True, samesite="lax"
    )


def clear_session_cookie(request: Request, response: Response) -> None:
    response.delete_cookie(_named(request, _SESSION), path="/", secure=_secure(request), httponly=True, samesite="lax")


def _flow(request: Request, interaction_id: str) -> str:
    # one cookie for each interaction, so that two tabs do not disturb each other
    return _named(request, _FLOW + hashlib.sha256(interaction_id.encode()).hexdigest()[:12])


def read_flow_cookie(request: Request, interaction_id: str) -> str | None:
    """The value that binds an interaction to the browser that began it."""
    return request.cookies.get(_flow(request, interaction_id))


def set_flow_cookie(request: Request, response: Response, interaction_id: str, value: str) -> None:
    response.set_cookie(
        _flow(request, interaction_id),
        value,
        max_age=request.app.state.container.idp.settings.interaction_lifetime,
        path="/",
        secure=_secure(request),
        httponly=True,
        samesite="lax",
    )


def clear_flow_cookie(request: Request, response: Response, interaction_id: str) -> None:
    response.delete_cookie(
        _flow(request, interaction_id), path="/", secure=_secure(request), httponly=True, samesite="lax"
    )

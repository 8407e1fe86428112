"""The identity provider's cookies: HttpOnly, SameSite=Lax, and bound to the host by `__Host-` over https.

RFC 6265bis §4.1.3.2; OWASP ASVS 3.3.1–3.3.4. A plain name is used only for http on the loopback interface, where
browsers refuse `Secure`.

One more is readable on purpose and no secret: it changes with every log-in and log-out, for the frame that portals ask
(OpenID Connect Session Management 1.0 §3.2).
"""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response

from core.ids import new_secret
from idp.protocol.session_state import browser_state

_SESSION = "yz_session"
_STATE = "yz_state"
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
    _set_state(request, response, browser_state(value))


def clear_session_cookie(request: Request, response: Response) -> None:
    response.delete_cookie(_named(request, _SESSION), path="/", secure=_secure(request), httponly=True, samesite="lax")
    _set_state(request, response, new_secret())


def state_cookie_name(request: Request) -> str:
    return _named(request, _STATE)


def keep_state(request: Request, response: Response) -> None:
    """See to it that the readable cookie fits the session cookie that came with the request (it may be missing)."""
    session = read_session_cookie(request)
    if session is not None and request.cookies.get(state_cookie_name(request)) != browser_state(session):
        _set_state(request, response, browser_state(session))


def _set_state(request: Request, response: Response, value: str) -> None:
    """For a frame on other sites' pages (SameSite=None, which browsers take over https only) and for its script."""
    secure = _secure(request)
    response.set_cookie(
        state_cookie_name(request), value, path="/", secure=secure, httponly=False, samesite="none" if secure else "lax"
    )


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

"""Lets pages of registered single-page apps read a few protocol answers, and nobody else's pages anything.

W3C Fetch (CORS). Never with cookies: nothing here answers to one (attacks O-45). The authorization endpoint, pages and
our own API are not among the paths.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATHS = frozenset({"/token", "/userinfo", "/revoke", "/par"})
_METHODS = "GET, POST"
_HEADERS = "Authorization, Content-Type, DPoP, Idempotency-Key"
_EXPOSED = b"DPoP-Nonce, WWW-Authenticate, Request-Id, Retry-After"
_PREFLIGHT_SECONDS = "600"


def is_cross_origin(scope: Scope) -> bool:
    """Whether a page calls one of the paths from elsewhere, as far as its browser says."""
    return scope["path"] in PATHS and any(name == b"origin" for name, _ in scope["headers"])


class CrossOrigin:
    """ASGI middleware.

    Args:
        allows: asked for the origin of each such request.
    """

    def __init__(self, app: ASGIApp, *, allows: Callable[[Scope, str], Awaitable[bool]]) -> None:
        self.app = app
        self._allows = allows

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_cross_origin(scope):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers["origin"]
        allowed = await self._allows(scope, origin)
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await _preflight(origin if allowed else None)(scope, receive, send)
            return

        async def speak(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = [*message.get("headers", ()), (b"vary", b"Origin")]
                if allowed:
                    said.append((b"access-control-allow-origin", origin.encode("latin-1")))
                    said.append((b"access-control-expose-headers", _EXPOSED))
                message["headers"] = said
            await send(message)

        await self.app(scope, receive, speak)


def _preflight(origin: str | None) -> Response:
    """The answer names nothing to an origin that is not allowed; its browser then sends no more."""
    headers = {"Vary": "Origin"}
    if origin is not None:
        headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": _HEADERS,
            "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
        }
    return Response(None, 204, headers)

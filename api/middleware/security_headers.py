"""Headers that every answer carries; pages add their own Content-Security-Policy in `api/web/render.py`."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# An answer that is not a page has nothing to load and nobody to be framed by.
_CLOSED = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", _CLOSED),
    (b"cache-control", b"no-store"),
)
_TWO_YEARS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")


Headers = Sequence[tuple[bytes, bytes]]


def security_headers(*, secure: bool) -> Headers:
    """Those of every answer; `secure` adds HSTS (RFC 6797) where people come by https."""
    return (*_ALWAYS, _TWO_YEARS) if secure else _ALWAYS


def guarded(said: Headers, guards: Headers) -> list[tuple[bytes, bytes]]:
    """What an answer says itself, and of the guards what it does not say."""
    names = {name.lower() for name, _ in said}
    return [*said, *(pair for pair in guards if pair[0] not in names)]


class SecurityHeaders:
    """ASGI middleware: guards every answer. What an answer says itself stays."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self.app = app
        self.headers = security_headers(secure=secure)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guard(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = guarded(message.get("headers", ()), self.headers)
            await send(message)

        await self.app(scope, receive, guard)

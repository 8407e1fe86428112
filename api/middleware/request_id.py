"""Gives every request an id and one log line; the line holds no query, body, header value or raw path."""

from __future__ import annotations

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.correlation import begin_request
from core.ids import new_secret

log = structlog.get_logger("http")


def route_name(scope: Scope) -> str:
    """The route's template, such as `/v1/licences/{licence_id}`; raw paths may carry what people typed."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    return path if isinstance(path, str) else "(no route)"


class RequestId:
    """ASGI middleware: sets `request.state.request_id` and the `Request-Id` header, logs the outcome."""

    def __init__(self, app: ASGIApp, *, log_requests: bool = True) -> None:
        self.app = app
        self.log_requests = log_requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = new_secret(9)
        scope.setdefault("state", {})["request_id"] = request_id
        begin_request(request_id)
        began = time.perf_counter()
        status = 500

        async def tagged(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), (b"request-id", request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, tagged)
        finally:
            if self.log_requests:
                milliseconds = round((time.perf_counter() - began) * 1000, 1)
                log.info(
                    "request",
                    method=scope["method"],
                    route=route_name(scope),
                    status=status,
                    ms=milliseconds,
                    request_id=request_id,
                )

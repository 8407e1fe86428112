"""The way of hot requests: straight to their endpoint, past the framework's middleware and router.

Those take some 100 µs a request, which is more than a token costs. A request takes this way only if nothing about it
is unusual: an endpoint of `api.routes.idp.hot`, one of its methods, a body of known and small size, no page of another
origin. Everything else goes the long way, to the same function. Both ways give the same: headers, request id, log line,
error bodies, limits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.middleware.cross_origin import is_cross_origin
from api.middleware.security_headers import guarded
from api.middleware.unexpected import log_unexpected
from api.middleware.whole_answers import write_whole
from api.routes.idp.hot import HotRoute
from core.correlation import begin_request
from core.errors import AppError
from core.ids import new_secret
from idp.protocol.params import MAX_SIZE

_log = structlog.get_logger("http")
_SMALL = len(str(MAX_SIZE))


class RequestLog(Protocol):
    """Takes one line a request."""

    def __call__(self, *, method: str, route: str, status: int, ms: float, request_id: str) -> None: ...


def log_by_structlog(**line: Any) -> None:
    """The usual log."""
    _log.info("request", **line)


class FastLane:
    """Answers hot requests.

    Args:
        guards: headers that every answer has unless it says otherwise.
        answer: makes the answer to an error that an endpoint did not answer itself.
        log: None for no lines.
    """

    def __init__(
        self,
        routes: Mapping[str, HotRoute],
        *,
        guards: Sequence[tuple[bytes, bytes]],
        answer: Callable[[Request, AppError | None], Response],
        log: RequestLog | None,
    ) -> None:
        self._routes = routes
        self._guards = guards
        self._answer = answer
        self._log = log

    def route(self, scope: Scope) -> HotRoute | None:
        """The endpoint, if the request may take this way."""
        route = self._routes.get(scope["path"])
        if route is None or scope["method"] not in route.methods or is_cross_origin(scope):
            return None
        return route if scope["method"] == "GET" or _has_small_body(scope) else None

    async def __call__(self, route: HotRoute, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = new_secret(9)
        scope.setdefault("state", {})["request_id"] = request_id
        begin_request(request_id)
        began, status = time.perf_counter(), 500
        try:
            response = await self._respond(route, Request(scope, receive))
            status = response.status_code
            headers = [*guarded(response.raw_headers, self._guards), (b"request-id", request_id.encode("ascii"))]
            await write_whole(scope, send, status, headers, bytes(response.body))
        finally:
            if self._log is not None:
                self._log(
                    method=scope["method"],
                    route=route.path,
                    status=status,
                    ms=round((time.perf_counter() - began) * 1000, 1),
                    request_id=request_id,
                )

    async def _respond(self, route: HotRoute, request: Request) -> Response:
        try:
            return await route.endpoint(request)
        except AppError as error:
            return self._answer(request, error)
        except Exception as error:  # as in `UnexpectedErrors`
            log_unexpected(error, request.state.request_id)
            return self._answer(request, None)


def _has_small_body(scope: Scope) -> bool:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return len(value) <= _SMALL and value.isdigit() and int(value) <= MAX_SIZE
    return False

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
from weakref import WeakKeyDictionary

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.middleware.cross_origin import is_cross_origin
from api.middleware.security_headers import guarded
from api.middleware.unexpected import log_unexpected
from api.middleware.whole_answers import Headers, Whole, head_of, write_whole
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
        app: the application, which endpoints find their services by.
    """

    def __init__(
        self,
        routes: Mapping[str, HotRoute],
        *,
        guards: Sequence[tuple[bytes, bytes]],
        answer: Callable[[Request, AppError | None], Response],
        log: RequestLog | None,
        app: object = None,
    ) -> None:
        self._app = app
        self._heads: WeakKeyDictionary[Response, bytes] = WeakKeyDictionary()
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

    def at_once(self, path: str, headers: Headers) -> Whole | None:
        """The answer to a GET without query and body, if nothing is to be waited for; None: take it the usual way."""
        route = self._routes.get(path)
        if route is None or route.at_once is None:
            return None
        began, request_id = time.perf_counter(), new_secret(9)
        state = {"request_id": request_id}
        scope = {"type": "http", "app": self._app, "method": "GET", "path": path, "headers": headers, "state": state}
        try:
            response = route.at_once(Request(scope))
        except Exception:  # the usual way meets it again, and answers it
            return None
        head = self._heads.get(response)
        if head is None:
            head = self._heads[response] = head_of(guarded(response.raw_headers, self._guards))
        self._note(route, "GET", response.status_code, began, request_id)
        return response.status_code, head + b"request-id: %b\r\n" % request_id.encode("ascii"), bytes(response.body)

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
            self._note(route, scope["method"], status, began, request_id)

    def _note(self, route: HotRoute, method: str, status: int, began: float, request_id: str) -> None:
        if self._log is not None:
            milliseconds = round((time.perf_counter() - began) * 1000, 1)
            self._log(method=method, route=route.path, status=status, ms=milliseconds, request_id=request_id)

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

"""Answers an error that nobody foresaw, inside the other middleware, so that this answer is guarded and logged too.

A framework's own handler for such errors stands outside every middleware, and the server then logs a traceback whose
last line may quote what a person typed. Here only types and places are logged.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger("app")
_PLACES = 6


class UnexpectedErrors:
    """ASGI middleware; `answer` makes the response for a request that broke."""

    def __init__(self, app: ASGIApp, answer: Callable[[Request], Response]) -> None:
        self.app = app
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:  # that is what this middleware is for
            request = Request(scope)
            request_id = getattr(request.state, "request_id", None)
            log_unexpected(error, request_id)
            if started:
                raise  # half an answer is out; the server must cut the connection
            await self.answer(request)(scope, receive, send)


def log_unexpected(error: Exception, request_id: str | None) -> None:
    """By type and place; its text may quote what a person typed."""
    log.error("unexpected", kind=type(error).__name__, at=_places(error), request_id=request_id)


def _places(error: BaseException) -> list[str]:
    places, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places[-_PLACES:]

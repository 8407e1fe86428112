"""Errors by the names of the CSC API (v2 §10.1), whatever went wrong."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.deps import language
from api.errors.problems import status_of
from core.errors import (
    AppError,
    InvalidInput,
    LimitExceeded,
    NotAuthenticated,
    NotPermitted,
    Unavailable,
)
from core.text import Text
from signing.csc.names import bad_parameter
from signing.errors import SealNotActive, SealNotGranted, SealUsesSpent

NO_STORE = {"Cache-Control": "no-store"}


class CscRoute(APIRoute):
    """A route whose refusals are those of the standard."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as fault:
                return refusal(request, _of_body(fault))
            except AppError as fault:
                return refusal(request, fault)

        return guarded


def refusal(request: Request, error: AppError) -> Response:
    """The JSON error; only words of ours and names of parameters are in it."""
    name, status = _named(error)
    body = {"error": name, "error_description": _words(error).to(language(request))}
    headers = dict(NO_STORE)
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="yizheng"'  # RFC 9110 §11.6.1
    if status in (429, 503):
        headers["Retry-After"] = str(error.retry_after or 5) if isinstance(error, LimitExceeded) else "5"
    return JSONResponse(body, status, headers)


def _named(error: AppError) -> tuple[str, int]:
    if isinstance(error, NotAuthenticated):
        return "invalid_token", 401
    if isinstance(error, LimitExceeded) and error.code != "too-large":
        return "temporarily_unavailable", 429
    if isinstance(error, Unavailable):
        return "temporarily_unavailable", 503
    if isinstance(error, SealNotGranted | SealNotActive | SealUsesSpent):
        return "access_denied", 400
    if isinstance(error, NotPermitted):
        return "access_denied", 403
    status = status_of(error)
    return ("server_error", 500) if status >= 500 else ("invalid_request", 400 if status in (404, 409) else status)


def _words(error: AppError) -> Text:
    return (
        error.text if _named(error)[1] < 500 or isinstance(error, Unavailable) else Text("服务出错。", "Server error.")
    )


def _of_body(fault: RequestValidationError) -> InvalidInput:
    place = fault.errors()[0].get("loc", ())
    named = [part for part in place if isinstance(part, str) and part not in ("body", "query")]
    return bad_parameter(named[0][:64] if named and named[0].isidentifier() else "body")

"""The envelope of the 用证码 way: `ack_code`, `errors`, ids, moment, data, and a signature over all of it.

`sign` is a compact JWS (RFC 7515) under the keys at `/v1/licence-keys`: its `sha256` is the digest of the member `data`
as it was sent, its `jti` the `response_id`; whoever keeps an answer can show later what was answered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import orjson
import structlog
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import access_token, container, language
from api.routes.adapters.callers import client_by_token, refuse_query
from api.routes.adapters.shapes import described, read_body
from core.correlation import current_request
from core.errors import AppError, InvalidInput, LimitExceeded
from core.ids import new_id
from core.principal import Principal

PREFIX = "/exchange/auth-code/v1"
log = structlog.get_logger("exchange")


class Body(BaseModel):
    """Strict: an unknown member is refused (attacks L-02). `correlation_id` comes back in the answer."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    correlation_id: Annotated[str | None, Field(max_length=64, pattern=r"^[\x21-\x7e]+$")] = None


Asked = TypeVar("Asked", bound=Body)
Open = Callable[[Request, Asked], Awaitable[Any]]
Handler = Callable[[Request, Asked, Principal], Awaitable[Any]]


def offer(router: APIRouter, path: str, model: type[Asked], handler: Handler[Asked]) -> None:
    """An operation for systems that have logged in (`Authorization: Bearer …`)."""

    async def with_caller(request: Request, body: Asked) -> Any:
        return await handler(request, body, await client_by_token(request, access_token(request)))

    _add(router, path, model, with_caller, handler.__doc__)


def offer_openly(router: APIRouter, path: str, model: type[Asked], handler: Open[Asked]) -> None:
    """An operation that brings its own proof."""
    _add(router, path, model, handler, handler.__doc__)


def _add(router: APIRouter, path: str, model: type[Asked], handler: Open[Asked], doc: str | None) -> None:
    async def endpoint(request: Request) -> Response:
        body: Asked | None = None
        try:
            refuse_query(request)
            body = read_body(model, await request.body() or b"{}")
            data = await handler(request, body)
        except AppError as error:
            return await _answer(request, body, None, error)
        return await _answer(request, body, data, None)

    router.add_api_route(
        path,
        endpoint,
        methods=["POST"],
        name=path.rpartition("/")[2],
        summary=(doc or path).strip().splitlines()[0],
        response_class=Response,
        openapi_extra=described(model),
    )


async def _answer(request: Request, body: Body | None, data: Any, error: AppError | None) -> Response:
    services = container(request)
    now, response_id = services.ground.clock.now(), new_id(services.ground.clock, "rsp")
    sent = orjson.dumps(data)
    claims = {
        "iss": services.ground.settings.issuer,
        "iat": int(now.timestamp()),
        "jti": response_id,
        "sha256": hashlib.sha256(sent).hexdigest(),
    }
    members = {
        "ack_code": "SUCCESS" if error is None else "FAILURE",
        "errors": [] if error is None else [_told(request, error)],
        "correlation_id": (body.correlation_id if body else None) or current_request(),
        "response_id": response_id,
        "timestamp": now,
        "sign": await services.presentation.declarations.sign_answer(claims),
        "data": orjson.Fragment(sent),  # the very bytes that were signed
    }
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, LimitExceeded) and error.retry_after:
        headers["Retry-After"] = str(error.retry_after)
    return Response(orjson.dumps(members), 200, headers, "application/json")


def _told(request: Request, error: AppError) -> dict[str, str | None]:
    log.info("exchange.refused", error=error.code, detail=error.private or error.code)
    field = error.field if isinstance(error, InvalidInput) else None
    return {"code": error.code, "message": error.text.to(language(request)), "field": field}

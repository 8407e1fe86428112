"""The time-stamping authority over HTTP (RFC 3161 §3.4). Whatever comes, the answer is a TimeStampResp."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.errors.problems import status_of
from api.limits import limited_timestamp
from api.routes.idp.hot import add_hot_route
from core.errors import LimitExceeded
from core.text import Text
from keys.tsa.errors import Failure
from keys.tsa.request import MAX_REQUEST
from keys.tsa.response import QUERY_TYPE, REPLY_TYPE, write_rejection

router = APIRouter(tags=["pki"])

_NO_STORE = {"Cache-Control": "no-store"}
_TYPE = Text(f"时间戳请求的类型应为 {QUERY_TYPE}。", f"A time-stamp request has the type {QUERY_TYPE}.")


async def timestamp(request: Request) -> Response:
    """A time-stamp over a digest."""
    try:
        await limited_timestamp(request)
    except LimitExceeded as error:
        rejection = write_rejection(Failure.BAD_REQUEST, error.text)
        headers = _NO_STORE | {"Retry-After": str(error.retry_after)}
        return Response(rejection, status_of(error), headers, REPLY_TYPE)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != QUERY_TYPE:
        return _answer(write_rejection(Failure.BAD_REQUEST, _TYPE))
    return _answer(await container(request).tsa.authority.answer(await _body(request)))


async def _body(request: Request) -> bytes:
    """The body; of one that is too long, just enough to be refused."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_REQUEST:
            break
    return bytes(body)


def _answer(response: bytes) -> Response:
    return Response(response, 200, _NO_STORE, REPLY_TYPE)


_BINARY = {"schema": {"type": "string", "format": "binary"}}
add_hot_route(
    router,
    "/pki/tsa",
    timestamp,
    ["POST"],
    summary="Time-stamp (RFC 3161)",
    openapi_extra={
        "requestBody": {"required": True, "content": {QUERY_TYPE: _BINARY}},
        "responses": {
            "200": {
                "description": "A TimeStampResp: a token, or a rejection with its reason.",
                "content": {REPLY_TYPE: _BINARY},
            },
            "429": {"description": "Too many requests from this address.", "content": {REPLY_TYPE: _BINARY}},
        },
    },
)

"""The OCSP responder over HTTP (RFC 6960 appendix A.1, RFC 5019 §5). Whatever comes, the answer is an OCSPResponse."""

from __future__ import annotations

import base64
import binascii

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.errors.problems import status_of
from api.limits import limited_ocsp
from api.routes.idp.hot import add_hot_route
from api.routes.pki.published import CACHED_SECONDS, cached
from core.errors import LimitExceeded
from keys.x509.ocsp.request import LARGEST
from keys.x509.ocsp.responder import Answer
from keys.x509.ocsp.response import Failure, failure

router = APIRouter(tags=["pki"])

REQUEST_TYPE, RESPONSE_TYPE = "application/ocsp-request", "application/ocsp-response"
_NO_STORE = {"Cache-Control": "no-store"}
_LONGEST_PATH = 2048  # RFC 5019 §5 asks clients to POST from 255 octets on


async def ocsp_post(request: Request) -> Response:
    """Whether a certificate is good."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != REQUEST_TYPE:
        return _plain(failure(Failure.MALFORMED))
    try:
        return _plain((await _answer(request, await _body(request))).der)
    except LimitExceeded as error:
        return _too_many(error)


async def ocsp_get(request: Request) -> Response:
    """Whether a certificate is good; the request as base64 in the address, so that caches can help."""
    try:
        answer = await _answer(request, _decoded(request.path_params["encoded"]))
    except LimitExceeded as error:
        return _too_many(error)
    if answer.signed_at is None or answer.fresh_until is None:
        return _plain(answer.der)
    left = int((answer.fresh_until - container(request).ground.clock.now()).total_seconds())
    return cached(request, answer.der, RESPONSE_TYPE, answer.signed_at, min(CACHED_SECONDS, left))


async def _answer(request: Request, asked: bytes) -> Answer:
    """
    Raises:
        LimitExceeded: this source has had too many answers signed for it alone.
    """
    responder, name = container(request).pki.responder, request.path_params["name"]
    kept = responder.kept_answer(name, asked)
    if kept is not None:
        return kept
    limited_ocsp(request)
    return await responder.answer(name, asked)


async def _body(request: Request) -> bytes:
    """The body; of one that is too long, just enough to be refused."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            break
    return bytes(body)


def _decoded(encoded: str) -> bytes:
    """Base64 as the address holds it; nothing at all for what is none, which is no request either."""
    if len(encoded) > _LONGEST_PATH:
        return b""
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _plain(der: bytes) -> Response:
    return Response(der, 200, _NO_STORE, RESPONSE_TYPE)


def _too_many(error: LimitExceeded) -> Response:
    headers = _NO_STORE | {"Retry-After": str(error.retry_after)}
    return Response(failure(Failure.TRY_LATER), status_of(error), headers, RESPONSE_TYPE)


_BINARY = {"schema": {"type": "string", "format": "binary"}}
_ANSWERS = {
    "200": {"description": "An OCSPResponse.", "content": {RESPONSE_TYPE: _BINARY}},
    "429": {"description": "Too many requests from this address.", "content": {RESPONSE_TYPE: _BINARY}},
}
_NAME = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}

add_hot_route(
    router,
    "/pki/ocsp/{name}",
    ocsp_post,
    ["POST"],
    summary="Certificate status (OCSP)",
    openapi_extra={
        "parameters": [_NAME],
        "requestBody": {"required": True, "content": {REQUEST_TYPE: _BINARY}},
        "responses": _ANSWERS,
    },
)
add_hot_route(
    router,
    "/pki/ocsp/{name}/{encoded:path}",
    ocsp_get,
    ["GET"],
    summary="Certificate status (OCSP) by address",
    openapi_extra={
        "parameters": [_NAME, {"name": "encoded", "in": "path", "required": True, "schema": {"type": "string"}}],
        "responses": _ANSWERS | {"304": {"description": "Not changed."}},
    },
)

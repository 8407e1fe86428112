"""The client registration and configuration endpoints (OIDC Registration 1.0 §3, §4; RFC 7591 §3; RFC 7592 §2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.errors.noting import note
from api.errors.oauth import NO_STORE, bearer_error_response, oauth_error_response
from api.routes.idp.hot import json_answer
from core.errors import NotFound, NotPermitted
from idp.clients.dynamic import DynamicRegistration
from idp.errors import InvalidClientMetadata, InvalidToken, OAuthError
from keys.jose.strict_json import read_object

router = APIRouter(tags=["identity"])
_MOST_OCTETS = 64 * 1024
_BODY = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
}


@router.post("/register", status_code=201, response_model=None, openapi_extra=_BODY)
async def register(request: Request) -> Response:
    """A client registers itself; off unless the operator has it on."""

    async def work(registration: DynamicRegistration, bearer: str | None) -> Response:
        answer = await registration.register(await _document(request), bearer)
        response = json_answer(answer)
        response.status_code = 201
        return response

    return await _answered(request, None, work)


@router.get("/register/{client_id}", response_model=None)
async def read(request: Request, client_id: str) -> Response:
    """What is registered, for the holder of the registration access token."""

    async def work(registration: DynamicRegistration, bearer: str | None) -> Response:
        return json_answer(await registration.read(client_id, bearer))

    return await _answered(request, client_id, work)


@router.put("/register/{client_id}", response_model=None, openapi_extra=_BODY)
async def update(request: Request, client_id: str) -> Response:
    """Replace what is registered; the answer has another registration access token."""

    async def work(registration: DynamicRegistration, bearer: str | None) -> Response:
        return json_answer(await registration.update(client_id, await _document(request), bearer))

    return await _answered(request, client_id, work)


@router.delete("/register/{client_id}", status_code=204, response_model=None)
async def delete(request: Request, client_id: str) -> Response:
    """The client is no more."""

    async def work(registration: DynamicRegistration, bearer: str | None) -> Response:
        await registration.delete(client_id, bearer)
        return Response(b"", 204, NO_STORE)

    return await _answered(request, client_id, work)


async def _answered(
    request: Request, client_id: str | None, work: Callable[[DynamicRegistration, str | None], Awaitable[Response]]
) -> Response:
    bearer = _bearer(request)
    try:
        return await work(container(request).idp.clients.dynamic, bearer)
    except InvalidToken as error:  # RFC 6750 §3.1, RFC 7592 §2.1
        note(request, "register", error, client_id)
        return bearer_error_response(None if bearer is None else error)
    except OAuthError as error:
        note(request, "register", error, client_id)
        return oauth_error_response(error)
    except (NotFound, NotPermitted):
        raise  # a problem document: there is no such endpoint here


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


async def _document(request: Request) -> dict[str, Any]:
    """
    Raises:
        InvalidClientMetadata: no JSON object, a member twice, or too long.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":  # RFC 7591 §3.1
        raise InvalidClientMetadata("the body must be application/json")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_OCTETS:
            raise InvalidClientMetadata("the document is too long")
    try:
        return read_object(bytes(body))
    except ValueError:
        raise InvalidClientMetadata("the body must be one JSON object, each member once") from None

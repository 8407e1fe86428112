"""Hot endpoints: they read their own bytes, are reached past the framework, and still stand in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api.errors.oauth import NO_STORE
from idp.errors import InvalidRequest, RequestTooLong
from idp.protocol.params import MAX_SIZE, Parameters, parse_parameters

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class HotRoute:
    """An endpoint that `api.fast_lane` finds by its path.

    Attributes:
        at_once: the same for GET, where nothing is to be waited for.
    """

    path: str
    endpoint: Endpoint
    methods: frozenset[str]
    at_once: Callable[[Request], Response] | None = None


HOT_ROUTES: dict[str, HotRoute] = {}
FORM = "application/x-www-form-urlencoded"


def add_hot_route(
    router: APIRouter,
    path: str,
    endpoint: Endpoint,
    methods: Sequence[str],
    *,
    at_once: Callable[[Request], Response] | None = None,
    **documentation: Any,
) -> None:
    """Serve `path` in the fast lane, and by a plain route for requests that are unusual; the documented route behind
    them is the same function and never reached.
    """
    HOT_ROUTES[path] = HotRoute(path, endpoint, frozenset(methods), at_once)
    router.add_route(path, endpoint, methods=list(methods), include_in_schema=False)
    for method in methods:
        router.add_api_route(
            path,
            endpoint,
            methods=[method],
            response_model=None,
            operation_id=f"{endpoint.__name__}_{method.lower()}",
            **documentation,
        )


async def read_body(request: Request) -> bytes:
    """A form body, within limits.

    Raises:
        InvalidRequest: another content type (a JSON body among them), or too long.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:  # RFC 6749 §3.2, Appendix B
        raise InvalidRequest(f"the body must be {FORM}")
    body = bytearray()
    while (message := await request.receive())["type"] == "http.request":
        body += message.get("body", b"")
        if len(body) > MAX_SIZE:
            raise RequestTooLong("the request is too long")
        if not message.get("more_body", False):
            return bytes(body)
    raise ClientDisconnect


async def read_parameters(request: Request) -> Parameters:
    """The parameters of a form body; the query never counts (RFC 6749 §2.3.1).

    Raises:
        InvalidRequest.
    """
    return parse_parameters(await read_body(request))


class _Json(Response):
    """What `Response` makes of JSON that no cache may keep, with its headers ready."""

    _HEAD = (
        *((name.lower().encode(), value.encode()) for name, value in NO_STORE.items()),
        (b"content-type", b"application/json"),
    )

    def __init__(self, body: bytes) -> None:
        self.status_code, self.background, self.body = 200, None, body
        self.raw_headers = [*self._HEAD, (b"content-length", b"%d" % len(body))]


def json_answer(content: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Response:
    """JSON that no cache may keep."""
    body = orjson.dumps(content)
    return Response(body, 200, {**NO_STORE, **headers}, "application/json") if headers else _Json(body)


def token_answer(token: str, media_type: str, headers: Mapping[str, str] | None = None) -> Response:
    """One signed or encrypted token that no cache may keep."""
    return Response(token, 200, {**NO_STORE, **headers} if headers else NO_STORE, media_type)


def form_body(*required: str, optional: Sequence[str] = ()) -> dict[str, Any]:
    """The OpenAPI description of a form body."""
    schema = {
        "type": "object",
        "required": list(required),
        "properties": {name: {"type": "string"} for name in (*required, *optional)},
    }
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}

"""What comes in and goes out at SCIM addresses: its own media type, its own form of errors (RFC 7644 §3.1, §3.12)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Annotated, Any

import orjson
from fastapi import Depends
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, requires
from api.errors.problems import UNEXPECTED, status_of
from core.errors import AppError, Conflict, InvalidInput, LimitExceeded, NotAuthenticated
from core.principal import Principal
from idp.scim.duties import PROVISIONS
from idp.scim.errors import ScimRefused
from idp.scim.names import ERROR, plain

MEDIA_TYPE = "application/scim+json"
PREFIX = "/scim/v2"
MAX_BODY = 256 * 1024

System = Annotated[Principal, Depends(requires(PROVISIONS))]
"""The personnel system that calls."""


class ScimRoute(APIRoute):
    """Tells every refusal in the form that SCIM clients read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except AppError as error:
                return refusal(error)

        return handled


def refusal(error: AppError) -> Response:
    """RFC 7644 §3.12; holds no input."""
    status = 409 if isinstance(error, ScimRefused) and error.scim_type == "uniqueness" else status_of(error)
    said = UNEXPECTED if status >= 500 and status != 503 else error
    body: dict[str, Any] = {"schemas": [ERROR], "status": str(status), "detail": said.text.en}
    if isinstance(error, ScimRefused):
        body["scimType"] = error.scim_type
    elif isinstance(error, InvalidInput):
        body["scimType"] = "invalidValue"
    elif isinstance(error, Conflict) and error.code == "staff-exists":
        body["scimType"] = "uniqueness"
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, NotAuthenticated) else {}
    if isinstance(error, LimitExceeded) and error.retry_after:
        headers["Retry-After"] = str(error.retry_after)
    return answer(body, status=status, headers=headers)


def answer(body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return Response(orjson.dumps(body), status, kept, MEDIA_TYPE)


async def document(request: Request) -> Mapping[str, Any]:
    """The body as a JSON object.

    Raises:
        ScimRefused: `invalidSyntax`.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in (MEDIA_TYPE, "application/json"):
        raise ScimRefused("invalidSyntax", f"the body must be {MEDIA_TYPE}")
    content = await request.body()
    if len(content) > MAX_BODY:
        raise LimitExceeded("too-large", ScimRefused("invalidSyntax", "the body is too large").text)
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise ScimRefused("invalidSyntax", "the body is not JSON") from None
    if not isinstance(body, dict):
        raise ScimRefused("invalidSyntax", "the body must be an object")
    return body


def whole_number(request: Request, name: str, default: int) -> int:
    """
    Raises:
        ScimRefused: `invalidValue`.
    """
    typed = request.query_params.get(name)
    if typed is None:
        return default
    if not typed.isascii() or not typed.lstrip("-").isdigit() or len(typed) > 9:
        raise ScimRefused("invalidValue", f"{name} must be a whole number")
    return int(typed)


def revision_of(request: Request) -> int | None:
    """The revision that If-Match names (RFC 7644 §3.14); None where there is no condition.

    Raises:
        ScimRefused: `invalidValue`.
    """
    typed = request.headers.get("if-match")
    if typed is None or typed.strip() == "*":
        return None
    digits = typed.strip().removeprefix("W/").strip('"')
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise ScimRefused("invalidValue", "If-Match takes a meta.version")
    return int(digits)


def chosen(request: Request, resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """The attributes that the client wants (RFC 7644 §3.9); `id` and `schemas` always come along."""
    wanted, unwanted = (_names(request.query_params.get(name)) for name in ("attributes", "excludedAttributes"))
    if wanted:
        return {name: one for name, one in resource.items() if name in ("id", "schemas") or _named(name, wanted)}
    return {name: one for name, one in resource.items() if name in ("id", "schemas") or not _named(name, unwanted)}


def location(request: Request, kind: str, resource_id: str) -> str:
    return f"{container(request).ground.settings.issuer}{PREFIX}/{kind}/{resource_id}"


def _names(listed: str | None) -> Sequence[str]:
    return [one.strip().lower() for one in (listed or "").split(",") if one.strip()]


def _named(name: str, listed: Sequence[str]) -> bool:
    """Whether an attribute, or a part of it, is listed; with or without its schema's prefix (RFC 7644 §3.10)."""
    lower = name.lower()
    return any(one == lower or one.startswith((f"{lower}.", f"{lower}:")) for one in map(plain, listed))

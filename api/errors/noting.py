"""Refusals of protocol endpoints: answered as OAuth says, and noted for the developers of the client."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.errors.oauth import oauth_error_response
from core.errors import AppError
from idp.clients.attribution import named_client


def refused(request: Request, endpoint: str, error: AppError, parameters: Mapping[str, str] | None = None) -> Response:
    """
    Args:
        endpoint: the short word under which developers find it.
        parameters: of the request, where they could be read.
    """
    note(request, endpoint, error, named_client(request.headers.get("authorization"), parameters))
    return oauth_error_response(error)


def note(request: Request, endpoint: str, error: AppError, client_id: str | None) -> None:
    """Take note of an error that is answered in another way."""
    container(request).idp.clients.errors_log.note(client_id, endpoint, error)

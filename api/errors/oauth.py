"""OAuthError → the answers of RFC 6749 §5.2 and RFC 6750 §3, with their HTTP status codes."""

from __future__ import annotations

import orjson
import structlog
from starlette.responses import Response

from core.errors import AppError, LimitExceeded, Unavailable
from idp.errors import InsufficientScope, InvalidClient, InvalidToken, OAuthError

log = structlog.get_logger("oauth")
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 §5.1


def oauth_error_response(error: AppError) -> Response:
    """The JSON error of the token, introspection and revocation endpoints."""
    status, headers = 400, dict(NO_STORE)
    if isinstance(error, OAuthError):
        code, description = error.error, error.description
        if isinstance(error, InvalidClient):
            status = 401
            headers["WWW-Authenticate"] = 'Basic realm="yizheng"'  # RFC 9110 §11.6.1: a 401 always has one
    else:
        code, description, status = _of_ours(error)
        headers["Retry-After"] = "5"
    log.info("oauth.refused", error=code, detail=error.private or description)
    return Response(
        orjson.dumps({"error": code, "error_description": description}), status, headers, "application/json"
    )


def _of_ours(error: AppError) -> tuple[str, str, int]:
    if isinstance(error, Unavailable | LimitExceeded):
        return "temporarily_unavailable", "try again in a moment", 503
    return "invalid_request", "the request cannot be served", 400


def bearer_error_response(error: OAuthError | None) -> Response:
    """The answer of a protected resource; without a token there is no error code (RFC 6750 §3.1)."""
    challenge = 'Bearer realm="yizheng"'
    status = 401
    if error is not None:
        if isinstance(error, InsufficientScope):
            status = 403
        elif not isinstance(error, InvalidToken):
            status = 400
        challenge += f', error="{error.error}", error_description="{error.description}"'
        log.info("bearer.refused", error=error.error, detail=error.private or error.description)
    return Response(b"", status, {**NO_STORE, "WWW-Authenticate": challenge})

"""AppError → problem document (RFC 9457): the only place, with `oauth.py`, that knows HTTP status codes."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.deps import language
from api.errors.oauth import token_challenge
from core.errors import (
    AppError,
    Conflict,
    InvalidInput,
    LimitExceeded,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    Unavailable,
)
from core.text import Text
from idp.errors import InvalidToken, LogInAgain, OAuthError, ProofRefused

_STATUS: tuple[tuple[type[AppError], int], ...] = (
    (InvalidInput, 400),
    (NotAuthenticated, 401),
    (NotPermitted, 403),
    (NotFound, 404),
    (Conflict, 409),
    (LimitExceeded, 429),
    (Unavailable, 503),
)
_BY_CODE = {
    "precondition-failed": 412,
    "grant-moved": 412,
    "service-item-moved": 412,
    "import-changed": 412,
    "too-large": 413,
    "storage-full": 507,
    "upload-too-slow": 408,
    "copy-gone": 410,
    "use-code-gone": 410,
    "method-not-allowed": 405,
}
UNEXPECTED = AppError(
    "unexpected",
    Text(
        "我们这边出了错，您的请求没有生效。请带上请求编号联系我们。",
        "Something broke on our side and nothing was done. Contact us with the request id.",
    ),
)


def status_of(error: AppError) -> int:
    """The HTTP status that an error is told with."""
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def problem_response(request: Request, error: AppError) -> Response:
    """The problem document of RFC 9457 §3 in the caller's language; never holds input or internals."""
    status = status_of(error)
    lang = language(request)
    issuer = request.app.state.container.ground.settings.issuer
    body: dict[str, object] = {
        "type": f"{issuer}/problems/{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": error.text.to(lang),
        "request_id": getattr(request.state, "request_id", None),
    }
    headers = {"Cache-Control": "no-store", "Content-Language": "en" if lang == "en" else "zh-CN"}
    if isinstance(error, InvalidInput) and error.field:
        body["field"] = error.field
    if isinstance(error, LimitExceeded) and error.retry_after:
        headers["Retry-After"] = str(error.retry_after)
    elif isinstance(error, Unavailable):
        headers["Retry-After"] = "5"
    if isinstance(error, NotAuthenticated):
        headers |= token_challenge(_of_token(error))
    elif error.code == "scope-missing":
        headers["WWW-Authenticate"] = 'Bearer realm="yizheng", error="insufficient_scope"'
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def _of_token(error: NotAuthenticated) -> OAuthError | None:
    """What is wrong with the access token, in OAuth's words; None where there was none."""
    if isinstance(error, ProofRefused | LogInAgain):
        return error.error
    return None if error.code == "token-missing" else InvalidToken("the access token is not valid")

"""The userinfo endpoint (OpenID Connect Core §5.3, RFC 6750 §2)."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, facts_of, renewed_nonce
from api.errors.noting import note
from api.errors.oauth import bearer_error_response, oauth_error_response
from api.routes.idp.hot import FORM, add_hot_route, json_answer, read_parameters, token_answer
from core.errors import AppError
from idp.errors import InvalidRequest, OAuthError

router = APIRouter(tags=["identity"])
_JWT = "application/jwt"  # OIDC Core §5.3.2


async def userinfo(request: Request) -> Response:
    """The person's pairwise `sub` and real-name level; `name` and `id_number` with the scope `realname`."""
    facts, access_token = facts_of(request), None
    try:
        access_token = await _access_token(request)
        if access_token is None:
            return bearer_error_response(None)
        answer = await container(request).idp.userinfo(access_token, facts)
        headers = renewed_nonce(request, facts)
        return token_answer(answer, _JWT, headers) if isinstance(answer, str) else json_answer(answer, headers)
    except OAuthError as error:
        note(request, "userinfo", error, container(request).idp.userinfo.client_named(access_token))
        return bearer_error_response(error, as_dpop=facts.as_dpop)
    except AppError as error:
        return oauth_error_response(error)


async def _access_token(request: Request) -> str | None:
    """From the header, as `Bearer` or `DPoP`, or from a form body of a POST; never from the query (RFC 6750 §5.3).

    Raises:
        InvalidRequest: in both places (RFC 6750 §2).
    """
    scheme, _, in_header = request.headers.get("authorization", "").partition(" ")
    in_body = None
    if request.method == "POST" and request.headers.get("content-type", "").lower().startswith(FORM):
        in_body = (await read_parameters(request)).get("access_token")
    header_token = in_header.strip() if scheme.lower() in ("bearer", "dpop") else ""
    if header_token and in_body:
        raise InvalidRequest("the access token was sent twice")
    return header_token or in_body


add_hot_route(
    router,
    "/userinfo",
    userinfo,
    ["GET", "POST"],
    summary="Claims about the person who logged in",
    openapi_extra={"security": [{"bearer": []}]},
)

"""Discovery (OpenID Connect Discovery 1.0 §4, RFC 8414 §3) and the JWK Set (RFC 7517)."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.routes.idp.hot import add_hot_route
from idp.endpoints.discovery import JWKS_MAX_AGE

router = APIRouter(tags=["identity"])
_HEADERS = {  # public, the same for all
    "Cache-Control": f"public, max-age={JWKS_MAX_AGE}",
    "Access-Control-Allow-Origin": "*",
}


async def metadata(request: Request) -> Response:
    """Provider metadata."""
    return Response(container(request).idp.documents.metadata(), 200, _HEADERS, "application/json")


async def jwks(request: Request) -> Response:
    """Keys that verify our tokens."""
    return Response(container(request).idp.documents.jwks(), 200, _HEADERS, "application/jwk-set+json")


async def authorization_server_metadata(request: Request) -> Response:
    """The same metadata at the address of RFC 8414."""
    return await metadata(request)


add_hot_route(router, "/.well-known/openid-configuration", metadata, ["GET"], summary="Provider metadata")
add_hot_route(
    router,
    "/.well-known/oauth-authorization-server",
    authorization_server_metadata,
    ["GET"],
    summary="Authorization server metadata",
)
add_hot_route(router, "/jwks", jwks, ["GET"], summary="JWK Set")

"""Discovery (OpenID Connect Discovery 1.0 §4, RFC 8414 §3) and the JWK Set (RFC 7517): made once, sent as they are."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.routes.idp.hot import add_hot_route
from idp.endpoints.discovery import JWKS_MAX_AGE, Document

router = APIRouter(tags=["identity"])
_HEADERS = {  # public, the same for all
    "Cache-Control": f"public, max-age={JWKS_MAX_AGE}",
    "Access-Control-Allow-Origin": "*",
}


class _Answers:
    """The two answers that a document has, for as long as it stays the same."""

    def __init__(self, media_type: str) -> None:
        self._media_type = media_type
        self._document: Document | None = None
        self._whole = self._same = Response()

    def to(self, request: Request, document: Document) -> Response:
        """304 for who has it already (RFC 9110 §13.1.2)."""
        if document is not self._document:
            headers = {**_HEADERS, "ETag": document.etag}
            self._whole = Response(document.content, 200, headers, self._media_type)
            self._same = Response(None, 304, headers)
            self._document = document
        for name, value in request.scope["headers"]:
            if name == b"if-none-match":
                return self._same if _names(value.decode("latin-1"), document.etag) else self._whole
        return self._whole


def _names(header: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or etag in tags


_metadata, _jwks = _Answers("application/json"), _Answers("application/jwk-set+json")


def _metadata_now(request: Request) -> Response:
    return _metadata.to(request, container(request).idp.documents.metadata())


def _jwks_now(request: Request) -> Response:
    return _jwks.to(request, container(request).idp.documents.jwks())


async def metadata(request: Request) -> Response:
    """Provider metadata."""
    return _metadata_now(request)


async def jwks(request: Request) -> Response:
    """Keys that verify our tokens."""
    return _jwks_now(request)


async def authorization_server_metadata(request: Request) -> Response:
    """The same metadata at the address of RFC 8414."""
    return _metadata_now(request)


add_hot_route(
    router,
    "/.well-known/openid-configuration",
    metadata,
    ["GET"],
    at_once=_metadata_now,
    summary="Provider metadata",
)
add_hot_route(
    router,
    "/.well-known/oauth-authorization-server",
    authorization_server_metadata,
    ["GET"],
    at_once=_metadata_now,
    summary="Authorization server metadata",
)
add_hot_route(router, "/jwks", jwks, ["GET"], at_once=_jwks_now, summary="JWK Set")

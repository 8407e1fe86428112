"""What certificates point to: authorities' certificates (RFC 5280 §4.2.2.1) and revocation lists (§4.2.1.13).

Public, the same for everybody, and free of personal data. Caches ask again every few minutes, for a list may be
replaced long before it ends; an unchanged one costs them a line.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from email.utils import format_datetime

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.routes.idp.hot import add_hot_route
from keys.x509.errors import AuthorityUnknown
from keys.x509.model import StoredList

router = APIRouter(tags=["pki"])

CERTIFICATE_TYPE, LIST_TYPE = "application/pkix-cert", "application/pkix-crl"
CACHED_SECONDS = 300


async def authority_certificate(request: Request) -> Response:
    """An authority's own certificate, DER."""
    authority = container(request).pki.authorities.of_slug(request.path_params["name"])
    if authority is None:
        raise AuthorityUnknown
    return cached(request, authority.der, CERTIFICATE_TYPE, authority.record.created_at, CACHED_SECONDS)


async def revocation_list(request: Request) -> Response:
    """An authority's whole revocation list, DER."""
    return _list(request, await container(request).pki.lists.get(request.path_params["name"]))


async def revocation_list_part(request: Request) -> Response:
    """The revocation list that a certificate needs: a part, or the whole while that is short."""
    part = request.path_params["part"]
    if not (part.isascii() and part.isdigit() and len(part) <= 2):
        raise AuthorityUnknown
    return _list(request, await container(request).pki.lists.get(request.path_params["name"], int(part)))


def cached(request: Request, content: bytes, kind: str, modified: dt.datetime, seconds: int) -> Response:
    """An answer that caches keep for a while and check by its ETag (RFC 9110 §8.8, §13)."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {
        "ETag": etag,
        "Last-Modified": format_datetime(modified.replace(microsecond=0), usegmt=True),
        "Cache-Control": f"public, no-transform, must-revalidate, max-age={max(seconds, 0)}",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    known = request.headers.get("if-none-match", "")
    if any(tag.strip().removeprefix("W/") in (etag, "*") for tag in known.split(",")):
        return Response(None, 304, headers)
    return Response(content, 200, headers, kind)


def _list(request: Request, found: StoredList) -> Response:
    left = int((found.next_update - container(request).ground.clock.now()).total_seconds())
    return cached(request, found.der, LIST_TYPE, found.this_update, min(CACHED_SECONDS, left))


def _documented(kind: str, *parameters: str) -> dict[str, object]:
    return {
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in parameters
        ],
        "responses": {
            "200": {"description": "DER", "content": {kind: {"schema": {"type": "string", "format": "binary"}}}},
            "304": {"description": "Not changed."},
            "404": {"description": "No such authority, or its list is not here."},
        },
    }


for path, endpoint, summary, documentation in (
    ("/pki/ca/{name}.cer", authority_certificate, "Certificate of an authority", _documented(CERTIFICATE_TYPE, "name")),
    ("/pki/crl/{name}.crl", revocation_list, "Revocation list", _documented(LIST_TYPE, "name")),
    (
        "/pki/crl/{name}/{part}.crl",
        revocation_list_part,
        "Part of a revocation list",
        _documented(LIST_TYPE, "name", "part"),
    ),
):
    add_hot_route(router, path, endpoint, ["GET"], summary=summary, openapi_extra=documentation)

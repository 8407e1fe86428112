"""What anybody may take away: status lists (draft-ietf-oauth-status-list §8, §9), and the keys that sign them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.deps import container
from certstore.status_publishing import TTL_SECONDS

router = APIRouter(tags=["states"])
_PUBLIC = {"Access-Control-Allow-Origin": "*"}  # §8.1: a wallet in a browser asks, too
_KEYS_SECONDS = 300


@router.get("/licence-status/{number}", response_class=Response)
async def status_list(request: Request, number: int) -> Response:
    """A list of states as a signed token; the same for all who ask."""
    token = await container(request).presentation.status_lists.token(number)
    headers = _PUBLIC | {"Cache-Control": f"public, max-age={TTL_SECONDS}"}
    return Response(token, media_type="application/statuslist+jwt", headers=headers)


@router.get("/licence-status")
async def status_lists(request: Request) -> JSONResponse:
    """The addresses of all lists (§9.3)."""
    addresses = list(await container(request).presentation.status_lists.addresses())
    return JSONResponse({"status_lists": addresses}, headers=_PUBLIC | {"Cache-Control": f"max-age={TTL_SECONDS}"})


@router.get("/v1/licence-keys")
async def licence_keys(request: Request) -> JSONResponse:
    """The keys that sign faces and lists (RFC 7517 §5): to be fetched while there is a network."""
    keys: dict[str, Any] = container(request).presentation.declarations.jwks()
    headers = _PUBLIC | {"Cache-Control": f"public, max-age={_KEYS_SECONDS}"}
    return JSONResponse(keys, media_type="application/jwk-set+json", headers=headers)

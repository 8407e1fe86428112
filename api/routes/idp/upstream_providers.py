"""`/v1/upstream-providers`: for security administrators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, requires
from api.routes.certstore.shapes import IfMatch, In, etag, page_out, revision_of, text_out
from api.routes.idp.upstream_shapes import ProviderIn, provider_out
from core.principal import Principal
from idp.upstream.model import Provider, ProviderStatus

router = APIRouter(prefix="/v1/upstream-providers", tags=["upstream"])
Administrator = Annotated[Principal, Depends(requires("admin:security"))]
ProviderId = Annotated[str, Path(max_length=40)]


class StatusIn(In):
    """Whether people may log in through the provider."""

    status: ProviderStatus


@router.get("")
async def providers(request: Request, actor: Administrator) -> dict[str, Any]:
    """All providers, disabled ones too; there are a few, so they come on one page."""
    found = await container(request).idp.upstream.providers.all()
    return page_out([_out(request, one) for one in found], None)


@router.get("/{provider_id}")
async def provider(
    request: Request, response: Response, provider_id: ProviderId, actor: Administrator
) -> dict[str, Any]:
    """One provider, without its secret."""
    return _told(request, response, await container(request).idp.upstream.providers.get(provider_id))


@router.put("/{provider_id}", responses={201: {"description": "Registered"}})
async def put_provider(
    request: Request,
    response: Response,
    provider_id: ProviderId,
    body: ProviderIn,
    actor: Administrator,
    if_match: IfMatch = None,
) -> dict[str, Any]:
    """Register a provider under a name of yours, or replace what is known of it; sending it twice changes nothing
    more. Its issuer is for good."""
    described, revision = body.described(provider_id), revision_of(if_match)
    made, new = await container(request).idp.upstream.providers.put(described, actor, revision=revision)
    response.status_code = 201 if new else 200
    return _told(request, response, made)


@router.put("/{provider_id}/status")
async def put_status(
    request: Request, response: Response, provider_id: ProviderId, body: StatusIn, actor: Administrator
) -> dict[str, Any]:
    """Take a provider out of use, or into it again; from the next request on."""
    changed = await container(request).idp.upstream.providers.change_status(provider_id, body.status, actor)
    return _told(request, response, changed)


@router.post("/{provider_id}/tests")
async def test_connection(request: Request, provider_id: ProviderId, actor: Administrator) -> dict[str, Any]:
    """Try the connection without logging anybody in: metadata, keys, our credentials."""
    upstream = container(request).idp.upstream
    findings = await upstream.check(await upstream.providers.get(provider_id))
    return {
        "good": all(one.good for one in findings),
        "steps": [
            {"step": one.step, "good": one.good, "what": text_out(one.what), "detail": one.private} for one in findings
        ],
    }


def _told(request: Request, response: Response, one: Provider) -> dict[str, Any]:
    response.headers["ETag"] = etag(one.revision)
    return _out(request, one)


def _out(request: Request, one: Provider) -> dict[str, Any]:
    return provider_out(one, container(request).idp.settings)

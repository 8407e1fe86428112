"""`/v1/protected-resources`: the register of services that take our access tokens (RFC 8707, RFC 9728 §2)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request

from api.deps import container, requires
from api.routes.certstore.shapes import Cursor, In, TextIn, page_out, text_out
from core.principal import Principal
from idp.client_metadata import AccessTokenFormat
from idp.resources.model import ProtectedResource, ResourceScope, ResourceStatus
from idp.resources.register import MOST_SCOPES, ResourceDescription

router = APIRouter(prefix="/v1/protected-resources", tags=["protected resources"])
Administrator = Annotated[Principal, Depends(requires("admin:security"))]
Identifier = Annotated[str, Field(max_length=1024)]


class ScopeIn(In):
    """A scope of the resource, and the words in which a person is asked for it."""

    name: Annotated[str, Field(max_length=64)]
    words: TextIn


class TermsIn(In):
    """What may change about a resource."""

    name: TextIn
    scopes: Annotated[list[ScopeIn], Field(max_length=MOST_SCOPES)]
    access_token_format: AccessTokenFormat = AccessTokenFormat.JWT
    client_id: Annotated[str | None, Field(max_length=64)] = None

    def described(self, identifier: str) -> ResourceDescription:
        scopes = [ResourceScope(scope.name, scope.words.text()) for scope in self.scopes]
        return ResourceDescription(identifier, self.name.text(), scopes, self.access_token_format, self.client_id)


class ResourceIn(TermsIn):
    """A resource, with the URI by which `resource` names it."""

    identifier: Identifier


class StatusIn(In):
    """Whether tokens are issued for it."""

    status: ResourceStatus


@router.get("")
async def page(request: Request, actor: Administrator, cursor: Cursor = None, limit: int | None = None) -> Any:
    """All resources, in order of identifier."""
    found = await container(request).idp.resources.page(cursor, limit)
    return page_out([_out(one) for one in found.items], found.next_cursor)


@router.post("", status_code=201)
async def add(request: Request, body: ResourceIn, actor: Administrator) -> dict[str, Any]:
    """Register a resource."""
    return _out(await container(request).idp.resources.add(body.described(body.identifier), actor))


@router.get("/{identifier:path}")
async def get(request: Request, identifier: Identifier, actor: Administrator) -> dict[str, Any]:
    """One resource; its identifier stands percent-encoded in the address."""
    return _out(await container(request).idp.resources.get(identifier))


@router.put("/{identifier:path}")
async def change(request: Request, identifier: Identifier, body: TermsIn, actor: Administrator) -> dict[str, Any]:
    """Set its terms; tokens that are out keep what they say until they end."""
    return _out(await container(request).idp.resources.change(body.described(identifier), actor))


@router.patch("/{identifier:path}")
async def change_status(
    request: Request, identifier: Identifier, body: StatusIn, actor: Administrator
) -> dict[str, Any]:
    """Disable it, or let it work again."""
    return _out(await container(request).idp.resources.change_status(identifier, body.status, actor))


def _out(one: ProtectedResource) -> dict[str, Any]:
    return {
        "identifier": one.identifier,
        "name": text_out(one.name),
        "scopes": [{"name": scope.name, "words": text_out(scope.words)} for scope in one.scopes],
        "access_token_format": one.access_token_format,
        "client_id": one.client_id,
        "status": one.status,
        "created_at": one.created_at,
    }

"""What describes the service to its clients (RFC 7644 §4): configuration, resource types, schemas."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.routes.scim.exchange import PREFIX, ScimRoute, System, answer
from core.errors import NotPermitted
from core.text import Text
from idp.scim.errors import resource_not_found
from idp.scim.names import CONFIG, GROUP, LIST, RESOURCE_TYPE, STAFF, USER
from idp.scim.schemas import SCHEMAS
from idp.scim.users import MOST

router = APIRouter(prefix=PREFIX, route_class=ScimRoute, include_in_schema=False)


@router.get("/ServiceProviderConfig")
async def configuration(request: Request, _system: System) -> Response:
    """RFC 7643 §5."""
    return answer(
        {
            "schemas": [CONFIG],
            "patch": {"supported": True},
            "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
            "filter": {"supported": True, "maxResults": MOST},
            "changePassword": {"supported": False},
            "sort": {"supported": False},
            "etag": {"supported": True},
            "authenticationSchemes": [
                {
                    "type": "oauthbearertoken",
                    "name": "OAuth Bearer Token",
                    "description": "An access token of a client with the scope admin:scim, by client credentials",
                    "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
                    "primary": True,
                }
            ],
            "meta": {"resourceType": "ServiceProviderConfig", "location": _at(request, "ServiceProviderConfig")},
        }
    )


@router.get("/ResourceTypes")
async def resource_types(request: Request, _system: System) -> Response:
    _check_unfiltered(request)
    return _listed([_resource_type(request, name) for name in _TYPES])


@router.get("/ResourceTypes/{name}")
async def resource_type(request: Request, name: str, _system: System) -> Response:
    if name not in _TYPES:
        raise resource_not_found()
    return answer(_resource_type(request, name))


@router.get("/Schemas")
async def schemas(request: Request, _system: System) -> Response:
    _check_unfiltered(request)
    return _listed([_schema(request, name) for name in SCHEMAS])


@router.get("/Schemas/{name}")
async def schema(request: Request, name: str, _system: System) -> Response:
    if name not in SCHEMAS:
        raise resource_not_found()
    return answer(_schema(request, name))


@router.get("/{elsewhere:path}")
async def nothing(_request: Request, elsewhere: str, _system: System) -> Response:
    """Any other address, told in the form that SCIM clients read."""
    raise resource_not_found()


_TYPES: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "User": (USER, [{"schema": STAFF, "required": True}]),
    "Group": (GROUP, []),
}


def _resource_type(request: Request, name: str) -> dict[str, Any]:
    """RFC 7643 §6."""
    core, extensions = _TYPES[name]
    return {
        "schemas": [RESOURCE_TYPE],
        "id": name,
        "name": name,
        "endpoint": f"/{name}s",
        "schema": core,
        "schemaExtensions": extensions,
        "meta": {"resourceType": "ResourceType", "location": _at(request, f"ResourceTypes/{name}")},
    }


def _schema(request: Request, name: str) -> dict[str, Any]:
    return {**SCHEMAS[name], "meta": {"resourceType": "Schema", "location": _at(request, f"Schemas/{name}")}}


def _listed(resources: list[dict[str, Any]]) -> Response:
    count = len(resources)
    body = {"schemas": [LIST], "totalResults": count, "startIndex": 1, "itemsPerPage": count, "Resources": resources}
    return answer(body)


def _check_unfiltered(request: Request) -> None:
    """A filter here is answered with 403 (RFC 7644 §4): clients must see that it was not applied."""
    if "filter" in request.query_params:
        why = "what describes the service is not filtered"
        raise NotPermitted("filter-forbidden", Text(why, why))


def _at(request: Request, path: str) -> str:
    return f"{container(request).ground.settings.issuer}{PREFIX}/{path}"

"""`security/…` and `service_item/list` of the 用证码 way: log in, log out, who am I, what is asked for."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from api.deps import access_token, container
from api.routes.adapters.auth_code.envelope import PREFIX, Body, offer, offer_openly
from api.routes.adapters.auth_code.shapes import LogIn, Page
from api.routes.adapters.callers import client_by_token, token_for_secret
from certstore.authorise import acting_organisation
from certstore.model import ServiceItem
from core.principal import Principal

router = APIRouter(prefix=PREFIX, tags=["exchange: use codes"])


async def login(request: Request, body: LogIn) -> Any:
    """An access token for a system's key and secret, to be sent as `Authorization: Bearer`."""
    token = await token_for_secret(request, body.app_key, body.app_secret)
    return {"access_token": token.value, "token_type": "Bearer", "expires_in": token.seconds}


async def logout(request: Request, _body: Body) -> Any:
    """End the access token that was sent."""
    token = access_token(request)
    await client_by_token(request, token)
    await container(request).idp.revoke.held(token)
    return {}


async def current_user(request: Request, _body: Body, actor: Principal) -> Any:
    """Which system the token is of, and what it may."""
    found = await container(request).idp.directory.organisation(actor.organisation) if actor.organisation else None
    return {
        "app_key": actor.id,
        "service_org_code": actor.organisation,
        "service_org": found.name.zh if found else None,
        "scopes": sorted(actor.scopes),
    }


async def items(request: Request, body: Page, actor: Principal) -> Any:
    """The organisation's service items, and which licence types stand in for which material."""
    found = await container(request).exchange.items(acting_organisation(actor))
    first = (body.page_index - 1) * body.page_size
    return {
        "total_count": len(found),
        "page_index": body.page_index,
        "items": [_item(one) for one in found[first : first + body.page_size]],
    }


def _item(item: ServiceItem) -> dict[str, Any]:
    return {
        "service_item_code": item.code,
        "service_item_name": item.name.zh,
        "materials": [
            {"number": one.number, "name": one.name.zh, "license_item_codes": list(one.types)} for one in item.materials
        ],
    }


offer_openly(router, "/security/login", LogIn, login)
offer_openly(router, "/security/logout", Body, logout)
offer(router, "/security/get_current_user", Body, current_user)
offer(router, "/service_item/list", Page, items)

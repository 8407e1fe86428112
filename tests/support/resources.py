"""Protected resources of the test world, and portals that may ask for them."""

from __future__ import annotations

from typing import Any

from core.principal import SYSTEM
from core.text import Text
from idp.client_metadata import AccessTokenFormat
from idp.resources.model import ResourceScope
from idp.resources.register import ResourceDescription
from tests.support.client_changes import change_client
from tests.support.idp_world import IdpWorld, Portal, department

TAX, LAND = "https://tax.example.test/api", "https://land.example.test/api"
DETAIL_TYPES = ("licence_copy", "seal_sign")
COPY: dict[str, Any] = {
    "type": "licence_copy",
    "licence_types": ["11100000MB0342408G001", "11100000000013127D002"],
    "service_item": "0105-001",
    "purpose": "申请公租房",
}


def described(identifier: str, *scopes: str, **changes: Any) -> ResourceDescription:
    words = [ResourceScope(name, Text(f"做 {name}", f"Do {name}")) for name in scopes]
    return ResourceDescription(identifier, Text("某系统", "A system"), words, **changes)


async def add_resources(world: IdpWorld, access_token_format: AccessTokenFormat = AccessTokenFormat.JWT) -> Portal:
    """Two resources; portal A and the department may ask for both. Answers the tax resource's own client."""
    server = await department(world.idp, "tax-server", world.organisation)
    await change_client(world, "tax-server", columns={"organisation": None})
    tax = described(TAX, "tax:read", "tax:write", client_id="tax-server", access_token_format=access_token_format)
    await world.idp.resources.add(tax, SYSTEM)
    await world.idp.resources.add(described(LAND, "land:read", access_token_format=access_token_format), SYSTEM)
    both = {"resources": (TAX, LAND), "authorization_details_types": DETAIL_TYPES}
    scopes = ["land:read", "offline_access", "openid", "tax:read"]
    await change_client(world, "portal-a", columns={"scopes": scopes}, **both)
    own = ["land:read", "licence:issue", "licence:read", "tax:read", "tax:write"]
    await change_client(world, "department", columns={"scopes": own}, **both)
    return server

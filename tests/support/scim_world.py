"""A personnel system at the SCIM addresses, over a world's real stores."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import httpx

from api.main import _map_errors
from api.routes import scim as scim_routes
from api.wiring.idp import build_idp
from core.errors import Unavailable
from core.principal import SYSTEM
from core.text import Text
from idp.scim.names import PATCH, STAFF, USER
from tests.support.client_changes import change_client
from tests.support.idp_browser import BackEnd, idp_app
from tests.support.idp_world import ISSUER, IdpWorld, citizen_number, department, organisation_code

BELOW, ELSEWHERE = organisation_code(11), organisation_code(12)


@dataclass
class Register:
    """Implements `idp.scim.ports.RealNameCheck`."""

    people: dict[str, str] = field(default_factory=dict)
    away: bool = False

    async def matches(self, number: str, name: str) -> bool:
        if self.away:
            raise Unavailable("source-away", Text("不在", "away"))
        return self.people.get(number) == name


@dataclass
class ScimWorld:
    """Two personnel systems: `http` of the city's organisation, `other` of another one."""

    world: IdpWorld
    register: Register
    http: httpx.AsyncClient
    other: httpx.AsyncClient

    async def joined(self, serial: int = 21, **changes: Any) -> dict[str, Any]:
        answer = await self.http.post("/Users", json=self.user(serial, **changes))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def user(self, serial: int = 21, **changes: Any) -> dict[str, Any]:
        """The document of somebody whom the register knows."""
        number = citizen_number(serial)
        name = changes.pop("real_name", f"新人{serial}")
        self.register.people.setdefault(number, name)
        facts = {"idNumber": number, "department": changes.pop("department", BELOW)}
        return {
            "schemas": [USER, STAFF],
            "userName": f"Gong{serial}",
            "externalId": f"hr-{serial}",
            "name": {"formatted": name},
            STAFF: facts | changes.pop("facts", {}),
            **changes,
        }


def operations(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": list(steps)}


@contextlib.asynccontextmanager
async def scim_world(world: IdpWorld) -> AsyncIterator[ScimWorld]:
    register = Register()
    idp = build_idp(
        world.ground,
        judge=world.judge,
        settings=world.idp.settings,
        messenger=world.messenger,
        sender=world.sender,
        check=register,
    )
    world = dataclasses.replace(world, idp=idp)
    departments = idp.staff.departments
    await departments.register(BELOW, Text("窗口科", "Counter section"), world.organisation, SYSTEM)
    await departments.register(ELSEWHERE, Text("别的局", "Another bureau"), None, SYSTEM)
    app = idp_app(world)
    app.state.container = SimpleNamespace(ground=world.ground, idp=idp)
    for router in scim_routes.routers:
        app.include_router(router)
    _map_errors(app)
    async with contextlib.AsyncExitStack() as stack:
        systems = []
        for name, organisation in (("personnel", world.organisation), ("personnel-elsewhere", ELSEWHERE)):
            system = dataclasses.replace(await department(idp, name, organisation), scope="admin:scim")
            await change_client(world, name, columns={"scopes": ["admin:scim"]})
            token = (await BackEnd(world, system).client_credentials()).json()["access_token"]
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url=f"{ISSUER}/scim/v2",
                headers={"Authorization": f"Bearer {token}"},
            )
            systems.append(await stack.enter_async_context(client))
        yield ScimWorld(world, register, *systems)

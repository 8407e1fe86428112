"""The registration endpoint and `/v1/clients` over real stores, with people of each duty."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
from fastapi import FastAPI

from api.main import _map_errors
from api.middleware.request_id import RequestId
from api.routes import clients as client_routes
from core.egress.errors import FetchFailed
from core.egress.port import Fetched
from core.principal import SYSTEM, Principal, PrincipalKind
from core.text import Text
from idp.clients.policy import RegistrationPolicy
from idp.clients.records import PermitKind
from idp.settings import IdpSettings
from tests.support.clock import FakeClock
from tests.support.idp_browser import idp_app
from tests.support.idp_world import ISSUER, IdpWorld, cluster_world, embedded_world, organisation_code
from tests.support.servers import PostgresServer, RedisServer

Servers = tuple[PostgresServer, RedisServer]
CB = "https://new.example.test/cb"
WEB: dict[str, Any] = {"redirect_uris": [CB], "client_name": "New portal"}


class Pages:
    """Implements `core.egress.port.Fetcher`: documents by address, and who was asked."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}
        self.asked: list[str] = []

    async def fetch(self, url: str, **_options: Any) -> Fetched:
        self.asked.append(url)
        if url not in self.documents:
            raise FetchFailed("unreachable")
        return Fetched(200, "application/json", self.documents[url])


@dataclass
class RegistrationWorld:
    """A world whose people are `people`, by the token that they show."""

    world: IdpWorld
    app: FastAPI
    http: httpx.AsyncClient
    pages: Pages
    people: dict[str, Principal]

    async def call(self, who: str | None, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {**({"Authorization": f"Bearer {who}"} if who else {}), **options.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **options)

    async def proposed(self, document: Mapping[str, Any], who: str = "system") -> dict[str, Any]:
        """A portal that waits for review."""
        answer = await self.call(who, "POST", "/v1/clients", json=document)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def approved(self, document: Mapping[str, Any], who: str = "system") -> dict[str, Any]:
        """A portal that works."""
        made = await self.proposed(document, who)
        answer = await self.call("security", "POST", f"/v1/client-proposals/{made['proposal']['id']}/approve")
        assert answer.status_code == 200, answer.text
        return made

    async def permit(self, policy: RegistrationPolicy | None = None, *, uses: int = 5) -> str:
        """An initial access token."""
        made = await self.world.idp.clients.permits.initial_access_token(
            policy or RegistrationPolicy(review=False),
            self.people["security"],
            note="tests",
            lifetime=dt.timedelta(hours=1),
            most_uses=uses,
        )
        assert made.permit.kind is PermitKind.TOKEN
        assert made.token is not None
        assert made.token not in repr(made)
        return made.token

    async def register(
        self, document: Mapping[str, Any] | None = None, token: str | None = None, **changes: Any
    ) -> httpx.Response:
        body = {**(WEB if document is None else document), **changes}
        return await self.call(token or await self.permit(), "POST", "/register", json=body)


def people(organisation: str) -> dict[str, Principal]:
    def staff(account: str, *scopes: str, of: str = organisation) -> Principal:
        return Principal(PrincipalKind.STAFF, account, organisation=of, scopes=frozenset(scopes))

    return {
        "system": staff("acc_system", "admin:system"),
        "security": staff("acc_security", "admin:security"),
        "second": staff("acc_second", "admin:security"),
        "both": staff("acc_both", "admin:system", "admin:security"),
        "manager": staff("acc_manager", "client:manage"),
        "stranger": staff("acc_stranger", "client:manage", of=organisation_code(2)),
        "clerk": staff("acc_clerk", "licence:read"),
        "citizen": Principal(PrincipalKind.PERSON, "acc_lin", scopes=frozenset({"openid"})),
    }


@contextlib.asynccontextmanager
async def registration_world(
    folder: Path,
    clock: FakeClock,
    *,
    registration: str = "guarded",
    issuer: str = ISSUER,
    servers: Servers | None = None,
    national: bool = False,
    **options: Any,
) -> AsyncIterator[RegistrationWorld]:
    """
    Args:
        servers: PostgreSQL and Redis; None for the embedded stores.
        national: tokens by SM2 are offered; the `ring` has a key for them.
    """
    pages = Pages()
    settings = IdpSettings(issuer=issuer, even_answers=0, registration=registration, national_tokens=national)
    options |= {"settings": settings, "fetcher": pages}
    opened = cluster_world(*servers, folder, clock, **options) if servers else embedded_world(folder, clock, **options)
    async with opened as world:
        await world.idp.register_organisation(
            organisation_code(2), Text("示例市交通局", "Example City Transport Bureau"), "government", SYSTEM
        )
        known = people(world.organisation)

        async def authenticate(token: str, *rest: Any) -> Principal:
            return known[token] if token in known else await world.idp.authenticate(token, *rest)

        app = idp_app(world)  # with its reduced pages
        idp = dataclasses.replace(world.idp, authenticate=authenticate)  # type: ignore[arg-type]
        app.state.container = SimpleNamespace(ground=world.ground, idp=idp)
        for router in client_routes.routers:
            app.include_router(router)
        _map_errors(app)
        app.add_middleware(RequestId, log_requests=False)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=issuer) as http:
            yield RegistrationWorld(world, app, http, pages, known)

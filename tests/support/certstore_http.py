"""The repository's routes over HTTP in this process, with tokens from a table instead of the identity provider."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import httpx
from fastapi import FastAPI

from api.limits import limited_verification
from api.main import _map_errors
from api.middleware.request_id import RequestId
from api.routes.certstore import routers
from core.errors import NotAuthenticated
from core.principal import Principal, PrincipalKind
from core.text import Text
from idp.protocol.facts import RequestFacts
from tests.support.certstore_world import (
    BASIS,
    CASE,
    CLERK,
    HOUSING,
    ITEM,
    LAND_SYSTEM,
    LIN_NUMBER,
    OTHER_PORTAL,
    POLICE_SYSTEM,
    PORTAL,
    World,
    client,
)

PERSON_READER = frozenset({"openid", "realname", "licence:read"})
TOKENS: dict[str, Principal] = {
    "land": LAND_SYSTEM,
    "police": POLICE_SYSTEM,
    "officer": Principal(
        PrincipalKind.STAFF,
        "acc_gu",
        POLICE_SYSTEM.organisation,
        name="顾警官",
        scopes=frozenset({"licence:issue", "licence:read"}),
    ),
    "portal": PORTAL,
    "clerk": CLERK,
    "other-office": OTHER_PORTAL,
    "no-scope": client("no-scope", HOUSING),
    "no-organisation": Principal(PrincipalKind.CLIENT, "lost", None, scopes=frozenset({"licence:read"})),
    "auditor": Principal(PrincipalKind.STAFF, "acc_audit", HOUSING, scopes=frozenset({"audit:read"})),
    "keeper": Principal(PrincipalKind.STAFF, "acc_keeper", HOUSING, scopes=frozenset({"admin:system"})),
    "guard": Principal(PrincipalKind.STAFF, "acc_guard", HOUSING, scopes=frozenset({"admin:security"})),
    "lin": Principal(PrincipalKind.PERSON, "acc_lin", scopes=PERSON_READER),
    "lin-at-a-portal": Principal(PrincipalKind.PERSON, "acc_lin", scopes=frozenset({"openid"})),
    "zhao": Principal(PrincipalKind.PERSON, "acc_zhao", scopes=PERSON_READER),
    "nobody-known": Principal(PrincipalKind.PERSON, "acc_gone", scopes=PERSON_READER),
}
PURPOSE = {"service_item": ITEM, "case_number": CASE, "basis": BASIS}
HOLDER = {"code_type": "111", "code": LIN_NUMBER}


@dataclass
class Http:
    """A client of the routes; `token` is a key of `TOKENS`, None sends no token."""

    client: httpx.AsyncClient
    city: World

    async def call(self, method: str, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        headers = dict(options.pop("headers", None) or {})
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return await self.client.request(method, path, headers=headers, **options)

    async def get(self, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        return await self.call("GET", path, token, **options)

    async def post(self, path: str, token: str | None = None, body: Any = None, **options: Any) -> httpx.Response:
        if body is not None:
            options["json"] = body
        return await self.call("POST", path, token, **options)


@contextlib.asynccontextmanager
async def http(city: World) -> AsyncIterator[Http]:
    async def authenticate(token: str, _facts: RequestFacts, _scopes: Sequence[str] = ()) -> Principal:
        if token not in TOKENS:
            raise NotAuthenticated("token-invalid", Text("令牌无效。", "The token is not valid."))
        return TOKENS[token]

    app = FastAPI(title="repository")
    for router in routers:
        app.include_router(router)
    _map_errors(app)
    app.add_middleware(RequestId, log_requests=True)
    app.dependency_overrides[limited_verification] = lambda: None  # has tests of its own
    settings = SimpleNamespace(issuer="https://yizheng.example.gov.cn", mtls_url="")
    app.state.container = SimpleNamespace(
        ground=SimpleNamespace(settings=settings, clock=city.clock),
        idp=SimpleNamespace(authenticate=authenticate),
        certstore=city.services,
        presentation=city.presentation,
        own=city.own,
        subscriptions=city.subscriptions,
        bulk=city.bulk,
        bundles=city.bundles,
        exchange=city.exchange,
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://yizheng.example.gov.cn") as connected:
        yield Http(connected, city)


def openapi_of(web: Http) -> dict[str, Any]:
    app: FastAPI = web.client._transport.app  # type: ignore[attr-defined]
    return app.openapi()

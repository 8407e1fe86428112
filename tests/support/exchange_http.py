"""The adapters over HTTP in this process: the repository's city, and an identity provider that knows one secret."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import AsyncIterator, Mapping
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote_plus

from fastapi import FastAPI

from api.routes.adapters import routers
from idp.errors import InvalidClient
from idp.model import ClientAuthMethod
from idp.protocol.facts import RequestFacts
from tests.support.certstore_http import Http, http
from tests.support.certstore_world import World

SECRET = "the secret of the housing bureau's portal"


@contextlib.asynccontextmanager
async def exchange(city: World) -> AsyncIterator[Http]:
    """Tokens are those of `tests.support.certstore_http`; `portal` also has a secret."""
    revoked: set[str] = set()

    async def active(client_id: str) -> Any:
        return SimpleNamespace(auth_method=ClientAuthMethod.BASIC) if client_id == "portal-housing" else None

    async def token(_parameters: Mapping[str, str], facts: RequestFacts) -> Mapping[str, Any]:
        shown = base64.b64decode((facts.authorization or "").removeprefix("Basic ")).decode()
        if tuple(map(unquote_plus, shown.split(":"))) != ("portal-housing", SECRET):
            raise InvalidClient(private="wrong secret")
        return {"access_token": "portal", "expires_in": 300}

    async def held(shown: str) -> None:
        revoked.add(shown)

    async def organisation(_code: str) -> None:
        return None

    async with http(city) as web:
        app: FastAPI = web.client._transport.app  # type: ignore[attr-defined]
        for router in routers:
            app.include_router(router)
        idp = app.state.container.idp
        idp.registry, idp.token = SimpleNamespace(active=active), token
        idp.revoke = SimpleNamespace(held=held, seen=revoked)
        idp.directory = SimpleNamespace(organisation=organisation)
        yield web

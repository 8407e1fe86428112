"""The repository's pages over HTTP in this process: the session cookie is a name from the table of tokens."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.routing import Route

from api.routes.pages import (
    catalogue,
    catalogue_bundle,
    catalogue_grants,
    catalogue_items,
    catalogue_materials,
    clerk,
    consenting,
    consenting_together,
    entrusting,
    face_templates,
    lookup,
    objecting,
    office,
    office_drafts,
    office_endings,
    office_find,
    office_imports,
    office_inspections,
    office_licence,
    office_objections,
    office_statistics,
    office_steps,
    office_subscriptions,
    own,
    presenting,
    reading,
    sharing,
    use_views,
    verification,
)
from api.settings import Settings
from core.principal import Principal
from core.text import Text
from keys.secrets.token_digest import HmacTokenDigests
from signing.errors import SealNotFound
from tests.support.certstore_fakes import PlainSecrets, field_cipher
from tests.support.certstore_http import TOKENS, http
from tests.support.certstore_world import World

MODULES = (
    verification, sharing, objecting, own, presenting, consenting_together, consenting, use_views, clerk, lookup,
    reading, office_objections, office_statistics, office, office_find, office_licence, office_steps, office_imports,
    office_inspections, catalogue, catalogue_items, catalogue_materials, catalogue_grants, catalogue_bundle,
    face_templates, office_endings, office_drafts, office_subscriptions, entrusting,
)  # fmt: skip
ISSUER = "https://yizheng.example.gov.cn"
_TOKEN = re.compile(r'name="csrf" value="([0-9a-f]+)"')


@dataclass
class Pages:
    """A browser for each name of `TOKENS`; `routes` are method and path of every page."""

    app: FastAPI
    city: World
    routes: list[tuple[str, str]]

    @contextlib.asynccontextmanager
    async def browser(self, who: str | None) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self.app)
        cookies = {"__Host-yz_session": who} if who else {}
        async with httpx.AsyncClient(transport=transport, base_url=ISSUER, cookies=cookies) as made:
            yield made

    async def get(self, path: str, who: str | None = None, **options: Any) -> httpx.Response:
        async with self.browser(who) as browser:
            return await browser.get(path, **options)

    async def post(self, path: str, who: str | None, form: Mapping[str, str], *, on: str) -> httpx.Response:
        """Send a form as the page `on` shows it to its reader."""
        async with self.browser(who) as browser:
            shown = _TOKEN.search((await browser.get(on)).text)
            assert shown is not None, f"{on} has no form"
            return await browser.post(path, data={"csrf": shown.group(1), **form})


class NoSeals:
    """No seal has a picture here."""

    async def of_organisation(self, _organisation: str) -> list[Any]:
        return []

    async def active_seal_of(self, _organisation: str) -> Any:
        raise SealNotFound


@contextlib.asynccontextmanager
async def pages(city: World) -> AsyncIterator[Pages]:
    """Over the same services as `tests.support.certstore_http`."""

    async def principal(cookie: str) -> Principal | None:
        found = TOKENS.get(cookie)
        return replace(found, session=cookie) if found else None

    async def organisation(code: str) -> Any:
        found = await city.bulk.steer._organisations.name(code)
        return SimpleNamespace(name=found or Text(code, code), code=code)

    async def nobody(_id: str | None) -> None:
        return None

    async def fresh(_cookie: str | None) -> bool:
        return True

    async with http(city) as web:
        app: FastAPI = web.client._transport.app  # type: ignore[attr-defined]
        routes = []
        for module in MODULES:
            app.include_router(module.router)
            made = [one for one in module.router.routes if isinstance(one, Route)]
            routes += [(method, one.path) for one in made for method in sorted((one.methods or set()) - {"HEAD"})]
        container = app.state.container
        container.ground.settings = Settings(issuer=ISSUER)
        container.ground.kv = city.bulk.run._telling._repository.quota._kv
        secrets = SimpleNamespace(
            fields=SimpleNamespace(short_lived=field_cipher()), tokens=HmacTokenDigests(PlainSecrets())
        )
        container.ground.keys = SimpleNamespace(secrets=secrets)
        container.signing = SimpleNamespace(seals=NoSeals())
        container.idp.registry = SimpleNamespace(active=nobody)
        container.idp.sessions = SimpleNamespace(principal=principal)
        container.idp.directory = SimpleNamespace(organisation=organisation)
        container.idp.factors = SimpleNamespace(visits=SimpleNamespace(admits=fresh))
        container.idp.agency = SimpleNamespace(acting=SimpleNamespace(current=nobody))
        yield Pages(app, city, routes)

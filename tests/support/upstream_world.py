"""An identity world with upstream providers on hosts of their own: the stand-in, and one that lies on request."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute
from joserfc import jws
from starlette.responses import HTMLResponse

from api.demo.upstream.cast import REALNAME_MAPPING
from api.demo.upstream.pages import StandInPages
from api.demo.upstream.provider import RegisteredClient, StandIn, StandInPerson, StandInSession
from api.routes.pages import entrance, identities
from core.egress.errors import FetchFailed
from core.egress.port import Fetched
from core.principal import SYSTEM
from core.text import Text
from idp.upstream.description import ProviderDescription
from idp.upstream.model import ClaimMapping, Provider, TrustClass, UpstreamAuthMethod
from tests.support.clock import FakeClock
from tests.support.idp_browser import Browser, idp_app
from tests.support.idp_world import ISSUER, IdpWorld, Somebody, citizen_number, cluster_world, embedded_world
from tests.support.servers import PostgresServer, RedisServer

PROVINCE, UNIVERSITY = "https://id.province.test", "https://id.university.test"
SECRET = "secret of the city at an upstream provider"
NEW_NUMBER, NEW_NAME = citizen_number(71), "周予安"
Twist = Callable[[Any], Any]


class Network:
    """Implements `core.egress.port.Fetcher` over applications in this process, by host; a host may be down."""

    def __init__(self) -> None:
        self.apps: dict[str, Any] = {}
        self.down: set[str] = set()
        self.asked: list[tuple[str, str]] = []

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        media_types: frozenset[str] | None = None,
    ) -> Fetched:
        parts = urlsplit(url)
        self.asked.append((method, url))
        if parts.netloc in self.down or parts.netloc not in self.apps:
            raise FetchFailed("unreachable")
        transport = httpx.ASGITransport(app=self.apps[parts.netloc])
        async with httpx.AsyncClient(transport=transport) as http:
            answer = await http.request(method, url, content=body, headers=dict(headers or {}))
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        return Fetched(answer.status_code, media_type, answer.content)

    def count(self, path: str) -> int:
        """How often an address with this path was asked for."""
        return sum(urlsplit(url).path == path for _, url in self.asked)


class FaultyStandIn(StandIn):
    """A provider that lies: each step's result goes through a twist, if a test put one there."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.twists: dict[str, Twist] = {}

    def _twisted(self, name: str, value: Any) -> Any:
        return self.twists.get(name, lambda same: same)(value)

    def metadata(self) -> dict[str, Any]:
        return self._twisted("metadata", super().metadata())

    def redirect(self, answer: Mapping[str, str]) -> str:
        return super().redirect(self._twisted("answer", dict(answer)))

    def id_claims(self, *arguments: Any) -> dict[str, Any]:
        return self._twisted("id_claims", super().id_claims(*arguments))

    def sign(self, claims: Mapping[str, Any], typ: str = "JWT") -> str:
        if "sign" in self.twists:
            return str(self.twists["sign"](dict(claims)))
        key = self.keys[0]
        header = {"alg": self.algorithm, "typ": self._twisted("typ", typ), "kid": key.kid}
        octets = json.dumps(claims).encode()  # escapes what no encoding of text can hold
        return jws.serialize_compact(header, octets, key, [self.algorithm])

    async def token(self, authorization: str | None, parameters: Mapping[str, str]) -> dict[str, Any]:
        return self._twisted("token", await super().token(authorization, parameters))

    def userinfo(self, access_token: str) -> dict[str, Any]:
        return self._twisted("userinfo", super().userinfo(access_token))

    def logout_claims(self, session: StandInSession) -> dict[str, Any]:
        return self._twisted("logout_claims", super().logout_claims(session))


@dataclass
class Upstream:
    """One provider of the test: how it is registered, and its own side."""

    provider: Provider
    stand_in: FaultyStandIn
    pages: StandInPages

    @property
    def id(self) -> str:
        return self.provider.id


@dataclass
class UpstreamWorld:
    """Everything a test needs."""

    idp: IdpWorld
    app: FastAPI
    network: Network
    province: Upstream  # trusted for real names
    university: Upstream  # only for links
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def clock(self) -> FakeClock:
        return self.idp.clock

    def browser(self, *, source: str = "192.0.2.10") -> UpstreamBrowser:
        return UpstreamBrowser(self, source=source)

    async def add(self, name: str, host: str, people: tuple[StandInPerson, ...], **changes: Any) -> Upstream:
        """Another provider, registered as described."""
        return await _upstream(self.idp, self.network, self.app, name, host, people, **changes)

    async def links(self, account_id: str) -> list[str]:
        async with self.idp.ground.database.read() as tx:
            return [link.provider_id for link in await _stores().links.of_account(tx, account_id)]


class UpstreamBrowser(Browser):
    """A browser that also talks to the providers, with the cookies of each host apart."""

    def __init__(self, world: UpstreamWorld, *, source: str) -> None:
        super().__init__(world.idp, world.app, source=source)
        self.up = world
        self.elsewhere: dict[str, httpx.AsyncClient] = {}

    def at(self, upstream: Upstream) -> httpx.AsyncClient:
        host = upstream.provider.issuer
        if host not in self.elsewhere:
            transport = httpx.ASGITransport(app=self.up.network.apps[urlsplit(host).netloc])
            self.elsewhere[host] = httpx.AsyncClient(transport=transport, base_url=host)
        return self.elsewhere[host]

    async def depart(self, upstream: Upstream, query: str = "") -> httpx.Response:
        """Choose the provider on the log-in page: the redirect to it."""
        return await self.http.get(f"/upstream/{upstream.id}/log-in{query}")

    async def choose(self, upstream: Upstream, location: str, person: str) -> str:
        """At the provider: who one is; answers the address that leads back."""
        there = self.at(upstream)
        page = await there.get(location)
        if page.status_code == 303:
            return str(page.headers["location"])
        assert page.status_code == 200, (page.status_code, page.text)
        form = {"pending": page.text, "person": person}
        return str((await there.post("/choose", data=form)).headers["location"])

    async def back(self, upstream: Upstream, query: str = "", person: str = "lin") -> str:
        """To the provider and through its log-in; the address that leads back to us."""
        departed = await self.depart(upstream, query)
        assert departed.status_code == 303, (departed.status_code, departed.text)
        return await self.choose(upstream, departed.headers["location"], person)

    async def log_in_at(self, upstream: Upstream, person: str = "lin", query: str = "") -> httpx.Response:
        """All the way; the answer of our redirect URI."""
        answer = await self.http.get(await self.back(upstream, query, person))
        if answer.headers.get("location") == "/login/step":  # staff: one more, as people do it on the step's page
            return await self.http.post("/login/step")
        return answer

    async def link(self, upstream: Upstream, person: str) -> httpx.Response:
        """On the own page: link an identity. The person must be logged in."""
        page = await self.http.post(f"/me/identities/{upstream.id}/link", data=await self.form())
        if page.status_code != 200:
            return page
        href = re.search(r'class="btn go" href="([^"]+)"', page.text)
        assert href is not None
        back = await self.choose(upstream, href[1].replace("&amp;", "&"), person)
        return await self.http.get(back)

    async def unlink(self, upstream: Upstream) -> httpx.Response:
        return await self.http.post(f"/me/identities/{upstream.id}/unlink", data=await self.form())

    async def form(self) -> dict[str, str]:
        """The hidden member of a form of ours, for this browser and session."""
        for path in ("", "/province/unlink", "/university/unlink"):
            page = await self.http.get(f"/me/identities{path}")
            found = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
            if found is not None:
                return {"csrf": found[1]}
        raise AssertionError(f"no form of ours: {page.status_code}")

    async def who(self) -> str | None:
        """The account that is logged in here."""
        principal = await self.world.idp.sessions.principal(self.session_cookie)
        return None if principal is None else principal.id


def person(key: str, number: str, name: str, level: str = "L3") -> StandInPerson:
    claims = {"identity": {"card_number": number, "real_name": name, "level": level}}
    return StandInPerson(key, name, Text("人", "person"), claims)


def of(somebody: Somebody, key: str, level: str = "L3") -> StandInPerson:
    return person(key, somebody.number, somebody.name, level)


def described(upstream_id: str, issuer: str, **changes: Any) -> ProviderDescription:
    """A provider trusted for real names, unless said otherwise."""
    values: dict[str, Any] = {
        "id": upstream_id,
        "name": Text("示例省", "Example Province"),
        "issuer": issuer,
        "client_id": "city",
        "auth_method": UpstreamAuthMethod.BASIC,
        "client_secret": SECRET,
        "trust": TrustClass.REALNAME,
        "scopes": ("openid", "identity"),
        "mapping": dataclasses.replace(REALNAME_MAPPING, acrs={}),
        "userinfo": True,
        **changes,
    }
    if values["trust"] is TrustClass.LINKED:
        values |= {"mapping": ClaimMapping(), "scopes": ("openid",), "userinfo": False}
    return ProviderDescription(**values)


@contextlib.asynccontextmanager
async def upstream_world(
    folder: Path,
    clock: FakeClock,
    servers: tuple[PostgresServer, RedisServer] | None = None,
    **options: Any,
) -> AsyncIterator[UpstreamWorld]:
    """On SQLite and the embedded store, or on the `servers`."""
    network = Network()
    options = {"fetcher": network, **options}
    opened = (
        embedded_world(folder, clock, **options)
        if servers is None
        else cluster_world(*servers, folder, clock, **options)
    )
    async with opened as idp:
        app = idp_app(idp)
        app.router.routes.insert(0, APIRoute("/logged-out", entrance.logged_out, methods=["GET"]))  # the real page
        app.include_router(identities.router)
        people = (
            of(idp.lin, "lin"),
            of(idp.zhao, "zhao"),
            of(idp.clerk, "clerk"),
            person("new", NEW_NUMBER, NEW_NAME),
            person("unproved", citizen_number(72), "钱未名", "L1"),
        )
        students = tuple(StandInPerson(key, key, Text("学生", "student"), {}) for key in ("s1", "s2"))
        yield UpstreamWorld(
            idp,
            app,
            network,
            await _upstream(idp, network, app, "province", PROVINCE, people),
            await _upstream(idp, network, app, "university", UNIVERSITY, students, trust=TrustClass.LINKED),
        )


async def _upstream(
    idp: IdpWorld,
    network: Network,
    app: FastAPI,
    name: str,
    issuer: str,
    people: tuple[StandInPerson, ...],
    *,
    algorithm: str = "ES256",
    **changes: Any,
) -> Upstream:
    ours = f"{ISSUER}/upstream/{name}"
    wish = described(name, issuer, **changes)
    secret = wish.client_secret if wish.auth_method is UpstreamAuthMethod.BASIC else None
    client = RegisteredClient(
        wish.client_id,
        secret,
        f"{ours}/callback",
        f"{ours}/backchannel-logout",
        f"{ours}/frontchannel-logout",
        f"{ours}/logged-out",
    )

    async def our_keys() -> Mapping[str, Any]:
        return idp.idp.upstream.credentials.jwks()

    stand_in = FaultyStandIn(
        issuer,
        client,
        people,
        now=lambda: idp.clock.now().timestamp(),
        client_keys=our_keys,
        algorithm=algorithm,
    )

    def ours_by_http() -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=app))

    pages = StandInPages(
        name, stand_in, lambda _request, view, status: HTMLResponse(view.pending, status), secure=True, path="",
        http=ours_by_http,
    )  # fmt: skip
    provider_app = FastAPI()
    provider_app.include_router(pages.router)
    network.apps[urlsplit(issuer).netloc] = provider_app
    provider, _ = await idp.idp.upstream.providers.put(wish, SYSTEM)
    return Upstream(provider, stand_in, pages)


def _stores() -> Any:
    from api.wiring.upstream import upstream_stores

    return upstream_stores()


def query(location: str) -> dict[str, str]:
    """The parameters of an address."""
    return dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))

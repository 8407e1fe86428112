"""Clients for the grants that need no browser of their own, and what people do for them on our pages."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from core.egress.port import Fetched, Fetcher
from core.text import Text
from idp.client_metadata import AccessTokenFormat, ClientMetadata
from idp.login.sessions import Visit
from idp.model import Client, ClientAuthMethod, ClientStatus, GrantType
from idp.resources.model import ProtectedResource, ResourceScope, ResourceStatus
from idp.stores.clients import SqlClientStore
from idp.stores.resources import SqlProtectedResourceStore
from idp.token_uses import CLIENT_SECRET
from idp.tokens.pairwise import PairwiseNames
from keys.spec import SignatureAlgorithm
from tests.support.idp_browser import Browser
from tests.support.idp_world import IdpWorld, Portal, Somebody

SECRET = "a-secret-of-a-client-that-is-long-enough"


async def other_client(world: IdpWorld, client_id: str, *grants: GrantType, **changes: Any) -> Portal:
    """A client as an administrator would have entered it; `changes` replace attributes of `Client` and, by their
    names, of its metadata."""
    of_metadata = {field.name for field in dataclasses.fields(ClientMetadata)}
    metadata = {name: changes.pop(name) for name in list(changes) if name in of_metadata}
    method = changes.get("auth_method", ClientAuthMethod.BASIC)
    secret = SECRET if method in (ClientAuthMethod.BASIC, ClientAuthMethod.POST) else None
    client = Client(
        **{
            "id": client_id,
            "name": Text(f"终端 {client_id}", f"Terminal {client_id}"),
            "redirect_uris": (),
            "post_logout_redirect_uris": (),
            "backchannel_logout_uri": None,
            "auth_method": method,
            "secret_digest": secret and world.ground.keys.secrets.tokens.digest(CLIENT_SECRET, secret),
            "scopes": frozenset({"openid", "offline_access"}),
            "grants": frozenset(grants),
            "id_token_alg": SignatureAlgorithm.ES256,
            "organisation": world.organisation,
            "realname_approved": False,
            "sector": client_id,
            "status": ClientStatus.ACTIVE,
            "created_at": world.clock.now(),
            "metadata": ClientMetadata(**metadata),
            **changes,
        }
    )
    async with world.ground.database.write() as tx:
        assert await SqlClientStore().add(tx, client)
        await tx.commit()
    return Portal(client_id, secret=secret, auth_method=method, scope=" ".join(sorted(client.scopes)))


async def protected_resource(world: IdpWorld, identifier: str) -> None:
    """A service that reads licences."""
    resource = ProtectedResource(
        identifier,
        Text("证照接口", "Licence API"),
        (ResourceScope("licence:read", Text("读证照", "Read licences")),),
        AccessTokenFormat.JWT,
        None,
        ResourceStatus.ACTIVE,
        world.clock.now(),
    )
    async with world.ground.database.write() as tx:
        assert await SqlProtectedResourceStore().add(tx, resource)
        await tx.commit()


async def disable(world: IdpWorld, client_id: str) -> None:
    """Take a client out of use, whichever way it came in."""
    async with world.ground.database.write() as tx:
        assert await SqlClientStore().change_status(tx, client_id, ClientStatus.DISABLED)
        await tx.commit()
    world.idp.registry.forget(client_id)


async def visit_of(world: IdpWorld, browser: Browser, somebody: Somebody) -> Visit:
    """The person's visit, after a log-in to our own pages if they need one."""
    if browser.session_cookie is None:
        assert (await browser.log_in(somebody)).status_code == 303
    visit = await world.idp.sessions.find(browser.session_cookie)
    assert visit is not None
    return visit


async def answer_device(
    world: IdpWorld, browser: Browser, somebody: Somebody, user_code: str, *, granted: bool = True
) -> None:
    """Type the code and decide, by the use cases behind the pages."""
    visit = await visit_of(world, browser, somebody)
    decide = world.idp.elsewhere.decide_device
    ticket = await decide.enter(visit, user_code, "192.0.2.10")
    await decide.decide(visit, ticket, granted=granted)


class Callback(Fetcher):
    """A client's notification endpoint: notes what came, answers as `answer` says."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Mapping[str, str], dict[str, Any]]] = []
        self.answer: Callable[[], Fetched] = lambda: Fetched(204, "", b"")

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        media_types: frozenset[str] | None = None,
    ) -> Fetched:
        assert method == "POST"
        self.got.append((url, headers or {}, dict(orjson.loads(body))))
        return self.answer()


async def answer_request(
    world: IdpWorld, browser: Browser, somebody: Somebody, *, granted: bool = True, number: int = 0
) -> None:
    """Look at what waits on the phone, and decide about it."""
    visit = await visit_of(world, browser, somebody)
    decide = world.idp.elsewhere.decide_backchannel
    waiting = await decide.waiting(somebody.account_id)
    await decide.decide(visit, waiting[number].request.id, granted=granted)


async def subject_at(world: IdpWorld, portal: Portal, somebody: Somebody) -> str:
    """The person's `sub` at a client that has seen them before."""
    client = await world.idp.registry.active(portal.client_id)
    assert client is not None
    subject = PairwiseNames(world.keys.ring).subject(client.sector, somebody.account_id)
    async with world.ground.database.write() as tx:
        await SqlClientStore().remember_subject(
            tx, subject=subject, sector=client.sector, account_id=somebody.account_id
        )
        await tx.commit()
    return subject

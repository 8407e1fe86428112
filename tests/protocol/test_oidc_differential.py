"""The same request to us and to oidc-provider, a certified server by others: the same answer, or a reason.

Each case gives an answer in words (`tests.support.two_providers`). Where the words differ, `differences.py` has both
and says why; a difference that is no longer there fails too, so the table cannot grow old.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from tests.protocol.differential import credentials, devices, pushed, redemptions, refreshes, requests, resources
from tests.protocol.differential.cases import CASES
from tests.protocol.differential.differences import DIFFERENCES
from tests.support.clock import FakeClock
from tests.support.idp_browser import idp_app
from tests.support.idp_world import ISSUER, IdpWorld, embedded_world
from tests.support.peer_provider import peer_provider
from tests.support.registered import registered
from tests.support.servers import BackendMissing
from tests.support.two_providers import CLIENTS, Provider, metadata_of

FILLED_BY = (credentials, devices, pushed, redemptions, refreshes, requests, resources)  # the table of cases

OURS = {
    "authorization": "/authorize",
    "token": "/token",
    "userinfo": "/userinfo",
    "introspection": "/introspect",
    "revocation": "/revoke",
    "pushed": "/par",
    "device": "/device-authorization",
}
THEIRS = {
    "authorization": "/auth",
    "token": "/token",
    "userinfo": "/me",
    "introspection": "/token/introspection",
    "revocation": "/token/revocation",
    "pushed": "/request",
    "device": "/device/auth",
}
RESOURCE = "https://api.example.test/"
SCOPES = ["openid", "offline_access", "licence:read", "licence:issue"]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, FakeClock()) as made:
        for client in CLIENTS:
            await registered(made, metadata_of(client))
        yield made


@contextlib.asynccontextmanager
async def both(world: IdpWorld) -> AsyncIterator[Callable[[], tuple[Provider, Provider]]]:
    """Makes the two, each time with new browsers."""
    app = idp_app(world)
    clients = [metadata_of(client) for client in CLIENTS]
    async with peer_provider({"clients": clients, "scopes": SCOPES, "resource": RESOURCE}) as issuer:

        def fresh() -> tuple[Provider, Provider]:
            ours = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ISSUER)
            theirs = httpx.AsyncClient(base_url=issuer, trust_env=False)
            person = (world.lin.number, world.lin.password)
            asks = ("/login", "/consent", "/authorize/resume")
            return (
                Provider("ours", ours, ISSUER, OURS, asks, lambda: world.clock.now().timestamp(), person),
                Provider("theirs", theirs, issuer, THEIRS, ("/interaction/",), time.time),
            )

        yield fresh


async def test_the_same_request_has_the_same_answer_or_a_reason(world: IdpWorld, pytestconfig: pytest.Config) -> None:
    seen: dict[str, tuple[str, str]] = {}
    try:
        async with both(world) as fresh:
            for name, work in CASES.items():
                ours, theirs = fresh()
                async with ours.http, theirs.http:
                    seen[name] = (await work(ours), await work(theirs))
    except BackendMissing as missing:
        if pytestconfig.getoption("--require-backends"):
            pytest.fail(f"a required backend is missing: {missing}", pytrace=False)
        pytest.skip(str(missing))
    unexplained = {name: words for name, words in seen.items() if words[0] != words[1] and name not in DIFFERENCES}
    other = {name: seen[name] for name, words in DIFFERENCES.items() if seen[name] != words}
    lines = [f"{name}: {words}" for name, words in (unexplained | other).items()]
    assert not lines, "\n".join(lines)

"""O-19 at the token endpoint: `jwks_uri` that leads inside, to a redirect, to a slow or a huge answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.egress.fetch import Egress
from core.egress.rules import EgressRules, HostList
from idp.model import ClientAuthMethod, GrantType
from tests.attacks.test_egress_ssrf import FORMS, LITERALS
from tests.support.clock import FakeClock
from tests.support.grants_world import other_client
from tests.support.idp_browser import BackEnd
from tests.support.idp_proofs import SigningKey, assertion, by_assertion
from tests.support.idp_world import IdpWorld, embedded_world
from tests.support.listener import Listener, listening, response

KEY = SigningKey()
JWKS = json.dumps(KEY.jwks()).encode()


@pytest.fixture
async def inside() -> AsyncIterator[Listener]:
    async with listening() as listener:
        listener.answers["/good"] = response(JWKS)
        yield listener


def rules(listener: Listener, *allowed: str) -> EgressRules:
    """As in production, but for http and the listener's port; and the addresses inside that an operator lists."""
    ports = frozenset({80, 443, listener.port})
    schemes = frozenset({"http", "https"})
    return EgressRules(schemes=schemes, ports=ports, inside=HostList.of(allowed), seconds=0.5, most_bytes=4096)


async def status(world: IdpWorld, name: str, uri: str) -> int:
    await other_client(
        world,
        name,
        GrantType.CLIENT_CREDENTIALS,
        auth_method=ClientAuthMethod.PRIVATE_KEY_JWT,
        scopes=frozenset({"licence:read"}),
        jwks_uri=uri,
    )
    form = {"grant_type": "client_credentials"} | by_assertion(assertion(KEY, name, world.clock))
    answer = await BackEnd(world, world.department).http.post("/token", data=form)
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code


async def test_o19_keys_inside_our_network_are_not_fetched(tmp_path: Path, clock: FakeClock, inside: Listener) -> None:
    uris = [inside.url("/good", host) for host in LITERALS.values()]
    uris += [form.format(port=inside.port) for form in FORMS.values()]
    assert len(uris) >= 30
    async with embedded_world(tmp_path, clock, fetcher=Egress(rules(inside))) as world:
        for number, uri in enumerate(uris):
            assert await status(world, f"client-{number}", uri) == 401, uri
    assert inside.connections == 0


async def test_o19_its_twin_is_fetched_where_the_operator_lists_it(
    tmp_path: Path, clock: FakeClock, inside: Listener
) -> None:
    async with embedded_world(tmp_path, clock, fetcher=Egress(rules(inside, "127.0.0.1/32"))) as world:
        assert await status(world, "listed", inside.url("/good")) == 200
    assert inside.connections == 1


async def test_o19_redirects_floods_and_silence_give_no_keys(
    tmp_path: Path, clock: FakeClock, inside: Listener
) -> None:
    ended = asyncio.Event()

    async def silence(_writer: asyncio.StreamWriter) -> None:
        await ended.wait()

    inside.answers |= {
        "/redirect": response(b"", f"Location: {inside.url('/good')}", status="302 Found"),
        "/huge": response(JWKS + b" " * 5_000),
        "/zipped": response(JWKS, "Content-Encoding: gzip"),
        "/silence": silence,
        "/broken": b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{",
        "/no-set": response(b'{"keys": 1}'),
        "/private": response(json.dumps({"keys": [dict(KEY.key.as_dict(private=True))]}).encode()),
    }
    paths = [path for path in inside.answers if path != "/good"]
    async with embedded_world(tmp_path, clock, fetcher=Egress(rules(inside, "127.0.0.1/32"))) as world:
        for number, path in enumerate(paths):
            assert await status(world, f"client-{number}", inside.url(path)) == 401, path
        assert await status(world, "good", inside.url("/good")) == 200
    ended.set()
    assert inside.connections == len(paths) + 1

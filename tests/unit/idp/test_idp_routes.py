"""The hot routes stand in the OpenAPI document and keep the promises of the framework's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.idp_browser import Browser, basic, idp_app
from tests.support.idp_world import IdpWorld, embedded_world


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


async def test_every_protocol_endpoint_is_documented(world: IdpWorld) -> None:
    paths = idp_app(world).openapi()["paths"]
    for path, methods in {
        "/authorize": {"get", "post"},
        "/token": {"post"},
        "/userinfo": {"get", "post"},
        "/introspect": {"post"},
        "/revoke": {"post"},
        "/jwks": {"get"},
        "/end-session": {"get", "post"},
        "/.well-known/openid-configuration": {"get"},
        "/.well-known/oauth-authorization-server": {"get"},
    }.items():
        assert paths[path].keys() == methods
        assert all(operation["summary"] for operation in paths[path].values())


async def test_operation_ids_are_unique(world: IdpWorld) -> None:
    paths = idp_app(world).openapi()["paths"].values()
    ids = [operation["operationId"] for path in paths for operation in path.values()]
    assert len(ids) == len(set(ids))


async def test_other_methods_are_refused(world: IdpWorld) -> None:
    http = Browser(world).http
    for path in ("/token", "/introspect", "/revoke"):
        assert (await http.get(path)).status_code == 405
    assert (await http.put("/authorize")).status_code == 405


async def test_a_body_that_is_too_long_is_cut_off(world: IdpWorld) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield b"x" * 1024

    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": basic("department", "x")}
    answer = await Browser(world).http.post("/token", content=endless(), headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (413, "invalid_request")


async def test_the_key_set_is_public_and_follows_the_ring(world: IdpWorld) -> None:
    answer = await Browser(world).http.get("/jwks")
    assert answer.headers["content-type"] == "application/jwk-set+json"
    assert answer.headers["cache-control"] == "public, max-age=300"
    keys = answer.json()["keys"]
    assert {key["alg"] for key in keys if key["use"] == "sig"} == {"ES256", "RS256"}
    assert [(key["kty"], key["crv"]) for key in keys if key["use"] == "enc"] == [("EC", "P-256")]
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & {name for key in keys for name in key}


async def test_no_answer_to_foreign_origins_except_public_documents(world: IdpWorld) -> None:
    http = Browser(world).http
    for path in ("/authorize", "/userinfo", "/end-session"):
        answer = await http.get(path, headers={"Origin": "https://evil.test"})
        assert "access-control-allow-origin" not in answer.headers
    answer = await http.post("/token", data={}, headers={"Origin": "https://evil.test"})
    assert "access-control-allow-origin" not in answer.headers

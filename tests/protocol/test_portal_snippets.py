"""The code that the console hands to suppliers really logs people in: openid-client, Authlib, curl."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.web.portals.snippets import snippets
from idp.model import Client
from idp.settings import IdpSettings
from tests.protocol.test_oidc_independent_clients import RunningClock
from tests.support.idp_browser import idp_app
from tests.support.idp_world import IdpWorld, embedded_world
from tests.support.live_server import serving
from tests.support.node import FOLDER, node_program
from tests.support.registered import registered
from tests.support.servers import BackendMissing, free_port

CALLBACK = "https://portal.example.test/callback"
WEBSITE: dict[str, Any] = {
    "client_id": "snippets",
    "redirect_uris": [CALLBACK],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "scope": "openid",
}
METHODS = ["client_secret_basic", "client_secret_post"]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[IdpWorld]:
    port = free_port()
    settings = IdpSettings(issuer=f"http://127.0.0.1:{port}")
    async with embedded_world(tmp_path, RunningClock(), settings=settings) as made, serving(idp_app(made), port):
        yield made


async def code_of(world: IdpWorld, name: str, **changes: Any) -> tuple[str, str]:
    """The code of one snippet, and the secret that it wants."""
    document = await registered(world, {**WEBSITE, **changes})
    client = await world.idp.registry.active(document["client_id"])
    assert isinstance(client, Client)
    found = {one.id: one.code for one in snippets(client, world.idp.settings.issuer)}
    secret = document.get("client_secret", "")
    assert not any(secret and secret in code for code in found.values())
    return found[name], secret


async def enter(world: IdpWorld, address: str) -> str:
    """The person's way; answers the address at the portal."""
    async with httpx.AsyncClient(base_url=world.idp.settings.issuer, trust_env=False) as browser:
        location = address
        while not location.startswith(CALLBACK):
            if "/login" in location:
                form = {"identifier": world.lin.number, "password": world.lin.password}
                answer = await browser.post(location, data=form)
            else:
                answer = await browser.get(location)
            location = answer.headers["location"]
    return location


async def run(*command: str, **environment: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, env=os.environ | environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(30):
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode(errors="replace")[-2000:]
    return output.decode()


@pytest.mark.parametrize("method", METHODS)
async def test_openid_client(world: IdpWorld, pytestconfig: pytest.Config, method: str) -> None:
    code, secret = await code_of(world, "openid-client", token_endpoint_auth_method=method)
    insecure = ",\n  { execute: [oidc.allowInsecureRequests] },\n)\n\n// Send"  # loopback only
    assert code.count(",\n)\n\n// Send") == 1
    code = code.replace(",\n)\n\n// Send", insecure)
    code += """
const session = {}
const address = process.argv[2] ? undefined : await begin(session)
console.log(JSON.stringify({ address, session }))
const { createInterface } = await import('node:readline')
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await finish(session, line)))
  process.exit()
}
"""
    try:
        node = await node_program()
    except BackendMissing as missing:
        if pytestconfig.getoption("--require-backends"):
            pytest.fail(f"a required backend is missing: {missing}", pytrace=False)
        pytest.skip(str(missing))
    with tempfile.NamedTemporaryFile("w", suffix=".mjs", dir=FOLDER) as file:  # beside the packages
        file.write(code)
        file.flush()
        process = await asyncio.create_subprocess_exec(
            node,
            file.name,
            env=os.environ | {"YIZHENG_CLIENT_SECRET": secret},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        async with asyncio.timeout(60):
            begun = json.loads(await process.stdout.readline())
            landed = await enter(world, begun["address"])
            output, _ = await process.communicate(f"{landed}\n".encode())
    assert json.loads(output)["sub"]


@pytest.mark.parametrize("method", METHODS)
async def test_authlib(world: IdpWorld, method: str) -> None:
    code, secret = await code_of(world, "authlib", token_endpoint_auth_method=method)
    code += """
import json
import sys

session = {}
print(begin(session), flush=True)
print(json.dumps(finish(session, sys.stdin.readline().strip())))
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        env=os.environ | {"YIZHENG_CLIENT_SECRET": secret, "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        address = (await process.stdout.readline()).decode().strip()
        landed = await enter(world, address)
        output, _ = await process.communicate(f"{landed}\n".encode())
    assert json.loads(output)["sub"]


async def test_curl_for_people(world: IdpWorld, program: Any) -> None:
    program("curl", "curl")
    code, secret = await code_of(world, "curl")
    first, third = code.split("# 3.")
    script = f"{first}\nprintf '%s\\n' $VERIFIER"
    address, verifier = (await run("bash", "-c", script)).split()
    landed = await enter(world, address)
    answer = await run(
        "bash",
        "-c",
        f"# 3.{third}",
        CODE=httpx.URL(landed).params["code"],
        VERIFIER=verifier,
        YIZHENG_CLIENT_SECRET=secret,
        no_proxy="127.0.0.1",
    )
    assert json.loads(answer)["id_token"]


async def test_curl_for_systems(world: IdpWorld, program: Any) -> None:
    program("curl", "curl")
    changes = {
        "grant_types": ["client_credentials"],
        "response_types": [],
        "redirect_uris": [],
        "scope": "licence:read licence:verify",
    }
    code, secret = await code_of(world, "credentials", **changes)
    answer = json.loads(await run("bash", "-c", code, YIZHENG_CLIENT_SECRET=secret, no_proxy="127.0.0.1"))
    assert answer["scope"] == "licence:read licence:verify"

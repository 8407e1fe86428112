"""openid-client registers itself, logs somebody in and reads its registration back (RFC 7591, RFC 7592)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from idp.clients.policy import RegistrationPolicy
from tests.support.clock import FakeClock
from tests.support.live_server import serving
from tests.support.node import run_node
from tests.support.registration_http import registration_world
from tests.support.servers import BackendMissing, free_port

CALLBACK = "https://node.example.test/callback"
KINDS: dict[str, dict[str, Any]] = {
    "secret in the header": {},
    "secret in the form": {"token_endpoint_auth_method": "client_secret_post"},
    "ES256 and signed userinfo": {"id_token_signed_response_alg": "ES256", "userinfo_signed_response_alg": "ES256"},
}


@pytest.mark.parametrize("changes", KINDS.values(), ids=KINDS)
async def test_openid_client_registers_itself(
    tmp_path: Path, pytestconfig: pytest.Config, changes: dict[str, Any]
) -> None:
    from core.clock import SystemClock

    port, clock = free_port(), FakeClock(SystemClock().now())  # the client compares our times with its own
    issuer = f"http://127.0.0.1:{port}"
    async with registration_world(tmp_path, clock, issuer=issuer) as there, serving(there.app, port):
        given = {
            "issuer": issuer,
            "initialAccessToken": await there.permit(RegistrationPolicy(review=False)),
            "metadata": {"redirect_uris": [CALLBACK], "client_name": "Node", "scope": "openid", **changes},
            "person": {"number": there.world.lin.number, "password": there.world.lin.password},
            "scope": "openid",
        }
        try:
            seen = await run_node("register.mjs", given)
        except BackendMissing as missing:
            if pytestconfig.getoption("--require-backends"):
                pytest.fail(f"a required backend is missing: {missing}", pytrace=False)
            pytest.skip(str(missing))
    assert seen["registered"]["redirect_uris"] == [CALLBACK]
    assert seen["claims"]["aud"] == seen["registered"]["client_id"]
    assert seen["userinfo"]["sub"] == seen["claims"]["sub"]
    assert seen["read"]["client_id"] == seen["registered"]["client_id"]
    assert {name: seen["read"][name] for name in changes} == changes

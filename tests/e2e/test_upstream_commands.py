"""`yizheng upstream …` on an instance of its own."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from api.journey.instance import Instance

pytestmark = pytest.mark.slow
PROVIDER = {
    "id": "province",
    "name": {"zh": "示例省统一身份认证", "en": "Example Province ID"},
    "client_id": "example-city",
    "token_endpoint_auth_method": "private_key_jwt",
    "trust": "realname",
    "scope": "openid identity",
    "mapping": {"id_number": "card", "name": "name", "stated_level": 2},
}


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    made = Instance({"demo": "false"})
    try:
        made.command("migrate")
        yield made
    finally:
        made.stop()


def test_a_provider_from_the_command_line(instance: Instance) -> None:
    with socket.socket() as nobody:  # a port at which nobody answers
        nobody.bind(("127.0.0.1", 0))
        issuer = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        printed = instance.command("upstream", "put", "-", stdin=json.dumps(PROVIDER | {"issuer": issuer}))
        head, _, rest = printed.partition("\n")
        assert head == "registered province"
        there = json.loads(rest)["register_there"]
        assert there["jwks_uri"] == f"{instance.issuer}/upstream/jwks"
        assert instance.command("upstream", "put", "-", stdin=json.dumps(PROVIDER | {"issuer": issuer})).startswith(
            "replaced province"
        )
        [listed] = json.loads(instance.command("upstream", "list", "--json"))
        assert (listed["id"], listed["revision"], listed["status"]) == ("province", 2, "active")
        keys = json.loads(instance.command("upstream", "keys"))["keys"]
        assert [(key["alg"], key["use"], "d" in key) for key in keys] == [("ES256", "sig", False)]
        with pytest.raises(RuntimeError, match="metadata"):
            instance.command("upstream", "test", "province")
    assert instance.command("upstream", "disable", "province").strip() == "province is disabled"
    assert json.loads(instance.command("upstream", "show", "province"))["status"] == "disabled"
    assert instance.command("upstream", "enable", "province").strip() == "province is active"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"issuer": "https://id.example.cn?x"}, "issuer"),
        ({"issuer": "https://id.example.cn", "mapping": {}}, "mapping"),
        ({"issuer": "https://id.example.cn", "secret": "typed wrong"}, "known"),
        ({"issuer": "https://id.example.cn", "trust": "friend"}, "trust"),
    ],
)
def test_a_description_that_is_not_as_required(instance: Instance, changes: dict[str, object], told: str) -> None:
    with pytest.raises(RuntimeError, match=told):
        instance.command("upstream", "put", "-", stdin=json.dumps(PROVIDER | {"id": "other"} | changes))
    assert "other" not in instance.command("upstream", "list")

"""Registration by many at once, on PostgreSQL and Redis (rows O-44, O-68): what is one time is one time.

SQLite lets one writer in at a time, so these races show here only.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.clock import FakeClock
from tests.support.idp_proofs import SigningKey
from tests.support.registration_http import CB, WEB, RegistrationWorld, registration_world
from tests.support.servers import PostgresServer, RedisServer


@pytest.fixture
async def there(
    tmp_path: Path, clock: FakeClock, postgres_server: PostgresServer, redis_server: RedisServer
) -> AsyncIterator[RegistrationWorld]:
    async with registration_world(tmp_path, clock, servers=(postgres_server, redis_server)) as world:
        yield world


async def test_o_44_a_token_lets_in_as_many_as_it_says(there: RegistrationWorld) -> None:
    token = await there.permit(uses=3)
    answers = await asyncio.gather(*(there.register(token=token) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [401] * 9
    page = (await there.call("security", "GET", "/v1/clients", params={"q": "new portal"})).json()
    assert len(page["items"]) == 3, "nothing is left of those who were too late"


async def test_o_44_one_update_counts(there: RegistrationWorld) -> None:
    made = (await there.register()).json()
    path, token = f"/register/{made['client_id']}", made["registration_access_token"]
    bodies = [{**WEB, "client_id": made["client_id"], "tos_uri": f"{CB}/{number}"} for number in range(8)]
    answers = await asyncio.gather(*(there.call(token, "PUT", path, json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7
    (winner,) = [answer.json() for answer in answers if answer.status_code == 200]
    read = (await there.call(winner["registration_access_token"], "GET", path)).json()
    assert read["tos_uri"] == winner["tos_uri"]


async def test_o_44_one_deletion_counts_and_gives_one_place_back(there: RegistrationWorld) -> None:
    token = await there.permit(uses=2)
    made = (await there.register(token=token)).json()
    path, access = f"/register/{made['client_id']}", made["registration_access_token"]
    answers = await asyncio.gather(*(there.call(access, "DELETE", path) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [204] + [401] * 5
    (permit,) = (await there.call("security", "GET", "/v1/initial-access-tokens")).json()["items"]
    assert (permit["clients"], permit["uses"]) == (0, 1)


async def test_one_decision_counts(there: RegistrationWorld) -> None:
    made = await there.proposed(WEB | {"client_id": "mine"})
    path = f"/v1/client-proposals/{made['proposal']['id']}"
    verbs = ("approve", "refuse") * 5
    answers = await asyncio.gather(*(there.call("security", "POST", f"{path}/{verb}") for verb in verbs))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9
    decided = (await there.call("security", "GET", path)).json()["state"]
    status = (await there.call("security", "GET", "/v1/clients/mine")).status_code
    assert (decided, status) in {("approved", 200), ("refused", 404)}


async def test_two_secrets_stay_two(there: RegistrationWorld) -> None:
    await there.approved(WEB | {"client_id": "mine"})
    answers = await asyncio.gather(*(there.call("system", "POST", "/v1/clients/mine/secrets") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


async def test_one_change_waits_and_one_name_is_taken_once(there: RegistrationWorld) -> None:
    taken = await asyncio.gather(
        *(there.call("system", "POST", "/v1/clients", json=WEB | {"client_id": "mine"}) for _ in range(6))
    )
    assert sorted(answer.status_code for answer in taken) == [201] + [409] * 5
    (made,) = [answer.json() for answer in taken if answer.status_code == 201]
    await there.call("security", "POST", f"/v1/client-proposals/{made['proposal']['id']}/approve")
    changes = [WEB | {"redirect_uris": [f"{CB}/{number}"]} for number in range(6)]
    answers = await asyncio.gather(*(there.call("system", "PUT", "/v1/clients/mine", json=one) for one in changes))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5


@pytest.mark.parametrize("odd", ["\x00", "\ud800", "\u202e", "a\x00b", "%00", "'; --"])
async def test_odd_characters_are_refused_or_kept_and_break_nothing(there: RegistrationWorld, odd: str) -> None:
    token, json_type = await there.permit(uses=5), {"Content-Type": "application/json"}
    keys = {"keys": [{"kty": "RSA", "kid": odd, "n": odd, "e": "AQAB"}]}
    extra = {"keys": [SigningKey().jwk(x_extra={"of": [odd]})]}
    for changes in ({"jwks": extra}, {"software_id": odd}, {"client_name": odd}, {"contacts": [odd]}, {"jwks": keys}):
        content = json.dumps({**WEB, **changes}).encode()
        for who, path in ((token, "/register"), ("system", "/v1/clients")):
            answer = await there.call(who, "POST", path, content=content, headers=json_type)
            assert answer.status_code in (201, 400)
    issuer = {"issuer": "https://i.test" + odd, "jwks": extra, "note": "x" + odd}
    answer = await there.call(
        "security", "POST", "/v1/statement-issuers", content=json.dumps(issuer).encode(), headers=json_type
    )
    assert answer.status_code in (201, 400)
    made = (await there.proposed(WEB))["proposal"]["id"]
    content = json.dumps({"note": "x" + odd}).encode()
    path = f"/v1/client-proposals/{made}/refuse"
    refused = await there.call("security", "POST", path, content=content, headers=json_type)
    assert refused.status_code in (200, 400)
    in_address = quote(odd, errors="surrogatepass")
    assert (await there.call("system", "GET", f"/v1/clients?q={in_address}")).status_code == 200
    for who, path in (
        ("system", "/v1/clients/x"),
        ("system", "/v1/client-proposals/x"),
        ("x", "/register/x"),
    ):
        assert (await there.call(who, "GET", path + in_address)).status_code in (401, 404)
    assert (await there.call("security", "DELETE", f"/v1/initial-access-tokens/x{in_address}")).status_code == 404

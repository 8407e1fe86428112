"""A header that proved its client a moment ago proves nothing that is not so now (row O-38)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from idp.model import ClientAuthMethod, ClientStatus
from idp.stores.tables import client
from idp.token_uses import CLIENT_SECRET
from tests.support.client_changes import change_client
from tests.support.clock import FakeClock
from tests.support.idp_browser import BackEnd, basic
from tests.support.idp_world import IdpWorld, embedded_world

CC = {"grant_type": "client_credentials"}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


async def ask(world: IdpWorld, **more: str) -> httpx.Response:
    """The department's token request, always under the same header."""
    header = basic(world.department.client_id, world.department.secret or "")
    http = BackEnd(world, world.department).http
    return await http.post("/token", data=CC | more, headers={"Authorization": header})


@pytest.fixture
async def known(world: IdpWorld) -> None:
    for _ in range(2):
        assert (await ask(world)).status_code == 200


async def change(world: IdpWorld, **columns: object) -> None:
    async with world.ground.database.write() as tx:
        await tx.connection.execute(update(client).where(client.c.id == world.department.client_id).values(**columns))
        await tx.commit()


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("at_once", [True, False])
async def test_a_replaced_secret_counts_no_longer(world: IdpWorld, at_once: bool) -> None:
    """In this process at once, elsewhere after the seconds for which a client is remembered."""
    other = world.keys.secrets.tokens.digest(CLIENT_SECRET, "another secret, long enough for a client")
    await change(world, secret_digest=other)
    if at_once:
        world.idp.registry.forget(world.department.client_id)
    else:
        world.clock.advance(6)
    assert (await ask(world)).status_code == 401


@pytest.mark.usefixtures("known")
async def test_a_disabled_client_gets_nothing(world: IdpWorld) -> None:
    await change(world, status=ClientStatus.DISABLED.value)
    world.idp.registry.forget(world.department.client_id)
    assert (await ask(world)).status_code == 401


@pytest.mark.usefixtures("known")
async def test_another_method_of_authentication_is_the_only_one(world: IdpWorld) -> None:
    await change(world, auth_method=ClientAuthMethod.POST.value)
    world.idp.registry.forget(world.department.client_id)
    assert (await ask(world)).status_code == 401


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    "more",
    [{"client_secret": "x"}, {"client_id": "portal-a"}, {"client_assertion": "x", "client_assertion_type": "y"}],
    ids=str,
)
async def test_a_second_method_beside_it_is_refused(world: IdpWorld, more: dict[str, str]) -> None:
    answer = await ask(world, **more)  # RFC 6749 §2.3
    assert (answer.status_code, answer.json()["error"]) in ((400, "invalid_request"), (401, "invalid_client"))
    assert (await ask(world, client_id=world.department.client_id)).status_code == 200, "the twin"


@pytest.mark.usefixtures("known")
async def test_a_client_that_may_not_any_more_is_refused(world: IdpWorld) -> None:
    await change_client(world, world.department.client_id, columns={"grants": ["authorization_code"]})
    answer = await ask(world)
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")


@pytest.mark.usefixtures("known")
async def test_a_nearly_equal_header_is_another(world: IdpWorld) -> None:
    secret = world.department.secret or ""
    http = BackEnd(world, world.department).http
    for wrong in (secret[:-1], secret + "x", secret.swapcase(), ""):
        header = basic(world.department.client_id, wrong)
        assert (await http.post("/token", data=CC, headers={"Authorization": header})).status_code == 401


@pytest.mark.usefixtures("known")
async def test_its_revoked_tokens_stay_revoked(world: IdpWorld) -> None:
    """The header is known, the token is not: every token is judged anew."""
    token = (await ask(world)).json()["access_token"]
    back_end = BackEnd(world, world.department)
    assert (await back_end.introspect(token))["active"] is True
    assert (await back_end.post("/revoke", {"token": token})).status_code == 200
    assert await back_end.introspect(token) == {"active": False}

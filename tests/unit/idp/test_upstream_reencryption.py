"""What the upstream log-in keeps sealed comes under today's keys, and still opens afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from idp.stores.upstream_holders import upstream_collections
from keys.reencrypt.model import KeyRef
from keys.secrets.purposes import PEOPLE, SERVICE_SECRETS
from keys.spec import KeyState
from tests.support.clock import FakeClock
from tests.support.secrets import MemorySecrets
from tests.support.upstream_world import UpstreamWorld, upstream_world


@pytest.fixture
def secrets() -> MemorySecrets:
    return MemorySecrets("oidc.pairwise", *SERVICE_SECRETS)


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock, secrets: MemorySecrets) -> AsyncIterator[UpstreamWorld]:
    async with upstream_world(tmp_path, clock, secrets=secrets) as made:
        yield made


async def test_secrets_and_id_tokens_follow_the_key(world: UpstreamWorld, secrets: MemorySecrets) -> None:
    browser, database = world.browser(), world.idp.ground.database
    await browser.log_in_at(world.province)
    visit = await world.idp.idp.sessions.find(browser.session_cookie)
    assert visit is not None
    collections = upstream_collections(database, world.idp.keys.secrets.fields.people)
    [old] = secrets.ids(PEOPLE)
    secrets.rotate(PEOPLE)
    for collection, rows in zip(collections, (2, 1), strict=True):
        async with database.read() as tx:
            assert await collection.holds(tx, KeyRef(old, PEOPLE))
            assert await collection.remaining(tx) == rows
        batch = await collection.batch(None, 10)
        assert (len(batch.changes), batch.faulty) == (rows, 0)
        async with database.write() as tx:
            assert all([await collection.apply(tx, change) for change in batch.changes])
            await tx.commit()
        async with database.read() as tx:
            assert not await collection.holds(tx, KeyRef(old, PEOPLE))
    secrets.retire(old)
    assert secrets.ids(PEOPLE, KeyState.VERIFY_ONLY) == []
    assert (await world.browser().log_in_at(world.university, "s1")).status_code == 403, "the secret there opens"
    goodbye = await world.idp.idp.upstream.goodbye.goodbye(visit.session.id)
    assert goodbye is not None
    assert dict(goodbye.fields)["id_token_hint"].count(".") == 2

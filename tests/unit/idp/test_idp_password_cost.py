"""When passwords cost something else than before: hashes are renewed at log-in, and nobody is kept waiting for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from idp.stores.tables import account
from keys.errors import HashingBusy
from tests.support.clock import FakeClock
from tests.support.idp_browser import Browser
from tests.support.idp_world import PASSWORD, IdpWorld, embedded_world


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        async with made.ground.database.write() as tx:
            old = (
                update(account).where(account.c.id == made.lin.account_id).values(password_hash=f"old plain:{PASSWORD}")
            )
            await tx.connection.execute(old)
            await tx.commit()
        yield made


async def stored(world: IdpWorld) -> str:
    async with world.ground.database.read() as tx:
        query = select(account.c.password_hash).where(account.c.id == world.lin.account_id)
        return (await tx.connection.execute(query)).scalar_one()


async def test_a_hash_at_another_cost_is_renewed_at_log_in(world: IdpWorld) -> None:
    assert (await Browser(world).log_in(world.lin, password="wrong")).status_code != 303
    assert await stored(world) == f"old plain:{PASSWORD}", "only the right password can be hashed anew"
    browser = Browser(world)
    assert (await browser.log_in(world.lin)).status_code == 303
    assert browser.session_cookie
    assert await stored(world) == f"plain:{PASSWORD}"
    assert (await Browser(world).log_in(world.lin)).status_code == 303


async def test_a_password_that_is_changed_meanwhile_stands(world: IdpWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    hash_of = world.keys.passwords.hash

    async def changed_meanwhile(password: str, *, source: str = "") -> str:
        async with world.ground.database.write() as tx:
            other = update(account).where(account.c.id == world.lin.account_id).values(password_hash="plain:another")
            await tx.connection.execute(other)
            await tx.commit()
        return await hash_of(password, source=source)

    monkeypatch.setattr(world.keys.passwords, "hash", changed_meanwhile)
    assert (await Browser(world).log_in(world.lin)).status_code == 303
    assert await stored(world) == "plain:another"


async def test_a_full_pool_does_not_keep_anybody_out_for_it(world: IdpWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(password: str, *, source: str = "") -> str:
        raise HashingBusy

    monkeypatch.setattr(world.keys.passwords, "hash", busy)
    assert (await Browser(world).log_in(world.lin)).status_code == 303
    assert await stored(world) == f"old plain:{PASSWORD}"

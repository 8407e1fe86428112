"""A renewal that dies between rendering, sealing, storing and committing: nothing is half done, and nothing stays.

A crash is an error that no use case knows; what comes after it is a fresh worker on the same stores.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import NoReturn

import pytest

from certstore.documents import UNWRITTEN_FOR
from certstore.lifecycle import Event, State
from certstore.stores.key_holders import licence_documents
from certstore.stores.tables import licence_file, licence_version
from core.audit.tables import audit_event
from core.blobs.filesystem import FilesystemBlobStore
from core.db.units import WriteTx
from core.errors import Unavailable
from core.idempotency import idempotency_key
from keys.reencrypt.documents import RemoveDiscarded
from keys.secrets.vault import EncryptedVault
from keys.stores.reencryption import SqlDiscardList
from keys.stores.reencryption_tables import discarded_document
from tests.support.certstore_fakes import field_cipher
from tests.support.certstore_world import POLICE_SYSTEM, World
from tests.support.licence_life import Life
from tests.support.life_crashes import KEY, MOMENTS, holds_version


class Crash(BaseException):
    """The process is gone."""


def _crash() -> NoReturn:
    raise Crash


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_crash_leaves_the_licence_as_it_was_and_no_file_behind(
    city: World, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    life = Life(city)
    permit = await city.issue_permit()
    before = await _counts(city)
    with monkeypatch.context() as patch:
        MOMENTS[moment](life, patch, _crash)
        with pytest.raises(Crash):
            await life.renew(permit, key=KEY)
    assert await life.stored(permit) == permit
    assert await _counts(city) == before, "no version, no file, no event, no key"
    renewed = await life.renew(permit, key=KEY)  # the same request again, by whoever is alive
    assert (renewed.state, renewed.current.number) == (State.VALID, 2)
    assert [one.event for one in await life.history(permit)] == [Event.ISSUE, Event.RENEW]
    await _sweep(city)
    assert _documents(city) == 2, "what no row names is gone; what a row names is there"
    for number in (1, 2):
        assert (await city.services.read.original(permit.id, POLICE_SYSTEM, number)).content.startswith(b"%PDF-")


@pytest.mark.parametrize("moment", ["sealed", "all but the commit"])
async def test_a_process_that_is_killed_leaves_the_licence_to_the_next(both_cities: World, moment: str) -> None:
    city, life = both_cities, Life(both_cities)
    permit = await city.issue_permit()
    before = await _counts(city)
    address = city.database.engine.url.render_as_string(hide_password=False)
    words = ("-m", "tests.support.life_crashes", address, str(city.folder), permit.id, moment)
    worker = await asyncio.create_subprocess_exec(sys.executable, *words)
    assert await worker.wait() == -signal.SIGKILL
    assert await life.stored(permit) == permit
    assert await _counts(city) == before
    renewed = await life.renew(permit, key=KEY)
    assert (renewed.state, renewed.current.number) == (State.VALID, 2)
    await _sweep(city)
    assert _documents(city) == 2, "the orphan is swept"


async def test_after_the_commit_the_same_request_finds_it_done(city: World, monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(city)
    permit = await city.issue_permit()
    real = WriteTx.commit

    async def dying(self: WriteTx) -> None:
        done = await holds_version(self, 2)
        await real(self)
        if done:
            raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(WriteTx, "commit", dying)
        with pytest.raises(Crash):
            await life.renew(permit, key=KEY)
    assert (await life.renew(permit, key=KEY)).current.number == 2
    assert [one.event for one in await life.history(permit)] == [Event.ISSUE, Event.RENEW]


async def test_a_seal_that_is_away_changes_nothing(city: World) -> None:
    life = Life(city)
    permit = await city.issue_permit()
    city.sealer.broken = True
    with pytest.raises(Unavailable):
        await life.reissue(permit, key="k")
    assert await life.stored(permit) == permit
    city.sealer.broken = False
    assert (await life.reissue(permit, key="k")).current.number == 2, "a try that failed leaves its key free"


async def _counts(city: World) -> list[int]:
    return [await city.rows(table) for table in (licence_version, licence_file, audit_event, idempotency_key)]


async def _sweep(city: World) -> None:
    city.clock.advance(UNWRITTEN_FOR.total_seconds() + 1)
    vault = EncryptedVault(FilesystemBlobStore(city.folder / "blobs"), field_cipher())
    discards = SqlDiscardList()
    kept = licence_documents(city.database, vault, discards, city.clock)
    await RemoveDiscarded(city.database, discards, vault, [kept], city.clock)()
    assert await city.rows(discarded_document) == 0


def _documents(city: World) -> int:
    return sum(1 for one in (city.folder / "blobs").rglob("*") if one.is_file())

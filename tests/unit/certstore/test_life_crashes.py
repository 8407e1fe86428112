"""A renewal that dies between rendering, sealing, storing and committing: nothing is half done, and nothing stays.

A crash is an error that no use case knows; what comes after it is a fresh worker on the same stores.
"""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from certstore.documents import UNWRITTEN_FOR
from certstore.lifecycle import Event, State
from certstore.stores.files import SqlFileStore
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


class Crash(BaseException):
    """The process is gone."""


def _dies(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, *, after: bool) -> None:
    """Let `owner.name` die, before or after it has done its work."""
    real = getattr(owner, name)

    async def dying(*given: Any, **named: Any) -> Any:
        if after:
            await real(*given, **named)
        raise Crash

    monkeypatch.setattr(owner, name, dying)


def _render(life: Life, patch: pytest.MonkeyPatch) -> None:
    _dies(patch, _files(life)._renderer, "render", after=True)


def _seal(life: Life, patch: pytest.MonkeyPatch) -> None:
    _dies(patch, life.city.sealer, "seal", after=True)


def _listed(life: Life, patch: pytest.MonkeyPatch) -> None:
    _dies(patch, EncryptedVault, "put", after=False)


def _stored(life: Life, patch: pytest.MonkeyPatch) -> None:
    _dies(patch, EncryptedVault, "put", after=True)


def _file_row(life: Life, patch: pytest.MonkeyPatch) -> None:
    _dies(patch, SqlFileStore, "add", after=True)


def _commit(life: Life, patch: pytest.MonkeyPatch) -> None:
    real = WriteTx.commit

    async def dying(self: WriteTx) -> None:
        if await _holds_version(self, 2):
            raise Crash
        await real(self)

    patch.setattr(WriteTx, "commit", dying)


async def _holds_version(tx: WriteTx, number: int) -> bool:
    query = select(licence_version.c.number).where(licence_version.c.number == number)
    return (await tx.connection.execute(query)).first() is not None


def _files(life: Life) -> Any:
    renew: Any = life.services.renew
    return renew._maker._files


MOMENTS = {
    "rendered": _render,
    "sealed": _seal,
    "listed, not stored": _listed,
    "stored, no row": _stored,
    "row, no commit": _file_row,
    "all but the commit": _commit,
}


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_crash_leaves_the_licence_as_it_was_and_no_file_behind(
    city: World, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    life = Life(city)
    permit = await city.issue_permit()
    before = await _counts(city)
    with monkeypatch.context() as patch:
        MOMENTS[moment](life, patch)
        with pytest.raises(Crash):
            await life.renew(permit, key="dies")
    assert await life.stored(permit) == permit
    assert await _counts(city) == before, "no version, no file, no event, no key"
    renewed = await life.renew(permit, key="dies")  # the same request again, by whoever is alive
    assert (renewed.state, renewed.current.number) == (State.VALID, 2)
    assert [one.event for one in await life.history(permit)] == [Event.ISSUE, Event.RENEW]
    await _sweep(city)
    assert _documents(city) == 2, "what no row names is gone; what a row names is there"
    for number in (1, 2):
        assert (await city.services.read.original(permit.id, POLICE_SYSTEM, number)).content.startswith(b"%PDF-")


async def test_after_the_commit_the_same_request_finds_it_done(city: World, monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(city)
    permit = await city.issue_permit()
    real = WriteTx.commit

    async def dying(self: WriteTx) -> None:
        done = await _holds_version(self, 2)
        await real(self)
        if done:
            raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(WriteTx, "commit", dying)
        with pytest.raises(Crash):
            await life.renew(permit, key="dies")
    assert (await life.renew(permit, key="dies")).current.number == 2
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

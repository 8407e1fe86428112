"""R-02, S-56, R-25: workers that are killed, connections that break at a commit, files that nobody comes back from."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import text

from core.db.database import Database, WriteTx
from core.db.engine import create_engine
from core.errors import Unavailable
from core.text import Text
from keys.secrets.vault import EncryptedVault
from signing.batches.gather import Incoming
from signing.batches.model import MOST_TRIES, BatchState, Counts, FileState
from signing.batches.run import HANDFUL, LEASE
from signing.model import SealStatus, SignatureRecord
from signing.ports import UseQuery
from signing.public_log.place import place_waiting
from signing.stores.batches import SqlBatchStore
from signing.stores.public_log import SqlPublicLog
from tests.support import batch_crashes
from tests.support.batch_world import KEEPER, BatchOffice, letters, vault
from tests.support.clock import START, FakeClock
from tests.support.databases import schema
from tests.support.receiving_postgres import receiving_postgres
from tests.support.servers import PostgresServer
from tests.support.signing_fakes import PlainKeys
from tests.support.signing_world import CLIENT, ORGANISATION, SealOffice

_SECONDS = LEASE.total_seconds() + 1


@pytest.fixture
async def batches(database: Database, clock: FakeClock, tmp_path: Path) -> BatchOffice:
    office = SealOffice(database, clock, vault=vault(tmp_path / "documents"))
    await office.grant(await office.make_seal(), max_uses=1000)
    return BatchOffice(office)


async def ledger(batches: BatchOffice) -> list[SignatureRecord]:
    found = await batches.office.uses.ledger.page(UseQuery(ORGANISATION), actor=KEEPER, limit=100)
    return list(found.items)


async def hold_to_exactly_once(batches: BatchOffice, batch_id: str, brought: list[Incoming]) -> None:
    """Every acknowledged file was sealed once; grant, ledger, public log and files say the same."""
    database, log, records = batches.office.database, SqlPublicLog(), await ledger(batches)
    wanted = Counter(hashlib.sha256(one.content).hexdigest() for one in brought)
    assert Counter(one.digest_before for one in records) == wanted
    (seal,) = await batches.office.seals.of_organisation(ORGANISATION)
    (grant,) = await batches.office.seals.grants_of(seal.id, actor=KEEPER)
    assert grant.uses == len(brought)
    await place_waiting(database, log)
    async with database.read() as tx:
        assert await log.not_entered(tx) == 0
        assert await log.size(tx) == len(brought) + 1, "one entry each, and the seal's own"
        for record in records:
            assert await log.place_of(tx, record.digest_after) is not None
    by_id = {record.id: record for record in records}
    for file, one in zip(await batches.files(batch_id), brought, strict=True):
        assert (file.state, file.name) == (FileState.SEALED, one.name)
        _, content = await batches.services.look.sealed(batch_id, file.id, CLIENT)
        assert hashlib.sha256(content).hexdigest() == by_id.pop(file.signature_id or "").digest_after
        assert (await batches.office.verify_pdf(content)).indication == "TOTAL-PASSED"
    assert not by_id


async def test_r02_killed_at_every_moment_each_file_is_sealed_once(
    database: Database, batches: BatchOffice, clock: FakeClock, tmp_path: Path
) -> None:
    brought = letters(len(batch_crashes.MOMENTS) + 2)
    batch = await batches.running(brought)
    assert isinstance(batches.office.keys, PlainKeys)
    ((purpose, signer),) = batches.office.keys.signers.items()
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / batch_crashes.KEY_FILE).write_bytes(signer.key.private_bytes(*form))
    (tmp_path / batch_crashes.SEED_FILE).write_text(purpose)
    address = database.engine.url.render_as_string(hide_password=False)
    words = ("-m", "tests.support.batch_crashes", address, str(tmp_path), batch.id)
    workers = await asyncio.create_subprocess_exec(sys.executable, *words)
    assert await workers.wait() == 0
    assert (await batches.services.look.one(batch.id, CLIENT)).counts == Counts(waiting=1, sealed=6)
    assert len(await ledger(batches)) == 6
    clock.set(START)
    clock.advance(len(batch_crashes.MOMENTS) * _SECONDS)
    await batches.services.run.through()
    assert (await batches.batch(batch.id)).state is BatchState.DONE
    await hold_to_exactly_once(batches, batch.id, brought)


@pytest.mark.parametrize("kept", [False, True], ids=["lost", "kept, unheard"])
async def test_a_commit_whose_answer_never_came_seals_nothing_twice(
    batches: BatchOffice, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    """The database restarts in the middle: whether the unit was kept, the worker cannot know."""
    brought = letters(4)
    batch = await batches.running(brought)
    settle, commit, settled = SqlBatchStore.seal, WriteTx.commit, list[WriteTx]()

    async def noting(store: SqlBatchStore, tx: WriteTx, *given: Any) -> bool:
        settled.append(tx)
        return await settle(store, tx, *given)

    async def broken(tx: WriteTx) -> None:
        if len(settled) < 2 or settled[1] is not tx:
            await commit(tx)
            return
        if kept:
            await commit(tx)
        elif tx.connection.dialect.name == "postgresql":
            await tx.connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        raise Unavailable("database-unavailable", Text("没有回应", "no answer"))

    monkeypatch.setattr(SqlBatchStore, "seal", noting)
    monkeypatch.setattr(WriteTx, "commit", broken)
    await batches.services.run.step()
    assert (await batches.batch(batch.id)).stumbles == 1
    clock.advance(60)
    await batches.services.run.through()
    await hold_to_exactly_once(batches, batch.id, brought)


async def test_r02_the_database_server_dies_in_the_middle_and_comes_back(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a word, as by a power cut: what was acknowledged before is there, the rest is done by the next worker."""
    brought, settled = letters(12), asyncio.Event()
    settle, count = SqlBatchStore.seal, itertools.count(1)

    async def noting(store: SqlBatchStore, tx: WriteTx, *given: Any) -> bool:
        if next(count) == 5:
            settled.set()
        return await settle(store, tx, *given)

    with receiving_postgres() as machine:
        data = machine.make()
        with machine.running(data, end=signal.SIGQUIT) as server:  # an immediate end: no checkpoint, no farewell
            before = await on(server, clock, vault(tmp_path / "documents"))
            await before.office.grant(await before.office.make_seal(), max_uses=1000)
            batch = await before.running(brought)
            monkeypatch.setattr(SqlBatchStore, "seal", noting)
            worker = asyncio.create_task(before.services.run.through())
            await settled.wait()
        with contextlib.suppress(Exception):  # whatever the worker made of it, the next one must be able to go on
            await worker
        await before.office.database.close()
        with machine.running(data, end=signal.SIGINT) as server:
            clock.advance(_SECONDS)
            former = before.office
            after = await on(server, clock, former.vault, keys=former.keys, authority=former.authority)
            left = (await after.services.look.one(batch.id, CLIENT)).counts.waiting
            assert 0 < left < len(brought), "it died in the middle"
            await after.services.run.through()
            assert (await after.batch(batch.id)).state is BatchState.DONE
            await hold_to_exactly_once(after, batch.id, brought)
            await after.office.database.close()


async def on(server: PostgresServer, clock: FakeClock, kept: EncryptedVault, **given: Any) -> BatchOffice:
    """A worker's office over the server's own database; tables are made where there are none."""
    database = await schema(Database(create_engine(server.url("postgres")), clock))
    return BatchOffice(SealOffice(database, clock, vault=kept, **given))


async def test_several_workers_never_seal_a_file_twice(batches: BatchOffice) -> None:
    brought = letters(24)
    batch = await batches.running(brought)
    others = [BatchOffice(batches.office).services.run for _ in range(3)]
    await asyncio.gather(batches.services.run.through(), *(one.through() for one in others))
    await batches.services.run.through()
    await hold_to_exactly_once(batches, batch.id, brought)


@pytest.mark.parametrize("stopped", [True, False], ids=["stopped", "twin"])
async def test_i06_nothing_is_sealed_after_a_revocation_or_a_cancellation_was_answered(
    batches: BatchOffice, monkeypatch: pytest.MonkeyPatch, stopped: bool
) -> None:
    """Three workers have a signed file in hand each, and wait to enter it."""
    revoked, cancelled = await batches.running(letters(9)), await batches.running(letters(9, first=20))
    keep, gate, held = batches.office.vault.keep, asyncio.Event(), list[str]()

    async def holding(content: bytes, *, context: str) -> str:
        held.append(context)
        await gate.wait()
        return str(await keep(content, context=context))

    monkeypatch.setattr(batches.office.vault, "keep", holding)
    workers = asyncio.gather(*(BatchOffice(batches.office).services.run.through() for _ in range(3)))
    while len(held) < 3:
        await asyncio.sleep(0.001)
    if stopped:
        await batches.services.steer.cancel(cancelled.id, CLIENT)
        await batches.change_seal(SealStatus.REVOKED)
    gate.set()
    await workers
    states = [(await batches.batch(one.id)).state for one in (revoked, cancelled)]
    if stopped:
        assert await ledger(batches) == []
        assert states == [BatchState.HALTED, BatchState.CANCELLED]
    else:
        assert len(await ledger(batches)) == 18
        assert states == [BatchState.DONE, BatchState.DONE]


async def test_r25_a_file_that_nobody_comes_back_from_is_set_aside_alone(
    batches: BatchOffice, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies of it, with other files in hand: those go on."""
    batch = await batches.running(letters(HANDFUL))
    poison = (await batches.files(batch.id))[2].id
    real, begun = batches.services.run._seal, list[str]()

    class Killed(BaseException):
        """What a worker does not survive."""

    async def dying(*given: Any) -> None:
        begun.append(given[1].id)
        if begun[-1] == poison:
            raise Killed
        await real(*given)

    monkeypatch.setattr(batches.services.run, "_seal", dying)
    for _ in range(MOST_TRIES):
        with pytest.raises(BaseExceptionGroup):
            await batches.services.run.through()
        clock.advance(_SECONDS)
    await batches.services.run.through()
    assert begun.count(poison) == MOST_TRIES
    counts = (await batches.services.look.one(batch.id, CLIENT)).counts
    assert counts == Counts(sealed=HANDFUL - 1, refused=1)
    (aside,) = [file for file in await batches.files(batch.id) if file.state is FileState.REFUSED]
    assert aside.fault is not None
    assert (aside.id, aside.fault.code) == (poison, "batch-file-set-aside")
    assert (await batches.batch(batch.id)).state is BatchState.DONE


async def test_r25_twin_a_worker_that_breaks_off_without_dying_goes_on_with_the_others(
    batches: BatchOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = await batches.running(letters(3))
    victim, real, tries = (await batches.files(batch.id))[0].id, batches.services.run._seal, 0

    async def faltering(*given: Any) -> None:
        nonlocal tries
        tries += given[1].id == victim
        if given[1].id == victim and tries < MOST_TRIES:
            raise ZeroDivisionError
        await real(*given)

    monkeypatch.setattr(batches.services.run, "_seal", faltering)
    await batches.services.run.through()
    assert (await batches.services.look.one(batch.id, CLIENT)).counts == Counts(sealed=3)

"""Batches from the first file to the last message: gathered, started, sealed, halted, cancelled, told, forgotten."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.db.database import Database
from core.errors import InvalidInput, LimitExceeded, NotPermitted, Unavailable
from core.text import Text
from keys.reencrypt.documents import GRACE, RemoveDiscarded
from keys.stores.reencryption import SqlDiscardList
from keys.stores.reencryption_tables import discarded_document
from signing.batches import run
from signing.batches.errors import BatchEmpty, BatchFileNotFound, BatchMoved, BatchNotFound, FileNameTaken
from signing.batches.gather import Incoming, NewBatch
from signing.batches.model import KEPT_FOR, LIFE, MOST_LIVING, BatchState, Counts, FileState
from signing.errors import SealNotActive, SealNotGranted, SealSecondPerson
from signing.model import GranteeKind, SealPdfCommand, SealStatus
from signing.ports import UseQuery
from signing.stores.batch_tables import seal_batch, seal_batch_file
from signing.stores.key_holders import batch_documents, signature_documents
from tests.support.batch_world import KEEPER, REVIEWER, WISHES, BatchOffice, bad, letters, vault
from tests.support.clock import FakeClock
from tests.support.national_forms import NationalForms
from tests.support.ofd_sealing import judged as ofd_judged
from tests.support.ofd_sealing import package
from tests.support.signing_fakes import pdf
from tests.support.signing_world import CLIENT, ORGANISATION, SealOffice


@pytest.fixture
async def batches(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> BatchOffice:
    office = SealOffice(sqlite_database, clock, vault=vault(tmp_path / "documents"), national=NationalForms())
    await office.grant(await office.make_seal())
    return BatchOffice(office)


async def text_of(lines: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in lines])


async def uses(batches: BatchOffice) -> list[str]:
    found = await batches.office.uses.ledger.page(UseQuery(ORGANISATION), actor=KEEPER, limit=100)
    return [one.digest_before for one in found.items]


async def test_every_file_is_sealed_once_and_comes_back_under_its_name(batches: BatchOffice) -> None:
    brought = letters(11)
    batch = await batches.running(brought)
    assert await batches.services.run.through() == 1
    assert (await batches.batch(batch.id)).state is BatchState.DONE
    seen = await batches.services.look.one(batch.id, CLIENT)
    assert seen.counts == Counts(sealed=11)
    assert sorted(await uses(batches)) == sorted(hashlib.sha256(one.content).hexdigest() for one in brought)
    archive = zipfile.ZipFile(io.BytesIO(await text_of(await batches.services.results.archive(batch.id, CLIENT))))
    assert archive.namelist() == [*(one.name for one in brought), "results.csv"]
    for one in brought[:2]:
        report = await batches.office.verify_pdf(archive.read(one.name))
        assert report.indication == "TOTAL-PASSED"
        assert archive.read(one.name).startswith(one.content)
    table = archive.read("results.csv").decode("utf-8-sig").splitlines()
    assert len(table) == 12
    assert "信/001.pdf" in table[1]


async def test_a_batch_takes_pdfs_and_ofds_side_by_side(batches: BatchOffice) -> None:
    brought = [*letters(2), Incoming("证照/甲.ofd", package()), Incoming("证照/乙", package(2))]
    batch = await batches.running(brought)
    await batches.services.run.through()
    assert (await batches.services.look.one(batch.id, CLIENT)).counts == Counts(sealed=4)
    archive = zipfile.ZipFile(io.BytesIO(await text_of(await batches.services.results.archive(batch.id, CLIENT))))
    assert archive.namelist()[2:4] == ["证照/甲.ofd", "证照/乙.ofd"], "under their names, each with its own ending"
    for name in archive.namelist()[2:4]:
        assert [one.good for one in await ofd_judged(archive.read(name))] == [True]


async def test_a_file_at_fault_is_told_with_its_remedy_and_the_others_go_on(batches: BatchOffice) -> None:
    batch = await batches.running([*letters(2), bad(), *letters(1, first=3)])
    await batches.services.run.through()
    states = {file.name: file for file in await batches.files(batch.id)}
    refused = states.pop("坏.pdf")
    assert refused.state is FileState.REFUSED
    assert refused.fault is not None
    assert refused.fault.code.startswith("pdf-")
    assert refused.fault.text.zh
    assert {file.state for file in states.values()} == {FileState.SEALED}
    table = await text_of(await batches.services.results.table(batch.id, CLIENT, "en"))
    assert refused.fault.text.en in table.decode("utf-8-sig")


async def test_a_refused_file_is_tried_once_more_when_its_owner_says_so(
    batches: BatchOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = await batches.running([*letters(1), bad()])
    await batches.services.run.through()
    with pytest.raises(BatchFileNotFound):
        await batches.services.steer.try_again(batch.id, CLIENT, "bfile_none")
    assert (await batches.services.steer.try_again(batch.id, CLIENT)).state is BatchState.RUNNING
    await batches.services.run.through()
    assert (await batches.services.look.one(batch.id, CLIENT)).counts == Counts(sealed=1, refused=1)
    assert len(await uses(batches)) == 1, "what was sealed is not sealed again"


async def test_the_same_file_under_the_same_name_is_there_once(batches: BatchOffice) -> None:
    batch = await batches.begun(letters(3))
    again = await batches.services.gather.add(batch.id, letters(4), CLIENT)
    assert [file.number for file in again] == [1, 2, 3, 4]
    with pytest.raises(FileNameTaken):
        await batches.services.gather.add(batch.id, [Incoming("信/001.pdf", pdf(text="another"))], CLIENT)
    assert (await batches.batch(batch.id)).files == 4
    for name in ("../x.pdf", "a//b.pdf", "/x.pdf", "x\n.pdf", "", "n" * 201):
        with pytest.raises(InvalidInput):
            await batches.services.gather.add(batch.id, [Incoming(name, pdf())], CLIENT)
    (first, *_) = again
    await batches.services.gather.remove(batch.id, first.id, CLIENT)
    (back,) = await batches.services.gather.add(batch.id, letters(1), CLIENT)
    assert back.number == 5


async def test_names_are_sealed_in_the_database(batches: BatchOffice) -> None:
    await batches.begun([Incoming("张三的离职证明.pdf", pdf())])
    async with batches.office.database.read() as tx:
        (row,) = (await tx.connection.execute(select(seal_batch_file))).all()
        (kept,) = (await tx.connection.execute(select(seal_batch))).all()
    assert "张三".encode() not in bytes(row.name_enc)
    assert row.name_digest != hashlib.sha256("张三的离职证明.pdf".encode()).digest()
    assert "张三" not in repr(row) + repr(kept)


async def test_a_batch_is_begun_once_under_one_key(batches: BatchOffice) -> None:
    first = await batches.begun([], idempotency_key="k")
    assert (await batches.begun([], idempotency_key="k")).id == first.id
    for _ in range(MOST_LIVING - 1):
        await batches.begun([])
    with pytest.raises(LimitExceeded):
        await batches.begun([])
    await batches.services.steer.cancel(first.id, CLIENT)
    await batches.begun([])


async def test_nothing_begins_without_a_grant_or_a_seal_in_use(batches: BatchOffice) -> None:
    other = REVIEWER
    with pytest.raises(SealNotGranted):
        await batches.begun([], actor=other)
    with pytest.raises(SealNotGranted):
        await batches.services.gather.begin(NewBatch("seal_none", WISHES, CLIENT))
    with pytest.raises(InvalidInput):
        await batches.begun([], receiver="sub_other")
    empty = await batches.begun([])
    with pytest.raises(BatchEmpty):
        await batches.services.steer.start(empty.id, CLIENT)
    await batches.change_seal(SealStatus.SUSPENDED)
    with pytest.raises(SealNotActive):
        await batches.begun([])


async def test_batches_are_their_owners_alone(batches: BatchOffice) -> None:
    batch = await batches.running(letters(1))
    await batches.services.run.through()
    (file,) = await batches.files(batch.id)
    services = batches.services
    for actor in (REVIEWER, KEEPER):
        for attempt in (
            services.look.one(batch.id, actor),
            services.look.files(batch.id, actor),
            services.look.sealed(batch.id, file.id, actor),
            services.look.brought(batch.id, file.id, actor),
            services.results.table(batch.id, actor),
            services.steer.cancel(batch.id, actor),
            services.steer.try_again(batch.id, actor),
            services.gather.add(batch.id, letters(1), actor),
        ):
            with pytest.raises(BatchNotFound):
                await attempt
    assert (await services.look.sealed(batch.id, file.id, CLIENT))[1].startswith(letters(1)[0].content)


async def test_a_suspended_seal_halts_the_batch_and_a_resumed_one_goes_on(batches: BatchOffice) -> None:
    batch = await batches.running(letters(20))
    await batches.services.run.step()
    await batches.change_seal(SealStatus.SUSPENDED)
    sealed = len(await uses(batches))
    await batches.services.run.through()
    halted = await batches.batch(batch.id)
    assert (halted.state, halted.halted and halted.halted.code) == (BatchState.HALTED, "seal-not-active")
    assert len(await uses(batches)) == sealed == run.HANDFUL, "I-06: not one more"
    with pytest.raises(SealNotActive):
        await batches.services.steer.resume(batch.id, CLIENT)
    await batches.change_seal(SealStatus.ACTIVE)
    await batches.services.steer.resume(batch.id, CLIENT)
    await batches.services.run.through()
    assert (await batches.services.look.one(batch.id, CLIENT)).counts == Counts(sealed=20)


async def test_a_grants_ceiling_is_counted_file_by_file(batches: BatchOffice) -> None:
    office = batches.office
    (seal,) = await office.seals.of_organisation(ORGANISATION)
    (open_ended,) = await office.seals.grants_of(seal.id, actor=KEEPER)
    await office.grant(seal, max_uses=3)
    batch = await batches.running(letters(5))
    await office.end_grant(open_ended.id, actor=REVIEWER)
    await batches.services.run.through()
    halted = await batches.batch(batch.id)
    assert halted.halted is not None
    assert halted.halted.code == "seal-uses-spent"
    assert (await batches.services.look.one(batch.id, CLIENT)).counts == Counts(sealed=3, waiting=2)
    await office.grant(seal, max_uses=2)
    await batches.services.steer.resume(batch.id, CLIENT)
    await batches.services.run.through()
    assert (await batches.batch(batch.id)).state is BatchState.DONE


async def test_whoever_may_not_use_seals_any_more_has_none_used(batches: BatchOffice) -> None:
    batch = await batches.running(letters(2))
    batches.users.left.add(CLIENT.id)
    await batches.services.run.through()
    halted = await batches.batch(batch.id)
    assert halted.halted is not None
    assert halted.halted.code == "batch-owner-gone"
    assert await uses(batches) == []


async def test_cancelled_keeps_what_is_sealed_and_says_so(batches: BatchOffice) -> None:
    batch = await batches.running(letters(20))
    await batches.services.run.step()
    await batches.services.steer.cancel(batch.id, CLIENT)
    await batches.services.run.through()
    seen = await batches.services.look.one(batch.id, CLIENT)
    assert seen.counts == Counts(sealed=run.HANDFUL, cancelled=20 - run.HANDFUL)
    assert len(await uses(batches)) == run.HANDFUL
    for attempt in (batches.services.steer.cancel, batches.services.steer.resume, batches.services.steer.start):
        with pytest.raises(BatchMoved):
            await attempt(batch.id, CLIENT)


async def test_a_batch_waits_while_what_it_needs_does_not_answer(
    batches: BatchOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = await batches.running(letters(2))
    sealing, clock = batches.office.seal_pdf._seal_in, batches.office.clock

    async def away(*_: object, **__: object) -> None:
        raise Unavailable("key-unavailable", Text("没有回应", "no answer"))

    monkeypatch.setattr(batches.office.seal_pdf, "_seal_in", away)
    for stumbles in (1, 2):
        assert await batches.services.run.step()
        assert not await batches.services.run.step(), "it waits"
        waiting = await batches.batch(batch.id)
        assert (waiting.stumbles, waiting.state) == (stumbles, BatchState.RUNNING)
        clock.advance(30)
    monkeypatch.setattr(batches.office.seal_pdf, "_seal_in", sealing)
    await batches.services.run.through()
    assert (await batches.services.look.one(batch.id, CLIENT)).counts == Counts(sealed=2)
    assert (await batches.batch(batch.id)).stumbles == 0


async def test_batches_take_turns(batches: BatchOffice) -> None:
    large = await batches.running(letters(50))
    await batches.services.run.step()
    batches.office.clock.advance(1)
    small = await batches.running(letters(2, first=50))
    for _ in range(2):
        batches.office.clock.advance(1)
        await batches.services.run.step()
    assert (await batches.batch(small.id)).state is BatchState.DONE, "the small one does not wait for the large one"
    assert (await batches.services.look.one(large.id, CLIENT)).counts.waiting > 0


async def test_its_receiver_is_told_until_it_has_heard(batches: BatchOffice) -> None:
    batch = await batches.running(letters(1), receiver="sub_own")
    assert await batches.services.tell() == 0
    await batches.services.run.through()
    batches.hearing.answers = ["timeout", "status-503"]
    for _ in range(3):
        assert await batches.services.tell() == 1
        batches.office.clock.advance(60)
    assert await batches.services.tell() == 0
    told = json.loads(batches.hearing.heard[-1])["batch"]
    assert (told["id"], told["state"]) == (batch.id, "done")
    assert told["files"] == {"sealed": 1, "refused": 0, "waiting": 0, "cancelled": 0}
    assert len(batches.hearing.heard) == 3


async def test_a_receiver_that_never_answers_is_left_alone_in_the_end(batches: BatchOffice) -> None:
    await batches.running(letters(1), receiver="sub_own")
    await batches.services.run.through()
    batches.hearing.answers = ["timeout"] * 500
    for _ in range(200):
        await batches.services.tell()
        batches.office.clock.advance(3600)
    assert 70 < len(batches.hearing.heard) < 100


async def test_what_nobody_needs_any_more_goes_and_the_ledger_stays(batches: BatchOffice) -> None:
    office, clock = batches.office, batches.office.clock
    batch = await batches.running([*letters(2), bad()])
    never_started = await batches.begun(letters(1, first=9))
    await batches.services.run.through()
    await batches.services.keep()
    documents = {file.state: file.document for file in await batches.files(batch.id)}
    assert documents[FileState.SEALED] is None
    assert documents[FileState.REFUSED] is not None, "it may be tried once more"
    clock.advance(LIFE.total_seconds())
    await batches.services.keep()
    assert (await batches.batch(never_started.id)).state is BatchState.LAPSED
    with pytest.raises(BatchMoved):
        await batches.services.steer.start(never_started.id, CLIENT)
    clock.advance(KEPT_FOR.total_seconds())
    await batches.services.keep()
    async with office.database.read() as tx:
        for table in (seal_batch, seal_batch_file):
            assert (await tx.connection.execute(select(func.count()).select_from(table))).scalar_one() == 0
    clock.advance((GRACE + dt.timedelta(minutes=1)).total_seconds())
    shared = (office.database, office.vault, SqlDiscardList(), clock)
    remove = RemoveDiscarded(
        office.database, SqlDiscardList(), office.vault, [batch_documents(*shared), signature_documents(*shared)], clock
    )
    await remove()
    async with office.database.read() as tx:
        assert (await tx.connection.execute(select(func.count()).select_from(discarded_document))).scalar_one() == 0
    found = await office.uses.ledger.page(UseQuery(ORGANISATION), actor=KEEPER)
    assert len(found.items) == 2
    for use in found.items:
        assert await office.seals.file(use.id, caller=CLIENT)


async def test_a_single_file_is_sealed_beside_a_batch(batches: BatchOffice) -> None:
    batch = await batches.running(letters(20))
    (seal,) = await batches.office.seals.of_organisation(ORGANISATION)
    await batches.services.run.step()
    await batches.office.seal_pdf(SealPdfCommand(pdf(text="urgent"), seal.id, CLIENT, "document", None))
    assert (await batches.services.look.one(batch.id, CLIENT)).counts.waiting > 0


class TestTwoPeople:
    """A grant that wants a second person: it is asked once, for the whole list."""

    @pytest.fixture
    async def batches(self, sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> BatchOffice:
        office = SealOffice(sqlite_database, clock, vault=vault(tmp_path / "documents"))
        await office.grant(await office.make_seal(), approval=True)
        return BatchOffice(office)

    async def test_the_list_is_approved_and_every_file_of_it_sealed(self, batches: BatchOffice) -> None:
        services, brought = batches.services, letters(3)
        batch = await batches.running(brought)
        assert batch.state is BatchState.ASKED
        assert not await services.run.step()
        with pytest.raises(BatchMoved):
            await services.gather.add(batch.id, letters(1, first=9), CLIENT)
        assert [one.id for one in (await services.look.to_decide(REVIEWER)).items] == [batch.id]
        listed = await text_of(await services.look.list_of_files(batch.id, REVIEWER))
        wanted = "".join(f"{hashlib.sha256(one.content).hexdigest()}  {one.name}\n" for one in brought)
        assert listed.decode() == wanted
        digest = hashlib.sha256(listed).hexdigest()
        (first, *_) = await batches.files(batch.id)
        assert await services.look.brought(batch.id, first.id, REVIEWER) == brought[0].content
        running = await services.decide.approve(batch.id, digest, actor=REVIEWER, answer="同意")
        assert running.state is BatchState.RUNNING
        await services.run.through()
        assert (await services.look.one(batch.id, CLIENT)).counts == Counts(sealed=3)
        with pytest.raises(BatchMoved):
            await services.decide.approve(batch.id, digest, actor=REVIEWER)

    async def test_nobody_decides_over_their_own_nor_over_a_list_they_have_not_seen(self, batches: BatchOffice) -> None:
        services = batches.services
        both = REVIEWER
        batches.users.known = (CLIENT, both)
        (seal,) = await batches.office.seals.of_organisation(ORGANISATION)
        await batches.office.grant(seal, approval=True, grantee_kind=GranteeKind.ACCOUNT, grantee=both.id)
        own = await batches.begun(letters(1), actor=both)
        await services.steer.start(own.id, both)
        approval = (await batches.batch(own.id)).approval
        assert approval is not None
        with pytest.raises(SealSecondPerson):
            await services.decide.approve(own.id, approval.digest, actor=both)
        batch = await batches.running(letters(2))
        with pytest.raises(NotPermitted):
            await services.decide.approve(batch.id, approval.digest, actor=CLIENT)
        with pytest.raises(Exception, match="batch-list-differs"):
            await services.decide.approve(batch.id, approval.digest, actor=REVIEWER)
        assert (await batches.batch(batch.id)).state is BatchState.ASKED

    async def test_a_refusal_ends_it_and_an_approval_does_not_last_for_ever(self, batches: BatchOffice) -> None:
        services = batches.services
        refused = await batches.running(letters(1))
        await services.decide.refuse(refused.id, actor=REVIEWER, answer="材料不全")
        assert (await services.look.one(refused.id, CLIENT)).counts == Counts(cancelled=1)
        batch = await batches.running(letters(1))
        assert batch.approval is not None
        await services.decide.approve(batch.id, batch.approval.digest, actor=REVIEWER)
        batches.office.clock.advance(LIFE.total_seconds())
        await services.run.through()
        halted = await batches.batch(batch.id)
        assert halted.halted is not None
        assert halted.halted.code == "batch-approval-over"
        assert (await services.steer.resume(batch.id, CLIENT)).state is BatchState.ASKED
        assert await uses(batches) == []

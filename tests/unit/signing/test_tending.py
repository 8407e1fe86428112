"""Files that are kept: brought to the level that was asked for, renewed in time, whatever fails in between."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest

from core.db.database import Database
from keys.tsa.client import TimestampClient
from keys.tsa.errors import TimestampUnavailable
from signing.errors import PdfRefused, SignatureNotFound
from signing.levels import Level, LevelPolicy
from signing.longlife.extend_file import ExtendFileCommand
from signing.longlife.tend import RENEW_BEFORE, next_step
from signing.model import SealedPdf, SealPdfCommand
from signing.stores.care import SqlCareStore
from tests.support.clock import START, FakeClock
from tests.support.lasting_world import YEAR, LastingWorld
from tests.support.signing_fakes import Issuer, PlainAuthority, pdf
from tests.support.signing_world import CLIENT, PLACE, SealOffice
from tests.support.trust_pki import DAY, Made


class World:
    """A seal office whose seals are made by the lasting world's authority."""

    def __init__(self, database: Database, clock: FakeClock, *, stamps: bool = True) -> None:
        self.lasting = LastingWorld(clock=clock, unit_ends=START + YEAR)
        world = self.lasting
        authority = PlainAuthority(_issuer(world.root), _issuer(world.issuing))
        timestamps = world.timestamps if stamps else TimestampClient([], clock)
        self.clock = clock
        self.office = SealOffice(database, clock, authority=authority, judge=world.judge, timestamps=timestamps)

    async def seal(self, level: Level, policy: LevelPolicy = LevelPolicy.EXACTLY) -> SealedPdf:
        seal = await self.office.make_seal()
        await self.office.grant(seal)
        command = SealPdfCommand(pdf(), seal.id, CLIENT, "document", PLACE, level=level, level_policy=policy)
        return await self.office.seal_pdf(command)

    async def file(self, sealed: SealedPdf) -> bytes:
        return await self.office.seals.file(sealed.signature_id, caller=CLIENT)

    async def level(self, sealed: SealedPdf) -> str:
        return (await self.office.seals.use(sealed.signature_id, caller=CLIENT)).level

    def stamps_come_back(self) -> None:
        world = self.lasting
        self.office.tend._extend = world.lasting.extend


def _issuer(made: Made) -> Issuer:
    return Issuer(made.private, made.certificate)  # type: ignore[arg-type]  # an elliptic-curve key


async def test_exactly_means_nothing_is_sealed(sqlite_database: Database, clock: FakeClock) -> None:
    """S-55: no file that claims a time it has not, and none at a lower level without a word."""
    world = World(sqlite_database, clock, stamps=False)
    with pytest.raises(TimestampUnavailable):
        await world.seal(Level.B_T)
    assert world.office.vault.kept == {}


async def test_what_cannot_be_had_now_is_told_and_done_later(sqlite_database: Database, clock: FakeClock) -> None:
    world = World(sqlite_database, clock, stamps=False)
    sealed = await world.seal(Level.B_LTA, LevelPolicy.AT_LEAST_B_B)
    assert (sealed.level, sealed.level_wanted) == ("PAdES-B-B", "PAdES-B-LTA")
    assert await world.office.tend() == 0, "not due yet"
    clock.advance(61)
    assert await world.office.tend() == 0, "still nobody gives time-stamps"
    async with sqlite_database.read() as tx:
        care = await SqlCareStore().find(tx, sealed.signature_id)
    assert care is not None
    assert (care.tries, care.fault) == (1, "timestamp-unavailable")
    world.stamps_come_back()
    clock.advance(3600)
    assert await world.office.tend() == 1
    assert await world.level(sealed) == "PAdES-B-LTA"
    content = await world.file(sealed)
    assert content.startswith(sealed.content)
    report = await world.office.verify_pdf(content)
    assert (report.conclusion, report.signatures[0].level) == ("genuine", "PAdES-B-LTA")
    known = report.signatures[0].known_seal
    assert known is not None
    assert known.recorded_at is not None, "the ledger still knows the seal in the longer file"


async def test_archive_time_stamps_are_renewed_before_they_end(sqlite_database: Database, clock: FakeClock) -> None:
    world = World(sqlite_database, clock)
    sealed = await world.seal(Level.B_LTA)
    assert sealed.level == "PAdES-B-LTA"
    clock.set(START + YEAR - RENEW_BEFORE - DAY)
    assert await world.office.tend() == 0
    clock.advance((2 * DAY).total_seconds())
    world.lasting.new_unit("乙", ends=START + 9 * YEAR)
    world.stamps_come_back()
    assert await world.office.tend() == 1
    assert await world.office.tend() == 0, "once"
    content = await world.file(sealed)
    clock.set(START + 5 * YEAR)  # the seal's certificate and the first unit's have ended
    world.lasting.end_of_seal_authority()
    report = await world.office.verify_pdf(content)
    assert (report.conclusion, report.signatures[0].level) == ("genuine", "PAdES-B-LTA")
    assert [stamp.good for stamp in report.timestamps] == [True, True]
    file_alone = await world.lasting.verifier()(content)
    assert file_alone.conclusion == "genuine", "without our ledger too"


async def test_of_many_workers_one_prolongs(database: Database, clock: FakeClock) -> None:
    world = World(database, clock, stamps=False)
    sealed = await world.seal(Level.B_T, LevelPolicy.AT_LEAST_B_B)
    world.stamps_come_back()
    clock.advance(61)
    done = await asyncio.gather(*(world.office.tend.tend(sealed.signature_id) for _ in range(4)))
    assert sorted(done) == [False, False, False, True]
    report = await world.office.verify_pdf(await world.file(sealed))
    assert (report.signatures[0].level, len(report.timestamps)) == ("PAdES-B-T", 1)


async def test_a_worker_that_is_killed_leaves_the_file_as_it_was(sqlite_database: Database, clock: FakeClock) -> None:
    """S-56: killed after the longer file was stored, before its row; another worker takes it up when the lease ends."""
    world = World(sqlite_database, clock, stamps=False)
    sealed = await world.seal(Level.B_T, LevelPolicy.AT_LEAST_B_B)
    world.stamps_come_back()
    clock.advance(61)

    class Killed(BaseException): ...

    async def killed(*_: object) -> bool:
        raise Killed

    tend = world.office.tend
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(tend, "_replace", killed)
        await tend()
    assert await world.file(sealed) == sealed.content
    assert await tend() == 0, "the lease of the dead worker holds"
    clock.advance(601)
    assert await tend() == 1
    assert await world.level(sealed) == "PAdES-B-T"


async def test_what_is_no_longer_genuine_is_not_prolonged(sqlite_database: Database, clock: FakeClock) -> None:
    world = World(sqlite_database, clock, stamps=False)
    sealed = await world.seal(Level.B_T, LevelPolicy.AT_LEAST_B_B)
    address = (await world.office.seals.use(sealed.signature_id, caller=CLIENT)).document
    assert address is not None
    world.office.vault.kept[address] = sealed.content[:200] + b"x" + sealed.content[201:]
    world.stamps_come_back()
    clock.advance(61)
    assert await world.office.tend() == 0
    async with sqlite_database.read() as tx:
        care = await SqlCareStore().find(tx, sealed.signature_id)
    assert care is not None
    assert care.fault == "pdf-not-extendable"


@pytest.mark.parametrize(
    ("level", "target", "renew_by", "wanted"),
    [
        (Level.B_B, Level.B_LTA, None, START + dt.timedelta(minutes=1)),
        (Level.B_T, Level.B_T, None, None),
        (Level.B_LTA, Level.B_LT, START + YEAR, None),
        (Level.B_LTA, Level.B_LTA, START + YEAR, START + YEAR - RENEW_BEFORE),
        (Level.B_LTA, Level.B_LTA, START + 10 * DAY, START + 5 * DAY),
    ],
)
def test_when_the_next_step_is_due(
    level: Level, target: Level, renew_by: dt.datetime | None, wanted: dt.datetime | None
) -> None:
    assert next_step(level, target, renew_by, START) == wanted


async def test_a_strangers_file_is_brought_to_the_archive_level_and_nothing_of_it_is_kept(
    sqlite_database: Database, clock: FakeClock
) -> None:
    world = World(sqlite_database, clock)
    theirs = world.lasting.press.seal(pdf(), signed_at=clock.now())  # under a listed authority, by no seal of ours
    extend = world.office.extend_file
    made = await extend(ExtendFileCommand(theirs, Level.B_LTA, LevelPolicy.EXACTLY, CLIENT))
    assert made.content.startswith(theirs)
    assert made.renew_by is not None
    clock.advance(60)
    report = await world.office.verify_pdf(made.content)
    assert (report.conclusion, report.signatures[0].level, made.level) == ("genuine", "PAdES-B-LTA", Level.B_LTA)
    assert world.office.vault.kept == {}
    again = await extend(ExtendFileCommand(made.content, Level.B_LTA, LevelPolicy.EXACTLY, CLIENT))
    assert again.content == made.content, "it has the level already"


@pytest.mark.parametrize("spoil", [lambda _: pdf(), lambda file: file[:-40], lambda file: file + b"\n%later"])
async def test_what_is_not_genuine_is_not_made_to_last(
    sqlite_database: Database, clock: FakeClock, spoil: Callable[[bytes], bytes]
) -> None:
    world = World(sqlite_database, clock)
    theirs = world.lasting.press.seal(pdf(), signed_at=clock.now())
    with pytest.raises(PdfRefused):
        await world.office.extend_file(ExtendFileCommand(spoil(theirs), Level.B_LTA, LevelPolicy.AT_LEAST_B_B, CLIENT))


async def test_a_level_that_cannot_be_had_is_refused_or_told_lower(sqlite_database: Database, clock: FakeClock) -> None:
    world = World(sqlite_database, clock, stamps=False)
    theirs = world.lasting.press.seal(pdf(), signed_at=clock.now())
    with pytest.raises(TimestampUnavailable):
        await world.office.extend_file(ExtendFileCommand(theirs, Level.B_T, LevelPolicy.EXACTLY, CLIENT))
    made = await world.office.extend_file(ExtendFileCommand(theirs, Level.B_T, LevelPolicy.AT_LEAST_B_B, CLIENT))
    assert (made.content, made.level) == (theirs, Level.B_B)


async def test_the_care_for_a_file_is_told_to_whoever_had_it_sealed(
    sqlite_database: Database, clock: FakeClock
) -> None:
    world = World(sqlite_database, clock)
    sealed = await world.seal(Level.B_LTA)
    care = await world.office.care_of_files(sealed.signature_id, caller=CLIENT)
    assert care is not None
    assert (care.target, care.due_at is not None and care.due_at > clock.now()) == (Level.B_LTA, True)
    with pytest.raises(SignatureNotFound):
        await world.office.care_of_files(sealed.signature_id, caller=replace(CLIENT, id="other", organisation="X"))

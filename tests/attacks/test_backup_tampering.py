"""A backup that was changed, cut, mixed or forged restores nothing, and it is said where it is wrong (K-09, L-24)."""

from __future__ import annotations

import asyncio
import random
import shutil
from pathlib import Path

import msgspec
import pytest

from api.backup.errors import ArchiveUnfit, RestoreRefused
from api.backup.examine import examine
from api.backup.frames import Ended, FrameReader, FrameWriter, PartBegan
from api.backup.model import BackupReport, Manifest, Signature, What
from api.backup.target import DomainState, domain_state
from api.cli.prepare import check_current
from api.startup import StartupFault
from api.wiring.backup import TABLES
from core.db.engine import create_engine
from core.errors import AppError
from keys.archive.container import create_archive, open_archive
from keys.archive.errors import ArchiveDamaged, ArchiveLocked
from keys.archive.locks import Openers, under_passphrase
from keys.master_key import load_master_key
from tests.support.backup_world import PASSPHRASE, Deployment, deployment
from tests.support.databases import load_tables

FLIPS = 50


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """Made once: every test leaves it as it was, but for further backups."""
    load_tables()
    made = deployment(tmp_path_factory.mktemp("city") / "data")

    async def make() -> None:
        await made.make()
        await made.fill_every_table(each=6)

    asyncio.run(make())
    return made


@pytest.fixture(scope="module")
def backup(city: Deployment) -> BackupReport:
    return asyncio.run(city.back_up(passphrase=PASSPHRASE))


def _openers(city: Deployment) -> Openers:
    return Openers(master_key=load_master_key(city.settings.keys))


def _place(city: Deployment, folder: Path) -> Deployment:
    return deployment(folder / "place", master_key_file=city.settings.master_key_path)


async def _nothing_came(place: Deployment) -> None:
    engine = create_engine(place.settings.database.url)
    assert await domain_state(engine) is DomainState.EMPTY
    await engine.dispose()
    assert not (place.settings.folder / "documents").exists()
    async with place.target() as target:
        assert await target.key_store.state() == "empty"


async def test_a_flipped_byte_at_fifty_places_restores_nothing(
    city: Deployment, backup: BackupReport, tmp_path: Path
) -> None:
    place, changed = _place(city, tmp_path), tmp_path / "changed.yzb"
    whole = Path(backup.file).read_bytes()
    chance = random.Random(7)
    spread = [len(whole) * number // FLIPS for number in range(FLIPS)]
    named = set()
    for start in spread:
        flipped = bytearray(whole)
        where = min(start + chance.randrange(max(len(whole) // FLIPS, 1)), len(whole) - 1)
        flipped[where] ^= 1 << chance.randrange(8)
        changed.write_bytes(flipped)
        with pytest.raises(AppError) as caught:
            await place.restore(changed, openers=_openers(city))
        named.add(caught.value.private.partition(":")[0])
        await _nothing_came(place)
    assert len(named) > 1, "the part is named"
    assert (await place.restore(backup.file, openers=_openers(city))).good, "the twin"


async def test_a_cut_archive_restores_nothing(city: Deployment, backup: BackupReport, tmp_path: Path) -> None:
    place, cut = _place(city, tmp_path), tmp_path / "cut.yzb"
    whole = Path(backup.file).read_bytes()
    for length in (0, 10, 200, len(whole) // 3, len(whole) // 2, len(whole) - 16, len(whole) - 1):
        cut.write_bytes(whole[:length])
        with pytest.raises(AppError):
            await place.restore(cut, openers=_openers(city))
        await _nothing_came(place)
    cut.write_bytes(whole + b"\x00")
    with pytest.raises(ArchiveDamaged):
        await place.restore(cut, openers=_openers(city))
    await _nothing_came(place)


async def test_an_archive_that_changes_while_it_is_restored_brings_nothing_in(
    city: Deployment, backup: BackupReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the first reading and the second one, somebody puts another archive in its place."""
    other = await city.back_up(passphrase=PASSPHRASE)
    place, file = _place(city, tmp_path), tmp_path / "backup.yzb"
    shutil.copy(backup.file, file)
    from api.backup import restore as restoring

    real = restoring.fill

    async def exchanged(*arguments: object, **named: object) -> object:
        shutil.copy(other.file, file)
        return await real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(restoring, "fill", exchanged)
    with pytest.raises(ArchiveDamaged, match="changed while"):
        await place.restore(file, openers=_openers(city))
    with pytest.raises(StartupFault, match="broken off"):
        await check_current(place.settings)


async def test_no_key_and_another_key_open_nothing(city: Deployment, backup: BackupReport, tmp_path: Path) -> None:
    place = _place(city, tmp_path)
    for openers in (Openers(), Openers(master_key=bytes(range(32))), Openers(passphrase=PASSPHRASE + "!")):
        with pytest.raises(ArchiveLocked, match="opens with the master key or the passphrase"):
            await place.restore(backup.file, openers=openers)
        await _nothing_came(place)


class TestForgery:
    """Whoever knows the passphrase can open and write archives; the signature is what they cannot make."""

    @staticmethod
    def _forged(city: Deployment, backup: BackupReport, file: Path, signature: Signature | None) -> Path:
        openers = Openers(passphrase=PASSPHRASE)
        with Path(backup.file).open("rb") as read, file.open("wb") as written:
            header, source = open_archive(read, openers)
            sink = create_archive(written, header.about, [under_passphrase(PASSPHRASE)])
            frames = FrameWriter(sink)
            from api.backup.frames import Document, PartEnded, Rows

            for event in FrameReader(source, TABLES.documents_of()).events():
                match event:
                    case PartBegan():
                        frames.begin(event.name, event.columns)
                        column = TABLES.documents_of().get(event.name)
                        place = next((n for n, one in enumerate(event.columns) if one.name == column), None)
                    case Rows():
                        frames.rows(event.rows)
                        if place is not None:
                            for row in event.rows:
                                if row[place] is not None:
                                    frames.names(row[place].rpartition(".")[2])
                    case Document():
                        frames.document(event.digest, event.content)
                    case PartEnded():
                        frames.end()
                    case Ended():
                        manifest = msgspec.structs.replace(event.manifest, issuer="https://elsewhere.example")
                        frames.finish(msgspec.json.encode(manifest), signature or event.signature)
            sink.close()
        return file

    async def test_a_manifest_of_their_own_is_restored_by_nobody_unseen(
        self, city: Deployment, backup: BackupReport, tmp_path: Path
    ) -> None:
        forged = self._forged(city, backup, tmp_path / "forged.yzb", None)
        place = _place(city, tmp_path)
        report = await place.restore(forged, openers=Openers(passphrase=PASSPHRASE), accept_gap=True)
        assert report.checks["signature of the archive"] is False
        assert not report.good
        assert not report.gap_accepted, "--accept-gap does not acknowledge a fault"
        with pytest.raises(StartupFault, match="accept-gap"):
            await check_current(place.settings)

    async def test_a_signature_by_a_key_of_their_own_does_not_count(
        self, city: Deployment, backup: BackupReport, tmp_path: Path
    ) -> None:
        theirs = Signature("no-key-of-ours", "ES256", b"\x30\x06\x02\x01\x01\x02\x01\x01")
        forged = self._forged(city, backup, tmp_path / "forged.yzb", theirs)
        report = await _place(city, tmp_path).restore(forged, openers=Openers(passphrase=PASSPHRASE))
        assert report.checks["signature of the archive"] is False


class _Memory:
    """What a `FrameWriter` wrote, to be read again."""

    def __init__(self) -> None:
        self.content = bytearray()
        self._at = 0

    def write(self, data: bytes) -> None:
        self.content += data

    def read(self, size: int) -> bytes:
        taken = bytes(self.content[self._at : self._at + size])
        self._at += size
        return taken


def _manifest(frames: FrameWriter, **changes: object) -> Manifest:
    from core.clock import SystemClock

    made = Manifest(
        format=1,
        id="bak_1",
        what="all",
        point=SystemClock().now(),
        issuer="https://yizheng.example",
        made_by="test",
        parts=frames.sums,
    )
    return msgspec.structs.replace(made, **changes)


class TestFrames:
    """The inner order: what even the right key must not get past the reader."""

    @staticmethod
    def _read(memory: _Memory) -> None:
        list(FrameReader(memory, {}).events())

    def _written(self) -> tuple[_Memory, FrameWriter]:
        memory = _Memory()
        frames = FrameWriter(memory)
        frames.begin("documents/a.b")
        frames.end()
        return memory, frames

    def test_in_order_it_is_read(self) -> None:
        memory, frames = self._written()
        frames.finish(msgspec.json.encode(_manifest(frames)), None)
        self._read(memory)

    def test_a_part_that_the_manifest_does_not_list_is_seen(self) -> None:
        for parts in ([], ["twice"]):
            memory, frames = self._written()
            listed = frames.sums * 2 if parts else []
            frames.finish(msgspec.json.encode(_manifest(frames, parts=listed)), None)
            with pytest.raises(ArchiveDamaged, match="manifest"):
                self._read(memory)

    def test_what_stands_outside_of_parts_is_refused(self) -> None:
        for junk in (b"R\x00\x00\x00\x01\x90", b"E\x00\x00\x00\x02{}", b"X\x00\x00\x00\x00", b"D\xff\xff\xff\xff"):
            memory = _Memory()
            memory.write(junk)
            with pytest.raises(ArchiveDamaged):
                self._read(memory)

    def test_something_behind_the_end_is_seen(self) -> None:
        memory, frames = self._written()
        frames.finish(msgspec.json.encode(_manifest(frames)), None)
        memory.write(b"P\x00\x00\x00\x00")
        with pytest.raises(ArchiveDamaged):
            self._read(memory)

    def test_a_document_under_another_name_is_refused(self) -> None:
        memory = _Memory()
        frames = FrameWriter(memory)
        frames.begin("documents/a.b")
        frames.document("0" * 64, b"something else")
        with pytest.raises(ArchiveDamaged, match=r"documents/a\.b"):
            self._read(memory)


async def test_a_document_that_is_missing_in_the_store_does_not_stop_the_backup(tmp_path: Path) -> None:
    load_tables()
    made = await deployment(tmp_path / "city").make()
    await made.fill_every_table(each=6)
    documents = sorted(path for path in (made.settings.folder / "documents").rglob("*") if path.is_file())
    documents[0].unlink()
    documents[1].write_bytes(b"damaged")
    report = await made.back_up()
    assert report.lost_count >= 1, "each row that names one counts"
    place = _place(made, tmp_path)
    restored = await place.restore(report.file, openers=_openers(made), accept_gap=True)
    assert restored.checks["documents"] is False
    assert not restored.gap_accepted


async def test_an_archive_without_a_document_that_its_rows_name_is_refused(
    city: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.backup import gather

    async def none(*_: object) -> object:
        return
        yield

    monkeypatch.setattr(gather, "_digests", none)
    report = await city.back_up()
    with pytest.raises(ArchiveUnfit, match="not in it"):
        examine(Path(report.file), _openers(city), TABLES.documents_of())
    place = _place(city, tmp_path)
    with pytest.raises(ArchiveUnfit):
        await place.restore(report.file, openers=_openers(city))
    await _nothing_came(place)


async def test_archives_of_two_deployments_do_not_mix(city: Deployment, tmp_path: Path) -> None:
    other = await deployment(tmp_path / "other", master_key_file=city.settings.master_key_path).make()
    data, keys = await city.back_up(What.DATA), await other.back_up(What.KEYS)
    place = _place(city, tmp_path)
    with pytest.raises(RestoreRefused, match="another deployment"):
        await place.restore(data.file, keys.file, openers=_openers(city))
    await _nothing_came(place)

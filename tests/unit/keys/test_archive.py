"""Sealed archives: what is not the archive that was written does not open, and says where it is wrong."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import secrets
from pathlib import Path

import pytest

from keys.archive.container import create_archive, open_archive, read_header
from keys.archive.errors import ArchiveDamaged, ArchiveForeign, ArchiveLocked, PassphraseRefused
from keys.archive.locks import Lock, Openers, under_master_key, under_passphrase, under_shares
from keys.archive.recovery import read_recovery, write_recovery
from keys.archive.stream import CHUNK, SealedReader, SealedWriter
from keys.errors import MasterKeyUnsafe, ShareRefused

SEALED = CHUNK + 16
MASTER_KEY = bytes(range(32))
PASSPHRASE = "correct horse battery staple"
NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)


def stream(content: bytes, key: bytes = MASTER_KEY) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, key)
    for start in range(0, len(content), 10_000):
        writer.write(content[start : start + 10_000])
    writer.close()
    return file.getvalue()


def read(sealed: bytes, key: bytes = MASTER_KEY, *, by: int = 7_777) -> bytes:
    reader = SealedReader(io.BytesIO(sealed), key)
    pieces = []
    while piece := reader.read(by):
        pieces.append(piece)
    return b"".join(pieces)


def archive(content: bytes, *locks: Lock, about: dict[str, str] | None = None) -> bytes:
    file = io.BytesIO()
    writer = create_archive(file, about or {"kind": "test"}, locks or [under_master_key(MASTER_KEY)])
    writer.write(content)
    writer.close()
    return file.getvalue()


def opened(content: bytes, openers: Openers | None = None) -> bytes:
    _, reader = open_archive(io.BytesIO(content), openers or Openers(master_key=MASTER_KEY))
    pieces = []
    while piece := reader.read(50_000):
        pieces.append(piece)
    return b"".join(pieces)


class TestStream:
    @pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5])
    def test_every_length_comes_back(self, size: int) -> None:
        content = os.urandom(size)
        assert read(stream(content)) == content

    def test_it_is_as_long_as_its_chunks_and_their_tags(self) -> None:
        assert len(stream(bytes(2 * CHUNK))) == 2 * SEALED
        assert len(stream(b"")) == 16

    def test_what_was_cut_off_is_missed(self) -> None:
        whole = stream(bytes(3 * CHUNK + 100))
        for length in (0, 1, 15, 16, SEALED - 1, SEALED, SEALED + 8, 2 * SEALED, 3 * SEALED, len(whole) - 1):
            with pytest.raises(ArchiveDamaged):
                read(whole[:length])

    def test_a_cut_between_two_chunks_is_called_a_cut(self) -> None:
        with pytest.raises(ArchiveDamaged) as caught:
            read(stream(bytes(3 * CHUNK))[: 2 * SEALED])
        assert "ends too early" in caught.value.private

    def test_what_was_put_behind_the_end_is_seen(self) -> None:
        whole = stream(bytes(CHUNK))
        for more in (b"\x00", whole, stream(b"")):
            with pytest.raises(ArchiveDamaged):
                read(whole + more)

    def test_chunks_that_were_exchanged_doubled_or_left_out_do_not_open(self) -> None:
        whole = stream(os.urandom(4 * CHUNK))
        first, second, third, last = (whole[start : start + SEALED] for start in range(0, 4 * SEALED, SEALED))
        for wrong in (
            second + first + third + last,
            first + first + second + third + last,
            first + third + last,
            first + second + last,
            last,
        ):
            with pytest.raises(ArchiveDamaged):
                read(wrong)
        assert len(read(first + second + third + last)) == 4 * CHUNK

    def test_a_chunk_of_another_stream_does_not_open(self) -> None:
        mine, theirs = stream(bytes(2 * CHUNK)), stream(bytes(2 * CHUNK), secrets.token_bytes(32))
        with pytest.raises(ArchiveDamaged):
            read(mine[:SEALED] + theirs[SEALED:])

    def test_nothing_of_a_wrong_chunk_is_answered(self) -> None:
        whole = bytearray(stream(b"a" * CHUNK + b"b" * 100))
        whole[SEALED + 3] ^= 1
        reader = SealedReader(io.BytesIO(bytes(whole)), MASTER_KEY)
        assert reader.read(CHUNK) == b"a" * CHUNK
        with pytest.raises(ArchiveDamaged, match="chunk 1"):
            reader.read(1)


class TestContainer:
    def test_the_header_says_what_it_is_without_a_key(self) -> None:
        header = read_header(io.BytesIO(archive(b"x", about={"kind": "all", "id": "bak_1"})))
        assert header.about == {"kind": "all", "id": "bak_1"}
        assert [lock["kind"] for lock in header.locks] == ["master-key"]

    def test_a_flipped_bit_anywhere_is_found(self) -> None:
        whole = archive(os.urandom(2 * CHUNK + 50))
        head = len(whole) - len(stream(bytes(2 * CHUNK + 50)))
        for place in [*range(0, head, 7), *range(head, len(whole), len(whole) // 40), len(whole) - 1]:
            flipped = bytearray(whole)
            flipped[place] ^= 1
            with pytest.raises((ArchiveDamaged, ArchiveForeign, ArchiveLocked)):
                opened(bytes(flipped))
        assert len(opened(whole)) == 2 * CHUNK + 50

    def test_another_archives_header_opens_nothing(self) -> None:
        mine, theirs = archive(b"mine" * 100), archive(b"mine" * 100)
        head = len(mine) - len(stream(b"mine" * 100))
        with pytest.raises(ArchiveDamaged):
            opened(theirs[:head] + mine[head:])

    def test_a_lock_cannot_be_taken_off_or_put_on(self) -> None:
        whole = archive(b"x", under_master_key(MASTER_KEY), under_passphrase(PASSPHRASE))
        size = int.from_bytes(whole[16:20], "big")
        header = json.loads(whole[20 : 20 + size])
        header["locks"] = header["locks"][:1]
        body = json.dumps(header, sort_keys=True).encode()
        with pytest.raises(ArchiveDamaged, match="header"):
            opened(whole[:16] + len(body).to_bytes(4, "big") + body + whole[20 + size :])

    def test_what_is_no_archive_or_a_newer_one_is_said_to_be_so(self) -> None:
        for junk in (b"", b"PK\x03\x04", b"yizheng master key", os.urandom(500)):
            with pytest.raises(ArchiveForeign):
                read_header(io.BytesIO(junk))
        newer = archive(b"x").replace(b'"version": 1', b'"version": 2')
        with pytest.raises(ArchiveForeign, match="newer version"):
            opened(newer)

    def test_a_header_of_impossible_length_is_refused_before_it_is_read(self) -> None:
        with pytest.raises(ArchiveDamaged):
            read_header(io.BytesIO(b"yizheng archive\n" + b"\xff\xff\xff\xff" + b"x" * 100))

    def test_without_a_lock_there_is_no_archive(self) -> None:
        with pytest.raises(ValueError):
            create_archive(io.BytesIO(), {}, [])


class TestLocks:
    def test_each_lock_opens_by_itself(self) -> None:
        lock, shares = under_shares(threshold=2, total=3)
        whole = archive(b"secret", under_master_key(MASTER_KEY), under_passphrase(PASSPHRASE), lock)
        for openers in (
            Openers(master_key=MASTER_KEY),
            Openers(passphrase=PASSPHRASE),
            Openers(shares=shares[1:]),
            Openers(master_key=secrets.token_bytes(32), passphrase=PASSPHRASE),  # one that fits is enough
        ):
            assert opened(whole, openers) == b"secret"

    def test_what_does_not_fit_opens_nothing_and_says_what_would(self) -> None:
        whole = archive(b"secret", under_master_key(MASTER_KEY), under_passphrase(PASSPHRASE))
        for openers in (
            Openers(),
            Openers(master_key=secrets.token_bytes(32)),
            Openers(passphrase="correct horse battery stapler"),
        ):
            with pytest.raises(ArchiveLocked, match="the master key or the passphrase"):
                opened(whole, openers)

    def test_too_few_shares_open_nothing(self) -> None:
        lock, shares = under_shares(threshold=3, total=5)
        whole = archive(b"secret", lock)
        for given in (shares[:2], (shares[0], shares[0], shares[1]), under_shares(threshold=3, total=5)[1][:3]):
            with pytest.raises(ShareRefused):
                opened(whole, Openers(shares=given))
        assert opened(whole, Openers(shares=(shares[4], shares[1], shares[2]))) == b"secret"

    def test_a_short_passphrase_is_refused(self) -> None:
        with pytest.raises(PassphraseRefused):
            under_passphrase("short")

    def test_the_same_passphrase_from_another_keyboard_opens(self) -> None:
        whole = archive(b"secret", under_passphrase("Ångström 一证 backup"))
        assert opened(whole, Openers(passphrase="A\u030angstro\u0308m 一证 backup")) == b"secret"

    @pytest.mark.parametrize("cost", [{"memory_kib": 1 << 30}, {"passes": 10_000}, {"lanes": 0}, {"passes": "x"}])
    def test_a_header_cannot_ask_for_all_of_the_machine(self, cost: dict[str, object]) -> None:
        whole = archive(b"secret", under_passphrase(PASSPHRASE))
        size = int.from_bytes(whole[16:20], "big")
        header = json.loads(whole[20 : 20 + size])
        header["locks"][0] |= cost
        body = json.dumps(header, sort_keys=True).encode()
        with pytest.raises(ArchiveDamaged):
            opened(
                whole[:16] + len(body).to_bytes(4, "big") + body + whole[20 + size :], Openers(passphrase=PASSPHRASE)
            )

    def test_no_key_is_in_the_header_or_in_a_representation(self) -> None:
        lock, shares = under_shares(threshold=2, total=2)
        whole = archive(b"secret", under_master_key(MASTER_KEY), lock)
        for hidden in (MASTER_KEY, lock.key, shares[0].value, b"secret"):
            assert hidden not in whole
        shown = repr((lock, Openers(MASTER_KEY, PASSPHRASE, shares)))
        assert PASSPHRASE not in shown
        assert str(lock.key) not in shown
        assert str(MASTER_KEY) not in shown


class TestRecovery:
    def test_the_master_key_comes_back_by_passphrase_and_by_shares(self, tmp_path: Path) -> None:
        lock, shares = under_shares(threshold=2, total=3)
        file = tmp_path / "recovery.yzr"
        write_recovery(file, MASTER_KEY, [under_passphrase(PASSPHRASE), lock], made_at=NOW)
        assert file.stat().st_mode & 0o777 == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["recovery.yzr"], "no draft is left"
        assert read_recovery(file, Openers(passphrase=PASSPHRASE)) == MASTER_KEY
        assert read_recovery(file, Openers(shares=shares[:2])) == MASTER_KEY
        assert MASTER_KEY not in file.read_bytes()

    def test_a_recovery_file_is_never_written_over(self, tmp_path: Path) -> None:
        file = tmp_path / "recovery.yzr"
        write_recovery(file, MASTER_KEY, [under_passphrase(PASSPHRASE)], made_at=NOW)
        with pytest.raises(FileExistsError):
            write_recovery(file, bytes(range(1, 33)), [under_passphrase(PASSPHRASE)], made_at=NOW)
        assert read_recovery(file, Openers(passphrase=PASSPHRASE)) == MASTER_KEY

    def test_a_backup_is_no_recovery_file(self, tmp_path: Path) -> None:
        file = tmp_path / "backup.yzb"
        file.write_bytes(archive(b"content", under_passphrase(PASSPHRASE)))
        with pytest.raises((ArchiveForeign, MasterKeyUnsafe)):
            read_recovery(file, Openers(passphrase=PASSPHRASE))

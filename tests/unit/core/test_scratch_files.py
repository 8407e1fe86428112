"""Large files on disk: private and nameless, read like bytes, lengthened in place, hashed once (attacks S-58)."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import Unavailable
from core.files import scratch as module
from core.files.reading import hashed, holds, joined, slices_of, stream_over
from core.files.scratch import SLICE, ReadTooLarge, Scratch, ScratchFile
from tests.support.large_files import laid_out

CONTENT = bytes(range(251)) * 10_000  # more than two slices, and never the same at the same place of two


@pytest.fixture
def file(tmp_path: Path) -> ScratchFile:
    return laid_out(CONTENT, tmp_path / "scratch")


def test_s58_a_file_has_no_name_and_is_for_nobody_else(file: ScratchFile, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "scratch").stat().st_mode) == 0o700
    assert list((tmp_path / "scratch").iterdir()) == []
    found = os.fstat(file.fileno())
    assert (stat.S_IMODE(found.st_mode), found.st_nlink) == (0o600, 0)


def test_s58_nothing_is_left_of_a_process_that_was_killed(tmp_path: Path) -> None:
    """The legitimate twin is the file that the process says it has written."""
    program = """
import os, sys
from pathlib import Path
from core.files.scratch import Scratch
made = Scratch(Path(sys.argv[1])).create()
made.write(b"somebody's document" * 100_000)
print(os.fstat(made.done().fileno()).st_size, flush=True)
sys.stdin.read()
"""
    folder = tmp_path / "scratch"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"1900000\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert list(folder.rglob("*")) == []


def test_it_is_read_like_bytes(file: ScratchFile) -> None:
    assert len(file) == len(CONTENT)
    ranges = slice(0, 5), slice(-3, None), slice(SLICE - 2, SLICE + 2), slice(9, 2), slice(None), slice(5, 10**12)
    for wanted in ranges:
        assert file[wanted] == CONTENT[wanted]
    assert file.startswith(CONTENT[:8])
    assert not file.startswith(b"x")
    assert (
        b"".join(slices_of(file, 7, SLICE + 7)) == CONTENT[7 : SLICE + 7] == b"".join(slices_of(CONTENT, 7, SLICE + 7))
    )


def test_what_lies_across_two_slices_is_found(tmp_path: Path) -> None:
    content = bytearray(3 * SLICE)
    content[2 * SLICE - 3 : 2 * SLICE + 3] = b"needle"
    file = laid_out(bytes(content), tmp_path)
    assert file.find(b"needle") == 2 * SLICE - 3
    assert file.find(b"needle", 2 * SLICE - 2) == -1
    assert file.find(b"needle", 0, 2 * SLICE + 2) == -1
    pattern = re.compile(rb"needle")
    assert holds(pattern, file)
    assert not holds(pattern, file.head(2 * SLICE + 2))


def test_what_follows_is_written_in_place_once_and_else_in_a_copy(file: ScratchFile) -> None:
    first = file.followed_by(b"one")
    second = file.followed_by(b"another")
    third = first.followed_by(b" two")
    assert (first[-3:], second[-7:], third[-7:], file[:]) == (b"one", b"another", b"one two", CONTENT)
    assert first.fileno() == third.fileno() == file.fileno() != second.fileno()
    assert joined(CONTENT, b"one") == first[:]


def test_a_file_of_somebody_else_is_never_written_in(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_bytes(CONTENT)
    with path.open("r+b") as handle:
        borrowed = ScratchFile.over(handle.fileno(), Scratch(tmp_path / "scratch"))
    assert borrowed.followed_by(b"tail")[:] == CONTENT + b"tail"
    assert path.read_bytes() == CONTENT


def test_a_digest_goes_on_from_what_was_read(file: ScratchFile, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = file.followed_by(b"a signature")
    expected = hashlib.sha256(CONTENT).digest()
    assert hashed(file).digest() == expected
    read: list[int] = []
    pread = os.pread

    def counted(handle: int, size: int, at: int) -> bytes:
        read.append(size)
        return pread(handle, size, at)

    monkeypatch.setattr(os, "pread", counted)
    assert hashed(file).digest() == expected
    assert hashed(sealed).digest() == hashlib.sha256(CONTENT + b"a signature").digest()
    assert sum(read) == len(b"a signature")
    assert hashed(sealed, "sha384", 100).digest() == hashlib.sha384(CONTENT[:100]).digest()
    assert hashed(sealed.followed_by(b"!").head(5)).digest() == hashlib.sha256(CONTENT[:5]).digest()


def test_a_parser_reads_ranges_and_never_the_whole(file: ScratchFile, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = stream_over(file)
    stream.seek(-4, os.SEEK_END)
    assert stream.read() == CONTENT[-4:]
    stream.seek(3)
    stream.seek(2, os.SEEK_CUR)
    assert stream.read(4) == CONTENT[5:9]
    assert stream.tell() == 9
    monkeypatch.setattr(module, "_LARGEST_READ", 1_000_000)
    with pytest.raises(ReadTooLarge):
        stream.read(2_000_000)
    with pytest.raises(ReadTooLarge):
        stream.read()
    stream.seek(-1_000, os.SEEK_END)
    assert stream.read() == CONTENT[-1_000:]


def test_a_full_disk_is_told_apart(file: ScratchFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as disk:
        disk.setattr(os, "pwrite", full)
        with pytest.raises(Unavailable) as refused:
            file.followed_by(b"more")
    assert refused.value.code == "storage-full"
    assert file.followed_by(b"more")[:] == CONTENT + b"more"
    assert 0 < Scratch(tmp_path).room() < Scratch(tmp_path, spare=0).room() + 1
    assert Scratch(tmp_path, spare=10**18).room() == 0

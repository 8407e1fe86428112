"""Who may bring a large file now: so many at a time, of one sender, and while the disk has room (attacks S-57)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

from api.large_files import AT_ONCE, COPIES, OF_ONE_SENDER, LargeFiles
from api.routes.signing.multipart import LONGEST_FIELD, MOST_FIELDS, BodyUnreadable, FileTooLarge, MultipartBody
from api.routes.signing.uploads import paced
from core.errors import LimitExceeded, Unavailable
from core.files.reading import LARGE
from core.files.scratch import Scratch, ScratchFile

ROOM = 10**12


def test_s57_one_sender_leaves_places_to_others() -> None:
    gate = LargeFiles()
    with ExitStack() as first:
        for _ in range(OF_ONE_SENDER):
            first.enter_context(gate.admit("client:a", 1000, ROOM))
        with pytest.raises(LimitExceeded) as refused, gate.admit("client:a", 1000, ROOM):
            pass
        assert (refused.value.code, refused.value.retry_after) == ("large-files-busy", 10)
        with gate.admit("client:b", 1000, ROOM):
            pass
    with gate.admit("client:a", 1000, ROOM):  # what was given back is free again
        pass


def test_s57_there_are_so_many_places_and_no_more() -> None:
    gate = LargeFiles()
    with ExitStack() as held:
        for number in range(AT_ONCE):
            held.enter_context(gate.admit(f"client:{number}", 1000, ROOM))
        with pytest.raises(LimitExceeded), gate.admit("client:late", 1000, ROOM):
            pass
    with gate.admit("client:late", 1000, ROOM):
        pass


def test_the_disk_must_have_room_for_all_that_were_let_in() -> None:
    gate, room = LargeFiles(), COPIES * 1000
    with gate.admit("client:a", 600, room):
        with pytest.raises(Unavailable) as refused, gate.admit("client:b", 401, room):
            pass
        assert refused.value.code == "storage-full"
        with gate.admit("client:b", 400, room):
            pass
    with pytest.raises(Unavailable), gate.admit("client:a", 1001, room):
        pass
    with gate.admit("client:a", 1000, room):
        pass


async def test_s57_a_sender_who_does_not_keep_pace_is_given_up() -> None:
    async def stalls() -> AsyncIterator[bytes]:
        yield b"a beginning"
        await asyncio.Event().wait()

    chunks = paced(stalls(), patience=0.01, slowest=10**9)
    assert await anext(chunks) == b"a beginning"
    with pytest.raises(LimitExceeded) as refused:
        await anext(chunks)
    assert refused.value.code == "upload-too-slow"


async def test_a_sender_who_keeps_pace_is_read_to_the_end() -> None:
    assert [chunk async for chunk in paced(_in_pieces(b"all of it", 2))] == [b"al", b"l ", b"of", b" i", b"t"]


async def _in_pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def _part(name: str, value: bytes, *, file: str | None = None) -> bytes:
    named = f'; filename="{file}"' if file else ""
    return f'--B\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + value + b"\r\n"


def _body(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--B--\r\n"


def _reader(scratch: Scratch | None = None, limit: int = 2 * LARGE) -> MultipartBody:
    return MultipartBody("multipart/form-data; boundary=B", scratch or Scratch(), limit=limit)


@pytest.mark.parametrize("size", [0, 10, LARGE, LARGE + 1, LARGE + 3_000_000])
async def test_a_file_is_read_whatever_the_pieces(size: int) -> None:
    content = (b"\r\n--B-" + bytes(range(256))) * (size // 261 + 1)
    reader = _reader()
    body = _body(_part("seal", "印章".encode()), _part("pdf", content[:size], file="a.pdf"), _part("page", b"1"))
    found = await reader.read(_in_pieces(body, 65_537))
    assert found[:] == content[:size]
    assert isinstance(found, ScratchFile) is (size > LARGE)
    assert (reader.fields, reader.files) == ([("seal", "印章"), ("page", "1")], 1)


@pytest.mark.parametrize(
    "body",
    [
        _body(_part("seal", b"x"))[:-9],  # cut off
        _body(_part("seal", b"\xff")),
        _body(_part("seal", b"x" * (LONGEST_FIELD + 1))),
        _body(*(_part(f"f{number}", b"x") for number in range(MOST_FIELDS + 1))),
        _body(b"--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n"),
        b"no form at all",
    ],
    ids=["cut off", "not UTF-8", "a long field", "many fields", "without a name", "no form"],
)
async def test_a_body_that_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(BodyUnreadable):
        await _reader().read(_in_pieces(body, 1000))


async def test_a_file_over_the_limit_is_not_read_on() -> None:
    seen = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal seen
        async for chunk in _in_pieces(_body(_part("pdf", bytes(100_000), file="a.pdf")), 1000):
            seen += len(chunk)
            yield chunk

    with pytest.raises(FileTooLarge):
        await _reader(limit=5000).read(pieces())
    assert seen < 10_000

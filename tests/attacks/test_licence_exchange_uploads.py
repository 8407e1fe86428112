"""O-63 for the adapters: a large file is taken in only from a caller who is known."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.middleware.body_limit import DEFAULT_LIMIT
from core.db.database import Database
from tests.support.certstore_http import Http
from tests.support.certstore_world import BASIS, CASE, world
from tests.support.clock import FakeClock
from tests.support.exchange_http import exchange

PIECE, PIECES = 64 * 1024, 64  # 4 MiB of base64
HEAD = {"accessId": "portal-housing", "accessToken": "portal"}
WRONG = HEAD | {"accessToken": "not the secret"}
CAUSE = {"useCause": BASIS, "caseNumber": CASE}


@pytest.fixture
async def web(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Http]:
    async with world(sqlite_database, clock, tmp_path) as city, exchange(city) as connected:
        yield connected


async def sent(web: Http, before: dict[str, Any] | None, after: dict[str, Any] | None = None) -> tuple[str, int]:
    """The error code of the answer, and how many pieces of the file were taken in for it."""
    taken = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken
        yield b"{" + (f'"head": {json.dumps(before)}, '.encode() if before else b"")
        yield f'"data": {json.dumps(CAUSE)[:-1]}, "content": "'.encode()
        for _ in range(PIECES):
            taken += 1
            yield b"QUJD" * (PIECE // 4)
        yield b'"}' + (f', "head": {json.dumps(after)}'.encode() if after else b"") + b"}"

    answer = await web.call("POST", "/exchange/head-data/verifyFile", content=body())
    assert answer.status_code == 200
    return answer.json()["head"].get("code", "done"), taken


async def test_o63_a_large_file_is_taken_in_only_from_a_caller_who_is_known(web: Http) -> None:
    most = DEFAULT_LIMIT // PIECE + 1
    code, taken = await sent(web, WRONG)
    assert (code, taken <= most) == ("credentials-wrong", True)
    code, taken = await sent(web, None, HEAD)
    assert (code, taken <= most) == ("head-first", True), "who it is stands behind the file"
    assert await sent(web, HEAD) == ("done", PIECES)  # the twin


async def test_o63_nobody_is_let_in_as_one_and_counted_as_another(web: Http) -> None:
    assert await sent(web, HEAD, HEAD | {"accessId": "portal-other"}) == ("head-first", PIECES)
    assert await sent(web, HEAD, WRONG) == ("head-first", PIECES)

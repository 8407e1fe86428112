"""Log-ins cannot stall the rest: with the password pool full, everything else answers, and who is too many is told when
to come back (RFC 6585 §4). Events decide what happens when; no test here waits for time.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import argon2
import httpx
import pytest

from api.cli.prepare import prepare
from api.journey.visitor import Form, _Forms
from api.main import create_app
from api.settings import Settings
from api.wiring.container import build_container

pytestmark = pytest.mark.slow
ISSUER = "http://127.0.0.1:8000"
WORKERS, PER_SOURCE = 2, 16


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(data=tmp_path, issuer=ISSUER)
    await prepare(settings)
    container = await build_container(settings)
    app = create_app(settings, log_requests=False)
    app.state.container = container
    transport = httpx.ASGITransport(app=app, client=("192.0.2.7", 40000))
    try:
        async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as made:
            made.other = httpx.ASGITransport(app=app, client=("192.0.2.8", 40000))  # type: ignore[attr-defined]
            yield made
    finally:
        await container.close()


async def form_of(http: httpx.AsyncClient) -> Form:
    parser = _Forms()
    parser.feed((await http.get("/login")).text)
    return next(form for form in parser.forms if urlsplit(form.action).path == "/login")


async def log_in(http: httpx.AsyncClient, form: Form, phone: int) -> httpx.Response:
    values = {**form.values, form.field("text"): f"138{phone:08d}", form.field("password"): "correct horse battery"}
    return await http.post("/login", data=values, headers={"Origin": ISSUER})


async def test_a_flood_of_log_ins_stalls_nothing_and_is_told_to_come_back(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, at_work = threading.Event(), threading.Semaphore(0)
    verify = argon2.PasswordHasher.verify

    def held(self: argon2.PasswordHasher, encoded: str, password: bytes) -> bool:
        at_work.release()
        assert opened.wait(60)
        return verify(self, encoded, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", held)
    form = await form_of(http)
    flood = [asyncio.create_task(log_in(http, form, number)) for number in range(WORKERS + PER_SOURCE + 3)]
    for _ in range(WORKERS):
        await asyncio.to_thread(at_work.acquire)
    done, waiting = await asyncio.wait(flood, return_when=asyncio.FIRST_COMPLETED)
    while len(done) < 3:  # those that found no place are answered at once
        more, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        done |= more
    for refused in done:
        answer = refused.result()
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0
        assert "稍后再试" in answer.text
    for path in ("/health/live", "/health/ready", "/jwks.json", "/login", "/.well-known/openid-configuration"):
        answer = await http.get(path)
        assert answer.status_code in (200, 404), path
    assert len(waiting) == WORKERS + PER_SOURCE
    async with httpx.AsyncClient(transport=http.other, base_url=ISSUER) as neighbour:  # type: ignore[attr-defined]
        theirs = await form_of(neighbour)
        mine = asyncio.create_task(log_in(neighbour, theirs, 777))  # another source still finds a place
        opened.set()
        answer = await mine
        assert answer.status_code == 400
        assert "密码不对" in answer.text
    assert {task.result().status_code for task in await _all(waiting)} == {400}
    assert (await log_in(http, form, 99)).status_code == 400, "the twin: there is room again"


async def _all(tasks: set[asyncio.Task[httpx.Response]]) -> set[asyncio.Task[httpx.Response]]:
    done, _ = await asyncio.wait(tasks)
    return done

"""Logout tokens over HTTP: bounded, deaf to redirects, never led inside (Back-Channel Logout §2.5, §2.8)."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from core.egress.fetch import Egress
from core.egress.rules import NO_HOSTS, EgressRules, HostList
from idp.logout.messenger import HttpLogoutMessenger
from idp.upkeep import Upkeep
from tests.support.live_server import serving
from tests.support.servers import free_port

seen: list[str] = []
RULES = EgressRules(frozenset({"http"}), range(1, 65536), inside=HostList.of(["127.0.0.1/32"]), seconds=0.5)


async def take(request: Request) -> Response:
    seen.append(parse_qs((await request.body()).decode())["logout_token"][0])
    return Response(status_code=int(request.query_params.get("status", "200")))


async def refuses(request: Request) -> Response:
    return JSONResponse({"error": request.query_params["error"], "error_description": "not for a log"}, 400)


async def elsewhere(_request: Request) -> Response:
    return RedirectResponse("/take", 307)


async def silent(_request: Request) -> Response:
    await asyncio.sleep(30)
    return Response()


async def endless(_request: Request) -> Response:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65536
            await asyncio.sleep(0.001)

    return StreamingResponse(drip())


@pytest.fixture
async def portal() -> AsyncIterator[str]:
    seen.clear()
    port = free_port()
    pages = (take, refuses, elsewhere, silent, endless)
    app = Starlette(routes=[Route(f"/{page.__name__}", page, methods=["POST"]) for page in pages])
    async with serving(app, port):
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("path", "result"),
    [
        ("/take", "delivered"),
        ("/take?status=204", "delivered"),
        ("/take?status=400", "status-400"),
        ("/take?status=500", "status-500"),
        ("/elsewhere", "status-307"),
        ("/silent", "timeout"),
        ("/endless", "too-large"),
        ("/refuses?error=invalid_request", "status-400 invalid_request"),
        ("/refuses?error=Zhang+San", "status-400"),
    ],
)
async def test_what_an_operator_reads_of_a_delivery(portal: str, path: str, result: str) -> None:
    assert await HttpLogoutMessenger(Egress(RULES)).post(portal + path, "the.logout.token") == result
    assert seen == (["the.logout.token"] if path.startswith("/take") else []), "a redirect is not followed"


class Steps:
    """Stands for both steps of the upkeep; fails as often as it is told to."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.looks = 0
        self.sweeps = 0
        self.enough = asyncio.Event()

    async def run_due(self) -> int:
        self.looks += 1
        if self.looks <= self.failures:
            raise ConnectionError("the database is away")
        return 0

    async def __call__(self) -> int:
        self.sweeps += 1
        if self.sweeps == 2:
            self.enough.set()
        return 0


class Nothing:
    """No client waits for a word."""

    async def run_due(self) -> int:
        return 0

    async def carry_out(self) -> int:
        return 0


async def test_upkeep_goes_on_after_a_failure() -> None:
    steps = Steps(failures=3)
    upkeep = Upkeep(steps, Nothing(), steps, Nothing(), every=0.001, sweep_after=2)  # type: ignore[arg-type]  # stand for them
    task = asyncio.create_task(upkeep.forever())
    async with asyncio.timeout(10):
        await steps.enough.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert steps.looks >= 6, "looks 2, 4 and 6 would sweep; the first three failed"


async def test_a_portal_that_is_gone() -> None:
    messenger = HttpLogoutMessenger(Egress(RULES))
    assert await messenger.post(f"http://127.0.0.1:{free_port()}/", "t") == "unreachable"


async def test_o_19_a_notice_never_leads_inside(portal: str) -> None:
    """The twin: with the same address on the operator's list the notice arrives."""
    messenger = HttpLogoutMessenger(Egress(dataclasses.replace(RULES, inside=NO_HOSTS)))
    assert await messenger.post(f"{portal}/take", "t") == "address-refused"
    assert seen == []
    assert await HttpLogoutMessenger(Egress(RULES)).post(f"{portal}/take", "t") == "delivered"

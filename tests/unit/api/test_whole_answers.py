"""Answers that are written as a whole, on a real connection: in order, once, and as HTTP wants them (RFC 9112)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from api.middleware.whole_answers import LANE, Headers, Whole, WholeAnswersProtocol, write_whole
from tests.support.live_server import serving
from tests.support.servers import free_port

HEADERS = [(b"content-type", b"text/plain"), (b"content-length", b"5")]


class Lane:
    """Knows one answer at once."""

    def at_once(self, path: str, headers: Headers) -> Whole | None:
        if path != "/known":
            return None
        if (b"if-none-match", b'"1"') in headers:
            return 304, b'etag: "1"\r\n', b""
        return 200, b"content-length: 5\r\n", b"known"


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        scope["state"][LANE] = Lane()
        for done in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{done}.complete"})
        return
    headers, body = HEADERS, b"hello"
    if scope["path"] == "/split":
        headers = [*HEADERS, (b"location", b"x\r\nset-cookie: a=b")]
    if scope["path"] == "/none":
        headers, body = [(b"etag", b'"1"')], b""
    if scope["path"] in ("/slow", "/long"):
        await asyncio.sleep(0.05 if scope["path"] == "/slow" else 1.5)
    if scope["path"] == "/echo":
        body = (await receive())["body"]
    await write_whole(scope, send, 304 if scope["path"] == "/none" else 200, headers, body)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    chosen = free_port()
    async with serving(app, chosen, http=WholeAnswersProtocol, lifespan="on", timeout_keep_alive=1):
        yield chosen


async def said(port: int, *requests: str) -> str:
    """All that the server says to requests sent at once on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("".join(requests).encode())
    async with asyncio.timeout(10):
        text = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    return text


def get(path: str, *headers: str, method: str = "GET") -> str:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *headers, "", ""])


LAST = get("/last", "Connection: close")


async def test_requests_on_one_connection_are_answered_in_order(port: int) -> None:
    text = await said(port, get("/slow"), get("/a"), get("/none"), LAST)
    assert text.count("HTTP/1.1 200 OK\r\n") == 3
    assert text.count("HTTP/1.1 304 Not Modified\r\n") == 1
    assert text.count("hello") == 3
    assert text.index("304") > text.index("hello")
    assert text.rstrip().endswith("hello")
    assert text.lower().count("connection: close") == 1, "the last one says that it is the last"


async def test_a_head_request_gets_no_body(port: int) -> None:
    text = await said(port, get("/a", method="HEAD"), LAST)
    assert text.count("hello") == 1
    assert text.count("content-length: 5") == 2


async def test_a_body_that_waits_to_be_wanted_is_asked_for(port: int) -> None:
    request = get("/echo", "Content-Length: 5", "Expect: 100-continue", method="POST")
    text = await said(port, request + "world", LAST)
    assert text.startswith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert text.count("world") == 1


async def test_every_answer_has_its_date(port: int) -> None:
    text = await said(port, get("/a"), LAST)
    assert text.count("\r\ndate: ") == 2


async def test_a_value_never_begins_another_line(port: int) -> None:
    """Whatever a client registered or sent: no header of its own making (CWE-113)."""
    text = await said(port, get("/split", "Connection: close"))
    assert "set-cookie" not in text
    twin = await said(port, LAST)
    assert "hello" in twin


async def test_a_value_never_begins_another_line_on_a_kept_connection(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(get("/split").encode())
    async with asyncio.timeout(10):
        text = (await reader.read()).decode()
    assert "set-cookie" not in text
    assert text.startswith("HTTP/1.1 500 ")
    writer.close()
    await writer.wait_closed()


async def test_what_is_known_is_answered_at_once_and_in_its_turn(port: int) -> None:
    known = get("/known")
    text = await said(port, known, get("/slow"), known, get("/known", 'If-None-Match: "1"'), known, LAST)
    bodies = [piece.rpartition("\r\n\r\n")[2] for piece in text.split("HTTP/1.1 ")[1:]]
    assert bodies[:3] == ["known", "hello", "hello"], "a slow one holds up those behind it"
    assert len(bodies) == 6


@pytest.mark.parametrize(
    "request_",
    [
        get("/known", method="HEAD"),
        get("/known?x=1"),
        get("/known", "Content-Length: 0"),
        get("/known", "Connection: close"),
        get("/known", method="POST"),
        "GET /known HTTP/1.0\r\n\r\n",
    ],
)
async def test_what_is_not_a_plain_get_goes_the_usual_way(port: int, request_: str) -> None:
    assert "known" not in await said(port, request_, LAST)


async def test_one_connection_serves_both_kinds_for_long(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    bodies = []
    async with asyncio.timeout(20):
        for number in range(60):
            writer.write((get("/known") if number % 3 else get("/a")).encode())
            await reader.readuntil(b"\r\n\r\n")
            bodies.append(await reader.readexactly(5))
    assert (bodies.count(b"known"), bodies.count(b"hello")) == (40, 20)
    writer.close()
    await writer.wait_closed()


async def test_a_connection_is_closed_when_it_has_been_idle(port: int) -> None:
    """And not while an answer is still to come, nor after each request anew."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(20):
        for path in ("/known", "/a", "/known"):
            writer.write(get(path).encode())
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(5)
        writer.write(get("/long").encode())  # longer than the idle time
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        await reader.readexactly(5)
        assert await reader.read() == b"", "the server closes it by itself"
    writer.close()
    await writer.wait_closed()

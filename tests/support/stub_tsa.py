"""R-16: a time-stamping authority on a real port that does one thing wrong."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from keys.tsa.response import REPLY_TYPE

Talk = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]


def http(body: bytes, *, kind: str = REPLY_TYPE, status: str = "200 OK", more: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n"
    )
    return head.encode() + body


@contextlib.asynccontextmanager
async def stub(talk: Talk, port: int = 0) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Address of a server that answers each request by `talk(writer, body)`, and the heads of requests it has had."""
    heads: list[bytes] = []
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            heads.append(head)
            size = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            await talk(writer, await reader.readexactly(size))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/tsr", heads
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def answering(answer: Callable[[bytes], Awaitable[bytes]]) -> Talk:
    """A right HTTP answer around whatever `answer` makes of the request."""

    async def talk(writer: asyncio.StreamWriter, body: bytes) -> None:
        writer.write(http(await answer(body)))

    return talk


def saying(raw: bytes) -> Talk:
    """These bytes, whatever was asked."""

    async def talk(writer: asyncio.StreamWriter, body: bytes) -> None:
        writer.write(raw)

    return talk


async def dripping(writer: asyncio.StreamWriter, body: bytes) -> None:
    """One byte at a time, for ever: each read succeeds, the whole never ends."""
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {REPLY_TYPE}\r\nContent-Length: 100000\r\n\r\n".encode())
    while True:
        writer.write(b"0")
        await writer.drain()
        await asyncio.sleep(0.01)


async def endless(writer: asyncio.StreamWriter, body: bytes) -> None:
    """More and more, as fast as it is read."""
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {REPLY_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    while True:
        writer.write(b"10000\r\n" + b"0" * 0x10000 + b"\r\n")
        await writer.drain()


async def silent(writer: asyncio.StreamWriter, body: bytes) -> None:
    await asyncio.Event().wait()

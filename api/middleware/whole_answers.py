"""Answers that are there as a whole are written as a whole, where the server is ours.

uvicorn looks at every header of every answer with two regular expressions and writes head and body one after the
other; for a small answer that is a third of its work. What is written here has names and values of our own making; they
are still looked at for what would begin another line.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from starlette.types import Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

_CYCLE = "yizheng.cycle"
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode("ascii") for status in HTTPStatus}
Headers = Sequence[tuple[bytes, bytes]]


class WholeAnswersProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which tells the application where its answers go."""

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self.scope[_CYCLE] = self.cycle  # type: ignore[literal-required]


async def write_whole(scope: Scope, send: Send, status: int, headers: Headers, body: bytes) -> None:
    """Answer with a head and a body; `headers` has the content's length unless the status forbids a body."""
    cycle = scope.get(_CYCLE)
    if cycle is not None and _is_plain(cycle, scope):
        _write(cycle, status, headers, body)
        return
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


def _is_plain(cycle: RequestResponseCycle, scope: Scope) -> bool:
    """Nothing is to be waited for, and the connection stays open."""
    return (
        scope["method"] in ("GET", "POST")
        and cycle.keep_alive
        and not cycle.disconnected
        and not cycle.response_started
        and not cycle.flow.write_paused
    )


def _write(cycle: RequestResponseCycle, status: int, headers: Headers, body: bytes) -> None:
    lines = [b"%b: %b\r\n" % pair for pair in cycle.default_headers]
    lines += [b"%b: %b\r\n" % pair for pair in headers]
    head = b"".join(lines)
    if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines):
        raise RuntimeError("a header holds a line break")
    cycle.response_started = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(b"".join((_STATUS_LINES[status], head, b"\r\n", body)))
    cycle.response_complete = True
    cycle.message_event.set()
    cycle.on_response()

"""Answers that are there as a whole are written as a whole, where the server is ours.

uvicorn looks at every header of every answer with two regular expressions and writes head and body one after the
other; for a small answer that is a third of its work. What is written here has names and values of our own making; they
are still looked at for what would begin another line.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Protocol

from starlette.types import Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

LANE = "yizheng.fast_lane"
"""Name in the state of the application's life under which the protocol finds what answers at once."""

_CYCLE = "yizheng.cycle"
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode("ascii") for status in HTTPStatus}
Headers = Sequence[tuple[bytes, bytes]]
Whole = tuple[int, bytes, bytes]
"""Status, head with its line ends, body."""


class AnswersAtOnce(Protocol):
    """Knows answers for which nothing is to be waited for."""

    def at_once(self, path: str, headers: Headers) -> Whole | None:
        """The answer to a GET without query and body; None where there is no such answer."""


class WholeAnswersProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which tells the application where its answers go, and asks it for those that it has at hand
    before it begins a task. A connection keeps one timer for its idle time: to set and cancel one with every request
    would take longer than some answers.
    """

    _answered = False
    _idle_since: float | None = None

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_again(self.timeout_keep_alive)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def _unset_keepalive_if_required(self) -> None:
        """uvicorn's word for: a request has come."""
        self._idle_since = None

    def _look_again(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        self.timeout_keep_alive_task = None
        if self._idle_since is None:
            self._look_again(self.timeout_keep_alive)
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_again(left)
        else:
            self.timeout_keep_alive_handler()

    def on_headers_complete(self) -> None:
        self._answered = self._is_idle() and self._answer_at_once()
        if not self._answered:
            super().on_headers_complete()
            self.scope[_CYCLE] = self.cycle  # type: ignore[literal-required]

    def on_body(self, body: bytes) -> None:
        if not self._answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._answered:
            super().on_message_complete()

    def _is_idle(self) -> bool:
        """A plain request, and no other before it on this connection whose answer is still to come."""
        return (
            self.parser.get_method() == b"GET"
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
            and not self.expect_100_continue
            and (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and self.limit_concurrency is None
        )

    def _answer_at_once(self) -> bool:
        lane: AnswersAtOnce | None = self.app_state.get(LANE)
        if lane is None or any(name in (b"content-length", b"transfer-encoding") for name, _ in self.headers):
            return False
        answer = lane.at_once(self.url.decode("latin-1"), self.headers)
        if answer is None:
            return False
        status, head, body = answer
        default = head_of(self.server_state.default_headers)
        self.transport.write(b"".join((_STATUS_LINES[status], default, head, b"\r\n", body)))
        self.on_response_complete()
        return True


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
    head = head_of((*cycle.default_headers, *headers))
    cycle.response_started = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(b"".join((_STATUS_LINES[status], head, b"\r\n", body)))
    cycle.response_complete = True
    cycle.message_event.set()
    cycle.on_response()


def head_of(headers: Headers) -> bytes:
    """
    Raises:
        RuntimeError: a name or value would begin another line (CWE-113).
    """
    head = b"".join([b"%b: %b\r\n" % pair for pair in headers])
    if head.count(b"\n") != len(headers) or head.count(b"\r") != len(headers):
        raise RuntimeError("a header holds a line break")
    return head

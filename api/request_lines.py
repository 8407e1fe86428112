"""The log's lines about hot requests: written by our own hand in the usual form, some milliseconds' worth at a time."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import BinaryIO

import orjson

from core.clock import Clock, SystemClock

DELAY = 0.05  # seconds
_MOST = 1000  # lines that wait


class RequestLines:
    """Implements `api.fast_lane.RequestLog` for a process with one event loop.

    A line that waits is lost if the process is killed; what must not be lost is in the audit log.
    """

    def __init__(self, stream: BinaryIO, clock: Clock | None = None) -> None:
        self._stream = stream
        self._clock = clock or SystemClock()
        self._waiting: list[bytes] = []

    def __call__(self, *, method: str, route: str, status: int, ms: float, request_id: str) -> None:
        line = {
            "method": method,
            "route": route,
            "status": status,
            "ms": ms,
            "request_id": request_id,
            "event": "request",
            "level": "info",
            "timestamp": self._clock.now().astimezone(dt.UTC).isoformat(timespec="microseconds")[:-6] + "Z",
        }
        if not self._waiting:
            asyncio.get_running_loop().call_later(DELAY, self.flush)
        self._waiting.append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        if len(self._waiting) >= _MOST:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        lines, self._waiting = b"".join(self._waiting), []
        if lines:
            self._stream.write(lines)
            self._stream.flush()

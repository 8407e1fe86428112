"""The name of the request that is being answered: in the answer, in the log, and in what developers read about it."""

from __future__ import annotations

from contextvars import ContextVar

_current: ContextVar[str | None] = ContextVar("yizheng_request", default=None)


def begin_request(name: str) -> None:
    """From here on, in this task and those that it starts."""
    _current.set(name)


def current_request() -> str | None:
    return _current.get()

"""Calls into something that may never answer: on threads of their own, so that nobody waits longer than agreed.

A call in a library cannot be cut short. Whoever waits for it stops waiting; the thread stays with it until it comes
back. While one is overdue, further calls are refused at once, so that callers' threads are not eaten up one by one;
after a pause one of them is let through to see whether the rest works. A call that comes back ends all this.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Generic, TypeVar

_Result = TypeVar("_Result")


class DoesNotAnswer(Exception):
    """The call was given up, or not made because another one is overdue."""


@dataclass(eq=False, slots=True)
class _Call(Generic[_Result]):
    work: Callable[[], _Result]
    ended: threading.Event = field(default_factory=threading.Event)
    result: _Result | None = None
    error: BaseException | None = None


class BoundedCalls:
    """At most `threads` calls at a time.

    Args:
        threads: how many; started when they are needed.
        seconds: how long a caller waits, for a free thread and for the answer.
        pause: how long after a call was given up the next one is let through.
        waiting: how many callers may wait for a free thread.
    """

    def __init__(self, threads: int, *, seconds: float, pause: float | None = None, waiting: int = 64) -> None:
        self.threads = threads
        self._most_waiting = waiting
        self.seconds = seconds
        self._pause = 2 * seconds if pause is None else pause
        self._reset()
        _after_fork.add(self)

    def _reset(self) -> None:
        """No threads, nothing under way; also what a child process begins with."""
        self._state = threading.Condition()
        self._work: SimpleQueue[_Call[object]] = SimpleQueue()
        self._started = 0
        self._busy = 0
        self._waiting = 0
        self._shut_until: float | None = None  # a call was given up: until then others are refused
        self._trying = False

    @property
    def overdue(self) -> bool:
        """Whether a call was given up and none has come back since."""
        return self._shut_until is not None

    def run(self, work: Callable[[], _Result], *, seconds: float | None = None) -> _Result:
        """The result of `work()`, or what it raises.

        Args:
            seconds: how long to wait for this call; for one that is known to be slow.

        Raises:
            DoesNotAnswer: it takes too long, or another call does and this one was not made.
        """
        trial = self._enter()
        call = _Call(work)
        try:
            self._hand_over(call)
            if not call.ended.wait(self.seconds if seconds is None else seconds):
                raise self._given_up()
        finally:
            if trial:
                with self._state:
                    self._trying = False
        if call.error is not None:
            raise call.error
        return call.result  # type: ignore[return-value]  # set when there is no error

    def _enter(self) -> bool:
        """Wait for a free thread; True if this call is the one that tries whether the rest works."""
        deadline = time.monotonic() + self.seconds
        with self._state:
            if self._waiting >= self._most_waiting:
                raise DoesNotAnswer("too many calls are waiting")
            self._waiting += 1
            try:
                while True:
                    shut = self._shut_until is not None
                    if shut and (self._trying or time.monotonic() < (self._shut_until or 0.0)):
                        raise DoesNotAnswer("another call does not come back")
                    if self._busy < self.threads:
                        break
                    if shut or (not self._state.wait(deadline - time.monotonic()) and self._busy >= self.threads):
                        raise DoesNotAnswer("all threads are busy")
            finally:
                self._waiting -= 1
            self._busy += 1
            self._trying = self._trying or shut
            return shut

    def _hand_over(self, call: _Call[_Result]) -> None:
        with self._state:
            if self._started < self._busy:
                self._started += 1
                threading.Thread(target=self._serve, args=(self._work,), name="bounded-call", daemon=True).start()
        self._work.put(call)  # type: ignore[arg-type]  # a call of any result

    def _given_up(self) -> DoesNotAnswer:
        with self._state:
            self._shut_until = time.monotonic() + self._pause
            self._state.notify_all()  # who waits for a thread need not wait any longer
        return DoesNotAnswer("no answer in time")

    def _serve(self, work: SimpleQueue[_Call[object]]) -> None:
        while True:
            call = work.get()
            try:
                call.result = call.work()
            except BaseException as error:
                call.error = error
            with self._state:
                self._busy -= 1
                self._shut_until = None  # it came back, however late
                self._state.notify_all()
            call.ended.set()
            del call  # what it holds must not stay alive while this thread waits


_after_fork: weakref.WeakSet[BoundedCalls] = weakref.WeakSet()


def _forget_threads() -> None:
    for calls in _after_fork:
        calls._reset()


os.register_at_fork(after_in_child=_forget_threads)

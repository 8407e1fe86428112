"""A circuit breaker: a part that keeps failing is left alone for a while, so that waiting for it costs nobody time.

::

    closed ──(failures in a row)──▶ open ──(rest)──▶ half-open ──(one probe succeeds)──▶ closed
                                      ▲                  │
                                      └──(probe fails)───┘
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from enum import StrEnum

from core.clock import Clock


class CircuitState(StrEnum):
    """What a call would meet now."""

    CLOSED = "closed"  # calls go through
    OPEN = "open"  # calls are refused without being made
    HALF_OPEN = "half-open"  # the next call is a probe


class CircuitOpen(Exception):
    """The call was not made."""


class CircuitBreaker:
    """Guards calls to one part, within one process.

    Args:
        failures: so many in a row open the circuit.
        rest: how long it stays open before a probe is let through; the others wait for how the probe ends.
    """

    def __init__(self, clock: Clock, *, failures: int = 3, rest: dt.timedelta = dt.timedelta(seconds=30)) -> None:
        self._clock = clock
        self._most = failures
        self._rest = rest
        self._failed = 0
        self._opened: dt.datetime | None = None
        self._probing = False

    @property
    def state(self) -> CircuitState:
        if self._opened is None:
            return CircuitState.CLOSED
        # a clock that was put back must not keep the circuit open for longer than the rest
        resting = self._opened <= self._clock.now() < self._opened + self._rest
        return CircuitState.OPEN if resting or self._probing else CircuitState.HALF_OPEN

    @contextlib.contextmanager
    def attempt(self) -> Iterator[None]:
        """Around one call. An exception is a failure; a cancelled call tells nothing about the part.

        Raises:
            CircuitOpen: the call must not be made.
        """
        state = self.state
        if state is CircuitState.OPEN:
            raise CircuitOpen
        probe = state is CircuitState.HALF_OPEN
        self._probing = self._probing or probe
        try:
            yield
        except Exception:
            self._failure(probe=probe)
            raise
        else:
            self._failed, self._opened = 0, None
        finally:
            if probe:
                self._probing = False

    def _failure(self, *, probe: bool) -> None:
        self._failed += 1
        if probe or self._failed >= self._most:
            self._opened = self._clock.now()

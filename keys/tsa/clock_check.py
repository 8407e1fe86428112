"""Whether the machine's clock follows UTC (ETSI EN 319 421 §7.7.2): the kernel knows, for its time daemon tells it."""

from __future__ import annotations

import ctypes
import datetime as dt
import os

from core.clock import Clock

_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


class UncheckedClock:
    """Implements `keys.tsa.ports.ClockCheck` for development: the clock is taken as it is."""

    def fault(self) -> str | None:
        return None


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2), as the C library lays it out."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),  # microseconds
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


class KernelClock:
    """Implements `keys.tsa.ports.ClockCheck` on Linux: synchronised, and its largest error within the accuracy.

    Args:
        accuracy: what tokens promise.
        look_again: how long an answer of the kernel is good for.
    """

    def __init__(
        self, accuracy: dt.timedelta, clock: Clock, *, look_again: dt.timedelta = dt.timedelta(seconds=1)
    ) -> None:
        self._accuracy = accuracy
        self._clock = clock
        self._look_again = look_again
        self._adjtimex = getattr(ctypes.CDLL(None, use_errno=True), "adjtimex", None)
        self._looked: dt.datetime | None = None
        self._fault: str | None = None

    def fault(self) -> str | None:
        now = self._clock.now()
        if self._looked is None or not self._looked <= now < self._looked + self._look_again:
            self._looked, self._fault = now, self._look()
        return self._fault

    def _look(self) -> str | None:
        if self._adjtimex is None:
            return "this system does not tell whether its clock is synchronised"
        state = _Timex()  # modes = 0: nothing is changed
        answer = self._adjtimex(ctypes.byref(state))
        if answer < 0:
            return f"the kernel does not tell whether its clock is synchronised ({os.strerror(ctypes.get_errno())})"
        if answer == _TIME_ERROR:
            return "the clock is not synchronised: see to the time daemon (chrony, ntpd, systemd-timesyncd)"
        error = dt.timedelta(microseconds=state.maxerror)
        return None if error <= self._accuracy else f"the clock may be off by {error}"

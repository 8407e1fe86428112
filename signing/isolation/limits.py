"""What a process that reads strangers' files gives up for good (setrlimit(2), prctl(2)); no privilege is needed for it.

Without the right to have one more open file there is no socket and no connection, no file that could be read or
written, and no program that could be loaded.
"""

from __future__ import annotations

import ctypes
import math
import resource
import time

_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_DUMPABLE = 4


def confine(mebibytes: int) -> None:
    """From now on: no new files or connections, no new processes, no dumps, and so much more memory at most."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    _set(resource.RLIMIT_AS, _address_space() + (mebibytes << 20))
    for kind in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):
        _set(kind, 0)
    _set(resource.RLIMIT_NOFILE, 0)  # the last, for the others are found out by reading files


def allow_seconds(seconds: float) -> None:
    """The kernel ends this process when it has worked so much longer, to the next full second."""
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds) + 1, most))


def _set(kind: int, value: int) -> None:
    resource.setrlimit(kind, (value, value))


def _address_space() -> int:
    with open("/proc/self/statm", "rb") as pages:
        return int(pages.read().split()[0]) * resource.getpagesize()

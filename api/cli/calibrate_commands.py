"""The work of `yizheng keys calibrate`: what a password hash may cost on this machine."""

from __future__ import annotations

import time

from api.settings import Settings
from keys.secrets.password import hasher_of
from keys.secrets.password_cost import PasswordCost, calibrate


def propose(settings: Settings, *, milliseconds: int, memory_mib: int) -> list[str]:
    """Measure, and answer the settings to make.

    Args:
        milliseconds: what one hash may take.
        memory_mib: what all hashes that run at the same time may take together.
    """
    workers = settings.password_workers
    each = memory_mib // workers
    found = calibrate(_measure, seconds=milliseconds / 1000, memory_mib=each)
    now = PasswordCost(settings.password_memory_mib, settings.password_passes)
    said = [
        f"YIZHENG_PASSWORD_MEMORY_MIB={found.cost.memory_mib}",
        f"YIZHENG_PASSWORD_PASSES={found.cost.passes}",
        f"# one hash takes {found.seconds * 1000:.0f} ms and {found.cost.memory_mib} MiB here; "
        f"{workers} at a time take {workers * found.cost.memory_mib} MiB in each worker",
        f"# now: {now}; hashes made at another cost are replaced at their owners' next log-in",
    ]
    if not found.fits:
        said.append(f"# this machine needs longer than {milliseconds} ms for the least cost that is safe")
    return said


def _measure(cost: PasswordCost) -> float:
    hasher = hasher_of(cost)
    begun = time.perf_counter()
    hasher.hash(b"a password of usual length")
    return time.perf_counter() - begun

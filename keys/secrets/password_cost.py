"""What one password hash costs, and how a deployment finds out what it can afford (RFC 9106 §4).

Memory is what makes guessing dear on special hardware, so the procedure first gives as much as the deployment has to
spare, then as many passes as fit into the time that a person at a log-in page does not feel.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PasswordCost:
    """Parameters of Argon2id.

    Attributes:
        memory_mib: MiB that one hash takes while it runs.
        passes: over that memory.
        lanes: threads of one hash; one, because log-ins run beside each other already.
    """

    memory_mib: int
    passes: int
    lanes: int = 1

    def enough(self) -> bool:
        """Not less than 19 MiB and two passes (OWASP; RFC 9106 §4 gives more where there is more)."""
        return self.memory_mib >= 19 and self.passes >= 2 and self.lanes >= 1

    def __str__(self) -> str:
        return f"{self.memory_mib} MiB, {self.passes} passes, {self.lanes} lanes"


LEAST = PasswordCost(19, 2)
MOST_PASSES = 20


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was found.

    Attributes:
        seconds: what one hash took at the proposed cost.
        fits: False when even the least cost takes longer than was asked for.
    """

    cost: PasswordCost
    seconds: float
    fits: bool


def calibrate(measure: Callable[[PasswordCost], float], *, seconds: float, memory_mib: int) -> Proposal:
    """The dearest cost that stays within a time and a memory for each hash, and never less than `LEAST`.

    Args:
        measure: how many seconds one hash takes at a cost.
        seconds: what one hash may take.
        memory_mib: what one hash may take.
    """
    least = _median(measure, LEAST)
    if least >= seconds:
        return Proposal(LEAST, least, fits=least == seconds)
    found, took = LEAST, least
    for memory in _steps(memory_mib):  # memory first
        cost = PasswordCost(memory, LEAST.passes)
        this = _median(measure, cost)
        if this > seconds:
            break
        found, took = cost, this
    while found.passes < MOST_PASSES:  # then passes
        cost = PasswordCost(found.memory_mib, found.passes + 1)
        this = _median(measure, cost)
        if this > seconds:
            break
        found, took = cost, this
    return Proposal(found, took, fits=True)


def _steps(memory_mib: int) -> list[int]:
    """Sizes to try, each a quarter more than the one before, up to the limit itself."""
    steps, size = [], LEAST.memory_mib
    while (size := size + max(1, size // 4)) < memory_mib:
        steps.append(size)
    return [*steps, memory_mib] if memory_mib > LEAST.memory_mib else []


def _median(measure: Callable[[PasswordCost], float], cost: PasswordCost) -> float:
    return statistics.median(measure(cost) for _ in range(3))

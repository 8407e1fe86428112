"""The cases by name; a case is what a provider answers, in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.support.two_providers import Provider

Case = Callable[[Provider], Awaitable[str]]
CASES: dict[str, Case] = {}


def case(name: str) -> Callable[[Case], Case]:
    """Keep a case; no two have one name."""

    def keep(work: Case) -> Case:
        assert name not in CASES, name
        CASES[name] = work
        return work

    return keep

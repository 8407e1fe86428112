"""Authentication contexts (acr): which exist, in which order, and which of them a log-in here reaches.

OpenID Connect Core §2, §3.1.2.1, §5.5.1.1; RFC 6711; RFC 9470 §5. A context includes those below it: whoever has
proved more has proved the less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from idp import real_name
from idp.model import ONE_FACTOR

TWO_FACTORS = "urn:yizheng:loa:2"
"""Two factors of different kinds."""

BOUND_KEY = "urn:yizheng:loa:3"
"""A private key that its holder cannot give away: a certificate on a USB key, a passkey."""

LEVELS: tuple[str, ...] = (ONE_FACTOR, TWO_FACTORS, BOUND_KEY)
"""The lowest first."""

REAL: tuple[str, ...] = tuple(f"urn:yizheng:real:{level}" for level in real_name.LEVELS)
"""The person is proved to a level at least (docs/identity-levels.md), and the log-in is strong enough to rely on it."""

_LOG_IN_FOR: Mapping[int, str] = {
    real_name.REGISTERED: ONE_FACTOR,
    real_name.CHECKED: ONE_FACTOR,
    real_name.REACHED_BY_PHONE: ONE_FACTOR,
    real_name.IN_PERSON: TWO_FACTORS,
    real_name.BOUND: BOUND_KEY,
}

REACHABLE: tuple[str, ...] = (ONE_FACTOR, TWO_FACTORS)
"""What our own log-in reaches everywhere; other providers that the log-in page offers may reach more."""


def reachable(*, bound_keys: bool) -> tuple[str, ...]:
    """What our own log-in reaches at a deployment.

    Args:
        bound_keys: people can log in with keys that they cannot give away.
    """
    return (*REACHABLE, BOUND_KEY) if bound_keys else REACHABLE


def rank(acr: str) -> int:
    """Its place among `LEVELS` from 1 on; 0 for a context that is not known here."""
    return LEVELS.index(acr) + 1 if acr in LEVELS else 0


def real_level(acr: str) -> int | None:
    """The real-name level that a context demands; None for one that says nothing of it."""
    return REAL.index(acr) if acr in REAL else None


def for_log_in(wanted: Sequence[str]) -> tuple[str, ...]:
    """The same contexts as far as the log-in goes: whatever of them concerns the person is proved afterwards."""
    return tuple(dict.fromkeys(_log_in(one) for one in wanted))


def met(acr: str, wanted: Sequence[str], level: int | None = None) -> str | None:
    """The highest of the wanted contexts that `acr` includes; None when it includes none.

    A request that must have one of several is answered with one of those (OIDC Core §5.5.1.1).

    Args:
        level: the person's real-name level; where it is not known, only what `acr` itself says of it counts.
    """
    known = level if level is not None else real_level(acr)
    included = [one for one in wanted if one == acr or _includes(acr, one, known)]
    return max(included, key=lambda one: (rank(_log_in(one)), real_level(one) or 0), default=None)


def reached(acr: str, level: int, essential: Sequence[str], wished: Sequence[str]) -> str:
    """The context that a client is told: one that it must have, a real-name level that it wishes, or the log-in's."""
    real = [one for one in wished if one in REAL]
    return met(acr, essential, level) or met(acr, real, level) or acr


def level_lacks(level: int, wanted: Sequence[str]) -> int | None:
    """The lowest real-name level that would do, where the person's does for none of the contexts; else None."""
    if not any(one in REAL for one in wanted) or met(BOUND_KEY, wanted, level) is not None:
        return None
    return min(found for one in wanted if (found := real_level(one)) is not None)


def within_reach(wanted: Sequence[str], reachable: Sequence[str] = REACHABLE) -> bool:
    """Whether a log-in could meet one of the wanted contexts, as far as a log-in goes."""
    return any(met(acr, for_log_in(wanted)) is not None for acr in reachable)


def _log_in(acr: str) -> str:
    """The log-in that a context includes."""
    level = real_level(acr)
    return acr if level is None else _LOG_IN_FOR[level]


def _includes(acr: str, wanted: str, level: int | None) -> bool:
    needs = real_level(wanted)
    proved = needs is None or (level is not None and level >= needs)
    return proved and 0 < rank(_log_in(wanted)) <= rank(_log_in(acr))

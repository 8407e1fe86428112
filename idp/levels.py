"""Authentication contexts (acr): which exist, in which order, and which of them a log-in here reaches.

OpenID Connect Core §2, §3.1.2.1, §5.5.1.1; RFC 6711; RFC 9470 §5. A context includes those below it: whoever has
proved more has proved the less.
"""

from __future__ import annotations

from collections.abc import Sequence

from idp.model import ONE_FACTOR

TWO_FACTORS = "urn:yizheng:loa:2"
"""Two factors of different kinds."""

BOUND_KEY = "urn:yizheng:loa:3"
"""A private key that its holder cannot give away: a certificate on a USB key, a passkey."""

LEVELS: tuple[str, ...] = (ONE_FACTOR, TWO_FACTORS, BOUND_KEY)
"""The lowest first."""

REACHABLE: tuple[str, ...] = (ONE_FACTOR, TWO_FACTORS)
"""What our own log-in reaches; other providers that the log-in page offers may reach more."""


def rank(acr: str) -> int:
    """Its place among `LEVELS` from 1 on; 0 for a context that is not known here."""
    return LEVELS.index(acr) + 1 if acr in LEVELS else 0


def met(acr: str, wanted: Sequence[str]) -> str | None:
    """The highest of the wanted contexts that `acr` includes; None when it includes none.

    A request that must have one of several is answered with one of those (OIDC Core §5.5.1.1).
    """
    included = [one for one in wanted if one == acr or 0 < rank(one) <= rank(acr)]
    return max(included, key=rank, default=None)


def within_reach(wanted: Sequence[str], reachable: Sequence[str] = REACHABLE) -> bool:
    """Whether a log-in could meet one of the wanted contexts."""
    return any(met(acr, wanted) is not None for acr in reachable)

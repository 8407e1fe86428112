"""Stronger or fresher log-ins for what a deployment holds dear (RFC 9470).

A resource that uses a scope asks here whether the log-in behind the token is good enough for it. If not, the client is
told what to ask for at the authorization endpoint: `acr_values`, `max_age`, or both.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.clock import Clock
from idp import levels
from idp.errors import InsufficientAuthentication
from idp.model import TokenFamily
from idp.protocol.scopes import ALL_SCOPES


@dataclass(frozen=True, slots=True)
class Demand:
    """What a scope asks of the log-in: a context, an age in seconds, or both."""

    acr: str | None = None
    max_age: int | None = None

    def joined(self, other: Demand) -> Demand:
        """What fulfils both."""
        ages = [age for age in (self.max_age, other.max_age) if age is not None]
        acrs = [acr for acr in (self.acr, other.acr) if acr is not None]
        return Demand(max(acrs, key=levels.rank, default=None), min(ages, default=None))


def read_demands(text: str) -> Mapping[str, Demand]:
    """Demands by scope, written `seal:sign=900, realname=urn:yizheng:loa:2`; a scope may have both kinds.

    Raises:
        ValueError: a scope or a context that does not exist, or an age that is no number of seconds.
    """
    found: dict[str, Demand] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        scope, _, need = entry.partition("=")
        if scope not in ALL_SCOPES:
            raise ValueError(f"step-up: there is no scope {scope!r}")
        if need in levels.LEVELS:
            demand = Demand(acr=need)
        elif need.isascii() and need.isdigit() and int(need) > 0:
            demand = Demand(max_age=int(need))
        else:
            raise ValueError(f"step-up: {need!r} is neither an authentication context nor a number of seconds")
        found[scope] = found.get(scope, Demand()).joined(demand)
    return found


class StepUp:
    """Judges the log-in behind a token by the scopes that are used."""

    def __init__(self, demands: Mapping[str, Demand], clock: Clock) -> None:
        self._demands = demands
        self._clock = clock

    def check(self, scopes: Iterable[str], family: TokenFamily) -> None:
        """
        Args:
            scopes: those that this answer rests on, not all that the token has.

        Raises:
            InsufficientAuthentication: RFC 9470 §3; it says all that is needed, so that one more log-in will do.
        """
        demand = Demand()
        for scope in scopes if self._demands else ():
            demand = demand.joined(self._demands.get(scope, demand))
        weak = demand.acr is not None and levels.met(family.acr, (demand.acr,)) is None
        old = demand.max_age is not None and self._age(family) > demand.max_age
        if weak or old:
            raise InsufficientAuthentication(
                "a stronger log-in is needed" if weak else "a fresher log-in is needed",
                acr_values=() if demand.acr is None else (demand.acr,),
                max_age=demand.max_age,
            )

    def _age(self, family: TokenFamily) -> float:
        return (self._clock.now() - family.auth_time) / dt.timedelta(seconds=1)

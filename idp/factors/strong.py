"""Whoever changes how they log in shows just now that it is they, as strongly as they can (attacks O-55, O-57).

NIST SP 800-63B-4 §4.1.2: what is added must not be stronger than what it was added with, where there is a choice.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.clock import Clock
from core.principal import Principal, PrincipalKind
from idp import levels
from idp.factors.errors import NotStrong
from idp.levels import TWO_FACTORS
from idp.login.fresh import is_fresh, require_fresh
from idp.login.ports import SecondFactor
from idp.login.proofs import Method
from idp.login.sessions import Sessions, Visit
from idp.settings import IdpSettings


class StrongVisits:
    """Admits to changes of factors.

    Args:
        factors: what people can add to a password.
    """

    def __init__(
        self, sessions: Sessions, factors: Sequence[SecondFactor], clock: Clock, settings: IdpSettings
    ) -> None:
        self._sessions = sessions
        self._factors = factors
        self._clock = clock
        self._settings = settings

    async def require(self, session_cookie: str | None) -> Visit:
        """
        Raises:
            NotAuthenticated: `not-logged-in`.
            NotFresh: the log-in is too long ago.
            NotStrong: it rests on one factor, and the person has two.
        """
        visit = await require_fresh(self._sessions, session_cookie, self._clock, self._settings)
        if not await self._strong(visit):
            raise NotStrong
        return visit

    async def admits(self, session_cookie: str | None) -> bool:
        """Whether `require` would let them through."""
        visit = await self._sessions.find(session_cookie)
        return visit is not None and is_fresh(visit, self._clock, self._settings) and await self._strong(visit)

    async def _strong(self, visit: Visit) -> bool:
        if levels.rank(visit.session.acr) >= levels.rank(TWO_FACTORS) or not visit.account.password_hash:
            return True
        added = [one for one in self._factors if one.method is not Method.PASSWORD]
        return not any([await one.usable(visit.account) for one in added])


def actor_of(visit: Visit) -> Principal:
    """The person themselves, in this session."""
    return Principal(PrincipalKind.PERSON, visit.account.id, session=visit.session.id)

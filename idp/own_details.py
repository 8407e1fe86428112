"""A person changes how they are reached: only shortly after a log-in, and what was verified is so no longer."""

from __future__ import annotations

import dataclasses

from core.clock import Clock
from core.principal import Principal, PrincipalKind
from idp.login.fresh import require_fresh
from idp.login.sessions import Sessions
from idp.own_account import ReadOwnAccount
from idp.profile import Details, StateDetails
from idp.settings import IdpSettings


class ChangeOwnDetails:
    """The use case."""

    def __init__(
        self, sessions: Sessions, own: ReadOwnAccount, state: StateDetails, clock: Clock, settings: IdpSettings
    ) -> None:
        self._sessions = sessions
        self._own = own
        self._state = state
        self._clock = clock
        self._settings = settings

    async def __call__(self, session_cookie: str | None, stated: Details) -> None:
        """Replace what was stated; whether the e-mail address is verified is not the person's to state.

        Raises:
            NotAuthenticated: `not-logged-in`.
            NotFresh: the log-in is too long ago.
            InvalidInput: `email-invalid`, `address-invalid`.
        """
        visit = await require_fresh(self._sessions, session_cookie, self._clock, self._settings)
        person = Principal(PrincipalKind.PERSON, visit.account.id, session=visit.session.id)
        before = (await self._own(person)).details
        verified = before.email_verified and before.email == stated.email
        await self._state(visit.account.id, dataclasses.replace(stated, email_verified=verified), person)

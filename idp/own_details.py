"""A person changes how they are reached: only shortly after a strong log-in, and what was verified is so no longer.

A verified mailbox is itself a way to log in, so it is guarded like one.
"""

from __future__ import annotations

import dataclasses

from idp.factors.strong import StrongVisits, actor_of
from idp.own_account import ReadOwnAccount
from idp.profile import Details, StateDetails


class ChangeOwnDetails:
    """The use case."""

    def __init__(self, visits: StrongVisits, own: ReadOwnAccount, state: StateDetails) -> None:
        self._visits = visits
        self._own = own
        self._state = state

    async def __call__(self, session_cookie: str | None, stated: Details) -> None:
        """Replace what was stated; whether the e-mail address is verified is not the person's to state.

        Raises:
            NotAuthenticated: `not-logged-in`.
            NotFresh: the log-in is too long ago.
            NotStrong: it rests on one factor, and the person has two.
            InvalidInput: `email-invalid`, `address-invalid`.
        """
        visit = await self._visits.require(session_cookie)
        person = actor_of(visit)
        before = (await self._own(person)).details
        verified = before.email_verified and before.email == stated.email
        await self._state(visit.account.id, dataclasses.replace(stated, email_verified=verified), person)

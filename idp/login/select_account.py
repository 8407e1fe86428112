"""Going on as whoever is logged in, because the person chose to (OpenID Connect Core §3.1.2.1, `select_account`)."""

from __future__ import annotations

from core.errors import NotAuthenticated
from core.text import Text
from idp.login.interactions import Interactions
from idp.login.sessions import Sessions


class SelectAccount:
    """The use case behind the page that asks which account to go on with."""

    def __init__(self, interactions: Interactions, sessions: Sessions) -> None:
        self._interactions = interactions
        self._sessions = sessions

    async def __call__(self, interaction_id: str, session: str | None) -> None:
        """Keep the choice; it counts for this request and this session only.

        Args:
            session: value of the session cookie.

        Raises:
            NotAuthenticated: `not-logged-in`.
            InteractionGone: the portal's request has expired.
        """
        visit = await self._sessions.find(session)
        if visit is None:
            raise NotAuthenticated(
                "not-logged-in", Text("登录已过期，请重新登录。", "Your log-in has expired. Log in again.")
            )
        await self._interactions.chosen(interaction_id, visit.session.id)

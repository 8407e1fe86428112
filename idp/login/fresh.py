"""Whoever changes how they log in or are reached, takes their data away or closes the account must have shown just now
that it is they (attacks O-57; ASVS 6.8, 7.5.1)."""

from __future__ import annotations

from core.clock import Clock
from core.errors import NotAuthenticated
from core.text import Text
from idp.login.sessions import Sessions, Visit
from idp.settings import IdpSettings


class NotFresh(NotAuthenticated):
    """Somebody is logged in, but has not shown lately that it is they."""

    def __init__(self) -> None:
        super().__init__(
            "log-in-not-fresh",
            Text(
                "为了您的账号安全，请先再登录一次，再做这件事。",
                "For the safety of your account, log in once more before you do this.",
            ),
        )


async def require_fresh(sessions: Sessions, session_cookie: str | None, clock: Clock, settings: IdpSettings) -> Visit:
    """
    Raises:
        NotAuthenticated: `not-logged-in`.
        NotFresh: the log-in is longer ago than `link_freshness`.
    """
    visit = await sessions.find(session_cookie)
    if visit is None:
        raise NotAuthenticated(
            "not-logged-in", Text("登录已过期，请重新登录。", "Your log-in has expired. Log in again.")
        )
    if not is_fresh(visit, clock, settings):
        raise NotFresh
    return visit


def is_fresh(visit: Visit, clock: Clock, settings: IdpSettings) -> bool:
    """Whether the person authenticated within `link_freshness` seconds."""
    return (clock.now() - visit.session.authenticated_at).total_seconds() < settings.link_freshness

"""Under which circumstances somebody logs in: from where, in which browser, for what."""

from __future__ import annotations

from dataclasses import dataclass, field

from idp.abuse.attempt import NO_ANSWER, Answer


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Of one request of a log-in.

    Attributes:
        source: network address of the browser.
        user_agent: what the browser says that it is.
        interaction_id: the portal's request that the log-in is for; None for our own pages.
        session_cookie: value that the browser's session cookie has now; dead after the log-in.
        step_cookie: value of the cookie of a log-in that has begun.
        goal: the page of ours to go on to; None for the person's home.
        device_cookie: by which the browser is known again (`idp.abuse.devices`).
        answer: what the browser computed for one more try.
    """

    source: str = field(repr=False)
    user_agent: str = ""
    interaction_id: str | None = field(default=None, repr=False)
    session_cookie: str | None = field(default=None, repr=False)
    step_cookie: str | None = field(default=None, repr=False)
    goal: str | None = None
    device_cookie: str | None = field(default=None, repr=False)
    answer: Answer = NO_ANSWER

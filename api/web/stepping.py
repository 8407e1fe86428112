"""What every way to log in shares: under which circumstances it happens, and where the browser goes afterwards."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import source_of
from api.device_cookie import read_device_cookie, set_device_cookie
from api.session_cookie import read_session_cookie, set_session_cookie
from api.step_cookie import clear_step_cookie, read_step_cookie, set_step_cookie
from api.web.our_pages import home_of_session, our_page
from idp.abuse.attempt import NO_ANSWER, Answer
from idp.login.circumstances import Circumstances
from idp.login.steps import MoreNeeded, SignedIn

STEP_PAGE = "/login/step"
_RESUME = "/authorize/resume"


def circumstances_of(
    request: Request, interaction_id: str | None = None, goal: str | None = None, answer: Answer = NO_ANSWER
) -> Circumstances:
    """
    Args:
        goal: the page to go on to; anything that is not a page of ours is forgotten (attacks O-23).
        answer: what the browser computed for one more try.
    """
    return Circumstances(
        source=source_of(request),
        user_agent=request.headers.get("user-agent", ""),
        interaction_id=interaction_id,
        session_cookie=read_session_cookie(request),
        step_cookie=read_step_cookie(request),
        goal=our_page(goal),
        device_cookie=read_device_cookie(request),
        answer=answer,
    )


async def after_proof(request: Request, outcome: SignedIn | MoreNeeded) -> Response:
    """On to the next step; or logged in, and on to the portal's request, the page that was asked for, or home."""
    if isinstance(outcome, MoreNeeded):
        response = RedirectResponse(STEP_PAGE, 303)
        set_step_cookie(request, response, outcome.step_cookie_value)
        return response
    cookie = outcome.session_cookie_value
    if outcome.interaction_id is not None:
        goal = f"{_RESUME}?i={outcome.interaction_id}"
    else:
        goal = our_page(outcome.goal) or await home_of_session(request, cookie)
    response = RedirectResponse(goal, 303)
    set_session_cookie(request, response, cookie)
    set_device_cookie(request, response, outcome.device_cookie_value)
    clear_step_cookie(request, response)
    return response

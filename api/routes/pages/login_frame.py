"""What every page of the log-in shows around its form: who asks, for what, and which other ways there are."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from api.deps import container, prefer_languages
from api.routes.pages.demo_people import demo_accounts
from api.web.login_ways import others, tabs
from api.web.our_pages import after_login
from api.web.passkey_request import passkey_request
from api.web.views.entrance import SiteWords
from api.web.views.upstream import WayIn
from idp import levels
from idp.login.interactions import Interaction
from idp.login.proofs import Method


async def asking_of(request: Request, interaction_id: str | None) -> Interaction | None:
    """The portal's request that the log-in is for.

    Raises:
        InteractionGone: it has expired, or is of another browser.
    """
    return await container(request).idp.interactions.get(interaction_id) if interaction_id else None


async def login_frame(request: Request, asking: Interaction | None, current: Method) -> dict[str, Any]:
    """The members of a `LoginView` that do not depend on the form."""
    if asking:
        prefer_languages(request, " ".join(asking.ui_locales))
    service, goal = container(request), after_login(request)
    query = _query(asking, goal, again=request.query_params.get("again") == "1")
    essential = levels.for_log_in(asking.essential_acr) if asking else ()
    offered = await service.idp.upstream.registry.reaching(essential)
    return {
        "action": f"{request.url.path}{_query(asking, goal, again=False)}",
        "client_name": asking.client_name if asking else None,
        "client_host": asking.client_host if asking else "",
        "demo_accounts": demo_accounts() if service.ground.settings.demo else (),
        "compact": asking.compact if asking else False,
        "ways": tuple(WayIn(one.name, f"/upstream/{one.id}/log-in{query}") for one in offered),
        "password": not essential or levels.within_reach(essential),
        "site": SiteWords(asking.policy_uri, asking.tos_uri) if asking else SiteWords(),
        "tabs": tabs(service, query, current),
        "others": others(service, query),
        "passkey_options": passkey_request(request),
        "passkey_action": f"/login/passkey{_query(asking, goal, again=False)}",
    }


def way_in(provider_id: str, asking: Interaction | None) -> str:
    """The address that leads to a provider and back to where somebody was going."""
    return f"/upstream/{provider_id}/log-in{_query(asking, None, again=False)}"


def origins_of(asking: Interaction | None) -> tuple[str, ...]:
    """Where a form of the log-in may end besides here."""
    return (asking.return_origin,) if asking else ()


def _query(asking: Interaction | None, goal: str | None, *, again: bool) -> str:
    query = {"i": asking.id} if asking else {} if goal is None else {"next": goal}
    if again:
        query["again"] = "1"
    return f"?{urlencode(query, safe='/')}" if query else ""

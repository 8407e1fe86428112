"""What a log-in is for, as the addresses of its pages say: a portal's request (`i`), or a page of ours (`next`)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request

from api.deps import container, prefer_languages
from api.web.our_pages import after_login
from api.web.views.entrance import AskingView
from idp.login.interactions import Interaction


@dataclass(frozen=True, slots=True)
class Target:
    """
    Attributes:
        goal: the page of ours; None for a portal, or for the person's home.
        query: what an address must carry to say the same; begins with `?` or is empty.
        origins: where a form's redirects may end, besides here.
    """

    interaction: Interaction | None
    goal: str | None
    query: str
    origins: tuple[str, ...]

    @property
    def interaction_id(self) -> str | None:
        return self.interaction.id if self.interaction else None

    @property
    def asking(self) -> AskingView:
        """Who asks, for the page."""
        known = self.interaction
        return AskingView(known.client_name, known.client_host) if known else AskingView()


async def target_of(request: Request, interaction_id: str | None = None) -> Target:
    """
    Args:
        interaction_id: of a log-in that has begun; by default the one in the address.

    Raises:
        InteractionGone: the portal's request has expired.
    """
    named = interaction_id or request.query_params.get("i")
    if not named:
        goal = after_login(request)
        return Target(None, goal, f"?{urlencode({'next': goal}, safe='/')}" if goal else "", ())
    interaction = await container(request).idp.interactions.get(named)
    prefer_languages(request, " ".join(interaction.ui_locales))
    return Target(interaction, None, f"?{urlencode({'i': named})}", (interaction.return_origin,))

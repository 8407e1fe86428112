"""How to connect a portal: code with its real values, and a test of its registration that sends nobody anywhere."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.routes.pages.portals.visitors import LIST, keeper
from api.web.forms import read_form
from api.web.portals.snippets import snippets
from api.web.portals.trial import sample_request, steps_of
from api.web.portals.views import ConnectView, StepRow
from api.web.render import page
from api.web.views.common import Fact, Mark
from core.text import Text
from idp.clients.looking import PortalView as Seen
from idp.errors import OAuthError
from idp.model import Client
from idp.requests.request import check_request

router = APIRouter()
_PAGE = f"{LIST}/{{client_id}}/connect"


@router.get(_PAGE)
async def connect(request: Request, client_id: str) -> Response:
    """Addresses and code; nothing is tried yet."""
    who = await keeper(request)
    seen = await container(request).idp.clients.look.read(client_id, who.principal)
    return _shown(request, seen, steps=(), tested=False)


@router.post(_PAGE)
async def test(request: Request, client_id: str) -> Response:
    """Run the checks of a log-in for this portal, up to where a person would be asked."""
    who = await keeper(request)
    await read_form(request)
    seen = await container(request).idp.clients.look.read(client_id, who.principal)
    return _shown(request, seen, steps=await _steps(request, seen.client), tested=True)


async def _steps(request: Request, client: Client) -> tuple[StepRow, ...]:
    idp = container(request).idp
    keys = await idp.client_keys.fresh(client)
    found = steps_of(client, keys)
    trial = sample_request(client)
    if trial is None:
        return found
    try:
        check_request(trial, client)
    except OAuthError as error:
        mark = Mark("bad", "no", Text("不通过", "refused"))
        why = Text(f"{error.error}：{error.description}", f"{error.error}: {error.description}")
        return (*found, StepRow(mark, Text("试走一次登录请求", "A log-in request"), why))
    mark = Mark("good", "check", Text("通过", "passed"))
    text = Text("所有检查都通过，接下来会请人登录。", "Every check passes; next a person would be asked to log in.")
    return (*found, StepRow(mark, Text("试走一次登录请求", "A log-in request"), text))


def _shown(request: Request, seen: Seen, *, steps: tuple[StepRow, ...], tested: bool) -> Response:
    issuer = container(request).ground.settings.issuer
    facts = (
        Fact(Text("签发者", "Issuer"), issuer, mono=True),
        Fact(Text("元数据", "Metadata"), f"{issuer}/.well-known/openid-configuration", mono=True),
        Fact(Text("客户端标识", "Client id"), seen.client.id, mono=True),
    )
    view = ConnectView(
        id=seen.client.id,
        name=seen.client.name,
        facts=facts,
        snippets=snippets(seen.client, issuer),
        steps=steps,
        tested=tested,
        address=None,
    )
    return page(request, "portal_connect.html", view=view)

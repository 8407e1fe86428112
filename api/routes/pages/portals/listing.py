"""`/admin/portals`: what waits for a decision, and every client by name."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.routes.pages.portals.visitors import LIST, asked, decides, keeper, organisation_name, proposes
from api.web.portals.views import PortalRow, PortalsView, WaitingRow
from api.web.portals.words import STATES
from api.web.render import page
from api.web.visitor import Visitor
from core.text import Text
from idp.clients.ports import ClientSearch
from idp.clients.records import ClientProposal, ProposalKind
from idp.model import Client
from idp.protocol.redirect_uri import host_of

router = APIRouter()
_SHOWN = 20
_SAID = {
    "proposed": Text("已提出，等安全管理员审核。", "Proposed. A security administrator decides."),
    "changed": Text("已保存，马上生效。", "Saved. It counts at once."),
    "same": Text("没有改动，什么都没变。", "Nothing was changed."),
    "approved": Text("已同意，马上生效。", "Approved. It counts at once."),
    "refused": Text("已记为不同意，门户没有变。", "Refused. The portal is as it was."),
    "withdrawn": Text("已撤回。", "Withdrawn."),
}


@router.get(LIST)
async def portals(request: Request) -> Response:
    """What waits first, then the clients."""
    who = await keeper(request)
    clients = container(request).idp.clients
    text, cursor = request.query_params.get("q", "").strip()[:100], request.query_params.get("after")
    found = await clients.look.search(ClientSearch(text=text), who.principal, cursor=cursor, limit=_SHOWN)
    open_ = await clients.review.open(who.principal, limit=_SHOWN)
    waiting = tuple([await waiting_row(request, one, who) for one in open_.items])
    title, below = _headline(sum(one.yours for one in waiting), len(waiting))
    view = PortalsView(
        title=title,
        below=below,
        rows=tuple([await _row(request, one) for one in found.items]),
        waiting=waiting,
        text=text,
        may_register=proposes(who),
        may_permit=decides(who),
        first_href=f"{LIST}?{urlencode({'q': text})}" if cursor else None,
        next_href=f"{LIST}?{urlencode({'q': text, 'after': found.next_cursor})}" if found.next_cursor else None,
        note=_SAID.get(request.query_params.get("said", "")),
    )
    return page(request, "portals.html", view=view)


async def waiting_row(request: Request, proposal: ClientProposal, who: Visitor) -> WaitingRow:
    """A proposal as lists show it."""
    registration = proposal.kind is ProposalKind.REGISTRATION
    return WaitingRow(
        proposal.id,
        proposal.description.name,
        await asked(request, proposal.proposed_by, proposal.proposed_at),
        Text("新门户", "new portal") if registration else _count(len(proposal.changed)),
        yours=decides(who) and proposal.proposed_by != who.principal.id,
    )


async def _row(request: Request, client: Client) -> PortalRow:
    return PortalRow(
        client.id,
        client.name,
        host_of(client.redirect_uris[0]) if client.redirect_uris else "",
        await organisation_name(request, client.organisation),
        STATES[client.status],
    )


def _headline(yours: int, waiting: int) -> tuple[Text, Text]:
    below = Text("登记、变更和停用门户；每一步都留痕。", "Register, change and stop portals; every step is recorded.")
    if yours:
        return Text(f"{yours} 项申请等您审核", f"{yours} to review"), below
    if waiting:
        return Text(f"{waiting} 项申请在等审核", f"{waiting} waiting for review"), below
    return Text("没有等审核的门户", "No portal waits for review"), below


def _count(members: int) -> Text:
    return Text(f"变更 {members} 项", "1 change" if members == 1 else f"{members} changes")

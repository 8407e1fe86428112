"""A proposal: what it changes, what to look at twice; approved or refused by somebody else than the proposer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.pages.portals.visitors import LIST, asked, decides, keeper
from api.web.forms import Form, read_form
from api.web.portals.difference import changes, risks
from api.web.portals.views import ProposalView
from api.web.portals.words import DECISIONS
from api.web.render import page
from api.web.visitor import Visitor
from api.web.words import minute
from core.errors import AppError, NotFound
from core.principal import Principal
from core.text import Text
from idp.clients.description import ClientDescription, described
from idp.clients.document import description_document
from idp.clients.records import ClientProposal, ProposalKind, ProposalState

router = APIRouter()
_ONE = f"{LIST}/proposals/{{proposal_id}}"
_UNTOLD = frozenset({"client_id", "grant_types", "response_types", "application_type"})


@router.get(_ONE)
async def proposal(request: Request, proposal_id: str) -> Response:
    """What would change, for whoever may see it."""
    who = await keeper(request)
    return await _shown(request, who, await container(request).idp.clients.review.read(proposal_id, who.principal))


@router.post(f"{_ONE}/approve")
async def approve(request: Request, proposal_id: str) -> Response:
    """It counts at once."""
    review = container(request).idp.clients.review
    return await _decided(
        request, proposal_id, "approved", lambda who, form: review.approve(proposal_id, who, note=form["note"] or None)
    )


@router.post(f"{_ONE}/refuse")
async def refuse(request: Request, proposal_id: str) -> Response:
    """The portal stays as it is; a refused registration goes."""
    review = container(request).idp.clients.review
    return await _decided(
        request, proposal_id, "refused", lambda who, form: review.refuse(proposal_id, who, note=form["note"] or None)
    )


@router.post(f"{_ONE}/withdraw")
async def withdraw(request: Request, proposal_id: str) -> Response:
    """Whoever proposed it thinks better of it."""
    review = container(request).idp.clients.review
    return await _decided(request, proposal_id, "withdrawn", lambda who, _form: review.withdraw(proposal_id, who))


async def _decided(
    request: Request, proposal_id: str, said: str, step: Callable[[Principal, Form], Awaitable[object]]
) -> Response:
    who, form = await keeper(request), await read_form(request)
    try:
        await step(who.principal, form)
    except NotFound:
        raise
    except AppError as error:
        found = await container(request).idp.clients.review.read(proposal_id, who.principal)
        return await _shown(request, who, found, error=error)
    return RedirectResponse(f"{LIST}?{urlencode({'said': said})}", 303)


async def _shown(request: Request, who: Visitor, found: ClientProposal, *, error: AppError | None = None) -> Response:
    registration = found.kind is ProposalKind.REGISTRATION
    before = None if registration else await _before(request, who, found)
    after = description_document(found.description)
    names = tuple(name for name in after if name not in _UNTOLD) if registration else found.changed
    open_, own = found.state is ProposalState.OPEN, found.proposed_by == who.principal.id
    name = found.description.name
    view = ProposalView(
        id=found.id,
        title=Text(f"新门户：{name.zh}", f"New portal: {name.en}")
        if registration
        else Text(f"变更：{name.zh}", f"Change: {name.en}"),
        client_id=found.client_id,
        asked=await asked(request, found.proposed_by, found.proposed_at),
        mark=DECISIONS[found.state],
        changes=changes(description_document(before) if before else None, after, names),
        risks=risks(before, found.description) if open_ else (),
        may_decide=open_ and not own and decides(who),
        may_withdraw=open_ and own,
        decided=Text(f"{minute(found.decided_at)} 决定", f"decided {minute(found.decided_at)}")
        if found.decided_at
        else None,
        note=found.note,
        error=error.text if error else None,
    )
    return page(request, "portal_proposal.html", status=status_of(error) if error else 200, view=view)


async def _before(request: Request, who: Visitor, found: ClientProposal) -> ClientDescription | None:
    """The client as it is; only while nothing is decided is that what it was before."""
    if found.state is not ProposalState.OPEN:
        return None
    return described((await container(request).idp.clients.look.read(found.client_id, who.principal)).client)

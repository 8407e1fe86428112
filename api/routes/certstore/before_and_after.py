"""`/v1/licence-drafts`, `-transfers`, `-endings`, `/v1/inspection-rounds`: what goes before a licence's steps."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, requires
from api.routes.certstore.asked_steps import short_out
from api.routes.certstore.licences import IssueIn, NamedHolderIn, SealCode
from api.routes.certstore.shapes import Cursor, IdempotencyKey, IfMatch, In, etag, page_out, revision_of, text_out
from certstore.issue import IssueCommand
from certstore.life.drafts import DraftCommand
from certstore.life.model import Draft, DraftContent, EndingProposal
from certstore.life.proposals import ProposeCommand
from certstore.lifecycle import Event
from certstore.making import HolderInput
from core.principal import Principal

router = APIRouter(prefix="/v1", tags=["life of licences"])
Issuer = Annotated[Principal, Depends(requires("licence:issue"))]


class DraftIn(In):
    """What is written so far."""

    holders: Annotated[list[NamedHolderIn], Field(max_length=50)]
    data: Annotated[dict[str, Any], Field(repr=False)]
    number: Annotated[str | None, Field(max_length=100, repr=False)] = None
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    seal_code: SealCode = None


class NewDraftIn(DraftIn):
    """A draft of a licence of this type."""

    type: Annotated[str, Field(max_length=21)]


class TransferIn(IssueIn):
    """A licence that follows one of another region, named by its identifier."""

    based_on: Annotated[str, Field(max_length=200)]


class EndingIn(In):
    """Which licence to end, how, and why; a colleague decides."""

    licence: Annotated[str, Field(max_length=64)]
    event: Literal["withdraw", "revoke", "cancel", "annul"]
    reason: Annotated[str, Field(max_length=1000)]


@router.post("/licence-drafts", status_code=201)
async def create_draft(request: Request, response: Response, body: NewDraftIn, actor: Issuer) -> dict[str, Any]:
    """Keep a draft; nobody but the authority sees it, and it goes 90 days after it was last touched."""
    made = await container(request).certstore.life.drafts.create(DraftCommand(body.type, _content(body)), actor)
    response.headers["Location"] = f"/v1/licence-drafts/{made.id}"
    return _draft_out(response, made)


@router.get("/licence-drafts")
async def drafts(request: Request, actor: Issuer, cursor: Cursor = None, limit: int | None = None) -> dict[str, Any]:
    """The authority's own, newest first, without personal data."""
    page = await container(request).certstore.life.drafts.drafts(actor, cursor, limit)
    rows = [
        {"id": one.id, "type": one.type_code, "revision": one.revision, "changed_at": one.changed_at}
        for one in page.items
    ]
    return page_out(rows, page.next_cursor)


@router.get("/licence-drafts/{draft_id}")
async def draft(request: Request, response: Response, draft_id: str, actor: Issuer) -> dict[str, Any]:
    """One draft."""
    return _draft_out(response, await container(request).certstore.life.drafts.draft(draft_id, actor))


@router.put("/licence-drafts/{draft_id}")
async def rewrite_draft(
    request: Request, response: Response, draft_id: str, body: DraftIn, actor: Issuer, if_match: IfMatch = None
) -> dict[str, Any]:
    """Write it anew."""
    services = container(request).certstore.life.drafts
    made = await services.rewrite(draft_id, _content(body), actor, if_revision=revision_of(if_match))
    return _draft_out(response, made)


@router.delete("/licence-drafts/{draft_id}", status_code=204)
async def discard_draft(request: Request, draft_id: str, actor: Issuer, if_match: IfMatch = None) -> None:
    """Discard it."""
    await container(request).certstore.life.drafts.discard(draft_id, actor, if_revision=revision_of(if_match))


@router.post("/licence-drafts/{draft_id}/issue", status_code=201)
async def issue_draft(
    request: Request,
    response: Response,
    draft_id: str,
    idempotency_key: IdempotencyKey,
    actor: Issuer,
    if_match: IfMatch = None,
) -> dict[str, Any]:
    """Issue it; the licence has the draft's id."""
    services = container(request).certstore.life.drafts
    made = await services.issue(draft_id, idempotency_key, actor, if_revision=revision_of(if_match))
    response.headers["Location"] = f"/v1/licences/{made.id}"
    response.headers["ETag"] = etag(made.revision)
    return short_out(request, made)


@router.post("/licence-transfers", status_code=201)
async def transfer_in(
    request: Request, response: Response, body: TransferIn, idempotency_key: IdempotencyKey, actor: Issuer
) -> dict[str, Any]:
    """转入: a licence of ours that follows one of another region."""
    command = IssueCommand(
        type_code=body.type,
        holders=_holders(body.holders),
        data=body.data,
        idempotency_key=idempotency_key,
        licence_number=body.number,
        valid_from=body.valid_from,
        valid_until=body.valid_until,
        seal_code=body.seal_code,
    )
    made = await container(request).certstore.life.transfer.into(command, body.based_on, actor)
    response.headers["Location"] = f"/v1/licences/{made.id}"
    response.headers["ETag"] = etag(made.revision)
    return short_out(request, made)


@router.post("/licence-endings", status_code=201)
async def propose_ending(request: Request, body: EndingIn, actor: Issuer, if_match: IfMatch = None) -> dict[str, Any]:
    """Propose to end a licence whose type asks for two people."""
    command = ProposeCommand(body.licence, Event(body.event), body.reason, revision_of(if_match))
    return _ending_out(await container(request).certstore.life.proposals.propose(command, actor))


@router.get("/licence-endings")
async def endings(request: Request, actor: Issuer) -> dict[str, Any]:
    """Proposals of the authority that wait for a colleague of whoever made them, oldest first."""
    found = await container(request).certstore.life.proposals.waiting(actor)
    return page_out([_ending_out(one) for one in found], None)


@router.post("/licence-endings/{proposal_id}/approve")
async def approve_ending(request: Request, response: Response, proposal_id: str, actor: Issuer) -> dict[str, Any]:
    """End the licence; never by whoever proposed it."""
    ended = await container(request).certstore.life.proposals.approve(proposal_id, actor)
    response.headers["ETag"] = etag(ended.revision)
    return short_out(request, ended)


@router.post("/licence-endings/{proposal_id}/refuse")
async def refuse_ending(request: Request, proposal_id: str, actor: Issuer) -> dict[str, Any]:
    """Leave the licence as it is."""
    return _ending_out(await container(request).certstore.life.proposals.refuse(proposal_id, actor))


@router.post("/licence-endings/{proposal_id}/withdraw")
async def withdraw_ending(request: Request, proposal_id: str, actor: Issuer) -> dict[str, Any]:
    """Take one's own proposal back."""
    return _ending_out(await container(request).certstore.life.proposals.withdraw(proposal_id, actor))


@router.get("/inspection-rounds/{type_code}")
async def inspection_round(
    request: Request, type_code: str, actor: Issuer, cursor: Cursor = None, limit: int | None = None
) -> dict[str, Any]:
    """Licences of a type whose inspection may be held today, soonest first, and how far the round has come."""
    found = await container(request).certstore.life.inspect.round(type_code, actor, cursor, limit)
    rows = [
        {
            "id": one.licence_id,
            "identifier": one.identifier,
            "state": one.state,
            "revision": one.revision,
            "inspected_until": one.inspected_until,
            "standing": one.standing,
        }
        for one in found.page.items
    ]
    name = text_out(found.licence_type.name)
    counts = {standing.value: count for standing, count in found.counts.items()}
    return page_out(rows, found.page.next_cursor) | {"type": {"code": type_code, "name": name}, "counts": counts}


def _content(body: DraftIn) -> DraftContent:
    return DraftContent(
        _holders(body.holders), body.data, body.number, body.valid_from, body.valid_until, body.seal_code
    )


def _holders(holders: list[NamedHolderIn]) -> tuple[HolderInput, ...]:
    return tuple(HolderInput(one.code_type, one.code, one.name, one.role) for one in holders)


def _draft_out(response: Response, made: Draft) -> dict[str, Any]:
    response.headers["ETag"] = etag(made.revision)
    response.headers["Cache-Control"] = "no-store"
    content = made.content
    return {
        "id": made.id,
        "type": made.type_code,
        "revision": made.revision,
        "made_at": made.made_at,
        "changed_at": made.changed_at,
        "holders": [
            {"role": one.role, "code_type": one.code_type, "code": one.code, "name": one.name}
            for one in content.holders
        ],
        "data": content.data,
        "number": content.licence_number,
        "valid_from": content.valid_from,
        "valid_until": content.valid_until,
        "seal_code": content.seal_code,
    }


def _ending_out(made: EndingProposal) -> dict[str, Any]:
    return {
        "id": made.id,
        "licence": made.licence_id,
        "type": made.type_code,
        "event": made.event,
        "reason": made.reason,
        "revision": made.revision,
        "proposed_by": made.proposed_by,
        "proposed_at": made.proposed_at,
        "state": made.state,
        "decided_by": made.decided_by,
        "decided_at": made.decided_at,
    }

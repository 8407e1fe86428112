"""`/v1/entrustments` (委托): a person lets another decide on the use of their licences; both sides see and end it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request

from api.deps import container
from api.routes.certstore.licences import Holder
from api.routes.certstore.shapes import Code, Cursor, HolderIn, In, MaybeIdempotencyKey, TypeCodes, page_out, text_out
from certstore.codes import mask_code
from certstore.entrust.give import NewEntrustment
from certstore.entrust.model import (
    DoneLine,
    Entrustment,
    EntrustmentLine,
    EntrustmentState,
    Party,
    Side,
)

router = APIRouter(prefix="/v1/entrustments", tags=["entrustments"])


class AgentIn(HolderIn):
    """Who is to act: by number and name."""

    name: Annotated[str, Field(max_length=200, repr=False)]


class EntrustIn(In):
    """Whom, with which types, in which items (none: all that use them), from when to when, for how many cases."""

    agent: AgentIn
    types: TypeCodes
    items: Annotated[list[Code], Field(max_length=50, default_factory=list)]
    purpose: Annotated[str, Field(max_length=200, repr=False)]
    starts_on: dt.date
    ends_on: dt.date
    uses: int = 1


class AnswerIn(In):
    """Yes or no."""

    accept: bool


@router.post("", status_code=201)
async def give(
    request: Request, body: EntrustIn, actor: Holder, idempotency_key: MaybeIdempotencyKey = None
) -> dict[str, Any]:
    """Offer it. The answer is the same whether or not there is such a person: they see it if number and name agree.
    A repeated Idempotency-Key answers with the same offer."""
    new = NewEntrustment(
        name=body.agent.name,
        code=body.agent.code,
        code_type=body.agent.code_type,
        types=body.types,
        items=body.items,
        purpose=body.purpose,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        uses=body.uses,
        idempotency_key=idempotency_key,
    )
    made = await container(request).certstore.entrusting.give(new, actor)
    return _entrustment(made, made.state)


@router.get("")
async def entrustments(
    request: Request,
    actor: Holder,
    side: Annotated[Side, Query()] = Side.PRINCIPAL,
    cursor: Cursor = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """What one gave (`principal`) or was entrusted with (`agent`), newest first."""
    found = await container(request).certstore.entrusting.look.mine(side, actor, cursor, limit)
    return page_out([_line(one) for one in found.items], found.next_cursor)


@router.get("/{entrustment_id}")
async def entrustment(request: Request, entrustment_id: str, actor: Holder) -> dict[str, Any]:
    """One of one's own, with the hundred newest deeds under it."""
    found = await container(request).certstore.entrusting.look.one(entrustment_id, actor)
    return _line(found.line) | {"done": [_done(one) for one in found.done]}


@router.post("/{entrustment_id}/answer")
async def answer(request: Request, entrustment_id: str, body: AnswerIn, actor: Holder) -> dict[str, Any]:
    """The one who was named accepts or declines, once."""
    made = await container(request).certstore.entrusting.answer(entrustment_id, actor, accept=body.accept)
    return {"id": made.id, "state": made.state}


@router.post("/{entrustment_id}/end")
async def end(request: Request, entrustment_id: str, actor: Holder) -> dict[str, Any]:
    """Take it back, and with it what was agreed to under it; or lay it down. Works at once; twice is once."""
    ended = await container(request).certstore.entrusting.end(entrustment_id, actor)
    return {
        "id": ended.entrustment.id,
        "state": EntrustmentState.ENDED,
        "reason": ended.reason,
        "consents_withdrawn": ended.consents,
        "codes_ended": ended.codes,
    }


def _entrustment(one: Entrustment, state: EntrustmentState) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": state,
        "principal": _party(one.principal),
        "agent": _party(one.agent),
        "types": list(one.types),
        "items": list(one.items),
        "purpose": one.purpose,
        "starts_on": one.starts_on,
        "ends_on": one.ends_on,
        "uses": one.uses,
        "uses_allowed": one.max_uses,
        "created_at": one.created_at,
        "answer_by": one.answer_by,
        "answered_at": one.answered_at,
        "ended_at": one.ended_at,
        "ended_for": one.ended_for,
    }


def _party(party: Party) -> dict[str, str]:
    return {"name": party.name, "code_type": party.code.kind, "code_masked": mask_code(party.code)}


def _line(one: EntrustmentLine) -> dict[str, Any]:
    return _entrustment(one.entrustment, one.state) | {
        "side": one.side,
        "type_names": [text_out(name) for name in one.type_names],
        "item_names": [text_out(name) for name in one.item_names],
    }


def _done(one: DoneLine) -> dict[str, Any]:
    done = one.done
    return {
        "at": done.at,
        "deed": done.deed,
        "organisation": done.organisation,
        "organisation_name": text_out(one.organisation_name),
        "service_item": done.service_item,
        "case_number": done.case_number,
        "types": list(done.types),
        "type_names": [text_out(name) for name in one.type_names],
        "subjects": list(done.subjects),
    }

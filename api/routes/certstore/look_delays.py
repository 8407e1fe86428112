"""`/v1/look-delays`: looks that their holder sees only later; proposed by one person and decided by another."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request

from api.deps import caller, container
from api.routes.certstore.shapes import Basis, Code, In, page_out
from certstore.look_delays import LookDelay
from core.principal import Principal

router = APIRouter(prefix="/v1/look-delays", tags=["access records"])
Caller = Annotated[Principal, Depends(caller)]


class DelayIn(In):
    """Looks for this service item are shown so many days later, on this legal basis."""

    service_item: Code
    days: Annotated[int, Field(ge=0, le=10_000)]
    basis: Basis


class DecisionIn(In):
    """Yes or no."""

    approve: bool


@router.get("")
async def rules(request: Request, actor: Caller) -> dict[str, Any]:
    """All of them, newest first, for those who propose and decide."""
    found = await container(request).own.look_delays.rules(actor)
    return page_out([_rule(one) for one in found], None)


@router.post("", status_code=201)
async def propose(request: Request, body: DelayIn, actor: Caller) -> dict[str, Any]:
    """Propose; nothing is delayed until a second person agrees."""
    return _rule(await container(request).own.look_delays.propose(body.service_item, body.days, body.basis, actor))


@router.post("/{rule_id}/decision")
async def decide(request: Request, rule_id: str, body: DecisionIn, actor: Caller) -> dict[str, Any]:
    """By another person than the proposer; looks from now on fall under it."""
    return _rule(await container(request).own.look_delays.decide(rule_id, body.approve, actor))


@router.post("/{rule_id}/end")
async def end(request: Request, rule_id: str, actor: Caller) -> dict[str, Any]:
    """No further look falls under it."""
    return _rule(await container(request).own.look_delays.end(rule_id, actor))


def _rule(one: LookDelay) -> dict[str, Any]:
    return {
        "id": one.id,
        "service_item": one.service_item,
        "days": one.days,
        "basis": one.basis,
        "state": one.state,
        "since": one.since,
        "until": one.until,
    }

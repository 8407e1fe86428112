"""`/v1/changes` and `/v1/subscriptions`: what changes, read on from a cursor or sent as signed messages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import caller, container, requires
from api.routes.certstore.shapes import In, TypeCodes
from certstore.subscriptions.feed import LATEST
from certstore.subscriptions.manage import Health, NewSubscription, ShownSecret
from certstore.subscriptions.messenger import told
from certstore.subscriptions.model import Subscription
from core.principal import Principal

router = APIRouter(prefix="/v1", tags=["changes"])
Reader = Annotated[Principal, Depends(requires("licence:read"))]
Owner = Annotated[Principal, Depends(caller)]
After = Annotated[str | None, Query(max_length=200)]


class SubscriptionIn(In):
    """Where to, and what of."""

    name: Annotated[str, Field(max_length=200)]
    address: Annotated[str, Field(max_length=2048)]
    types: TypeCodes | None = None
    after: Annotated[str, Field(max_length=200)] = LATEST


class ReplayIn(In):
    """From where."""

    after: Annotated[str, Field(max_length=200)]


@router.get("/changes")
async def changes(
    request: Request,
    actor: Reader,
    after: After = None,
    type_code: Annotated[list[str] | None, Query(alias="type", max_length=50)] = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """Changes behind a cursor, of types that the caller has a grant for or issued itself; no personal data."""
    found = await container(request).subscriptions.changes(actor, after, type_code or (), limit)
    items = [told(change) for change in found.items]
    return {"items": items, "next_cursor": found.next_cursor, "more": found.more}


@router.post("/subscriptions", status_code=201)
async def subscribe(request: Request, response: Response, body: SubscriptionIn, actor: Owner) -> dict[str, Any]:
    """Set up; the secret is shown now and never again."""
    wanted = NewSubscription(body.name, body.address, body.types or (), body.after)
    made, secret = await container(request).subscriptions.manage.set_up(wanted, actor)
    response.headers["Location"] = f"/v1/subscriptions/{made.id}"
    response.headers["Cache-Control"] = "no-store"
    return _short(made) | {"secret": _secret(secret)}


@router.get("/subscriptions")
async def subscriptions(request: Request, actor: Owner) -> dict[str, Any]:
    """Those of the caller's organisation."""
    found = await container(request).subscriptions.manage.own(actor)
    return {"items": [_short(one) for one in found]}


@router.get("/subscriptions/{subscription_id}")
async def subscription(request: Request, subscription_id: str, actor: Owner) -> dict[str, Any]:
    """One with its health."""
    return _whole(await container(request).subscriptions.manage.health(subscription_id, actor))


@router.delete("/subscriptions/{subscription_id}", status_code=204, response_class=Response)
async def end(request: Request, subscription_id: str, actor: Owner) -> Response:
    """End it; nothing more is sent."""
    await container(request).subscriptions.steer.end(subscription_id, actor)
    return Response(status_code=204)


@router.post("/subscriptions/{subscription_id}/pause")
async def pause(request: Request, subscription_id: str, actor: Owner) -> dict[str, Any]:
    """Send nothing until it is resumed; the cursor stays."""
    return _short(await container(request).subscriptions.steer.pause(subscription_id, actor))


@router.post("/subscriptions/{subscription_id}/resume")
async def resume(request: Request, subscription_id: str, actor: Owner) -> dict[str, Any]:
    """Go on from the cursor."""
    return _short(await container(request).subscriptions.steer.resume(subscription_id, actor))


@router.post("/subscriptions/{subscription_id}/replay")
async def replay(request: Request, subscription_id: str, body: ReplayIn, actor: Owner) -> dict[str, Any]:
    """Send again everything behind a cursor."""
    return _short(await container(request).subscriptions.steer.replay(subscription_id, body.after, actor))


@router.post("/subscriptions/{subscription_id}/secrets", status_code=201)
async def new_secret(request: Request, response: Response, subscription_id: str, actor: Owner) -> dict[str, Any]:
    """A further secret; messages are signed under both until the old one is forgotten."""
    made = await container(request).subscriptions.steer.new_secret(subscription_id, actor)
    response.headers["Cache-Control"] = "no-store"
    return _secret(made)


@router.delete("/subscriptions/{subscription_id}/secrets/old", status_code=204, response_class=Response)
async def forget_secrets(request: Request, subscription_id: str, actor: Owner) -> Response:
    """Sign under the newest secret alone."""
    await container(request).subscriptions.steer.forget_old_secrets(subscription_id, actor)
    return Response(status_code=204)


@router.get("/subscriptions/{subscription_id}/dead-letters")
async def dead_letters(
    request: Request, subscription_id: str, actor: Owner, after: Annotated[int, Query(ge=0, lt=2**63)] = 0
) -> dict[str, Any]:
    """What the receiver would not take; `after` is a position."""
    found = await container(request).subscriptions.manage.dead_letters(subscription_id, actor, after=after)
    return {
        "items": [
            {"change": told(one.change), "result": one.result, "died_at": one.died_at, "again": one.again}
            for one in found
        ]
    }


@router.post("/subscriptions/{subscription_id}/dead-letters/send", status_code=202)
async def send_again(request: Request, subscription_id: str, actor: Owner) -> dict[str, Any]:
    """Send them once more, in order, before anything new of the same licences."""
    return {"count": await container(request).subscriptions.steer.send_again(subscription_id, actor)}


def _secret(secret: ShownSecret) -> dict[str, str]:
    return {"key_id": secret.key_id, "secret": secret.value}


def _short(one: Subscription) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "address": one.address,
        "types": list(one.types),
        "state": one.state,
        "created_at": one.created_at,
        "last_result": one.last_result or None,
        "delivered_at": one.delivered_at,
        "failing_since": one.failing_since,
    }


def _whole(health: Health) -> dict[str, Any]:
    one = health.subscription
    return _short(one) | {
        "cursor": health.cursor,
        "behind": health.behind,
        "dead_letters": health.dead,
        "attempts": one.attempts,
        "tried_at": one.tried_at,
        "due_at": one.due_at,
        "keys": list(health.keys),
        "days": [
            {"day": day.day, "delivered": day.delivered, "failed": day.failed, "dead": day.dead} for day in health.days
        ],
    }

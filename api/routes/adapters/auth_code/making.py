"""`license/{catalogue}/…` of the 用证码 way: create, issue, abolish. `catalogue` is the type's code."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from api.deps import container
from api.routes.adapters.auth_code.envelope import PREFIX, offer
from api.routes.adapters.auth_code.shapes import ENDINGS, Abolish, Create, Issue, at_window
from certstore.exchange.making import MakeCommand
from certstore.model import Licence
from certstore.status import status_today
from core.clock import calendar_day
from core.principal import Principal

router = APIRouter(prefix=PREFIX, tags=["exchange: use codes"])


async def create(request: Request, body: Create, actor: Principal) -> Any:
    """A draft under the caller's authority; nobody else knows of it until it is issued."""
    command = MakeCommand(request.path_params["catalogue"], body.data_fields)
    draft = await container(request).exchange.make.create(command, at_window(actor, body.operator))
    return {"license_code": draft.id, "license_status": "DRAFT"}


async def issue(request: Request, body: Issue, actor: Principal) -> Any:
    """Seal and issue a draft; from here on `license_code` is the licence's identifier (GB/T 36904)."""
    issued = await container(request).exchange.make.issue(body.license_code, at_window(actor, body.operator))
    return _made(request, issued)


async def abolish(request: Request, body: Abolish, actor: Principal) -> Any:
    """End a licence: cancelled, withdrawn or revoked, three different things."""
    event = ENDINGS[body.abolish_type]
    by = at_window(actor, body.operator)
    ended = await container(request).exchange.make.abolish(body.license_code, event, body.abolish_reason, by)
    return _made(request, ended)


def _made(request: Request, licence: Licence) -> dict[str, Any]:
    today = calendar_day(container(request).ground.clock.now())
    return {
        "license_code": licence.current.identifier,
        "license_item_code": licence.type_code,
        "license_status": status_today(licence, today).value.upper(),
        "issue_date": licence.current.issued_at,
        "expiry_date": licence.current.valid_until,
    }


offer(router, "/license/{catalogue}/create", Create, create)
offer(router, "/license/{catalogue}/issue", Issue, issue)
offer(router, "/license/{catalogue}/abolish", Abolish, abolish)

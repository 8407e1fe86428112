"""`/v1/shares`: what a holder shows of a licence to whoever has the code, and opening it, for which nobody logs in."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.limits import limited_verification
from api.routes.certstore.licences import Holder
from api.routes.certstore.shapes import Cursor, FieldNames, In, MaybeIdempotencyKey, page_out, text_out
from certstore.shares.make import ShareCommand
from certstore.shares.model import MyShare, OpenedShare, Share, ShareState
from core.principal import ANONYMOUS

router = APIRouter(prefix="/v1", tags=["shares"])


class ShareIn(In):
    """Which entries, for whom and for what in the holder's own words, how often and how long."""

    fields: FieldNames
    purpose: Annotated[str, Field(max_length=200, repr=False)]
    views: int = 1
    days: int = 1


class CodeIn(In):
    """The code, as its holder told it."""

    code: Annotated[str, Field(max_length=64, repr=False)]


@router.post("/licences/{licence_id}/shares", status_code=201)
async def make_share(
    request: Request,
    response: Response,
    licence_id: str,
    body: ShareIn,
    actor: Holder,
    idempotency_key: MaybeIdempotencyKey = None,
) -> dict[str, Any]:
    """Share entries of one's own licence. The code is told in this answer and nowhere else; a repeated
    Idempotency-Key answers with the same share and code."""
    command = ShareCommand(licence_id, body.fields, body.purpose, body.views, body.days, idempotency_key)
    made = await container(request).own.shares.make(command, actor)
    response.headers["Cache-Control"] = "no-store"
    address = f"{container(request).ground.settings.issuer}/shared/{made.share.id}"
    return _share(made.share, ShareState.OPEN) | {"address": address, "code": made.code}


@router.get("/shares")
async def shares(request: Request, actor: Holder, cursor: Cursor = None, limit: int | None = None) -> dict[str, Any]:
    """One's own, newest first, without their codes."""
    found = await container(request).own.shares.mine(actor, cursor, limit)
    return page_out([_mine(one) for one in found.items], found.next_cursor)


@router.post("/shares/{share_id}/withdraw")
async def withdraw_share(request: Request, share_id: str, actor: Holder) -> dict[str, Any]:
    """Take it back: from this answer on it opens for nobody. Twice is once."""
    share = await container(request).own.shares.withdraw(share_id, actor)
    return {"id": share.id, "state": share.state}


@router.post("/shares/{share_id}/open", dependencies=[Depends(limited_verification)])
async def open_share(request: Request, response: Response, share_id: str, body: CodeIn) -> dict[str, Any]:
    """What was shared, as it is today; the holder sees that it was opened. Open to everybody who has the code."""
    response.headers["Cache-Control"] = "no-store"
    return _opened(await container(request).own.open_share(share_id, body.code, ANONYMOUS))


def _share(share: Share, state: ShareState) -> dict[str, Any]:
    return {
        "id": share.id,
        "licence": share.licence_id,
        "fields": list(share.fields),
        "purpose": share.purpose,
        "state": state,
        "views": share.views,
        "views_allowed": share.views_allowed,
        "created_at": share.created_at,
        "expires_at": share.expires_at,
    }


def _mine(one: MyShare) -> dict[str, Any]:
    return _share(one.share, one.state) | {"type": text_out(one.type_name)}


def _opened(one: OpenedShare) -> dict[str, Any]:
    return {
        "type": text_out(one.type_name),
        "issuer": text_out(one.issuer_name),
        "identifier": one.identifier,
        "status": one.status,
        "valid_until": one.valid_until,
        "rows": [{"title": text_out(title), "value": value} for title, value in one.rows],
        "purpose": one.purpose,
        "views_left": one.views_left,
        "expires_at": one.expires_at,
    }

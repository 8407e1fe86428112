"""`license/{catalogue}/…` of the 用证码 way: create, attachments, issue, abolish. `catalogue` is the type's code."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from api.deps import container
from api.routes.adapters.auth_code.envelope import PREFIX, offer
from api.routes.adapters.auth_code.shapes import (
    ENDINGS,
    Abolish,
    Create,
    CreateAttachment,
    GetAttachment,
    Issue,
    at_window,
)
from certstore.attachments.keep import AttachmentCommand
from certstore.attachments.model import Attachment
from certstore.exchange.making import MakeCommand
from certstore.model import Licence
from certstore.status import status_today
from core.clock import calendar_day
from core.errors import InvalidInput
from core.principal import Principal
from core.text import Text

router = APIRouter(prefix=PREFIX, tags=["exchange: use codes"])


async def create(request: Request, body: Create, actor: Principal) -> Any:
    """A draft under the caller's authority; nobody else knows of it until it is issued."""
    command = MakeCommand(request.path_params["catalogue"], body.data_fields, body.seal_code)
    draft = await container(request).exchange.make.create(command, at_window(actor, body.operator))
    return {"license_code": draft.id, "license_status": "DRAFT"}


async def create_attachment(request: Request, body: CreateAttachment, actor: Principal) -> Any:
    """A file that belongs to a draft or a licence of the caller's authority."""
    try:
        content = base64.b64decode(body.file_data, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput(
            "content-invalid", Text("file_data 应为 base64。", "file_data must be base64."), field="file_data"
        ) from None
    licence_id = await _named(request, body.license_code, actor)
    command = AttachmentCommand(licence_id, body.file_name, content)
    return _attachment(await container(request).own.attachments.add(command, at_window(actor, body.operator)))


async def get_attachment(request: Request, body: GetAttachment, actor: Principal) -> Any:
    """Which attachments there are; with `attachment_code`, that one with its content."""
    attachments, by = container(request).own.attachments, at_window(actor, body.operator)
    licence_id = await _named(request, body.license_code, actor)
    if body.attachment_code is None:
        found = await attachments.of_licence(licence_id, by)
        return {"total_count": len(found), "attachments": [_attachment(one) for one in found]}
    file = await attachments.file(licence_id, body.attachment_code, by)
    return _attachment(file.attachment) | {"file_data": base64.b64encode(file.content).decode()}


async def issue(request: Request, body: Issue, actor: Principal) -> Any:
    """Seal and issue a draft; from here on `license_code` is the licence's identifier (GB/T 36904)."""
    by = at_window(actor, body.operator)
    catalogue = request.path_params["catalogue"]
    return await _made(request, await container(request).exchange.make.issue(catalogue, body.license_code, by))


async def abolish(request: Request, body: Abolish, actor: Principal) -> Any:
    """End a licence: cancelled, withdrawn, revoked or annulled, four different things."""
    event, by = ENDINGS[body.abolish_type], at_window(actor, body.operator)
    catalogue, make = request.path_params["catalogue"], container(request).exchange.make
    key = request.headers.get("Idempotency-Key")
    ended = await make.abolish(catalogue, body.license_code, event, body.abolish_reason, by, idempotency_key=key)
    return await _made(request, ended) | {
        "abolish_org_code": ended.issuer,
        "abolish_type": body.abolish_type,
        "abolish_reason": body.abolish_reason,
        "abolish_date": container(request).ground.clock.now(),
    }


async def _named(request: Request, license_code: str, actor: Principal) -> str:
    catalogue = request.path_params["catalogue"]
    return await container(request).exchange.make.named(catalogue, license_code, actor)


async def _made(request: Request, licence: Licence) -> dict[str, Any]:
    current, today = licence.current, calendar_day(container(request).ground.clock.now())
    file = await container(request).exchange.make.sealed(licence)
    return {
        "license_code": current.identifier,
        "license_item_code": licence.type_code,
        "license_status": status_today(licence, today).value.upper(),
        "trust_level": current.trust,
        "issue_org_code": licence.issuer,
        "issue_date": current.issued_at,
        "begin_date": current.valid_from,
        "expiry_date": current.valid_until,
        "correlative_license": current.based_on,
        "sign": {"seal_id": file.seal_id, "signature_id": file.signature_id, "sha256": file.sha256} if file else None,
    }


def _attachment(one: Attachment) -> dict[str, Any]:
    return {
        "attachment_code": one.id,
        "file_name": one.name,
        "file_type": one.media_type,
        "file_size": one.size,
        "sha256": one.sha256,
    }


offer(router, "/license/{catalogue}/create", Create, create)
offer(router, "/license/{catalogue}/create_attachment", CreateAttachment, create_attachment)
offer(router, "/license/{catalogue}/get_attachment", GetAttachment, get_attachment)
offer(router, "/license/{catalogue}/issue", Issue, issue)
offer(router, "/license/{catalogue}/abolish", Abolish, abolish)

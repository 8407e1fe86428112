"""`/v1/login-rules`: how much a log-in must prove, kept by security administrators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.requests import Request

from api.deps import container, requires
from api.routes.certstore.shapes import In
from core.principal import Principal
from idp.login.proofs import Method
from idp.login.rules import LoginRule

router = APIRouter(prefix="/v1/login-rules", tags=["security"])
Administrator = Annotated[Principal, Depends(requires("admin:security"))]
Subject = Annotated[str, Field(max_length=80)]


class RuleIn(In):
    """A rule; `revision` is the one that was read, 0 for a new rule."""

    acr: Annotated[str | None, Field(max_length=64)] = None
    refused: Annotated[tuple[Method, ...], Field(max_length=len(Method))] = ()
    revision: Annotated[int, Field(ge=0, le=2**31 - 2)] = 0


@router.get("")
async def every(request: Request, actor: Administrator) -> dict[str, Any]:
    """All rules; there are few."""
    return {"items": [rule_out(rule) for rule in await container(request).idp.login_rules.all()]}


@router.put("/{subject}")
async def put(request: Request, subject: Subject, body: RuleIn, actor: Administrator) -> dict[str, Any]:
    """Set the rule for `everybody`, `staff`, `new-device`, `client:ID` or `level:NUMBER`."""
    rules = container(request).idp.login_rules
    return rule_out(await rules.put(subject, body.acr, body.refused, actor, before=body.revision))


@router.delete("/{subject}", status_code=204)
async def remove(
    request: Request, subject: Subject, actor: Administrator, revision: Annotated[int, Query(ge=1, le=2**31 - 1)]
) -> None:
    """Take the rule away."""
    await container(request).idp.login_rules.remove(subject, actor, before=revision)


def rule_out(rule: LoginRule) -> dict[str, Any]:
    """A rule in JSON."""
    return {
        "subject": rule.subject,
        "acr": rule.acr,
        "refused": sorted(rule.refused),
        "revision": rule.revision,
        "changed_by": rule.changed_by,
        "changed_at": rule.changed_at.isoformat(),
    }

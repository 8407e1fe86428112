"""`/v1/audit`: signed checkpoints of the audit log, proofs from it, and its verification; for audit administrators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.requests import Request

from api.deps import caller_by, container
from api.routes.certstore.shapes import Cursor, In, page_out
from api.wiring.transparency import TransparencyServices
from core.audit.walk import Seam
from core.principal import Principal
from core.transparency.checkpoints import KeptCheckpoint
from core.transparency.overview import AT_ONCE
from core.transparency.proof_document import event_document, growth_document
from core.transparency.prove import AUDITS
from core.transparency.verify import LogVerdict

router = APIRouter(prefix="/v1/audit", tags=["audit"])
Auditor = Annotated[Principal, Depends(caller_by(AUDITS))]
"""Somebody; whether they may look is for the use case to say."""

Size = Annotated[int, Query(ge=0, lt=1 << 53)]


class VerificationIn(In):
    """What to verify: at least so many rows at the end, and checkpoints that the auditor kept."""

    last: Annotated[int, Field(ge=1, le=AT_ONCE)] = AT_ONCE
    checkpoints: Annotated[list[Annotated[str, Field(max_length=10_000)]], Field(max_length=100)] = Field(
        default_factory=list
    )


def _services(request: Request) -> TransparencyServices:
    return container(request).transparency


@router.get("")
async def state(request: Request, actor: Auditor) -> dict[str, Any]:
    """How long the log is, what is signed, who keeps it, and the keys to pin."""
    found = await _services(request).overview.state(actor)
    witnesses = [
        {"name": one.name, "size": one.size, "kept_at": one.kept_at, "fault": one.fault or None, "answer": one.answer}
        for one in found.witnesses
    ]
    return {
        "origin": found.origin,
        "size": found.size,
        "checkpoint": _checkpoint(found.newest) if found.newest else None,
        "witnesses": witnesses,
        "keys": list(found.keys),
    }


@router.get("/checkpoints")
async def checkpoints(
    request: Request, actor: Auditor, cursor: Cursor = None, limit: int | None = None
) -> dict[str, Any]:
    """The newest first; keep them elsewhere."""
    page = await _services(request).prove.checkpoints(actor, cursor, limit)
    return page_out([_checkpoint(one) for one in page.items], page.next_cursor)


@router.get("/proofs/inclusion")
async def inclusion(
    request: Request, actor: Auditor, number: Annotated[int, Query(ge=1, lt=1 << 53)], size: Size | None = None
) -> dict[str, Any]:
    """That a row is in the log of a checkpoint (RFC 9162 §2.1.3); the newest one without `size`."""
    return dict(event_document(await _services(request).prove.event(number, actor, size=size)))


@router.get("/proofs/consistency")
async def consistency(request: Request, actor: Auditor, first: Size, second: Size) -> dict[str, Any]:
    """That the log of one checkpoint is the beginning of another's (RFC 9162 §2.1.4)."""
    return dict(growth_document(await _services(request).prove.growth(first, second, actor)))


@router.post("/verifications")
async def verification(request: Request, body: VerificationIn, actor: Auditor) -> dict[str, Any]:
    """Compute the end of the log anew, against what is signed and against checkpoints that were kept elsewhere."""
    verdict = await _services(request).overview.verify(actor, outside=body.checkpoints, last=body.last)
    return _verdict(verdict)


def _checkpoint(one: KeptCheckpoint) -> dict[str, Any]:
    return {"size": one.size, "root": one.root.hex(), "made_at": one.made_at, "note": one.note}


def _verdict(verdict: LogVerdict) -> dict[str, Any]:
    return {
        "whole": verdict.whole,
        "first_row": verdict.start + 1,
        "last_row": verdict.end,
        "root": verdict.root.hex(),
        "checkpoints": list(verdict.checkpoints),
        "outside": list(verdict.outside),
        "bad_row": verdict.bad_row,
        "until": verdict.until,
        "fault": verdict.fault,
        "digest": verdict.digest,
        "seam": _seam(verdict.seam),
    }


def _seam(seam: Seam | None) -> dict[str, Any] | None:
    """Where the chain changes to SM3, and what the rows before are under it."""
    return None if seam is None else {"row": seam.row, "old": seam.old.hex(), "proved": seam.proved}

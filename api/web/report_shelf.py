"""Reports of a verification that a visitor asks for later: made once, sealed once, kept as long as its result."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Literal

import msgspec
from starlette.requests import Request

from api.deps import container
from api.limits import limited_report
from api.web.shelf import PUBLIC, shelf
from core.errors import Unavailable
from core.text import Text
from signing.reports.model import Findings, Report

Kind = Literal["pdf", "xml"]

_FINDINGS = "findings"
_TURN_SECONDS = 60.0
_WAITS, _WAIT = 40, 0.25


async def keep_findings(request: Request, token: str, findings: Findings, *, seconds: int) -> None:
    """Keep what reports are made of, beside the result of the verification."""
    content = msgspec.json.encode(findings)
    await shelf(request).put_at(token, _FINDINGS, content, owner=PUBLIC, seconds=seconds)


async def made_report(request: Request, token: str, kind: Kind, *, seconds: int) -> Report | None:
    """The report; None when the result is gone. However often it is asked for, it is made once.

    Raises:
        LimitExceeded: `too-many-reports`.
        Unavailable: `report-busy`: somebody else's request makes it and is not done; or it cannot be sealed now.
    """
    for _ in range(_WAITS):
        if (ready := await _ready(request, token, kind)) is not None:
            return ready
        findings = await shelf(request).get(token, owner=PUBLIC, part=_FINDINGS)
        if findings is None:
            return None
        if await container(request).ground.kv.put_if_absent(_turn(token, kind), b"1", _TURN_SECONDS):
            return await _make(request, token, kind, msgspec.json.decode(findings, type=Findings), seconds)
        await asyncio.sleep(_WAIT)
    raise Unavailable(
        "report-busy",
        Text("报告正在出，请过几秒再下载一次。", "The report is being made. Download it again in some seconds."),
    )


async def _ready(request: Request, token: str, kind: Kind) -> Report | None:
    kept = await shelf(request).get(token, owner=PUBLIC, part=f"made {kind}")
    return None if kept is None else msgspec.json.decode(kept, type=Report)


async def _make(request: Request, token: str, kind: Kind, findings: Findings, seconds: int) -> Report:
    """By whoever has the turn, which is given back after the report was kept."""
    reports = container(request).signing.reports
    try:
        # somebody may have been done between the look and the turn
        if (ready := await _ready(request, token, kind)) is not None:
            return ready
        await limited_report(request)
        made = await (reports.pdf(findings) if kind == "pdf" else reports.xml(findings))
        content = msgspec.json.encode(made)
        await shelf(request).put_at(token, f"made {kind}", content, owner=PUBLIC, seconds=seconds)
    finally:
        await container(request).ground.kv.delete(_turn(token, kind))
    return made


def _turn(token: str, kind: Kind) -> str:
    return f"report:{kind}:{hashlib.sha256(token.encode()).hexdigest()}"

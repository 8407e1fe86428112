"""`/v1/signature-log`: the public log of signatures, for everybody: receipts, growth, and tiles (C2SP tlog-tiles)."""

from __future__ import annotations

import base64
import re
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.deps import container
from api.wiring.public_log import PublicLogServices
from core.errors import NotFound
from core.text import Text
from core.transparency.checkpoints import KeptCheckpoint
from core.transparency.tiles import TILE

router = APIRouter(prefix="/v1/signature-log", tags=["signatures"])

Size = Annotated[int, Query(ge=0, lt=1 << 53)]
Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
_PLACE = re.compile(r"((?:x\d{3}/)*)(\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII)
_MOST_PARTS = 4  # 10^15 tiles
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
_FRESH = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@router.get("")
async def state(request: Request) -> dict[str, Any]:
    """The log's name, its newest checkpoint, and the keys to pin."""
    log = _log(request)
    return {
        "origin": log.origin,
        "checkpoint": _checkpoint(await log.prove.checkpoint()),
        "keys": list(log.key_lines()),
    }


@router.get("/checkpoint", response_class=PlainTextResponse)
async def checkpoint(request: Request) -> Response:
    """The newest signed checkpoint (tlog-checkpoint)."""
    return PlainTextResponse((await _log(request).prove.checkpoint()).note, headers=_FRESH)


@router.get("/receipts/{digest}")
async def receipt(request: Request, digest: Digest) -> dict[str, Any]:
    """The receipt of a sealed file by its SHA-256: entry, path and signed checkpoint."""
    return dict((await _log(request).prove.receipt(digest)).document())


@router.get("/proofs/consistency")
async def consistency(request: Request, first: Size, second: Size) -> dict[str, Any]:
    """That the log of one checkpoint is the beginning of another's (RFC 9162 §2.1.4)."""
    growth = await _log(request).prove.growth(first, second)
    path = [base64.b64encode(one).decode() for one in growth.path]
    return {"path": path, "first": growth.first.note, "second": growth.second.note}


@router.get("/tile/entries/{place:path}", response_class=Response)
async def entries(request: Request, place: str) -> Response:
    """Entries side by side, each behind its length in two octets."""
    number, width = _placed(place)
    return _octets(await _log(request).prove.entries(number, width))


@router.get("/tile/{level}/{place:path}", response_class=Response)
async def tile(request: Request, level: Annotated[int, Path(ge=0, le=6)], place: str) -> Response:
    """Hashes side by side, 32 octets each."""
    number, width = _placed(place)
    return _octets(await _log(request).prove.tile(level, number, width))


def _placed(text: str) -> tuple[int, int]:
    """Number and width that `x001/x234/067.p/8` names (tlog-tiles, "Tiles")."""
    match = _PLACE.fullmatch(text) if len(text) <= 40 else None
    if match is None or text.startswith("x000/") or match[1].count("x") > _MOST_PARTS:
        raise NotFound(
            "signature-log-tile-not-found", Text("没有这样的块。", "There is no tile of that name in the log.")
        )
    number = int(match[1].replace("x", "").replace("/", "") + match[2])
    return number, int(match[3]) if match[3] else TILE


def _octets(content: bytes) -> Response:
    # what a signed checkpoint covers never changes, a part of a tile either
    return Response(content, media_type="application/octet-stream", headers=_FOR_EVER)


def _checkpoint(one: KeptCheckpoint) -> dict[str, Any]:
    return {"size": one.size, "root": one.root.hex(), "made_at": one.made_at, "note": one.note}


def _log(request: Request) -> PublicLogServices:
    return container(request).public_log

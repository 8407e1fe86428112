"""`/v1/catalogue/…`: the catalogue as one signed file, taken out and taken in."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, requires
from certstore.bundle.form import Json
from certstore.bundle.model import Difference
from certstore.bundle.opening import BundleFile
from certstore.bundle.take_in import Taken
from core.errors import InvalidInput, LimitExceeded
from core.principal import Principal
from core.text import Text

router = APIRouter(prefix="/v1/catalogue", tags=["catalogue"])
MAX_BYTES = 8 << 20
Keeper = Annotated[Principal, Depends(requires())]
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["bundle"],
                    "properties": {
                        "bundle": {"type": "object", "description": "The file as it was exported."},
                        "keys": {
                            "type": ["object", "null"],
                            "description": "JWK Set of the installation that made it.",
                        },
                        "dry_run": {"type": "boolean", "default": False},
                        "plan": {"type": ["string", "null"], "description": "The `plan` that a dry run told."},
                    },
                    "additionalProperties": False,
                }
            }
        },
    }
}


@router.get("/bundle")
async def take_out(request: Request, actor: Keeper, grants: bool = False) -> Response:
    """All types with all versions, face templates, service items, and with `grants` the grants of use; signed."""
    return bundle_file(await container(request).bundles.take_out(actor, grants=grants))


@router.post("/imports", openapi_extra=_BODY)
async def take_in(request: Request, actor: Keeper) -> dict[str, Any]:
    """Take a bundle in as a whole, or with `dry_run` tell what it would change. Nothing is ever removed."""
    body = parsed(await request.body())
    if not isinstance(body, dict) or not set(body) <= {"bundle", "keys", "dry_run", "plan"}:
        raise _no_file()
    keys, dry, plan = body.get("keys"), body.get("dry_run", False), body.get("plan")
    if not isinstance(keys, dict | None) or not isinstance(dry, bool) or not isinstance(plan, str | None):
        raise _no_file()
    file = BundleFile(body.get("bundle"), keys)
    return taken_out(await container(request).bundles.take_in(file, actor, dry=dry, expected=plan))


def bundle_file(document: Json) -> Response:
    """To save; the day is in its name."""
    name = f"catalogue-{document['made_at'][:10]}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    content = orjson.dumps(document, option=orjson.OPT_INDENT_2)
    return Response(content, media_type="application/json", headers=headers)


def parsed(raw: bytes) -> Any:
    """JSON within the limit.

    Raises:
        LimitExceeded: `too-large`.
        InvalidInput: `bundle-invalid`.
    """
    if len(raw) > MAX_BYTES:
        raise LimitExceeded(
            "too-large",
            Text("目录文件超过 8 MB，没有处理。", "The catalogue file is larger than 8 MB and was not read."),
        )
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise _no_file() from None


def taken_out(taken: Taken) -> dict[str, Any]:
    return {
        "done": taken.done,
        "made_by": taken.made_by,
        "sha256": taken.sha256,
        "plan": taken.plan,
        "differences": [_difference(one) for one in taken.differences],
    }


def _difference(one: Difference) -> dict[str, Any]:
    return {
        "part": one.part,
        "code": one.code,
        "name": {"zh": one.name.zh, "en": one.name.en},
        "action": one.action,
        "versions": one.versions,
        "changes": [{"member": each.member, "before": each.before, "after": each.after} for each in one.changes],
    }


def _no_file() -> InvalidInput:
    return InvalidInput(
        "bundle-invalid",
        Text("这不是目录文件，或请求写得不对。", "This is no catalogue file, or the request is not as described."),
        field="bundle",
    )

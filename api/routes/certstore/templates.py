"""`/v1/face-templates`: faces as administrators write them, with previews of samples."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, requires
from api.routes.certstore.shapes import IfMatch, In, TextIn, etag, revision_of, text_out
from certstore.ports import SealAnchor
from certstore.templates.desk import TemplateDraft
from certstore.templates.model import MAX_SOURCE, StoredTemplate
from core.principal import Principal

router = APIRouter(prefix="/v1/face-templates", tags=["catalogue"])
Keeper = Annotated[Principal, Depends(requires("admin:system"))]
Name = Annotated[str, Field(max_length=40)]


class AnchorIn(In):
    """Where the seal's centre goes, in millimetres from the left and top edges."""

    page: int = 1
    x_mm: float
    y_mm: float

    def anchor(self) -> SealAnchor:
        return SealAnchor(self.page, self.x_mm, self.y_mm)


class TemplateIn(In):
    """A template as it is written."""

    title: TextIn
    source: Annotated[str, Field(max_length=MAX_SOURCE)]
    anchor: AnchorIn


class PreviewIn(TemplateIn):
    """What to show of it."""

    type: Annotated[str | None, Field(max_length=21)] = None
    copy_of_it: Annotated[bool, Field(alias="copy")] = False


@router.get("")
async def templates(request: Request, actor: Keeper) -> dict[str, Any]:
    """The newest version of each, and the built-in ones to begin from."""
    desk = container(request).certstore.templates
    built_in = [
        {"name": name, "source": source, "anchor": _anchor(anchor)}
        for name, (source, anchor) in desk.starting_points().items()
    ]
    return {"items": [template_out(one) for one in await desk.all()], "built_in": built_in}


@router.get("/{name}")
async def template(request: Request, response: Response, name: Name, actor: Keeper) -> dict[str, Any]:
    """All versions of one, newest first; the ETag is the newest version."""
    versions = await container(request).certstore.templates.versions(name)
    response.headers["ETag"] = etag(versions[0].version)
    return {"items": [template_out(one) for one in versions]}


@router.put("/{name}")
async def publish(
    request: Request, response: Response, name: Name, body: TemplateIn, actor: Keeper, if_match: IfMatch = None
) -> dict[str, Any]:
    """Publish the next version. `If-Match` names the version that was changed; leave it out for a new template."""
    desk = container(request).certstore.templates
    made = await desk.publish(_draft(name, body), actor, before=revision_of(if_match) or 0)
    response.headers["ETag"] = etag(made.version)
    return template_out(made)


@router.post("/{name}/preview")
async def preview(request: Request, name: Name, body: PreviewIn, actor: Keeper) -> Response:
    """The first page of a sample as PNG; nothing is kept."""
    desk = container(request).certstore.templates
    picture = await desk.preview(_draft(name, body), actor, type_code=body.type, copy=body.copy_of_it)
    return Response(picture, media_type="image/png", headers={"Cache-Control": "no-store"})


def _draft(name: str, body: TemplateIn) -> TemplateDraft:
    return TemplateDraft(name, body.title.text(), body.source, body.anchor.anchor())


def template_out(made: StoredTemplate) -> dict[str, Any]:
    return {
        "name": made.name,
        "version": made.version,
        "reference": made.reference,
        "title": text_out(made.title),
        "source": made.source,
        "anchor": _anchor(made.anchor),
        "published_at": made.published_at,
    }


def _anchor(anchor: SealAnchor) -> dict[str, float]:
    return {"page": anchor.page, "x_mm": anchor.x_mm, "y_mm": anchor.y_mm}

"""`/office/templates`: face templates written in the browser, with a sample beside them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.pages.office import all_types
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.shelf import shelf
from api.web.views.catalogue import TemplateEditorView, TemplateRow, TemplatesView, VersionRow
from api.web.visitor import SYSTEM_ADMIN, Visitor, permitted
from certstore.ports import SealAnchor
from certstore.templates.desk import TemplateDraft
from certstore.templates.model import MAX_SOURCE, StoredTemplate
from core.errors import AppError, NotFound
from core.text import Text

router = APIRouter(include_in_schema=False)
TEMPLATES = "/office/templates"
_KEEP = 900
_NEW = "new"


@router.get(TEMPLATES)
async def templates(request: Request) -> Response:
    """Those that were written here, and those to begin from."""
    await permitted(request, SYSTEM_ADMIN)
    desk = container(request).certstore.templates
    rows = tuple(
        TemplateRow(f"{TEMPLATES}/{one.name}", one.name, one.title, one.version, f"{one.published_at:%Y-%m-%d}")
        for one in await desk.all()
    )
    built_in = tuple((f"{TEMPLATES}/{_NEW}?{urlencode({'from': name})}", name) for name in desk.starting_points())
    said = request.query_params.get("said") == "published"
    note = Text("已发布。证照类型改用这个版本之后才会用它。", "Published. Types use it once they name this version.")
    return page(request, "face_templates.html", view=TemplatesView(rows, built_in, note if said else None))


@router.get(TEMPLATES + "/sample/{token}")
async def sample(request: Request, token: str) -> Response:
    """The sample that was set last."""
    who = await permitted(request, SYSTEM_ADMIN)
    picture = await shelf(request).get(token, owner=who.principal.session or "")
    if picture is None:
        raise NotFound("sample-gone", Text("样张已过期，请再看一次。", "The sample has expired; show it again."))
    return Response(picture, media_type="image/png", headers={"Cache-Control": "no-store"})


@router.get(TEMPLATES + "/{name}")
async def editor(request: Request, name: str) -> Response:
    """A template to be changed, or a new one from a built-in."""
    who = await permitted(request, SYSTEM_ADMIN)
    desk = container(request).certstore.templates
    if name == _NEW:
        source, anchor = desk.starting_points().get(request.query_params.get("from", ""), ("", SealAnchor(1, 152, 233)))
        values = _values("", Text("", ""), source, anchor)
        return await _editor(request, who, values, [])
    versions = await desk.versions(name[:40])
    newest = versions[0]
    values = _values(newest.name, newest.title, newest.source, newest.anchor)
    return await _editor(request, who, values, list(versions))


@router.post(TEMPLATES + "/{name}")
async def publish(request: Request, name: str) -> Response:
    """Show a sample of what was typed, or publish it as the next version."""
    who, form = await permitted(request, SYSTEM_ADMIN), await read_form(request)
    desk = container(request).certstore.templates
    known = [] if name == _NEW else list(await desk.versions(name[:40]))
    draft = _draft(form, known[0].name if known else form["name"])
    if form["do"] != "publish":
        return await _editor(request, who, form.values, known)
    seen = form["before"]
    try:
        before = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 7 else 0
        await desk.publish(draft, who.principal, before=before)
    except AppError as error:
        return await _editor(request, who, form.values, known, error)
    return RedirectResponse(f"{TEMPLATES}?{urlencode({'said': 'published'})}", 303)


@router.post(TEMPLATES + "/{name}/sample")
async def live_sample(request: Request, name: str) -> Response:
    """For the script beside the editor: where the sample is, or what is wrong."""
    who, form = await permitted(request, SYSTEM_ADMIN), await read_form(request)
    try:
        return JSONResponse({"picture": await _picture(request, who, form.values)})
    except AppError as error:
        return JSONResponse({"error": error.text.to(language(request))}, status_of(error))


async def _picture(request: Request, who: Visitor, values: Mapping[str, str]) -> str:
    form = Form(values)
    picture = await container(request).certstore.templates.preview(
        _draft(form, form["name"] or "sample"), who.principal, type_code=form["type"] or None, copy=bool(form["copy"])
    )
    token = await shelf(request).put(picture, owner=who.principal.session or "", seconds=_KEEP)
    return f"{TEMPLATES}/sample/{token}"


async def _editor(
    request: Request,
    who: Visitor,
    values: Mapping[str, str],
    versions: list[StoredTemplate],
    error: AppError | None = None,
) -> Response:
    picture: str | None = None
    if values["source"]:
        try:
            picture = await _picture(request, who, values)
        except AppError as fault:
            error = error or fault
    name, lang = versions[0].name if versions else _NEW, language(request)
    none = Text("示例证照", "an invented type").to(lang)
    view = TemplateEditorView(
        action=f"{TEMPLATES}/{name}",
        name=name,
        new=not versions,
        before=versions[0].version if versions else 0,
        longest=MAX_SOURCE,
        types=(("", none), *((one.code, one.name.to(lang)) for one in await all_types(request))),
        values=values,
        picture=picture,
        live=f"{TEMPLATES}/{name}/sample",
        versions=tuple(
            VersionRow(one.version, f"{one.published_at:%Y-%m-%d}", one.reference, one is versions[0])
            for one in versions
        ),
        error=error.text if error else None,
    )
    return page(request, "face_template.html", status=status_of(error) if error else 200, view=view)


def _values(name: str, title: Text, source: str, anchor: SealAnchor) -> dict[str, str]:
    return {
        "name": name,
        "title_zh": title.zh,
        "title_en": title.en,
        "source": source,
        "x_mm": f"{anchor.x_mm:g}",
        "y_mm": f"{anchor.y_mm:g}",
        "page": str(anchor.page),
    }


def _draft(form: Form, name: str) -> TemplateDraft:
    title = Text(form["title_zh"] or name, form["title_en"] or form["title_zh"] or name)
    anchor = SealAnchor(int(_millimetres(form["page"] or "1")), _millimetres(form["x_mm"]), _millimetres(form["y_mm"]))
    return TemplateDraft(name, title, form["source"].replace("\r\n", "\n"), anchor)


def _millimetres(typed: str) -> float:
    """0 for what is no number: the desk says what is wrong."""
    whole, _, part = typed.partition(".")
    digits = whole + part
    return float(typed) if digits.isascii() and digits.isdigit() and len(digits) < 8 else 0.0

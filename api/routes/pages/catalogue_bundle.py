"""The catalogue as one file: taken out, compared with what is here, and taken in."""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.certstore.bundles import MAX_BYTES, bundle_file, parsed
from api.web.bundle_words import difference_row
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.shelf import shelf
from api.web.views.catalogue_bundle import BundleView, Compared
from api.web.visitor import SECURITY_ADMIN, SYSTEM_ADMIN, Visitor, permitted
from certstore.bundle.opening import BundleFile
from certstore.bundle.take_in import Taken
from core.errors import AppError, InvalidInput, NotFound
from core.text import Text

router = APIRouter(include_in_schema=False)
HERE = "/office/catalogue"
_KEPT = 3600


@router.get(HERE)
async def bundle(request: Request) -> Response:
    """The two doors: out and in."""
    await permitted(request, SYSTEM_ADMIN, SECURITY_ADMIN)
    return await _page(request)


@router.get(HERE + "/file")
async def take_out(request: Request, grants: str = "") -> Response:
    """The file."""
    who = await permitted(request, SYSTEM_ADMIN, SECURITY_ADMIN)
    return bundle_file(await container(request).bundles.take_out(who.principal, grants=bool(grants)))


@router.post(HERE)
async def compare(request: Request) -> Response:
    """Read a file and tell what it would change; it is kept for an hour, for the one who sent it."""
    who = await permitted(request, SYSTEM_ADMIN, SECURITY_ADMIN)
    form = await read_form(request, upload="file", max_bytes=MAX_BYTES)
    try:
        document, keys = _sent(form)
        taken = await container(request).bundles.take_in(BundleFile(document, keys), who.principal, dry=True)
    except AppError as error:
        return await _page(request, keys=form["keys"], error=error)
    kept = orjson.dumps({"document": document, "keys": keys, "plan": taken.plan})
    token = await shelf(request).put(kept, owner=who.principal.session or "", seconds=_KEPT)
    return RedirectResponse(f"{HERE}/{token}", 303)


@router.get(HERE + "/{token}")
async def compared(request: Request, token: str) -> Response:
    """The differences, and the button that takes it in."""
    who = await permitted(request, SYSTEM_ADMIN, SECURITY_ADMIN)
    file, _ = await _kept(request, who, token)
    taken = await container(request).bundles.take_in(file, who.principal, dry=True)
    return await _page(request, compared=_compared(token, taken))


@router.post(HERE + "/{token}")
async def take_in(request: Request, token: str) -> Response:
    """Take in what was compared."""
    who = await permitted(request, SYSTEM_ADMIN, SECURITY_ADMIN)
    await read_form(request)
    file, plan = await _kept(request, who, token)
    try:
        taken = await container(request).bundles.take_in(file, who.principal, expected=plan)
    except AppError as error:
        again = await container(request).bundles.take_in(file, who.principal, dry=True)
        kept = orjson.dumps({"document": file.document, "keys": file.keys, "plan": again.plan})
        await shelf(request).put_at(token, "", kept, owner=who.principal.session or "", seconds=_KEPT)
        return await _page(request, compared=_compared(token, again), error=error)
    await shelf(request).drop(token, owner=who.principal.session or "")
    return await _page(request, compared=_compared("", taken))


def _sent(form: Form) -> tuple[object, dict[str, object] | None]:
    upload = form.uploads.get("file")
    if upload is None or not upload.content:
        raise InvalidInput("file-missing", Text("请选择文件。", "Choose a file."), field="file")
    document = parsed(upload.content)
    if not form["keys"]:
        return document, None
    try:
        keys = orjson.loads(form["keys"])
    except orjson.JSONDecodeError:
        keys = None
    if not isinstance(keys, dict):
        raise InvalidInput(
            "keys-invalid",
            Text("公开密钥应是 /v1/licence-keys 给出的 JSON。", "The keys are the JSON that /v1/licence-keys gives."),
            field="keys",
        )
    return document, keys


async def _kept(request: Request, who: Visitor, token: str) -> tuple[BundleFile, str]:
    """
    Raises:
        NotFound: `bundle-gone`.
    """
    found = await shelf(request).get(token, owner=who.principal.session or "")
    if found is None:
        raise NotFound(
            "bundle-gone",
            Text(
                "核对已过期，什么也没有导入。请重新选文件。",
                "This comparison has expired; nothing was imported. Choose the file again.",
            ),
        )
    kept = orjson.loads(found)
    return BundleFile(kept["document"], kept["keys"]), str(kept["plan"])


def _compared(token: str, taken: Taken) -> Compared:
    rows = tuple(difference_row(one) for one in taken.differences)
    changing = sum(one.changing for one in taken.differences)
    return Compared(f"{HERE}/{token}", taken.made_by, taken.sha256, rows, changing, taken.done)


async def _page(
    request: Request, *, compared: Compared | None = None, keys: str = "", error: AppError | None = None
) -> Response:
    field = (error.field or "") if isinstance(error, InvalidInput) else ""
    view = BundleView(
        compared=compared,
        max_megabytes=MAX_BYTES >> 20,
        keys=keys,
        error=error.text if error else None,
        error_field="file" if field == "bundle" and compared is None else field,
    )
    return page(request, "catalogue_bundle.html", status=status_of(error) if error else 200, view=view)

"""Asking for a seal: what it says, how it looks, drawn anew at every change; or as a scan shows it.

What is drawn or was scanned lies on the visitor's own shelf for a while, so that no name stands in an address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.deps import container, language
from api.errors.problems import status_of
from api.routes.pages.seals.tabs import SEALS
from api.routes.signing.seal_orders import height_of
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.seal_words import KINDS, PROFILES
from api.web.shelf import Shelf, shelf
from api.web.views.seals import SealApplyView, SealPicture
from api.web.visitor import SEAL_MANAGER, Visitor, permitted
from core.errors import AppError, InvalidInput, NotFound
from core.text import Text
from keys.profile import Profile
from signing.appearance.drawn import DEFAULT_HEIGHT
from signing.appearance.official_seal import SealCentre, SealDrawing, SealShape
from signing.appearance.scan_reader import MOST_BYTES, Scan
from signing.appearance.svg import to_svg
from signing.appearance.trace import unpacked
from signing.lifecycle import ENDED
from signing.model import SealKind
from signing.seals.apply import ApplyCommand
from signing.seals.order import SealOrder

router = APIRouter(include_in_schema=False)
NEW = SEALS + "/new"
DIAMETERS = ("40", "42", "45")  # round ones: what the rules of 1999 on the seals of organs leave in use
BY_HAND = tuple(kind for kind in SealKind if kind is not SealKind.PERSONAL)  # whose bearer's own system names them
_KEEP = 1800
_SVG = "image/svg+xml"
_PRIVATE = {"Cache-Control": "private, max-age=600"}


@router.get(NEW)
async def apply_form(request: Request) -> Response:
    """The form, with an official seal in the office's name."""
    who = await permitted(request, SEAL_MANAGER)
    name = who.acting_for or Text("", "")
    values = {"name_zh": name.zh, "name_en": name.en, "diameter_mm": "42", "shape": "round", "centre": "star"}
    board = _Board(request, who)
    return await board.page(Form({**values, "numbered": "1", "kind": SealKind.OFFICIAL.value}), fresh=True)


@router.post(NEW)
async def apply(request: Request) -> Response:
    """Ask for a seal; what was typed, and the scan, stay on the page if it cannot be done."""
    who = await permitted(request, SEAL_MANAGER)
    form, board = Form({}), _Board(request, who)
    try:
        form = await read_form(request, upload="file", max_bytes=MOST_BYTES)
        form = await board.with_scan(form)
        order = await board.order(form)
        if not order.code:
            text = Text("印章编码应为 13 位数字。", "A seal code has 13 digits.")
            raise InvalidInput("seal-code-form", text, field="code")
        made = await container(request).signing.apply_for_seal(ApplyCommand(order, who.principal, form["reason"]))
    except AppError as error:
        return await board.page(form, error)
    return RedirectResponse(f"{SEALS}/applications/{made.id}?done=apply", 303)


@router.post(NEW + "/look")
async def look(request: Request) -> Response:
    """What it would look like: the page again, or for its script where the picture lies."""
    who = await permitted(request, SEAL_MANAGER)
    form, board = Form({}), _Board(request, who)
    by_script = request.headers.get("accept", "").startswith("application/json")
    try:
        form = await read_form(request, upload="file", max_bytes=MOST_BYTES)
        form = await board.with_scan(form)
        if by_script:
            drawn = await board.draw(form)
            return JSONResponse({"picture": drawn.address, "size": drawn.size})
    except AppError as error:
        if by_script:
            told = error.text.zh if language(request) == "zh" else error.text.en
            return JSONResponse({"refused": told}, status_of(error))
        return await board.page(form, error)
    return await board.page(form)


@router.get(NEW + "/pictures/{token}.svg")
async def drawn_picture(request: Request, token: str) -> Response:
    """A seal as it was drawn a moment ago."""
    board = _Board(request, await permitted(request, SEAL_MANAGER))
    return Response(await board.kept(token), media_type=_SVG, headers=_PRIVATE)


@router.get(NEW + "/scans/{token}.jpg")
async def scanned_before(request: Request, token: str) -> Response:
    """The impression as it was scanned, cropped and made anew."""
    board = _Board(request, await permitted(request, SEAL_MANAGER))
    return Response(await board.kept(token, "before"), media_type="image/jpeg", headers=_PRIVATE)


@dataclass(frozen=True, slots=True)
class _Drawn:
    address: str
    size: str


class _Board:
    """The visitor's drawing board."""

    def __init__(self, request: Request, who: Visitor) -> None:
        self._request = request
        self._who = who
        self._shelf: Shelf = shelf(request)
        self._owner = who.principal.session or ""

    async def with_scan(self, form: Form) -> Form:
        """The form with the token of the scan that came with it, if one did.

        Raises:
            SealInvalid: `seal-scan-…`.
        """
        file = form.uploads.get("file")
        if file is None or not file.content or form["shape"] != SealShape.SCAN:
            return form
        read = container(self._request).signing.read_scan
        scan = await read(file.content, is_round=form["scan_form"] != "other")
        token = await self._shelf.put(orjson.dumps(scan.measured_mm), owner=self._owner, seconds=_KEEP)
        for part, content in (("ink", scan.ink.packed()), ("before", scan.before)):
            await self._shelf.put_at(token, part, content, owner=self._owner, seconds=_KEEP)
        return Form({**form.values, "scan": token})

    async def order(self, form: Form) -> SealOrder:
        """
        Raises:
            InvalidInput: a field is not as it should be.
        """
        scan = await self._scan(form["scan"]) if form["shape"] == SealShape.SCAN else None
        return order_in(form, self._who.principal.organisation or "", scan)

    async def draw(self, form: Form) -> _Drawn:
        order = await self.order(form)
        drawing = await container(self._request).signing.apply_for_seal.sketch(order, actor=self._who.principal)
        svg = to_svg(drawing, order.name.zh).encode()
        token = await self._shelf.put(svg, owner=self._owner, seconds=_KEEP)
        return _Drawn(f"{NEW}/pictures/{token}.svg", size_of(drawing))

    async def kept(self, token: str, part: str = "") -> bytes:
        """
        Raises:
            NotFound: `seal-board-gone`.
        """
        content = await self._shelf.get(token, owner=self._owner, part=part)
        if content is None:
            raise NotFound("seal-board-gone", Text("这张图已经撤下。", "This picture is no longer kept."))
        return content

    async def _scan(self, token: str) -> Scan:
        content = await self._shelf.get(token, owner=self._owner) if token else None
        ink = await self._shelf.get(token, owner=self._owner, part="ink") if token else None
        if content is None or ink is None:
            text = Text("请选扫描件（超过 30 分钟要重新选）。", "Choose the scan; after 30 minutes choose it again.")
            raise InvalidInput("seal-scan-missing", text, field="file")
        return Scan(unpacked(ink), orjson.loads(content), b"")

    async def page(self, form: Form, error: AppError | None = None, *, fresh: bool = False) -> Response:
        """The form as it was filled in, with the picture if it can be drawn; why not is told unless it is `fresh`."""
        picture = None
        try:
            picture = await self.draw(form)
        except AppError as refused:
            error = error or (None if fresh else refused)
        own = await container(self._request).signing.seals.of_organisation(self._who.principal.organisation or "")
        scan = form["scan"] if form["shape"] == SealShape.SCAN else ""
        departments = container(self._request).signing.national.departments
        usual = await departments.for_new_seal(self._who.principal.organisation or "", None)
        view = SealApplyView(
            values=dict(form.values),
            kinds=tuple((kind.value, KINDS[kind]) for kind in BY_HAND),
            diameters=DIAMETERS,
            replaceable=tuple((one.id, f"{KINDS[one.kind].zh} {one.code}") for one in own if one.status not in ENDED),
            forms=tuple((one.value, words) for one, words in PROFILES.items()),
            usual_form=PROFILES[usual],
            picture=None if picture is None else SealPicture(picture.address, picture.size),
            before=f"{NEW}/scans/{scan}.jpg" if scan and picture else None,
            max_megabytes=MOST_BYTES // (1024 * 1024),
            error=error.text if error else None,
            error_field=error.field if isinstance(error, InvalidInput) else None,
        )
        return page(self._request, "seal_apply.html", status=status_of(error) if error else 200, view=view)


def order_in(form: Form, organisation: str, scan: Scan | None) -> SealOrder:
    """What the form asks for; without a code while it is not typed in full.

    Raises:
        InvalidInput: a field is not as it should be.
    """
    kinds, shapes = {one.value for one in BY_HAND}, set(SealShape)
    profiles = {"", *Profile}
    if form["kind"] not in kinds or form["shape"] not in shapes or form["diameter_mm"] not in DIAMETERS:
        raise InvalidInput("request-invalid", Text("请重新选择。", "Choose again."), field="kind")
    if form["profile"] not in profiles:
        raise InvalidInput("request-invalid", Text("请重新选择。", "Choose again."), field="kind")
    name = form["name_zh"]
    if not name or len(name) > 60 or len(form["name_en"]) > 200:
        text = Text("请填单位名称，至多 60 字。", "Give the name, up to 60 characters.")
        raise InvalidInput("seal-name-length", text, field="name_zh")
    code = form["code"]
    whole = len(code) == 13 and code.isascii() and code.isdigit()
    shape = SealShape(form["shape"])
    return SealOrder(
        organisation=organisation,
        name=Text(name, form["name_en"] or name),
        code=code if whole else "",
        kind=SealKind(form["kind"]),
        line=form["person"][:15] if shape is SealShape.NAME else form["line"][:12],
        diameter_mm=_height(form, shape, scan),
        replaces=form["replaces"] or None,
        shape=shape,
        centre=SealCentre.BLANK if form["centre"] == SealCentre.BLANK else SealCentre.STAR,
        numbered=bool(form["numbered"]),
        scan=None if scan is None else scan.ink,
        profile=Profile(form["profile"]) if form["profile"] else None,
    )


def _height(form: Mapping[str, str] | Form, shape: SealShape, scan: Scan | None) -> float:
    if shape is SealShape.ROUND:
        return float(form["diameter_mm"])
    typed = form["height_mm"]
    if not typed:
        return height_of(scan, scan.measured_mm if scan else None) or DEFAULT_HEIGHT[shape]
    try:
        height = float(typed)
    except ValueError:
        height = 0.0
    if not 10 < height <= 60:  # also what is not a number
        raise InvalidInput(
            "seal-diameter", Text("高请填毫米数。", "Give the height in millimetres."), field="height_mm"
        )
    return height


def size_of(drawing: SealDrawing) -> str:
    """In millimetres."""
    if drawing.across_mm is None or drawing.across_mm == drawing.diameter_mm:
        return f"{drawing.diameter_mm:g} mm"
    return f"{drawing.across_mm:g} × {drawing.diameter_mm:g} mm"

"""The holder's screen that shows a licence (亮证): a code that changes, who read it, and a signed face."""

from __future__ import annotations

import datetime as dt

from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.deps import container
from api.routes.pages.seal_pictures import seal_of
from api.routes.pages.states import mark_of, until_words
from api.web.forms import read_form
from api.web.qr import qr_svg
from api.web.render import page
from api.web.views.common import Mark
from api.web.views.presenting import FaceCard, OfflineFaceView, PresentView, State
from api.web.visitor import logged_in
from certstore.authorise import identity_of
from certstore.codes import mask_code
from certstore.face import plain
from certstore.masking import mask
from certstore.model import Masking
from certstore.presentation.codes import grouped, qr_text
from certstore.presentation.face import name_of
from certstore.presentation.model import ROTATE_SECONDS, Extent, Presentation, PresentationState, Shown
from certstore.presentation.offline import FACE_SECONDS
from certstore.presentation.show import held_as
from certstore.read import LicenceView
from certstore.schema import face_fields
from certstore.status import STATUS_NAMES, Status
from core.clock import calendar_day
from core.principal import Principal

router = APIRouter(include_in_schema=False)
_GOOD = Mark("good", "check", STATUS_NAMES[Status.VALID])  # that it ends soon is nobody's business at the counter
_ROWS = 2  # of the type's own elements, on a card that must fit a phone


@router.get("/me/licences/{licence_id}/show")
async def show(request: Request, licence_id: str) -> Response:
    """The code, or what became of it."""
    who = await logged_in(request)
    found = await container(request).certstore.read.licence(licence_id, who.holder)
    face = await _card(request, found, who.holder)
    base = f"/me/licences/{licence_id}/show"
    if found.status is not Status.VALID:
        return page(request, "present.html", view=PresentView(face, base, "ended", full=False))
    shown = await container(request).presentation.show(licence_id, who.holder)
    return page(request, "present.html", view=_view(shown, face, base, container(request).ground.clock.now()))


@router.post("/me/licences/{licence_id}/show")
async def show_otherwise(request: Request, licence_id: str) -> Response:
    """Show more or less, or show again."""
    who = await logged_in(request)
    form = await read_form(request)
    extent = Extent(form["extent"]) if form["extent"] in list(Extent) else None
    show_licence = container(request).presentation.show
    await show_licence(licence_id, who.holder, extent, anew=form["anew"] == "yes")
    return RedirectResponse(f"/me/licences/{licence_id}/show", 303)


@router.get("/me/licences/{licence_id}/show/state")
async def state(request: Request, licence_id: str) -> Response:
    """What the screen asks every second or two."""
    who = await logged_in(request)
    shown = await container(request).presentation.show.look(licence_id, who.holder)
    now = container(request).ground.clock.now()
    told = {"state": _state(shown.read, now) if shown else "over", "seconds": shown.seconds if shown else 0}
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


@router.post("/me/licences/{licence_id}/show/decision")
async def decide(request: Request, licence_id: str) -> Response:
    """Let the office that read the code see it all, or nothing."""
    who = await logged_in(request)
    form = await read_form(request)
    granted = form["granted"] == "yes"
    await container(request).presentation.show.decide(form["presentation"], who.holder, granted=granted)
    return RedirectResponse(f"/me/licences/{licence_id}/show", 303)


@router.get("/me/licences/{licence_id}/show/offline")
async def offline(request: Request, licence_id: str) -> Response:
    """A signed face as a QR code: a new one each time that the page is opened."""
    who = await logged_in(request)
    found = await container(request).certstore.read.licence(licence_id, who.holder)
    made = await container(request).presentation.signed_face(licence_id, who.holder)
    view = OfflineFaceView(
        found.licence_type.name,
        f"/me/licences/{licence_id}/show",
        Markup(qr_svg(made.token)),  # noqa: S704 - drawn by us
        FACE_SECONDS // 60,
        made.expires_at,
    )
    return page(request, "present_offline.html", view=view)


def _view(shown: Shown, face: FaceCard, base: str, now: dt.datetime) -> PresentView:
    read = shown.read
    return PresentView(
        face,
        base,
        _state(read, now),
        shown.extent is Extent.FULL,
        Markup(qr_svg(qr_text(shown.code))) if shown.code else None,  # noqa: S704 - drawn by us
        grouped(shown.code) if shown.code else "",
        shown.seconds,
        ROTATE_SECONDS,
        shown.reader,
        read.sign if read else "",
        read.read_at if read else None,
        read.id if read else "",
    )


_STATES: dict[PresentationState, State] = {
    PresentationState.WAITING: "waiting",
    PresentationState.GIVEN: "given",
    PresentationState.REFUSED: "refused",
}


def _state(read: Presentation | None, now: dt.datetime) -> State:
    return _STATES[read.state_at(now)] if read else "open"


async def _card(request: Request, found: LicenceView, actor: Principal) -> FaceCard:
    licence, kind = found.licence, found.licence_type
    holder = held_as(licence, await identity_of(container(request).presentation.holders, actor))
    version, today = licence.current, calendar_day(container(request).ground.clock.now())
    rows = [
        (one.title, mask(plain(version.data[one.name]) + (f" {one.unit}" if one.unit else ""), one.masking))
        for one in face_fields(kind.schema)
        if one.name in version.data and one.masking is not Masking.FULL
    ]
    return FaceCard(
        colour=kind.colour.value,
        title=kind.name,
        name=name_of(licence, holder),
        number=mask_code(holder),
        rows=tuple(rows[:_ROWS]),
        issuer=found.issuer_name,
        until=until_words(version.valid_until),
        mark=_GOOD if found.status is Status.VALID else mark_of(found.status, version.valid_until, today),
        usable=found.status is Status.VALID,
        seal=await seal_of(request, licence.issuer),
    )

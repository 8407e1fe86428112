"""Sealing a PDF or an OFD by hand: choose it, place the seal on its page, seal and sign."""

from __future__ import annotations

import math
from collections.abc import Sequence

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.file_answer import kind_of
from api.routes.pages.office import seal_choice
from api.routes.signing.profiles import read_profile
from api.web.downloads import download
from api.web.forms import Form, read_form
from api.web.ofd_pages import draw_document
from api.web.pdf_pages import Pictures
from api.web.render import page
from api.web.seal_places import asked_places, carried, places_of, whole_number
from api.web.seal_words import SEAL_LEVELS, SEAL_PROFILES, level_words
from api.web.shelf import shelf
from api.web.views.common import Fact
from api.web.views.office import SealedView, SealPlaceView, SealSeen, SealUploadView, Sheet
from api.web.visitor import SEALER, Visitor, permitted
from api.web.words import second
from core.errors import AppError, InvalidInput, LimitExceeded, NotFound
from core.files.scratch import FileBytes
from core.text import Text
from keys.profile import Profile
from signing.levels import Level, LevelPolicy
from signing.model import Seal, SealPdfCommand, SealStatus
from signing.ofd.package import is_package
from signing.ofd.seal.levels import POSSIBLE
from signing.places import Place
from signing.placing.places_found import PlaceFound
from signing.preview_places import Preview
from signing.profiles import PdfProfile, resolved

router = APIRouter(include_in_schema=False)

MAX_BYTES = 20 * 1024 * 1024
DOCUMENT_CLASS = "document"
_KEEP = 1800
_ALL_SHEETS = 12  # longer files show the first, the last and those around the chosen page
_FROM_RIGHT, _FROM_BOTTOM = 65.0, 75.0  # where signature and date usually stand, in millimetres


@router.get("/office/seal")
async def upload_page(request: Request) -> Response:
    """Step 1: choose the file."""
    who = await permitted(request, SEALER)
    return await _upload(request, who)


@router.post("/office/seal")
async def upload(request: Request) -> Response:
    """Keep the file for half an hour and go on to placing the seal."""
    who = await permitted(request, SEALER)
    try:
        form = await read_form(request, upload="file", max_bytes=MAX_BYTES)
        file = form.uploads.get("file")
        pictures = await _drawn(request, file.content) if file else None
        if file is None or pictures is None or not pictures.total:
            raise InvalidInput(
                "not-a-pdf",
                Text(
                    "这个文件打不开，没有盖章。请选一个没有密码的 PDF 或 OFD。",
                    "The file cannot be opened; nothing was sealed. Choose a PDF or an OFD without a password.",
                ),
            )
    except (InvalidInput, LimitExceeded) as error:
        return await _upload(request, who, error)
    desk = _Desk(request, who)
    token = await desk.begin(file.content, file.name, pictures.total)
    return RedirectResponse(f"/office/seal/{token}?page={pictures.total}", 303)


@router.get("/office/seal/{token}")
async def place_page(request: Request, token: str) -> Response:
    """Step 2: where the seal goes. The query carries the choices over from another page of the file."""
    who = await permitted(request, SEALER)
    return await _place(request, who, token, Form(dict(request.query_params)))


@router.get("/office/seal/{token}/pages/{number}.png")
async def page_picture(request: Request, token: str, number: int) -> Response:
    """One page as a picture."""
    desk = _Desk(request, await permitted(request, SEALER))
    picture, _, _ = await desk.sheet(token, number)
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private, max-age=600"})


@router.post("/office/seal/{token}")
async def seal(request: Request, token: str) -> Response:
    """Step 3: seal and sign. A second submit of the same page answers with the first one's file."""
    who = await permitted(request, SEALER)
    form = await read_form(request)
    desk = _Desk(request, who)
    pdf = await desk.file(token)
    try:
        ofd = is_package(pdf)  # which has one form, and levels of its own
        places, profile = places_of(form), None if ofd else read_profile({"profile": form["profile"]})
        number = await _first_page(request, pdf, form, places)
        command = SealPdfCommand(
            pdf=pdf,
            seal_id=form["seal"],
            actor=who.principal,
            document_class=DOCUMENT_CLASS,
            placement=places[0] if len(places) == 1 else places,
            reason=form["reason"] or None,
            idempotency_key=token,
            level=level_in(form) if ofd else await _level(request, who, form, profile),
            profile=profile,
        )
        done = await container(request).signing.seal_file(command)
        await desk.sealed_on(token, number)
    except AppError as error:
        return await _place(request, who, token, form, error)
    return RedirectResponse(f"/office/seal/{token}/done/{done.signature_id}", 303)


@router.post("/office/seal/{token}/look")
async def look(request: Request, token: str) -> Response:
    """Step 2 again, with the places that the form's choices have in this file. Nothing is sealed."""
    who = await permitted(request, SEALER)
    return await _place(request, who, token, await read_form(request))


@router.get("/office/seal/{token}/done/{signature_id}")
async def sealed(request: Request, token: str, signature_id: str) -> Response:
    """The sealed file and its receipt."""
    who = await permitted(request, SEALER)
    seals = container(request).signing.seals
    record = await seals.use(signature_id, caller=who.principal)
    used = await seals.get(record.seal_id)
    desk = _Desk(request, who)
    name, total, number = await desk.facts(token)
    base = f"/office/seal/{token}/done/{signature_id}"
    view = SealedView(
        file_name=name,
        signature_id=signature_id,
        pages=(f"{base}/{number}.png",),
        page_count=total,
        shown_page=number,
        facts=(
            Fact(Text("用的印章", "Seal"), used.name.zh),
            Fact(Text("印章编码", "Seal code"), used.code, True),
            Fact(Text("签名时间", "Signed"), second(record.signed_at)),
            Fact(Text("签名等级", "Level"), level_words(record.level)),
            Fact(Text("事由", "Reason"), record.reason or "—"),
            Fact(Text("凭证号", "Receipt"), record.id, True),
            Fact(Text("盖章时的文件摘要", "Digest as sealed (SHA-256)"), record.digest_after, True),
        ),
        download=f"{base}/file",
    )
    return page(request, "sealed.html", view=view)


@router.get("/office/seal/{token}/done/{signature_id}/{number}.png")
async def sealed_picture(request: Request, token: str, signature_id: str, number: int) -> Response:
    """A page of the sealed file as a picture."""
    who = await permitted(request, SEALER)
    content = await container(request).signing.seals.file(signature_id, caller=who.principal)
    pictures = await _drawn(request, content, number)
    if not pictures.pages:
        raise _gone()
    return Response(pictures.pages[0], media_type="image/png", headers={"Cache-Control": "private, max-age=600"})


@router.get("/office/seal/{token}/done/{signature_id}/file")
async def sealed_file(request: Request, token: str, signature_id: str) -> Response:
    """The sealed file itself."""
    who = await permitted(request, SEALER)
    content = await container(request).signing.seals.file(signature_id, caller=who.principal)
    ending, media_type = kind_of(content)
    return download(content, f"{signature_id}.{ending}", media_type)


class _Desk:
    """The file that somebody is about to seal, on their own shelf."""

    def __init__(self, request: Request, who: Visitor) -> None:
        self._request = request
        self._shelf = shelf(request)
        self._owner = who.principal.session or ""

    async def begin(self, pdf: bytes, name: str, total: int) -> str:
        token = await self._shelf.put(pdf, owner=self._owner, seconds=_KEEP)
        await self._note(token, name, total, 1)
        return token

    async def sealed_on(self, token: str, number: int) -> None:
        """Remember which page carries the seal."""
        name, total, _ = await self.facts(token)
        await self._note(token, name, total, number)

    async def _note(self, token: str, name: str, total: int, number: int) -> None:
        facts = orjson.dumps([name, total, number])
        await self._shelf.put_at(token, "facts", facts, owner=self._owner, seconds=_KEEP)

    async def file(self, token: str) -> bytes:
        """
        Raises:
            NotFound: `seal-desk-gone`.
        """
        pdf = await self._shelf.get(token, owner=self._owner)
        if pdf is None:
            raise _gone()
        return pdf

    async def facts(self, token: str) -> tuple[str, int, int]:
        """Name, number of pages, and the page that carries the seal.

        Raises:
            NotFound: `seal-desk-gone`.
        """
        facts = await self._shelf.get(token, owner=self._owner, part="facts")
        if facts is None:
            raise _gone()
        name, total, number = orjson.loads(facts)
        return name, total, number

    async def sheet(self, token: str, number: int) -> tuple[bytes, float, float]:
        """A page's picture, its width and its height in millimetres; drawn when it is first asked for."""
        part = f"page {number}"
        kept = await self._shelf.get(token, owner=self._owner, part=part)
        if kept is None:
            drawn = await _drawn(self._request, await self.file(token), max(number, 1))
            if not drawn.pages:
                raise _gone()
            width, height = drawn.sizes[0]
            kept = orjson.dumps([width, height]) + b"\n" + drawn.pages[0]
            await self._shelf.put_at(token, part, kept, owner=self._owner, seconds=_KEEP)
        head, _, picture = kept.partition(b"\n")
        width, height = orjson.loads(head)
        return picture, width, height


async def _drawn(request: Request, content: FileBytes, number: int = 1) -> Pictures:
    """One page."""
    return await draw_document(container(request).signing.show_ofd, content, first=number, pages=1)


async def _upload(request: Request, who: Visitor, error: AppError | None = None) -> Response:
    has = bool(await _seals(request, who))
    view = SealUploadView(has, MAX_BYTES // (1024 * 1024), error.text if error else None)
    return page(request, "seal_upload.html", status=status_of(error) if error else 200, view=view)


async def _place(request: Request, who: Visitor, token: str, form: Form, error: AppError | None = None) -> Response:
    desk = _Desk(request, who)
    name, total, _ = await desk.facts(token)
    number = max(1, min(whole_number(form["page"], total), total))
    _, width, height = await desk.sheet(token, number)
    seals = await _seals(request, who)
    if not seals:
        return await _upload(request, who)
    chosen = next((one for one in seals if one.id == form["seal"]), seals[0])
    asked, pdf = asked_places(form), await desk.file(token)
    found, error = await _found(request, pdf, chosen, form, error)
    base, settings = f"/office/seal/{token}", container(request).signing.settings
    possible = POSSIBLE if is_package(pdf) else frozenset(SEAL_LEVELS)
    usual = settings.level if settings.level in possible else Level.B_T
    level = next((one for one in (level_in(form), usual) if one in possible), usual)
    view = SealPlaceView(
        action=base,
        file_name=name,
        sheets=tuple(
            Sheet(
                n,
                f"{base}/pages/{n}.png",
                f"{base}?{carried(form, {'page': str(n)})}",
                sum(one.page == n for one in found.places),
            )
            for n in _sheets(number, total)
        ),
        page=number,
        picture=f"{base}/pages/{number}.png",
        width_mm=width,
        height_mm=height,
        x_mm=_within(form["x_mm"], width, width - _FROM_RIGHT),
        y_mm=_within(form["y_mm"], height, height - _FROM_BOTTOM),
        seal=seal_choice(chosen),
        seals=tuple(map(seal_choice, seals)),
        reason=form["reason"],
        error=error.text if error else None,
        asked=asked,
        fields=found.fields,
        total=total,
        places=tuple(_seen(one, chosen) for one in found.places if one.page == number),
        found=None if asked.by_hand or error else _count(found),
        levels=tuple((one.value, *words) for one, words in SEAL_LEVELS.items() if one in possible),
        level=level.value,
        level_chosen=level_in(form) not in (None, usual),
        level_or_nothing=settings.level_policy is LevelPolicy.EXACTLY,
        profiles=() if is_package(pdf) else _profiles(seals),
        profile=form["profile"] if form["profile"] in SEAL_PROFILES else "",
    )
    return page(request, "seal_place.html", status=status_of(error) if error else 200, view=view)


async def _level(request: Request, who: Visitor, form: Form, profile: PdfProfile | None) -> Level | None:
    """The form always says a level, and a file in a national form has none. One that is not the usual one was chosen
    by hand: without a form that was chosen too, the file is sealed in both, and has it."""
    own = next((one.profile for one in await _seals(request, who) if one.id == form["seal"]), Profile.INTERNATIONAL)
    return level_meant(level_in(form), container(request).signing.settings.level, profile, own)


def level_meant(level: Level | None, usual: Level, profile: PdfProfile | None, own: Profile) -> Level | None:
    """
    Args:
        level: what the form says.
        usual: what it says of itself.
        own: of the seal.
    """
    chosen = profile is None and level is not usual
    return level if chosen or resolved(profile, own).has_levels else None


def _profiles(seals: Sequence[Seal]) -> tuple[tuple[str, Text, Text], ...]:
    if not any(one.profile.national for one in seals):
        return ()
    return tuple((name, *words) for name, words in SEAL_PROFILES.items())


def level_in(form: Form) -> Level | None:
    """What was chosen; None for what the settings say."""
    return Level.named(form["level"]) if form["level"] else None


async def _found(
    request: Request, pdf: bytes, chosen: Seal, form: Form, error: AppError | None
) -> tuple[Preview, AppError | None]:
    """Where the choices lead in this file; where they lead nowhere, the file's empty fields all the same."""
    preview = container(request).signing.preview_places
    try:
        wanted = () if error or asked_places(form).by_hand else places_of(form)
        return await preview(pdf, chosen.id, wanted), error
    except AppError as refusal:
        try:
            return await preview(pdf, chosen.id, ()), error or refusal
        except AppError:
            return Preview(chosen, 0, (), ()), error or refusal


async def _first_page(request: Request, pdf: bytes, form: Form, places: tuple[Place, ...]) -> int:
    """The page to show when it is done."""
    if asked_places(form).by_hand:
        return whole_number(form["page"], 1)
    found = await container(request).signing.preview_places(pdf, form["seal"], places)
    return found.places[0].page if found.places else 1


def _seen(place: PlaceFound, chosen: Seal) -> SealSeen:
    left, bottom, right, top = place.window
    shown = place.shown
    part = f"{left:.3f} {-top:.3f} {right - left:.3f} {top - bottom:.3f}"
    size = (chosen.image.width_mm, chosen.image.height_mm)
    return SealSeen(
        round(shown.left, 2), round(shown.top, 2), round(shown.width, 2), round(shown.height, 2), part, *size
    )


def _count(found: Preview) -> Text:
    pages = len({one.page for one in found.places})
    return Text("会盖 {n} 处，在 {p} 页上。", "It will stand in {n} places on {p} pages.").format(
        n=len(found.places), p=pages
    )


async def _seals(request: Request, who: Visitor) -> list[Seal]:
    every = await container(request).signing.seals.of_organisation(who.principal.organisation or "")
    return [one for one in every if one.status is SealStatus.ACTIVE]


def _sheets(number: int, total: int) -> Sequence[int]:
    if total <= _ALL_SHEETS:
        return range(1, total + 1)
    return sorted({1, total, *range(max(1, number - 2), min(total, number + 2) + 1)})


def _within(typed: str, limit: float, otherwise: float) -> float:
    try:
        value = float(typed)
    except ValueError:
        value = otherwise
    return round(min(max(value if math.isfinite(value) else otherwise, 0.0), limit), 1)


def _gone() -> NotFound:
    return NotFound(
        "seal-desk-gone",
        Text(
            "这份文件已经从盖章台撤下（超过 30 分钟）。请重新上传。",
            "This file has left the desk (after 30 minutes). Upload it again.",
        ),
    )

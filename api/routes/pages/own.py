"""The pages of the person whose licences they are: home, one licence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container, language
from api.file_answer import as_ofd
from api.routes.pages.face_values import face_values
from api.routes.pages.identities import ways_in
from api.routes.pages.life import EVENTS, story_of, turning_point
from api.routes.pages.looks import look_entry
from api.routes.pages.seal_pictures import seal_of
from api.routes.pages.states import SOON, mark_of, until_words
from api.web.downloads import attachment_file, download
from api.web.level_words import HIGHEST, LEVELS
from api.web.notice_words import NOTICE_WORDS
from api.web.ofd_pages import draw_ofd
from api.web.pdf_pages import Pictures, draw
from api.web.qr import qr_svg
from api.web.render import page
from api.web.shelf import shelf
from api.web.views.own import AttachmentRow, LicenceCard, LicenceView, MeView, NoticeRow, Showable, VersionRow
from api.web.visitor import Visitor, logged_in
from certstore import read
from certstore.holder import MyAccess, MyLicence
from certstore.model import ConsentState, Look
from certstore.read import FileContent, VersionLine
from certstore.status import Status
from core.clock import calendar_day
from core.errors import AppError, NotFound, NotPermitted
from core.text import Language, Text
from idp.model import Notice, NoticeKind
from signing.ofd.package import is_package

router = APIRouter(include_in_schema=False)
_RECENT = 3
_KEEP = 900
_USABLE = frozenset({Status.VALID, Status.NOT_YET_VALID})
_PER_PAGE = 20


@router.get("/me")
async def me(request: Request) -> Response:
    """Own licences, who looked, what is due."""
    who = await logged_in(request)
    certstore, idp = container(request).certstore, container(request).idp
    person = await idp.directory.person(who.principal.id)
    held = await certstore.my_licences(who.holder)
    looked = (await certstore.my_accesses(who.holder, limit=100)).items
    waiting = (await certstore.consents.mine(who.holder, limit=_PER_PAGE)).items
    now, lang = container(request).ground.clock.now(), language(request)
    due, notices = _next_due(held, calendar_day(now)), await _notices(request, who)
    if due and any(one.href == _address(due) for one in notices):
        due = None  # a notice tells it already
    view = MeView(
        name=person.name,
        masked_number=person.masked_number,
        cards=tuple([await _card(request, one, calendar_day(now), lang) for one in held]),
        papers_saved=_papers_saved(looked),
        looks=tuple(look_entry(one, now) for one in looked[:_RECENT]),
        level=person.level,
        highest=HIGHEST,
        level_name=LEVELS[person.level].name,
        pending=sum(state is ConsentState.PENDING for _, state in waiting),
        due=_due_words(due, calendar_day(now)) if due else None,
        due_href=_address(due) if due else "",
        sign_ins=len(await idp.elsewhere.decide_backchannel.waiting(who.principal.id)),
        ways=await ways_in(request),
        notices=notices,
        showable=tuple(
            Showable(one.type_name.to(lang), f"{_address(one)}/show") for one in held if one.status is Status.VALID
        ),
    )
    return page(request, "me.html", view=view)


@router.get("/me/licences/{licence_id}")
async def licence(request: Request, licence_id: str) -> Response:
    """One licence: its face, what it says, its life, who looked at it."""
    who = await logged_in(request)
    certstore = container(request).certstore
    # first what only a holder has: whoever is none is refused before a look is written down that showed nothing
    accesses = (await certstore.my_accesses(who.holder, limit=100)).items
    found, lines = await certstore.read.story(licence_id, who.holder)
    now, lang = container(request).ground.clock.now(), language(request)
    looked = [one for one in accesses if one.record.licence_id == licence_id]
    total = await _drawn(request, who, licence_id)
    base = f"/me/licences/{licence_id}"
    version, forms = found.licence.current, lines[-1].forms(found.licence_type)
    kept = await container(request).own.attachments.beside(licence_id)
    view = LicenceView(
        card=await _face_card(request, found, calendar_day(now), lang),
        download=f"{base}/original" if total is not None else None,
        ofd=f"{base}/original?form=ofd" if total is not None and len(forms) > 1 else None,
        file_name=f"{found.licence_type.name.to(lang)}.{forms[0]}",
        pages=tuple(f"{base}/pages/{number}.png" for number in range(1, (total or 0) + 1)),
        page_count=total or 0,
        fields=tuple((title.to(lang), value.to(lang)) for title, value in face_values(found)),
        story=story_of(found.history),
        looks=tuple(look_entry(one, now) for one in looked[:_RECENT]),
        technical=(
            (Text("证照标识", "Identifier"), version.identifier),
            (Text("版本", "Version"), f"{version.number:03d}"),
        ),
        state_note=None if found.status in _USABLE else turning_point(found),
        state_tone="bad" if total is None else "warn",
        show=f"{base}/show" if found.status is Status.VALID else None,
        share=f"{base}/share" if found.status is Status.VALID else None,
        object=f"/me/objections/new?licence={licence_id}",
        versions=tuple(_version_row(one) for one in reversed(lines)),
        attachments=tuple(
            AttachmentRow(one.name, f"{max(1, one.size // 1024)} KiB", one.made_at, f"{base}/attachments/{one.id}")
            for one in kept
        ),
        qr=Markup(qr_svg(_verify_text(request, found))),  # noqa: S704 - drawn here, from a code of ours
    )
    return page(request, "licence.html", view=view)


@router.get("/me/licences/{licence_id}/pages/{number}.png")
async def licence_picture(request: Request, licence_id: str, number: int) -> Response:
    """A page of the original as a picture; drawn when the licence's page was shown."""
    who = await logged_in(request)
    owner = _shelf_owner(who)
    picture = await shelf(request).get(licence_id, owner=owner, part=f"page {number}")
    if picture is None:
        raise NotFound("picture-gone", Text("图片已过期，请刷新页面。", "The picture has expired. Reload the page."))
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private, max-age=300"})


@router.get("/me/licences/{licence_id}/attachments/{attachment_id}")
async def attachment(request: Request, licence_id: str, attachment_id: str) -> Response:
    """A file that the authority keeps with the licence, to be saved."""
    who = await logged_in(request)
    return attachment_file(await container(request).own.attachments.file(licence_id, attachment_id, who.holder))


@router.get("/me/licences/{licence_id}/original")
async def licence_file(request: Request, licence_id: str, form: str | None = None) -> Response:
    """The sealed original, as PDF or OFD."""
    who = await logged_in(request)
    file = await container(request).certstore.read.original(licence_id, who.holder, ofd=as_ofd(form))
    return download(file.content, file.name)


async def _notices(request: Request, who: Visitor) -> tuple[NoticeRow, ...]:
    """In demo mode not those of new browsers: everybody who looks in is one of the same few people."""
    idp, demo = container(request).idp, container(request).ground.settings.demo
    found = await idp.notices.open_of(who.principal)
    kept = [one for one in found if not (demo and one.kind is NoticeKind.NEW_DEVICE)]
    return tuple([await _notice_row(request, one) for one in kept])


async def _notice_row(request: Request, notice: Notice) -> NoticeRow:
    words = dict(notice.detail)
    if notice.client_id is not None:
        client = await container(request).idp.registry.active(notice.client_id)
        name = client.name if client else Text(notice.client_id, notice.client_id)
        words |= {"zh": name.zh, "en": name.en}
    href, where = _about(notice)
    return NoticeRow(NOTICE_WORDS[notice.kind].format(**words), f"/me/notices/{notice.id}", href, where)


def _about(notice: Notice) -> tuple[str, Text]:
    """Where to look further."""
    if notice.kind is NoticeKind.LICENCE_ENDS:
        return f"/me/licences/{notice.detail['licence']}", Text("看这张证照", "See this licence")
    if notice.kind is NoticeKind.OBJECTION_ANSWERED:
        return f"/me/objections/{notice.detail['objection']}", Text("看答复", "See the answer")
    if notice.kind is NoticeKind.ENTRUSTED:
        return "/me/entrustments", Text("看是谁", "See who it is")
    if notice.kind is NoticeKind.ENTRUSTMENT_MOVED:
        return f"/me/entrustments/{notice.detail['entrustment']}", Text("看这项委托", "See the entrustment")
    return "/me/sign-ins", Text("登录着的地方", "Where you are logged in")


def _version_row(line: VersionLine) -> VersionRow:
    version = line.version
    made_by = EVENTS[version.made_by][2]
    return VersionRow(f"{version.number:03d}", made_by, version.issued_at, until_words(version.valid_until))


def _verify_text(request: Request, found: read.LicenceView) -> str:
    """What the QR code on the face says: where anybody learns that the licence is genuine and valid, and no more."""
    return f"{container(request).ground.settings.issuer}/verify?code={found.licence.verification_code}"


async def _drawn(request: Request, who: Visitor, licence_id: str) -> int | None:
    """How many pages of the original can be shown, after drawing them; None if the original is not given out."""
    kept, owner = shelf(request), _shelf_owner(who)
    known = await kept.get(licence_id, owner=owner, part="total")
    if known is not None:
        return int(known)
    try:
        file = await container(request).certstore.read.original(licence_id, who.holder)
    except NotPermitted:
        return None
    pictures = await _pictures(request, file)
    for number, picture in enumerate(pictures.pages, 1):
        await kept.put_at(licence_id, f"page {number}", picture, owner=owner, seconds=_KEEP)
    await kept.put_at(licence_id, "total", str(len(pictures.pages)).encode(), owner=owner, seconds=_KEEP - 60)
    return len(pictures.pages)


async def _pictures(request: Request, file: FileContent) -> Pictures:
    """None of an OFD that cannot be shown now: it can be downloaded, like a PDF that cannot be drawn."""
    if not is_package(file.content):
        return await draw(file.content)
    try:
        return (await draw_ofd(container(request).signing.show_ofd, file.content)).pictures
    except AppError:
        return Pictures()


def _shelf_owner(who: Visitor) -> str:
    """Pictures of an organisation's licences are for this session while it acts for that organisation."""
    return f"{who.principal.session or ''}/{who.holder.organisation or ''}"


async def _card(request: Request, one: MyLicence, today: dt.date, lang: Language) -> LicenceCard:
    rows = tuple((title.to(lang), value) for title, value in one.rows[:1])
    return await _made_card(
        request, one.id, one.colour, one.type_name, one.number, rows, one.issuer, one.issuer_name, one.status,
        one.valid_until, today, lang,
    )  # fmt: skip


async def _face_card(request: Request, found: read.LicenceView, today: dt.date, lang: Language) -> LicenceCard:
    one, kind = found.licence, found.licence_type
    return await _made_card(
        request, one.id, kind.colour.value, kind.name, one.current.licence_number, (), one.issuer,
        found.issuer_name, found.status, one.current.valid_until, today, lang,
    )  # fmt: skip


async def _made_card(
    request: Request,
    licence_id: str,
    colour: str,
    name: Text,
    number: str,
    rows: tuple[tuple[str, str], ...],
    issuer: str,
    issuer_name: Text,
    status: Status,
    until: dt.date | None,
    today: dt.date,
    lang: Language,
) -> LicenceCard:
    mark, usable = mark_of(status, until, today), status in _USABLE
    quiet = mark.tone == "good"  # on a card a valid licence wears its own colour
    more = (
        (Text("颁发", "Issued by").to(lang), issuer_name.to(lang)),
        (Text("有效至" if until else "有效", "Until" if until else "Valid").to(lang), until_words(until).to(lang)),
    )
    seal = await seal_of(request, issuer)
    return LicenceCard(
        f"/me/licences/{licence_id}", colour, name.to(lang), number, (*rows, *more), issuer_name.to(lang),
        mark.word, "" if quiet else mark.tone, mark.icon, usable, seal,
    )  # fmt: skip


def _next_due(held: Sequence[MyLicence], today: dt.date) -> MyLicence | None:
    ending = [one for one in held if one.status is Status.VALID and one.valid_until and one.valid_until - today <= SOON]
    return min(ending, key=lambda one: one.valid_until or today, default=None)


def _address(one: MyLicence) -> str:
    return f"/me/licences/{one.id}"


def _due_words(one: MyLicence, today: dt.date) -> Text:
    days = ((one.valid_until or today) - today).days
    if days == 0:
        return Text(f"{one.type_name.zh}今天到期。", f"Your {one.type_name.en} ends today.")
    return Text(f"{one.type_name.zh}还有 {days} 天到期。", f"Your {one.type_name.en} ends in {days} days.")


def _papers_saved(looked: Sequence[MyAccess]) -> int:
    """Papers that some case did not ask for: a copy was fetched, or the holder's consent made it exempt."""
    return len(
        {
            (one.record.purpose.case_number, one.record.licence_id)
            for one in looked
            if one.record.look is Look.COPY or (one.record.look is Look.EXEMPTION and one.by_consent)
        }
    )

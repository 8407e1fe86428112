"""A holder shares entries of a licence, and whoever has the code opens it; no log-in is needed for that."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.limits import limited_verification
from api.routes.pages.states import mark_of, until_words
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.views.common import Mark
from api.web.views.holders import OpenShareView, SharedView, ShareFormView, ShareMadeView, ShareRow, SharesView
from api.web.visitor import Visitor, logged_in, visitor
from certstore.codes import mask_code
from certstore.face import plain
from certstore.face_titles import face_titles
from certstore.model import HOLDER_CODE, HOLDER_NAME, NUMBER
from certstore.read import LicenceView
from certstore.shares.make import ShareCommand
from certstore.shares.model import MOST_DAYS, MOST_VIEWS, MyShare, OpenedShare, ShareState
from core.errors import AppError, Conflict, InvalidInput, LimitExceeded, NotFound, NotPermitted
from core.principal import ANONYMOUS
from core.text import Text

router = APIRouter(include_in_schema=False)
LIST = "/me/shares"
_PER_PAGE = 20
_FIELD = "field-"
_FIRST = {"views": "1", "days": "1", "purpose": ""}
_STATES = {
    ShareState.OPEN: Mark("good", "check", Text("可以打开", "open")),
    ShareState.WITHDRAWN: Mark("", "no", Text("已收回", "taken back")),
    ShareState.EXPIRED: Mark("", "clock", Text("已到期", "ended")),
    ShareState.USED_UP: Mark("", "check", Text("次数用完", "used up")),
    ShareState.LOCKED: Mark("warn", "lock", Text("输错太多，已锁", "locked: too many wrong codes")),
}
_DONE = {"withdrawn": Text("已收回，从现在起谁也打不开。", "Taken back. From now on nobody can open it.")}


@router.get("/me/licences/{licence_id}/share")
async def form(request: Request, licence_id: str) -> Response:
    """What to show, for what, how often and how long."""
    who = await logged_in(request)
    return await _form(request, who, licence_id, _FIRST, frozenset({HOLDER_NAME, NUMBER}))


@router.post("/me/licences/{licence_id}/share")
async def make(request: Request, licence_id: str) -> Response:
    """Make it; the code is shown on the page that answers, and never again."""
    who = await logged_in(request)
    sent = await read_form(request)
    chosen = frozenset(name.removeprefix(_FIELD) for name in sent.values if name.startswith(_FIELD))
    try:
        command = ShareCommand(licence_id, sorted(chosen), sent["purpose"], _count(sent, "views"), _count(sent, "days"))
        made = await container(request).own.shares.make(command, who.holder)
    except (InvalidInput, Conflict) as error:
        return await _form(request, who, licence_id, sent.values, chosen, error)
    found = await container(request).certstore.read.licence(licence_id, who.holder)
    titles = face_titles(found.licence_type.schema)
    view = ShareMadeView(
        found.licence_type.name,
        f"{container(request).ground.settings.issuer}/shared/{made.share.id}",
        f"{made.code[:5]} {made.code[5:]}",
        tuple(titles[name] for name in made.share.fields),
        made.share.views_allowed,
        made.share.expires_at,
    )
    return page(request, "share_made.html", view=view)


@router.get(LIST)
async def mine(request: Request, cursor: str | None = None, done: str = "") -> Response:
    """All of them, newest first."""
    who = await logged_in(request)
    found = await container(request).own.shares.mine(who.holder, cursor, _PER_PAGE)
    view = SharesView(
        tuple(_row(one) for one in found.items),
        LIST if cursor else None,
        f"{LIST}?cursor={found.next_cursor}" if found.next_cursor else None,
        _DONE.get(done),
    )
    return page(request, "shares.html", view=view)


@router.post(LIST + "/{share_id}/withdraw")
async def withdraw(request: Request, share_id: str) -> Response:
    """Take it back: one press, as it took one to make it."""
    who = await logged_in(request)
    await read_form(request)
    await container(request).own.shares.withdraw(share_id, who.holder)
    return RedirectResponse(f"{LIST}?done=withdrawn", 303)


@router.get("/shared/{share_id}")
async def ask(request: Request, share_id: str) -> Response:
    """Ask for the code; the same page whether there is such a share or not."""
    await visitor(request)
    return page(request, "share_open.html", view=OpenShareView(f"/shared/{share_id}"))


@router.post("/shared/{share_id}")
async def open_share(request: Request, share_id: str) -> Response:
    """Show what was shared."""
    known = await visitor(request)
    try:
        await limited_verification(request)
        sent = await read_form(request)
        opened = await container(request).own.open_share(
            share_id, sent["code"], known.principal if known else ANONYMOUS
        )
    except (NotFound, NotPermitted, LimitExceeded) as error:
        view = OpenShareView(f"/shared/{share_id}", error.text)
        return page(request, "share_open.html", status=status_of(error), view=view)
    return page(request, "shared.html", view=_shared(opened))


async def _form(
    request: Request,
    who: Visitor,
    licence_id: str,
    sent: Mapping[str, str],
    chosen: frozenset[str],
    error: AppError | None = None,
) -> Response:
    found = await container(request).certstore.read.licence(licence_id, who.holder)
    view = ShareFormView(
        action=f"/me/licences/{licence_id}/share",
        back=f"/me/licences/{licence_id}",
        licence=found.licence_type.name,
        entries=_entries(found, who),
        chosen=chosen,
        sent={name: sent.get(name, "") for name in _FIRST},
        most_views=MOST_VIEWS,
        most_days=MOST_DAYS,
        error=error.text if error else None,
        error_field=(error.field or "") if isinstance(error, InvalidInput) else "",
    )
    return page(request, "share.html", status=status_of(error) if error else 200, view=view)


def _entries(found: LicenceView, who: Visitor) -> tuple[tuple[str, Text, str], ...]:
    version, holders = found.licence.current, found.licence.current.holders
    own = next((one for one in holders if one.name == who.name), holders[0])
    values = {HOLDER_NAME: own.name, HOLDER_CODE: mask_code(own.code), NUMBER: version.licence_number}
    values |= {name: plain(value) for name, value in version.data.items()}
    titles = face_titles(found.licence_type.schema)
    return tuple((name, title, values[name]) for name, title in titles.items() if name in values)


def _count(sent: Form, name: str) -> int:
    typed = sent[name]
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 3 else 0


def _row(one: MyShare) -> ShareRow:
    share = one.share
    return ShareRow(
        one.type_name,
        tuple(one.titles),
        share.purpose,
        share.expires_at,
        share.views,
        share.views_allowed,
        _STATES[one.state],
        f"{LIST}/{share.id}/withdraw" if one.state in (ShareState.OPEN, ShareState.LOCKED) else None,
    )


def _shared(opened: OpenedShare) -> SharedView:
    return SharedView(
        opened.type_name,
        mark_of(opened.status),
        opened.issuer_name,
        opened.identifier,
        until_words(opened.valid_until),
        tuple(opened.rows),
        opened.purpose,
        opened.views_left,
        opened.expires_at,
        "/verify",
    )

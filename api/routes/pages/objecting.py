"""A holder objects to what a licence says, and follows what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container, language
from api.errors.problems import status_of
from api.web.downloads import evidence_file
from api.web.forms import read_form
from api.web.objection_words import due_words, mark_of_objection, row_of, story_of_objection
from api.web.render import page
from api.web.views.holders import ObjectionFormView, ObjectionsView, ObjectionView
from api.web.visitor import Visitor, logged_in
from certstore.face_titles import face_titles
from certstore.objections.model import DAYS_TO_ANSWER, LIVING, MOST_EVIDENCE, OTHER_FIELDS
from certstore.objections.raising import ObjectionCommand
from core.errors import AppError, Conflict, InvalidInput, LimitExceeded
from core.text import Text

router = APIRouter(include_in_schema=False)
LIST = "/me/objections"
_PER_PAGE = 20
_EMPTY = {"about": "", "text": ""}
_DONE = {"withdrawn": Text("已撤回。", "Taken back.")}


@router.get(LIST)
async def mine(request: Request, cursor: str | None = None, done: str = "") -> Response:
    """All of them, newest first."""
    who = await logged_in(request)
    found = await container(request).own.objections.mine(who.holder, cursor, _PER_PAGE)
    view = ObjectionsView(
        tuple(row_of(one, f"{LIST}/{one.objection.id}") for one in found.items),
        LIST if cursor else None,
        f"{LIST}?cursor={found.next_cursor}" if found.next_cursor else None,
        _DONE.get(done),
    )
    return page(request, "objections.html", view=view)


@router.get(LIST + "/new")
async def form(request: Request, licence: str = "") -> Response:
    """What is wrong, and what shows it."""
    return await _form(request, await logged_in(request), licence, _EMPTY)


@router.post(LIST)
async def put(request: Request) -> Response:
    """Raise it; what was typed stays on the page if that cannot be done."""
    who = await logged_in(request)
    try:
        sent = await read_form(request, upload="evidence", max_bytes=MOST_EVIDENCE)
    except LimitExceeded as error:  # nothing of the form was read
        return await _list_with(request, error)
    file = sent.uploads.get("evidence")
    command = ObjectionCommand(
        sent["licence"], sent["about"], sent["text"], file.content if file and file.content else None
    )
    try:
        made = await container(request).own.raise_objection(command, who.holder)
    except (InvalidInput, Conflict) as error:
        return await _form(request, who, sent["licence"], sent.values, error)
    return RedirectResponse(f"{LIST}/{made.id}", 303)


@router.get(LIST + "/{objection_id}")
async def one(request: Request, objection_id: str) -> Response:
    """Its history, as both sides see it."""
    who = await logged_in(request)
    found = await container(request).own.objections.one(objection_id, who.holder)
    base = f"{LIST}/{objection_id}"
    view = ObjectionView(
        action=base,
        back=LIST,
        back_label=Text("我的异议", "My objections"),
        what=found.type_name,
        about=found.field_title,
        issuer=found.issuer_name,
        mark=mark_of_objection(found),
        due=due_words(found.objection),
        story=story_of_objection(found.steps),
        evidence=f"{base}/evidence" if found.objection.evidence else None,
        revision=found.objection.revision,
        licence_href=f"/me/licences/{found.objection.licence_id}",
        can_withdraw=found.objection.state in LIVING,
    )
    return page(request, "objection.html", view=view)


@router.post(LIST + "/{objection_id}")
async def withdraw(request: Request, objection_id: str) -> Response:
    """Take it back."""
    who = await logged_in(request)
    await read_form(request)
    await container(request).own.raise_objection.withdraw(objection_id, who.holder)
    return RedirectResponse(f"{LIST}?done=withdrawn", 303)


@router.get(LIST + "/{objection_id}/evidence")
async def evidence(request: Request, objection_id: str) -> Response:
    """The file that was given, to save."""
    who = await logged_in(request)
    return evidence_file(await container(request).own.objections.evidence(objection_id, who.holder), objection_id)


async def _form(
    request: Request, who: Visitor, licence_id: str, sent: Mapping[str, str], error: AppError | None = None
) -> Response:
    lang = language(request)
    found = await container(request).certstore.read.licence(licence_id, who.holder)
    titles = face_titles(found.licence_type.schema) | OTHER_FIELDS
    view = ObjectionFormView(
        licence_id=licence_id,
        back=f"/me/licences/{licence_id}",
        licence=found.licence_type.name,
        options=tuple((name, title.to(lang)) for name, title in titles.items()),
        sent={name: sent.get(name, "") for name in _EMPTY},
        days=DAYS_TO_ANSWER,
        megabytes=MOST_EVIDENCE // (1024 * 1024),
        error=error.text if error else None,
        error_field=(error.field or "") if isinstance(error, InvalidInput) else "",
    )
    return page(request, "objection_new.html", status=status_of(error) if error else 200, view=view)


async def _list_with(request: Request, error: AppError) -> Response:
    view = ObjectionsView((), LIST, None, error=error.text)
    return page(request, "objections.html", status=status_of(error), view=view)

"""A department's forms for the steps of a licence's life, each made from what the step may change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.pages.seal_pictures import seal_of
from api.routes.pages.states import mark_of, until_words
from api.web.forms import Form, read_form
from api.web.holder_form import blocks, blocks_changed, holder_names, holder_values, kind_of, may_add
from api.web.render import page
from api.web.schema_form import PREFIX, face_data, form_fields
from api.web.step_words import STEPS
from api.web.views.licence_life import StepView
from api.web.visitor import ISSUER, Visitor, permitted
from certstore.end import EndCommand
from certstore.face import plain
from certstore.life.change import ChangeCommand
from certstore.life.proposals import ProposeCommand
from certstore.life.renew import RenewCommand
from certstore.life.steps import OF_THE_VERSION, Step
from certstore.lifecycle import ENDINGS, Event
from certstore.making import HolderInput
from certstore.model import Licence, LicenceType, Validity
from certstore.read import LicenceView
from core.clock import calendar_day
from core.errors import AppError, InvalidInput, NotFound
from core.ids import new_secret
from core.principal import Principal
from core.text import Text

router = APIRouter(include_in_schema=False)
_PARTS: Mapping[Event, frozenset[str]] = {
    Event.RENEW: frozenset({"face", "until"}),
    Event.CHANGE: frozenset({"holder", "face", "number"}),
    Event.CORRECT: frozenset({"holder", "face", "number", "validity"}),
}
_SEALED = frozenset({Event.RENEW, Event.CHANGE, Event.CORRECT, Event.REISSUE, Event.CONFIRM})
# what a use case calls a part of its command → the form's field
_FIELDS = {
    "id_number": "holder_code",
    "code": "holder_code",
    "organisation": "holder_code",
    "name": "holder_name",
    "number": "licence_number",
}


@dataclass(frozen=True, slots=True)
class _Desk:
    """The licence that a form is about, as its clerk sees it."""

    event: Event
    found: LicenceView
    newest: LicenceType

    @property
    def licence(self) -> Licence:
        return self.found.licence

    @property
    def face_type(self) -> LicenceType:
        """The version of the type that the new face is made under."""
        return self.found.licence_type if self.event in OF_THE_VERSION else self.newest

    @property
    def two_people(self) -> bool:
        return self.event in ENDINGS and self.newest.needs_two(self.event)


@router.get("/office/licences/{licence_id}/{step}")
async def step_form(request: Request, licence_id: str, step: str) -> Response:
    """The form, filled with what the licence says."""
    who = await permitted(request, ISSUER)
    desk = await _desk(request, who, licence_id, step)
    return await _form(request, who, desk, _as_it_is(desk), new_secret(16), desk.licence.revision)


@router.post("/office/licences/{licence_id}/{step}")
async def take_step(request: Request, licence_id: str, step: str) -> Response:
    """Take the step, or propose it; what was typed stays on the page if it cannot be done."""
    who = await permitted(request, ISSUER)
    form = await read_form(request)
    desk = await _desk(request, who, licence_id, step)
    if (changed := blocks_changed(form.values)) is not None:
        seen = _revision(form) or desk.licence.revision
        return await _form(request, who, desk, changed, form["idempotency"], seen)
    try:
        done = await _take(request, who, desk, form)
    except AppError as error:
        seen = int(form["revision"]) if form["revision"].isdigit() else desk.licence.revision
        return await _form(request, who, desk, form.values, form["idempotency"], seen, error)
    return RedirectResponse(f"/office/licences/{licence_id}?done={done}", 303)


async def _desk(request: Request, who: Visitor, licence_id: str, step: str) -> _Desk:
    events = {event.value: event for event in STEPS}
    if step not in events:
        raise NotFound("step-not-found", Text("没有这个办理步骤。", "There is no such step."))
    services = container(request).certstore
    found = await services.read.licence(licence_id, who.principal)
    if found.licence.issuer != who.principal.organisation:
        raise NotFound("licence-not-found", Text("本单位没有发过这份证照。", "Your office has issued no such licence."))
    return _Desk(events[step], found, await services.catalogue.licence_type(found.licence.type_code))


async def _take(request: Request, who: Visitor, desk: _Desk, form: Form) -> str:
    """The word for what was done."""
    services, actor, event = container(request).certstore, who.principal, desk.event
    life = services.life
    step = Step(desk.licence.id, form["idempotency"], form["reason"], _revision(form))
    if event in ENDINGS:
        if desk.two_people:
            await life.proposals.propose(ProposeCommand(step.licence_id, event, step.reason, step.if_revision), actor)
            return "proposed"
        end = EndCommand(step.licence_id, event, step.reason, step.if_revision, step.idempotency_key)
        await services.end(end, actor)
    elif event is Event.RENEW:
        await life.renew(RenewCommand(step, _face(desk, form), _date(form["valid_until"], "valid_until")), actor)
    elif event in (Event.CHANGE, Event.CORRECT):
        change = life.change.change if event is Event.CHANGE else life.change.correct
        await change(_change(desk, step, form), actor)
    else:
        plain_steps: dict[Event, Callable[[Step, Principal], Awaitable[Licence]]] = {
            Event.REISSUE: life.reissue,
            Event.CONFIRM: life.confirm,
            Event.SUSPEND: life.suspend.suspend,
            Event.RESUME: life.suspend.resume,
            Event.ANNUAL_PASS: life.inspect.passed,
            Event.ANNUAL_FAIL: life.inspect.failed,
            Event.TRANSFER_OUT: life.transfer.out,
            Event.TRANSFER_UNDO: life.transfer.undo,
        }
        await plain_steps[event](step, actor)
    return event.value


def _change(desk: _Desk, step: Step, form: Form) -> ChangeCommand:
    dates = {"valid_from": None, "valid_until": None} | (
        {name: _date(form[name], name) for name in ("valid_from", "valid_until")} if desk.event is Event.CORRECT else {}
    )
    version = desk.licence.current
    if (dates["valid_from"], dates["valid_until"]) == (version.valid_from, version.valid_until):
        dates = {"valid_from": None, "valid_until": None}
    elif desk.face_type.validity.kind is not Validity.STATED:
        dates["valid_until"] = None  # counted from the first day
    return ChangeCommand(step, _holders(desk, form), _face(desk, form), form["licence_number"] or None, **dates)


def _holders(desk: _Desk, form: Form) -> list[HolderInput] | None:
    """Those of the form; None if they are the present ones, or the step leaves them as they are."""
    typed = [replace(one, code_type=one.code_type or kind_of(desk.face_type)) for one in holder_names(form.values)]
    return None if typed == _present(desk) or "holder" not in _PARTS[desk.event] else typed


def _present(desk: _Desk) -> list[HolderInput]:
    held = desk.licence.current.holders
    return [HolderInput(one.code.kind, one.code.number, one.name, one.role) for one in held]


def _face(desk: _Desk, form: Form) -> Mapping[str, object] | None:
    """What was typed of the face; None if it is what stood there."""
    if "face" not in _PARTS.get(desk.event, frozenset()):
        return None
    typed = face_data(desk.face_type.schema, form.values)
    return None if typed == dict(desk.licence.current.data) else typed


def _as_it_is(desk: _Desk) -> dict[str, str]:
    version = desk.licence.current
    values = {PREFIX + name: _typed(value) for name, value in version.data.items()}
    values |= holder_values(_present(desk)) | {
        "licence_number": version.licence_number,
        "valid_from": version.valid_from.isoformat(),
        "valid_until": version.valid_until.isoformat() if version.valid_until else "",
    }
    return values if desk.event is not Event.RENEW else {**values, "valid_until": ""}


def _typed(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else plain(value)


async def _form(
    request: Request,
    who: Visitor,
    desk: _Desk,
    values: Mapping[str, str],
    idempotency: str,
    revision: int,
    error: AppError | None = None,
) -> Response:
    words, version = STEPS[desk.event], desk.licence.current
    shown = _PARTS.get(desk.event, frozenset())
    if desk.face_type.validity.kind is not Validity.STATED:
        shown -= {"until"}
    fields = form_fields(desk.face_type.schema) if "face" in shown else ()
    holder_fields = frozenset({"holder_name", "holder_code"})
    named = {"licence_number", "valid_from", "valid_until", "reason"}
    field = error.field if isinstance(error, InvalidInput) else None
    place = _FIELDS.get(field or "", field)
    today, type_name = calendar_day(container(request).ground.clock.now()), desk.found.licence_type.name
    view = StepView(
        title=Text(f"{words.name.zh}{type_name.zh}", f"{words.name.en}: {type_name.en}"),
        effect=words.effect,
        action=f"/office/licences/{desk.licence.id}/{desk.event.value}",
        back=f"/office/licences/{desk.licence.id}",
        type_name=type_name,
        number=version.licence_number,
        mark=mark_of(desk.found.status, version.valid_until, today),
        until=until_words(version.valid_until),
        shown=frozenset(shown),
        holders=blocks(values, desk.face_type, today, place if place in holder_fields else None),
        may_add=may_add(values, desk.face_type),
        fields=fields,
        values={name: values.get(name, "") for name in (*named, *(one.name for one in fields))},
        reason=words.reason,
        button=words.name,
        legal=words.legal,
        two_people=desk.two_people,
        seal=await seal_of(request, who.principal.organisation or "") if desk.event in _SEALED else None,
        idempotency=idempotency,
        revision=revision,
        error=error.text if error else None,
        error_field=place if place in {*named, *holder_fields, *(one.key for one in fields)} else None,
    )
    return page(request, "office_step.html", status=status_of(error) if error else 200, view=view)


def _revision(form: Form) -> int | None:
    return int(form["revision"]) if form["revision"].isdigit() and len(form["revision"]) < 10 else None


def _date(typed: str, field: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(typed) if typed else None
    except ValueError:
        raise InvalidInput(
            "date-invalid", Text("日期写法应为 2026-12-19。", "Write the date as 2026-12-19."), field=field
        ) from None

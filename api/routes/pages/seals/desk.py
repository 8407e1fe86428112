"""Seals from their application to their end: the list, one of them, and the steps that somebody can take."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.pages.seal_pictures import picture_address
from api.routes.pages.seals.grants import grant_row
from api.routes.pages.seals.tabs import SEALS, colleagues, in_charge, somebody_in_charge, somebody_with_seals, tabs_of
from api.web.forms import read_form
from api.web.render import page
from api.web.seal_diagram import seal_diagram
from api.web.seal_words import BINDING, EFFECTS, KINDS, MARKS, ONWARDS, PROFILES, SHAPES, story_of
from api.web.views.common import Fact
from api.web.views.seals import FormsChoice, SealAct, SealRow, SealsView, SealView
from api.web.visitor import SEAL_MANAGER, Visitor, permitted
from api.web.words import minute
from core.errors import AppError, InvalidInput, NotFound
from core.text import Text
from keys.profile import Profile
from signing.appearance.official_seal import SealShape
from signing.errors import SealSecondPerson
from signing.lifecycle import ENDED, EVENT_NAMES, RULES, TRANSITIONS, SealEvent, require_step
from signing.model import Seal, SealStatus, SealStep

router = APIRouter(include_in_schema=False)
_PER_PAGE = 20
_OF_APPLICATIONS = (SealEvent.APPROVE, SealEvent.REFUSE, SealEvent.WITHDRAW, SealEvent.MAKE)


@router.get(SEALS)
async def seals(request: Request, cursor: str | None = None, done: str = "") -> Response:
    """What waits for a step, then the seals of this office."""
    who = await somebody_with_seals(request)
    found = await container(request).signing.seals.page(who.principal.organisation, cursor=cursor, size=_PER_PAGE)
    waiting = await _waiting(request, who) if in_charge(who) and not cursor else ()
    active = sum(one.status is SealStatus.ACTIVE for one in found.items)
    view = SealsView(
        title=_title(len(waiting), active),
        below=Text(
            "申请、审核、制作、启用由不同的人办；暂停和注销立即生效。",
            "Different people apply, review, make and activate; to suspend or cancel takes effect at once.",
        ),
        waiting=waiting,
        seals=tuple(_seal_row(one) for one in found.items),
        may_apply=who.principal.may(SEAL_MANAGER),
        tabs=await tabs_of(request, who, "seals"),
        first_href=SEALS if cursor else None,
        next_href=f"{SEALS}?cursor={found.next_cursor}" if found.next_cursor else None,
        note=_DONE.get(done),
        forms=await _forms_choice(request, who) if who.principal.may(SEAL_MANAGER) else None,
    )
    return page(request, "seals.html", view=view)


@router.post(SEALS + "/forms")
async def set_forms(request: Request) -> Response:
    """In which forms new seals of the office are made where an application does not say."""
    who = await permitted(request, SEAL_MANAGER)
    chosen = (await read_form(request))["profile"]
    if chosen and chosen not in list(Profile):
        raise InvalidInput("request-invalid", Text("请重新选择。", "Choose again."), field="profile")
    departments = container(request).signing.national.departments
    organisation = who.principal.organisation or ""
    await departments.set(organisation, Profile(chosen) if chosen else None, actor=who.principal)
    return RedirectResponse(f"{SEALS}?done=forms", 303)


async def _forms_choice(request: Request, who: Visitor) -> FormsChoice:
    departments, organisation = container(request).signing.national.departments, who.principal.organisation or ""
    own = await departments.of(organisation)
    return FormsChoice(
        choices=tuple((one.value, words) for one, words in PROFILES.items()),
        chosen=own.value if own else "",
        usual=PROFILES[departments.deployment],
        outcome=PROFILES[await departments.for_new_seal(organisation, None)],
    )


@router.get(SEALS + "/applications/{application_id}")
async def application(request: Request, application_id: str, done: str = "") -> Response:
    """One application with its picture and its story."""
    who = await somebody_in_charge(request)
    return await _application_page(request, who, application_id, done=done)


@router.get(SEALS + "/applications/{application_id}/picture.svg")
async def application_picture(request: Request, application_id: str) -> Response:
    """What the seal will look like."""
    who = await somebody_in_charge(request)
    signing = container(request).signing
    found, _ = await signing.seals.application(application_id, actor=who.principal)
    headers = {"Cache-Control": "private, max-age=600"}
    return Response(await signing.apply_for_seal.preview(found), media_type="image/svg+xml", headers=headers)


@router.post(SEALS + "/applications/{application_id}/{event}")
async def application_step(request: Request, application_id: str, event: str) -> Response:
    """Approve, refuse, withdraw, or make."""
    who = await somebody_in_charge(request)
    form, signing = await read_form(request), container(request).signing
    review, actor = signing.review_application, who.principal
    try:
        match event:
            case SealEvent.APPROVE:
                await review.approve(application_id, actor=actor, reason=form["reason"])
            case SealEvent.REFUSE:
                await review.refuse(application_id, actor=actor, reason=form["reason"])
            case SealEvent.WITHDRAW:
                await review.withdraw(application_id, actor=actor, reason=form["reason"])
            case SealEvent.MAKE:
                made = await signing.make_seal(application_id, actor=actor)
                return RedirectResponse(f"{SEALS}/{made.id}?done=make", 303)
            case _:
                raise _no_step()
    except AppError as error:
        return await _application_page(request, who, application_id, error)
    return RedirectResponse(f"{SEALS}/applications/{application_id}?done={event}", 303)


@router.get(SEALS + "/{seal_id}")
async def one(request: Request, seal_id: str, done: str = "") -> Response:
    """One seal: its picture, what can be done, its story, its grants."""
    who = await somebody_in_charge(request)
    return await _seal_page(request, who, seal_id, done=done)


@router.post(SEALS + "/{seal_id}/{event}")
async def seal_step(request: Request, seal_id: str, event: str) -> Response:
    """Activate, suspend, resume, cancel, or destroy."""
    who = await somebody_in_charge(request)
    form, signing = await read_form(request), container(request).signing

    try:
        match event:
            case SealEvent.ACTIVATE:
                await signing.activate_seal(seal_id, actor=who.principal, reason=form["reason"])
            case SealEvent.DESTROY:
                await signing.destroy_seal(seal_id, actor=who.principal, reason=form["reason"])
            case SealEvent.SUSPEND | SealEvent.RESUME | SealEvent.REVOKE:
                after = next(status for (_, one), status in TRANSITIONS.items() if one == event)
                await signing.change_seal_status(seal_id, after, actor=who.principal, reason=form["reason"])
            case _:
                raise _no_step()
    except AppError as error:
        return await _seal_page(request, who, seal_id, error)
    return RedirectResponse(f"{SEALS}/{seal_id}?done={event}", 303)


async def _waiting(request: Request, who: Visitor) -> tuple[SealRow, ...]:
    """Applications on their way, and seals that were made and are not in use yet."""
    found = await container(request).signing.seals.applications(actor=who.principal, waiting=True, limit=100)
    return tuple(
        SealRow(
            f"{SEALS}/applications/{one.id}",
            f"{SEALS}/applications/{one.id}/picture.svg",
            one.name,
            KINDS[one.kind],
            one.code,
            MARKS[one.status],
        )
        for one in found.items
    )


def _seal_row(seal: Seal) -> SealRow:
    href, picture = f"{SEALS}/{seal.id}", picture_address(seal.id)
    return SealRow(href, picture, seal.name, KINDS[seal.kind], seal.code, MARKS[seal.status])


async def _application_page(
    request: Request, who: Visitor, application_id: str, error: AppError | None = None, *, done: str = ""
) -> Response:
    found, story = await container(request).signing.seals.application(application_id, actor=who.principal)
    base = f"{SEALS}/applications/{found.id}"
    facts = [
        Fact(Text("种类", "Kind"), KINDS[found.kind]),
        Fact(Text("印章编码", "Seal code"), found.code, True),
        Fact(Text("下方文字", "Lower line"), found.line or "—"),
        Fact(Text("样子", "Look"), SHAPES[SealShape(found.shape)]),
        Fact(Text("高", "Height"), f"{found.diameter_mm:g} mm"),
        Fact(Text("形式", "Forms"), PROFILES[found.profile]),
        Fact(Text("事由", "Reason"), found.reason),
        *((Fact(Text("图样指纹", "Picture (SHA-256)"), found.picture, True),) if found.picture else ()),
    ]
    if found.replaces:
        facts.append(Fact(Text("更换哪一枚", "Replaces"), found.replaces, True))
    view = SealView(
        title=found.name,
        mark=MARKS[found.status],
        picture=picture_address(found.seal_id) if found.seal_id else f"{base}/picture.svg",
        facts=tuple(facts),
        acts=_acts(found.status, _OF_APPLICATIONS, who, found.organisation, story, base),
        story=story_of(story, who.principal, await colleagues(request, who, (step.actor for step in story))),
        diagram=seal_diagram(found.status),
        tabs=await tabs_of(request, who, "seals"),
        error=error.text if error else None,
        note=_DONE.get(done),
    )
    return page(request, "seal.html", status=status_of(error) if error else 200, view=view)


async def _seal_page(
    request: Request, who: Visitor, seal_id: str, error: AppError | None = None, *, done: str = ""
) -> Response:
    signing = container(request).signing
    seal = await signing.seals.get(seal_id)
    story = await signing.seals.story(seal_id, actor=who.principal)
    grants = await signing.seals.grants_of(seal_id, actor=who.principal)
    base = f"{SEALS}/{seal.id}"
    facts = (
        Fact(Text("种类", "Kind"), KINDS[seal.kind]),
        Fact(Text("印章编码", "Seal code"), seal.code, True),
        Fact(Text("直径", "Diameter"), f"{seal.image.diameter_mm:g} mm"),
        Fact(Text("形式", "Forms"), PROFILES[seal.profile]),
        Fact(Text("制作时间", "Made"), minute(seal.created_at)),
        *((Fact(Text("停用时间", "Ended"), minute(seal.revoked_at)),) if seal.revoked_at else ()),
    )
    events = tuple(event for event in SealEvent if event not in (*_OF_APPLICATIONS, SealEvent.REPLACE))
    view = SealView(
        title=seal.name,
        mark=MARKS[seal.status],
        picture=picture_address(seal.id),
        facts=facts,
        acts=_acts(seal.status, events, who, seal.organisation, story, base),
        story=story_of(story, who.principal, await colleagues(request, who, (step.actor for step in story))),
        diagram=seal_diagram(seal.status),
        tabs=await tabs_of(request, who, "seals"),
        grants=tuple(grant_row(request, one, seal) for one in reversed(grants)),
        certificate_href=f"{base}/certificate",
        give_href=f"{base}/grants/new" if who.principal.may(SEAL_MANAGER) and seal.status not in ENDED else None,
        error=error.text if error else None,
        note=_DONE.get(done),
    )
    return page(request, "seal.html", status=status_of(error) if error else 200, view=view)


def _acts(
    status: SealStatus,
    events: tuple[SealEvent, ...],
    who: Visitor,
    organisation: str,
    story: list[SealStep],
    base: str,
) -> tuple[SealAct, ...]:
    """What the table allows from here and the visitor has the duty for; blocked where it takes somebody else."""
    acts = []
    for event in events:
        if (status, event) not in TRANSITIONS or not any(who.principal.may(duty) for duty in RULES[event].duties):
            continue
        blocked = False
        try:
            require_step(event, who.principal, organisation, story)
        except SealSecondPerson:
            blocked = True
        name = EVENT_NAMES[event]
        acts.append(
            SealAct(
                event.value,
                Text(name.zh, name.en.capitalize()),
                EFFECTS[event],
                f"{base}/{event.value}",
                event in BINDING,
                event in ONWARDS,
                event is SealEvent.REFUSE,
                blocked,
            )
        )
    return tuple(acts)


def _title(waiting: int, active: int) -> Text:
    if waiting:
        return Text(f"{waiting} 个制章申请在办", f"{waiting} application{'s' if waiting > 1 else ''} under way")
    return Text(f"{active} 枚印章可用", f"{active} seal{'s' if active != 1 else ''} in use")


def _no_step() -> NotFound:
    return NotFound("seal-step-not-found", Text("没有这一步。", "There is no such step."))


_DONE = {
    "apply": Text("已提出申请，等印章审批人审核。", "The application is in; a reviewer decides."),
    "approve": Text("已同意，等印章保管人制作。", "Approved; a custodian makes it."),
    "refuse": Text("已回绝，申请人看得到理由。", "Refused; the applicant sees the reason."),
    "withdraw": Text("已撤回。", "Withdrawn."),
    "make": Text("已制作，等另一个人启用。", "Made; another person activates it."),
    "activate": Text("已启用，可以按授权用印。", "It is in use."),
    "suspend": Text("已暂停，马上生效。", "Suspended, at once."),
    "resume": Text("已恢复，可以按授权用印。", "It is in use again."),
    "revoke": Text("已注销，马上生效。", "Cancelled, at once."),
    "destroy": Text("密钥已销毁，记录保留。", "The key is destroyed; the records stay."),
    "grant": Text("已授权。", "Granted."),
    "forms": Text("已保存，以后申请的新章按这个来。", "Saved; seals that are applied for from here on follow it."),
    "grant-end": Text("授权已收回，马上生效。", "The grant is taken back, at once."),
}

"""A department's receivers of changes: set up, how they are doing, and what to do when they are not doing well."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.pages.office import all_types
from api.web.forms import Form, read_form
from api.web.render import page
from api.web.subscription_words import MARKS, NOT_WELL, REASONS, last_words, letter_words, said, title_of
from api.web.views.common import Fact, Mark
from api.web.views.subscriptions import (
    DayColumn,
    LetterRow,
    SubscriptionRow,
    SubscriptionSecretView,
    SubscriptionsView,
    SubscriptionView,
)
from api.web.visitor import ISSUER, PORTAL_MANAGER, Visitor, permitted
from api.web.words import minute
from certstore.lifecycle import STATE_NAMES
from certstore.subscriptions.manage import BEHIND_SHOWN, Health, NewSubscription, ShownSecret
from certstore.subscriptions.model import Day, Subscription, SubscriptionState
from core.clock import calendar_day
from core.errors import AppError, InvalidInput, NotFound
from core.principal import Principal
from core.text import Text

router = APIRouter(include_in_schema=False)
LIST = "/office/subscriptions"
_DAYS = 14
_LETTERS = 20


@router.get(LIST)
async def subscriptions(request: Request) -> Response:
    """Those of this office, and the form for one more."""
    return await _list(request, await _keeper(request), Form({}))


@router.post(LIST)
async def set_up(request: Request) -> Response:
    """Set up; the secret is on the next page and nowhere else."""
    who, form = await _keeper(request), await read_form(request)
    chosen = [name.removeprefix("type.") for name in form.values if name.startswith("type.")]
    wanted = NewSubscription(form["name"], form["address"], chosen)
    try:
        made, secret = await container(request).subscriptions.manage.set_up(wanted, who.principal)
    except AppError as error:
        return await _list(request, who, form, error)
    return _secret(request, made, secret)


@router.get(f"{LIST}/{{subscription_id}}")
async def subscription(request: Request, subscription_id: str) -> Response:
    """How one is doing."""
    who = await _keeper(request)
    return await _one(request, who, subscription_id, note=said(request.query_params.get("said", "")))


@router.post(f"{LIST}/{{subscription_id}}/secrets")
async def new_secret(request: Request, subscription_id: str) -> Response:
    """A further secret, shown this once; messages are signed under both."""
    who = await _keeper(request)
    await read_form(request)
    services = container(request).subscriptions
    secret = await services.steer.new_secret(subscription_id, who.principal)
    health = await services.manage.health(subscription_id, who.principal)
    return _secret(request, health.subscription, secret, earlier=len(health.keys) > 1)


@router.post(f"{LIST}/{{subscription_id}}/{{step}}")
async def take_step(request: Request, subscription_id: str, step: str) -> Response:
    """Pause, resume, send dead letters again, forget old secrets, end."""
    who = await _keeper(request)
    await read_form(request)
    steer = container(request).subscriptions.steer
    steps: dict[str, Callable[[str, Principal], Awaitable[object]]] = {
        "pause": steer.pause,
        "resume": steer.resume,
        "send-again": steer.send_again,
        "forget-secrets": steer.forget_old_secrets,
        "end": steer.end,
    }
    if step not in steps:
        raise NotFound("not-found", Text("没有这个页面。", "There is no such page."))
    try:
        await steps[step](subscription_id, who.principal)
    except NotFound:
        raise
    except AppError as error:
        return await _one(request, who, subscription_id, error=error)
    back = LIST if step == "end" else f"{LIST}/{subscription_id}"
    return RedirectResponse(f"{back}?{urlencode({'said': step})}", 303)


async def _keeper(request: Request) -> Visitor:
    return await permitted(request, ISSUER, PORTAL_MANAGER)


async def _list(request: Request, who: Visitor, form: Form, error: AppError | None = None) -> Response:
    manage = container(request).subscriptions.manage
    found = [await manage.health(one.id, who.principal, days=1) for one in await manage.own(who.principal)]
    not_well = sum(one.subscription.state in NOT_WELL or one.dead > 0 for one in found)
    view = SubscriptionsView(
        title=title_of(len(found), not_well),
        rows=tuple(map(_row, found)),
        types=tuple((one.code, one.name) for one in await all_types(request)),
        sent=form,
        error=error.text if error else None,
        error_field=error.field if isinstance(error, InvalidInput) else None,
    )
    return page(request, "office_subscriptions.html", status=status_of(error) if error else 200, view=view)


async def _one(
    request: Request, who: Visitor, subscription_id: str, *, note: Text | None = None, error: AppError | None = None
) -> Response:
    services = container(request)
    manage = services.subscriptions.manage
    health = await manage.health(subscription_id, who.principal, days=_DAYS)
    letters = await manage.dead_letters(subscription_id, who.principal) if health.dead else []
    one, today = health.subscription, calendar_day(services.ground.clock.now())
    columns, most = columns_of(health.days, today)
    view = SubscriptionView(
        id=one.id,
        name=one.name,
        title=Text(one.name, one.name),
        below=_behind(health),
        mark=_mark(one),
        columns=columns,
        most=most,
        facts=await _facts(request, health),
        letters=tuple(
            LetterRow(
                Text(STATE_NAMES[letter.change.state].zh, STATE_NAMES[letter.change.state].en),
                letter.change.identifier,
                letter_words(letter.result),
                minute(letter.died_at),
            )
            for letter in letters[:_LETTERS]
        ),
        dead=health.dead,
        may_pause=one.state is SubscriptionState.ACTIVE,
        may_resume=one.state is not SubscriptionState.ACTIVE,
        two_secrets=len(health.keys) > 1,
        note=note,
        error=error.text if error else None,
    )
    return page(request, "office_subscription.html", status=status_of(error) if error else 200, view=view)


def _secret(request: Request, made: Subscription, secret: ShownSecret, *, earlier: bool = False) -> Response:
    view = SubscriptionSecretView(made.id, made.name, secret.key_id, secret.value, earlier)
    return page(request, "office_subscription_secret.html", status=201, view=view)


def _row(health: Health) -> SubscriptionRow:
    one = health.subscription
    host = urlsplit(one.address).hostname or ""
    return SubscriptionRow(
        f"{LIST}/{one.id}", one.name, host, _mark(one, health.dead), _behind(health), last_words(one)
    )


def _mark(one: Subscription, dead: int = 0) -> Mark:
    if one.state is SubscriptionState.ACTIVE and one.failing_since is not None:
        return Mark("warn", "clock", Text("送不到，还在试", "not reached, trying"))
    if one.state is SubscriptionState.ACTIVE and dead:
        return Mark("warn", "warn", Text("有退回的", "some refused"))
    return MARKS[one.state]


def _behind(health: Health) -> Text:
    count = health.behind
    if count == 0:
        return Text("全部送到了", "everything was delivered")
    shown = f"{count:,}" if count < BEHIND_SHOWN else f"{BEHIND_SHOWN:,}+"
    return Text(f"还有 {shown} 条没有送", f"{shown} still to deliver")


async def _facts(request: Request, health: Health) -> tuple[Fact, ...]:
    one = health.subscription
    names = {found.code: found.name for found in await all_types(request)} if one.types else {}
    types = [names.get(code, Text(code, code)) for code in one.types]
    wanted = Text("、".join(t.zh for t in types), ", ".join(t.en for t in types))
    facts = [
        Fact(Text("接收地址", "Address"), one.address, mono=True),
        Fact(Text("证照类型", "Types"), wanted if types else Text("有权知道的全部", "all that may be told")),
        Fact(Text("上次送到", "Last delivered"), minute(one.delivered_at) if one.delivered_at else "—"),
        Fact(Text("签名密钥", "Signing keys"), "\n".join(health.keys), mono=True),
    ]
    if one.last_result and one.failing_since:
        reason = REASONS.get(one.last_result, Text(one.last_result, one.last_result))
        facts.insert(3, Fact(Text("送不到的原因", "Why not"), reason))
        facts.insert(4, Fact(Text("从何时起", "Since"), minute(one.failing_since)))
        facts.insert(5, Fact(Text("下次再试", "Next try"), minute(one.due_at)))
    return tuple(facts)


def columns_of(days: Sequence[Day], today: dt.date) -> tuple[tuple[DayColumn, ...], int]:
    """The drawing of the last days, today on the right; a day without messages is an empty place."""
    by_day = {one.day: one for one in days}
    dates = [today - dt.timedelta(days=_DAYS - 1 - n) for n in range(_DAYS)]
    found = [by_day.get(date, Day(date, 0, 0, 0)) for date in dates]
    most = max(one.delivered + one.failed for one in found)
    return tuple(_column(n, one, max(most, 1)) for n, one in enumerate(found)), most


def _column(n: int, day: Day, most: int) -> DayColumn:
    good, bad = 100 * day.delivered / most, 100 * day.failed / most
    # whatever happened is seen, also beside a very busy day
    good, bad = (max(part, 2.0) if count else 0.0 for part, count in ((good, day.delivered), (bad, day.failed)))
    name = day.day.isoformat()
    label = Text(
        f"{name}：送到 {day.delivered} 条，失败 {day.failed} 次",
        f"{name}: {day.delivered} delivered, {day.failed} failed",
    )
    return DayColumn(
        x=f"{n * 100 / _DAYS + 1:.2f}%",
        good_y=f"{100 - good:.2f}%",
        good=f"{good:.2f}%",
        bad_y=f"{max(0.0, 100 - good - bad):.2f}%",
        bad=f"{bad:.2f}%",
        label=label,
        day=name[5:],
        delivered=day.delivered,
        failed=day.failed,
    )

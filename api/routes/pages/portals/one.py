"""One portal: what is registered, its secrets, what went wrong for it; stop it, let it work again."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import quote, urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.routes.pages.portals.listing import waiting_row
from api.routes.pages.portals.visitors import LIST, decides, keeper, organisation_name
from api.web.forms import read_form
from api.web.portals.hints import hint
from api.web.portals.views import DayBar, ErrorRow, PortalView, SecretView
from api.web.portals.words import ORIGINS, STATES, member
from api.web.render import page
from api.web.views.common import Fact, Mark
from api.web.visitor import Visitor
from api.web.words import local, minute
from core.errors import AppError, NotFound
from core.principal import Principal
from core.text import Text
from idp.clients.document import registration_document
from idp.clients.duties import manages
from idp.clients.looking import PortalView as Seen
from idp.clients.records import ClientError, ProposalState
from idp.model import Client, ClientStatus, DeliveryHealth

router = APIRouter()
_ONE = f"{LIST}/{{client_id}}"
_DAYS = 14
_ERRORS = 100
_SHOWN_ERRORS = 12
_SAID = {
    "disabled": Text("已停用，它现在登录不了人、也取不到令牌。", "Disabled. It can log nobody in and gets no tokens."),
    "active": Text("已恢复使用。", "It works again."),
    "ended": Text("旧密钥已停用。", "The earlier secret counts no longer."),
}
_UNTOLD = frozenset({"client_id", "client_id_issued_at", "client_name", "client_name#zh-CN", "client_name#en"})


@router.get(_ONE)
async def portal(request: Request, client_id: str) -> Response:
    """Everything about one client."""
    who = await keeper(request)
    return await _shown(request, who, client_id, note=_SAID.get(request.query_params.get("said", "")))


@router.post(f"{_ONE}/disable")
async def disable(request: Request, client_id: str) -> Response:
    """Nothing works for it any more, everywhere within seconds."""
    change = container(request).idp.clients.status
    return await _done(request, client_id, "disabled", lambda who: change(client_id, ClientStatus.DISABLED, who))


@router.post(f"{_ONE}/enable")
async def enable(request: Request, client_id: str) -> Response:
    """A security administrator lets it work again."""
    change = container(request).idp.clients.status
    return await _done(request, client_id, "active", lambda who: change(client_id, ClientStatus.ACTIVE, who))


@router.post(f"{_ONE}/secrets")
async def add_secret(request: Request, client_id: str) -> Response:
    """A second secret, shown this once."""
    who, form = await keeper(request), await read_form(request)
    days = int(form["days"]) if form["days"].isdigit() and len(form["days"]) < 4 else 7
    clients = container(request).idp.clients
    try:
        made = await clients.secrets.add(client_id, who.principal, overlap=dt.timedelta(days=days))
    except NotFound:
        raise
    except AppError as error:
        return await _shown(request, who, client_id, error=error)
    seen = await clients.look.read(client_id, who.principal)
    earlier = None
    if made.earlier_ends_at is not None:
        until = minute(made.earlier_ends_at)
        earlier = Text(f"旧密钥可用到 {until}。", f"The earlier one counts until {until}.")
    view = SecretView(client_id, seen.client.name, made.value, earlier, waits=False)
    return page(request, "portal_secret.html", status=201, view=view)


@router.post(f"{_ONE}/secrets/earlier/end")
async def end_earlier(request: Request, client_id: str) -> Response:
    """The earlier of two secrets counts no longer."""
    secrets = container(request).idp.clients.secrets
    return await _done(request, client_id, "ended", lambda who: secrets.end_earlier(client_id, who))


async def _done(
    request: Request, client_id: str, said: str, step: Callable[[Principal], Awaitable[object]]
) -> Response:
    who = await keeper(request)
    await read_form(request)
    try:
        await step(who.principal)
    except NotFound:
        raise
    except AppError as error:
        return await _shown(request, who, client_id, error=error)
    return RedirectResponse(f"{LIST}/{quote(client_id)}?{urlencode({'said': said})}", 303)


async def _shown(
    request: Request, who: Visitor, client_id: str, *, note: Text | None = None, error: AppError | None = None
) -> Response:
    clients, now = container(request).idp.clients, container(request).ground.clock.now()
    seen = await clients.look.read(client_id, who.principal)
    cursor = request.query_params.get("after")
    errors = await clients.errors(client_id, who.principal, cursor=cursor, limit=_ERRORS)
    client, manager = seen.client, manages(who.principal, seen.client.organisation)
    two = client.earlier_secret_ends_at is not None and client.earlier_secret_ends_at > now
    health = await container(request).idp.delivery_log.health(client_id, who.principal)
    bars, most = day_bars(errors.items, local(now).date())
    open_ = [one for one in seen.proposals if one.state is ProposalState.OPEN]
    view = PortalView(
        id=client.id,
        name=client.name,
        mark=STATES[client.status],
        facts=await _facts(request, seen),
        secrets=_secrets(client, two=two),
        may_add_secret=manager and client.secret_digest is not None and not two,
        may_end_earlier=manager and two,
        may_change=manager and client.status is not ClientStatus.PENDING and not open_,
        may_disable=client.status is ClientStatus.ACTIVE and (manager or decides(who)),
        may_enable=client.status is ClientStatus.DISABLED and decides(who),
        notices=_notices(health) if client.backchannel_logout_uri else (),
        notices_mark=_notices_mark(health),
        bars=bars,
        most=most,
        errors=tuple(_error(one) for one in errors.items[:_SHOWN_ERRORS]),
        next_href=None,
        proposals=tuple([await waiting_row(request, one, who) for one in open_]),
        note=note,
        error=error.text if error else None,
    )
    return page(request, "portal_one.html", status=status_of(error) if error else 200, view=view)


async def _facts(request: Request, seen: Seen) -> tuple[Fact, ...]:
    document = registration_document(seen.client, administrators=True)
    organisation = await organisation_name(request, seen.client.organisation)
    facts = [Fact(member("client_id"), seen.client.id, mono=True)]
    if organisation is not None:
        facts.append(Fact(member("organisation"), organisation))
    for name, value in document.items():
        if name not in _UNTOLD | {"organisation"} and value not in (None, False, [], ""):
            facts.append(Fact(member(name), _told(value), mono=not isinstance(value, bool)))
    record = seen.registration
    origin, at = ORIGINS[record.origin], minute(record.changed_at)
    facts.append(Fact(Text("来历", "Origin"), Text(f"{origin.zh}，{at} 改过", f"{origin.en}, changed {at}")))
    return tuple(facts)


def _told(value: object) -> str | Text:
    if value is True:
        return Text("是", "yes")
    if isinstance(value, dict) and "keys" in value:
        names = [str(one.get("kid", one.get("kty", "?"))) for one in value["keys"]]
        return Text(f"{len(names)} 把：{'、'.join(names)}", f"{len(names)}: {', '.join(names)}")
    return "\n".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _secrets(client: Client, *, two: bool) -> Text | None:
    if client.secret_digest is None:
        return None
    if two and client.earlier_secret_ends_at is not None:
        until = minute(client.earlier_secret_ends_at)
        return Text(f"两个密钥都可用，旧的到 {until} 为止。", f"Two secrets count; the earlier one until {until}.")
    return Text(
        "一个密钥在用。我们不存原文，丢了只能换新的。", "One secret counts. We keep no copy; if lost, make another."
    )


def _notices(health: DeliveryHealth) -> tuple[Fact, ...]:
    """How log-out notices reached the portal in the last seven days."""
    facts = [
        Fact(Text("送到", "Delivered"), str(health.delivered)),
        Fact(Text("还在重试", "Being tried again"), str(health.pending)),
        Fact(Text("放弃了", "Given up"), str(health.given_up)),
    ]
    if health.last_delivered_at is not None:
        facts.append(Fact(Text("最近送到", "Last delivered"), minute(health.last_delivered_at)))
    if health.failures_in_row and health.last_result:
        facts.append(Fact(Text("最近一次的问题", "What went wrong last"), health.last_result, mono=True))
    return tuple(facts)


def _notices_mark(health: DeliveryHealth) -> Mark:
    if health.failures_in_row:
        times = health.failures_in_row
        return Mark("bad", "no", Text(f"连续 {times} 次没送到", f"failed {times} times in a row"))
    if health.last_delivered_at is None:
        return Mark("", "info", Text("还没有送过", "none sent yet"))
    return Mark("good", "check", Text("都送到了", "arriving"))


def day_bars(errors: Sequence[ClientError], today: dt.date) -> tuple[tuple[DayBar, ...], int]:
    """Refusals of the last days as bars, and the largest number among them."""
    counted: Counter[dt.date] = Counter()
    for one in errors:
        counted[local(one.at).date()] += one.times
    days = [today - dt.timedelta(days=_DAYS - 1 - n) for n in range(_DAYS)]
    most = max((counted[day] for day in days), default=0)
    width = 100 / _DAYS
    bars = []
    for n, day in enumerate(days):
        share = 100 * counted[day] / most if most else 0
        label = Text(f"{day.month} 月 {day.day} 日：{counted[day]} 次", f"{day:%Y-%m-%d}: {counted[day]}")
        bars.append(DayBar(f"{n * width + width * 0.15:.2f}%", f"{100 - share:.2f}%", f"{share:.2f}%", label))
    return tuple(bars), most


def _error(one: ClientError) -> ErrorRow:
    return ErrorRow(
        minute(one.at),
        one.endpoint,
        one.error,
        one.description,
        one.detail,
        hint(one.error),
        one.request_id or "",
        one.times,
    )

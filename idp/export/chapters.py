"""What the identity provider keeps about a person, chapter by chapter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from core.db.database import Database
from core.paging import MAX_PAGE, Page
from core.principal import Principal
from core.text import Text
from idp.export.model import Chapter, Value
from idp.history import ALL_ACTIONS, LISTED, OwnHistory
from idp.login.consent import Consents
from idp.login.own_sessions import OwnSessions
from idp.login_history.read import OwnLogIns
from idp.own_account import ReadOwnAccount
from idp.ports import AccountStore
from idp.upstream.ports import LinkStore

Item = TypeVar("Item")
MOST = 2_000
"""Of the entries of one list; what lies further back is in the audit log."""

KEPT_ACTIONS = (*ALL_ACTIONS, LISTED)
_AT, _METHOD = Text("时间", "When"), Text("方式", "How")
_SITE, _SOURCE = Text("网站", "Site"), Text("网络地址", "Network address")
_BROWSER = Text("浏览器", "Browser")


class AccountChapters:
    """Implements `idp.export.ports.ChapterSource`."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        links: LinkStore,
        account: ReadOwnAccount,
        sessions: OwnSessions,
        log_ins: OwnLogIns,
        consents: Consents,
        history: OwnHistory,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._links = links
        self._account = account
        self._sessions = sessions
        self._log_ins = log_ins
        self._consents = consents
        self._history = history

    async def chapters(self, person: Principal) -> Sequence[Chapter]:
        return [
            await self._identity(person),
            await self._ways_in(person),
            await self._duties(person),
            await self._places(person),
            await self._log_in_list(person),
            await self._agreed(person),
            await self._happened(person),
        ]

    async def _identity(self, person: Principal) -> Chapter:
        own = await self._account(person)
        address = own.details.address.claim() if own.details.address else {}
        entry: dict[str, Value] = {
            "account": own.person.account_id,
            "name": own.person.name,
            "number": None if own.person.citizen_id is None else own.person.citizen_id.number,
            "documents": [
                f"{one.kind.value} {one.state} {one.number}".replace("  ", " ") for one in own.person.documents
            ],
            "phone": own.phone,
            "email": own.details.email,
            "email_verified": own.details.email_verified,
            "address": address.get("formatted"),
            "postal_code": address.get("postal_code"),
            "level": own.person.level,
            "since": _iso(own.since),
        }
        labels = {
            "account": Text("账号编号", "Account"),
            "name": Text("姓名", "Name"),
            "number": Text("证件号", "ID number"),
            "documents": Text("其他证件", "Further documents"),
            "phone": Text("手机号", "Mobile number"),
            "email": Text("邮箱", "E-mail"),
            "email_verified": Text("邮箱已核实", "E-mail verified"),
            "address": Text("联系地址", "Postal address"),
            "postal_code": Text("邮政编码", "Postal code"),
            "level": Text("实名等级", "Identity level"),
            "since": Text("开户时间", "Since"),
        }
        about = Text("您是谁，怎样联系到您。", "Who you are, and how you can be reached.")
        return Chapter("account", Text("账号", "Account"), about, labels, [entry])

    async def _ways_in(self, person: Principal) -> Chapter:
        async with self._database.read() as tx:
            links = await self._links.of_account(tx, person.id)
        entries = [
            {"provider": one.provider_id, "linked_at": _iso(one.linked_at), "used_at": _iso(one.used_at)}
            for one in links
        ]
        labels = {
            "provider": Text("哪里的账号", "Where"),
            "linked_at": Text("绑定时间", "Linked"),
            "used_at": Text("最近使用", "Last used"),
        }
        about = Text("您绑定过、可以用来登录的其他账号。", "Other accounts that you linked and that log you in.")
        return Chapter("linked-accounts", Text("绑定的账号", "Linked accounts"), about, labels, entries)

    async def _duties(self, person: Principal) -> Chapter:
        async with self._database.read() as tx:
            roles = await self._accounts.roles(tx, person.id)
        entries = [
            {"organisation": one.organisation, "role": one.role, "until": None if one.until is None else str(one.until)}
            for one in roles
        ]
        labels = {
            "organisation": Text("单位", "Organisation"),
            "role": Text("岗位", "Duty"),
            "until": Text("到哪一天", "Until"),
        }
        about = Text("您作为工作人员的岗位。", "Your duties as a member of staff.")
        return Chapter("duties", Text("岗位", "Duties"), about, labels, entries)

    async def _places(self, person: Principal) -> Chapter:
        entries = [
            {
                "since": _iso(one.session.authenticated_at),
                "last_seen": _iso(one.session.seen_at),
                "kind": one.session.kind.value,
                "browser": one.session.user_agent,
                "source": one.session.source,
                "method": list(one.session.amr),
                "sites": [client.id for client in one.clients],
            }
            for one in await self._sessions.of(person)
        ]
        labels = {
            "since": Text("登录时间", "Since"),
            "last_seen": Text("最近在用", "Last seen"),
            "kind": Text("哪一种", "Kind"),
            "browser": _BROWSER,
            "source": _SOURCE,
            "method": _METHOD,
            "sites": Text("进过的网站", "Sites entered"),
        }
        about = Text("您现在在哪里登录着。", "Where you are logged in now.")
        return Chapter("sessions", Text("登录着的地方", "Log-ins that are open"), about, labels, entries)

    async def _log_in_list(self, person: Principal) -> Chapter:
        found = await everything(lambda cursor: self._log_ins.of(person, cursor, MAX_PAGE))
        entries = [
            {
                "at": _iso(one.at),
                "outcome": one.outcome.value,
                "method": one.method,
                "reason": one.reason or None,
                "times": one.times,
                "browser": one.user_agent,
                "source": one.source,
            }
            for one in found
        ]
        labels = {
            "at": _AT,
            "outcome": Text("结果", "Outcome"),
            "method": _METHOD,
            "reason": Text("没有成功的原因", "Why it failed"),
            "times": Text("次数", "Times"),
            "browser": _BROWSER,
            "source": _SOURCE,
        }
        about = Text("半年以内登录成功和不成功的记录。", "Log-ins and failed tries of the last half year.")
        return Chapter("log-ins", Text("登录记录", "Log-in history"), about, labels, entries)

    async def _agreed(self, person: Principal) -> Chapter:
        entries = [
            {
                "site": one.client_id,
                "given": sorted(one.scopes),
                "left_out": sorted(one.declined),
                "since": _iso(one.granted_at),
            }
            for one in await self._consents.of(person)
        ]
        labels = {
            "site": _SITE,
            "given": Text("给了什么", "Given"),
            "left_out": Text("没有给", "Left out"),
            "since": Text("从什么时候", "Since"),
        }
        about = Text("您同意告诉哪些网站什么。", "What you agreed to tell which sites.")
        return Chapter("site-consents", Text("给网站的同意", "Consents to sites"), about, labels, entries)

    async def _happened(self, person: Principal) -> Chapter:
        found = await everything(lambda cursor: self._history.of(person, cursor, MAX_PAGE, actions=KEPT_ACTIONS))
        entries = [
            {
                "at": _iso(one.at),
                "what": one.action,
                "done": one.done,
                "site": one.client_id,
                "office": one.office,
                "told": list(one.told),
                "basis": one.basis,
            }
            for one in found
        ]
        labels: Mapping[str, Text] = {
            "at": _AT,
            "what": Text("什么事", "What"),
            "done": Text("做成了", "Done"),
            "site": _SITE,
            "office": Text("哪个机构", "Office"),
            "told": Text("告诉了对方", "What they were told"),
            "basis": Text("事由", "What for"),
        }
        about = Text("账号上发生过的事，从审计记录里取出。", "What happened to your account, from the audit log.")
        return Chapter("events", Text("发生过的事", "Events"), about, labels, entries)


async def everything(page: Callable[[str | None], Awaitable[Page[Item]]]) -> Sequence[Item]:
    """All entries of a paged list, up to `MOST`."""
    found: list[Item] = []
    cursor: str | None = None
    while len(found) < MOST:
        one = await page(cursor)
        found += one.items
        cursor = one.next_cursor
        if cursor is None:
            break
    return found


def _iso(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="seconds")

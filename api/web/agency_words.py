"""Roles and states of authorisations in words."""

from __future__ import annotations

from collections.abc import Mapping

from api.web.views.common import Mark
from core.text import Text
from idp.agency.model import Authorisation, Reason, Role, State

ROLES: Mapping[Role, Text] = {
    Role.REPRESENTATIVE: Text("法定代表人", "legal representative"),
    Role.MANAGER: Text("授权管理员", "manager"),
    Role.AGENT: Text("经办人", "agent"),
}
REASONS: Mapping[Reason, Text] = {
    Reason.REVOKED: Text("已被收回", "taken back"),
    Reason.RESIGNED: Text("本人放弃", "laid down by the agent"),
    Reason.GIVER_ENDED: Text("授权人的授权已结束", "the giver's own authority ended"),
    Reason.REPLACED: Text("法定代表人已变更", "there is another legal representative"),
    Reason.DISSOLVED: Text("单位已注销", "the organisation was dissolved"),
    Reason.ACCOUNT_CLOSED: Text("账号已注销", "the account was closed"),
}
_OFFERED = Mark("info", "clock", Text("等对方接受", "waits for acceptance"))
_LAPSED = Mark("", "clock", Text("授权码已过期", "the code has run out"))
_FORCE = Mark("good", "check", Text("有效", "in force"))
_LATER = Mark("info", "clock", Text("还没到开始日", "begins later"))
_OVER = Mark("", "clock", Text("已到期", "ran out"))
_DECLINED = Mark("", "x", Text("对方没有接受", "declined"))
_ENDED = Mark("", "x", Text("已结束", "ended"))


def mark_of(one: Authorisation, *, in_force: bool, lapsed: bool, begun: bool) -> Mark:
    """The state in one word with an icon.

    Args:
        in_force: may be used today.
        lapsed: an offer whose time is over.
        begun: its first day has come.
    """
    if one.state is State.OFFERED:
        return _LAPSED if lapsed else _OFFERED
    if one.state is State.DECLINED:
        return _DECLINED
    if one.state is State.ENDED:
        return _ENDED
    return _FORCE if in_force else _OVER if begun else _LATER

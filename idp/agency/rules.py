"""Who may authorise whom, for what and for how long: pure rules, nothing is ever wider than what it rests on."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from core.errors import InvalidInput, NotPermitted
from core.text import Text
from idp.agency.model import Authorisation, Role

LONGEST = dt.timedelta(days=2 * 366)
MOST_ITEMS = 50
_ITEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)


def check_items(items: Sequence[str]) -> tuple[str, ...]:
    """
    Raises:
        InvalidInput: `items-invalid`.
    """
    kept = tuple(dict.fromkeys(items))
    if len(kept) > MOST_ITEMS or not all(_ITEM.fullmatch(item) for item in kept):
        raise InvalidInput(
            "items-invalid",
            Text(
                "事项编码只能由字母、数字和 . _ : - 组成，一次最多 50 个。",
                "A service item's code has letters, digits and . _ : - only; 50 at most.",
            ),
            field="items",
        )
    return kept


def check_days(starts_on: dt.date, ends_on: dt.date, today: dt.date) -> None:
    """
    Raises:
        InvalidInput: `days-invalid`.
    """
    if not today <= starts_on <= ends_on or ends_on - starts_on > LONGEST:
        raise InvalidInput(
            "days-invalid",
            Text(
                "授权从今天或以后开始，到期日不早于开始日，最长两年。",
                "It begins today or later, ends on that day or later, and lasts two years at most.",
            ),
            field="ends_on",
        )


def check_may_give(
    giver: Authorisation, role: Role, items: Sequence[str], starts_on: dt.date, ends_on: dt.date, today: dt.date
) -> None:
    """
    Raises:
        NotPermitted: `authorisation-not-yours`, `authorisation-too-wide`.
    """
    above = {Role.REPRESENTATIVE: (Role.MANAGER, Role.AGENT), Role.MANAGER: (Role.AGENT,), Role.AGENT: ()}
    if not giver.in_force(today) or role not in above[giver.role]:
        raise not_yours()
    lasts = giver.ends_on is None or ends_on <= giver.ends_on
    if not lasts or starts_on < giver.starts_on or not _within(items, giver.items):
        raise NotPermitted(
            "authorisation-too-wide",
            Text(
                "您给出的授权不能比您自己的更宽：事项要在您的范围内，到期日不晚于您的到期日。",
                "What you give can't be wider than what you have: items within yours, and no later end.",
            ),
        )


def may_end(ender: Authorisation, one: Authorisation, today: dt.date) -> bool:
    """Whether the holder of `ender` may revoke `one`: the representative any, a manager what they gave themselves."""
    if ender.organisation != one.organisation or ender.id == one.id or not ender.in_force(today):
        return False
    if ender.role is Role.REPRESENTATIVE:
        return one.role is not Role.REPRESENTATIVE
    return ender.role is Role.MANAGER and one.under == ender.id


def not_yours() -> NotPermitted:
    return NotPermitted(
        "authorisation-not-yours",
        Text(
            "只有法定代表人或授权管理员能做这件事，而且只能在自己的授权之内。",
            "Only the legal representative or a manager can do this, and only within their own authority.",
        ),
    )


def _within(items: Sequence[str], limit: Sequence[str]) -> bool:
    return not limit or (bool(items) and set(items) <= set(limit))

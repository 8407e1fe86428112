"""Life lines of revocation lists: each must be made anew before its nextUpdate (RFC 5280 §5.1.2.5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.text import Text
from keys.horizon.certificate_lines import authority_name
from keys.horizon.model import Kind, Lifeline, Renewal, Span, SpanState
from keys.x509.model import AuthorityRow, StoredList
from keys.x509.profiles import EVERY_AUTHORITY

_ROOT_NOTICE = dt.timedelta(days=60)
_STAKE = Text("外面的人不再认这家机构的证书。", "outsiders no longer accept what this authority issued.")


class Authorities(Protocol):
    """The part of the register that is asked."""

    async def authorities(self) -> Sequence[AuthorityRow]: ...


class Lists(Protocol):
    """The part of the lists' store that is asked."""

    async def get(self, key_id: str, part: int | None) -> StoredList | None: ...


class ListLines:
    """Implements `keys.horizon.survey.LifelineSource`."""

    def __init__(self, register: Authorities, lists: Lists) -> None:
        self._register = register
        self._lists = lists

    async def lines(self, now: dt.datetime) -> Sequence[Lifeline]:
        found = []
        for row in await self._register.authorities():
            kept = await self._lists.get(row.key_id, None)
            if kept is not None:
                found.append(_line(row, kept))
        return found


def _line(row: AuthorityRow, kept: StoredList) -> Lifeline:
    offline = EVERY_AUTHORITY[row.name].is_root
    life = kept.next_update - kept.this_update
    name = authority_name(row.name)
    return Lifeline(
        id=f"crl/{row.slug}",
        kind=Kind.CRL,
        name=Text(f"吊销列表（{name.zh}）", f"Revocation list, {name.en.lower()}"),
        detail=Text(f"第 {kept.number} 期", f"number {kept.number}"),
        spans=(Span(SpanState.ACTIVE, kept.this_update, kept.next_update),),
        ends=kept.next_update,
        # others are made anew at half of their life: at three quarters that has failed
        act_by=kept.next_update - (_ROOT_NOTICE if offline else life / 4),
        renewal=Renewal.CEREMONY if offline else Renewal.AUTOMATIC,
        stake=_STAKE,
    )

"""Life lines of imported trust lists: after its next update a list vouches for nobody new (ETSI TS 119 612 §5.3.15)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.text import Text
from keys.horizon.model import Kind, Lifeline, Renewal, Span, SpanState
from keys.trust.documents import read_document
from keys.trust.lists import OWN
from keys.trust.model import TrustList
from keys.trust.ports import ListRevision

_STAKE = Text(
    "这份列表上的机构签发的证书不再被接受。", "certificates of the authorities on this list are accepted no longer."
)


class Lists(Protocol):
    """The part of the store of trust lists that is asked."""

    async def latest(self) -> Sequence[ListRevision]: ...


class TrustLines:
    """Implements `keys.horizon.survey.LifelineSource`."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists

    async def lines(self, now: dt.datetime) -> Sequence[Lifeline]:
        return [
            _line(change.source, read_document(change.document))
            for change in await self._lists.latest()
            if change.source != OWN and change.document is not None
        ]


def _line(source: str, trust_list: TrustList) -> Lifeline:
    life = trust_list.next_update - trust_list.issued_at
    publisher = trust_list.publisher
    return Lifeline(
        id=f"trust-list/{source}",
        kind=Kind.TRUST_LIST,
        name=Text(f"信任列表（{publisher.zh}）", f"Trust list of {publisher.en}"),
        detail=Text(f"{source}，第 {trust_list.sequence} 期", f"{source}, number {trust_list.sequence}"),
        spans=(Span(SpanState.ACTIVE, trust_list.issued_at, trust_list.next_update),),
        ends=trust_list.next_update,
        act_by=trust_list.next_update - life / 4,
        renewal=Renewal.OUTSIDE,
        stake=_STAKE,
    )

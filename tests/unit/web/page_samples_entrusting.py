"""What the pages of entrusting are tried with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from api.web.entrust_words import REASONS
from api.web.views.common import Mark, TimelineEntry
from api.web.views.entrusting import (
    EndEntrustmentView,
    EntrustFormView,
    EntrustmentRow,
    EntrustmentsView,
    EntrustmentView,
    OfferRow,
    WaitingRow,
)
from certstore.entrust.model import EndReason
from core.text import Text
from tests.unit.web.page_samples import NOW, WRONG

_HOUSE, _PERMIT = Text("不动产权证书<b>", "Real Estate Certificate<b>"), Text("居住证", "Residence Permit")
_ITEM = Text("公共租赁住房资格申请", "Application for public rental housing")
_OFFICE = Text("示例市住房保障局", "Housing Bureau")
_FORCE, _ENDED = Mark("good", "check", Text("有效", "in force")), Mark("", "x", Text("已结束", "ended"))
_FIRST, _LAST = dt.date(2026, 11, 23), dt.date(2026, 12, 23)
_USED = Text("已办 1 件，最多 2 件", "1 of 2 cases")
_PAGE = "/me/entrustments"


def _row(mark: Mark = _FORCE, *items: Text) -> EntrustmentRow:
    href = f"{_PAGE}/ent_1"
    masked = "410199 ******** 2049"
    return EntrustmentRow(
        href, "赵映雪", masked, "替我办公租房<i>", (_HOUSE, _PERMIT), items, _FIRST, _LAST, _USED, mark
    )


_OFFER = OfferRow(f"{_PAGE}/ent_2/answer", NOW, _row(Mark("info", "clock", Text("等对方接受", "waits")), _ITEM))
_WAITING = WaitingRow("/consents/con_1", Text("林知远", "林知远"), _OFFICE, _HOUSE, _ITEM)
_SENT = {"name": "<i>", "number": "", "purpose": "", "item": "", "starts_on": "2026-11-23", "ends_on": "", "uses": "1"}
_STORY = (
    TimelineEntry(
        "check", Text("同意提供居住证", "Agreed to give"), Text("给住房局", "Housing"), Text("今天", "today")
    ),
)


def _form(field: str | None = None) -> EntrustFormView:
    types = (("1" * 21, _HOUSE), ("2" * 21, _PERMIT))
    items = (("", "任何用到这些证照的事"), ("410199-ZF-0207", "公共租赁住房资格申请"))
    error = None if field is None else WRONG
    return EntrustFormView(f"{_PAGE}/new", types, items, frozenset({"1" * 21}), _SENT, 100, _LAST, error, field or "")


SAMPLES: Mapping[str, tuple[str, object, str | None]] = {
    "entrustments-none": (
        "entrustments.html",
        EntrustmentsView((), (), (), (), (), f"{_PAGE}/new"),
        "citizen",
    ),
    "entrustments": (
        "entrustments.html",
        EntrustmentsView((_OFFER,), (_WAITING,), (_row(),), (_row(),), (_row(_ENDED),), f"{_PAGE}/new", _USED, WRONG),
        "citizen",
    ),
    "entrust": ("entrustment_new.html", _form(), "citizen"),
    **{
        f"entrust-wrong-{name}": ("entrustment_new.html", _form(name), "citizen")
        for name in ("", "code", "types", "uses")
    },
    "entrust-nothing": (
        "entrustment_new.html",
        EntrustFormView(f"{_PAGE}/new", (), (), frozenset(), _SENT, 100, _LAST),
        "citizen",
    ),
    "entrustment": (
        "entrustment.html",
        EntrustmentView(_row(), True, _STORY, None, f"{_PAGE}/ent_1/end", _PAGE),
        "citizen",
    ),
    "entrustment-ended": (
        "entrustment.html",
        EntrustmentView(_row(_ENDED, _ITEM), False, (), REASONS[EndReason.TAKEN_BACK], None, _PAGE),
        "citizen",
    ),
    "entrustment-take-back": (
        "entrustment_end.html",
        EndEntrustmentView(f"{_PAGE}/ent_1/end", f"{_PAGE}/ent_1", "赵映雪", True),
        "citizen",
    ),
    "entrustment-lay-down": (
        "entrustment_end.html",
        EndEntrustmentView(f"{_PAGE}/ent_1/end", f"{_PAGE}/ent_1", "林知远", False),
        "citizen",
    ),
}

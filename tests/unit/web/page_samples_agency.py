"""What the pages of organisations and their agents are tried with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from api.web.agency_words import REASONS, ROLES
from api.web.views.common import Mark
from api.web.views.organisations import (
    ActingView,
    AgentRow,
    EndView,
    GivenView,
    GiveView,
    HatRow,
    HeldRow,
    OfferRow,
    OfferView,
    OrganisationsView,
    RepresentView,
)
from core.text import Text
from idp.agency.model import Reason, Role
from tests.unit.web.page_samples import NOW, PORTAL, WRONG

_NAME = Text("演示建材有限公司<b>", "Demo Building Materials Ltd<b>")
_CODE = "91 410199 DEMA00044 X"
_FIRST, _LAST = dt.date(2026, 11, 23), dt.date(2027, 5, 31)
_ITEMS = ("SB-001", "GJJ-014")
_FORCE, _ENDED = Mark("good", "check", Text("有效", "in force")), Mark("", "x", Text("已结束", "ended"))
_MASKED = "410199 ******** 2049"
_REP, _AGENT = ROLES[Role.REPRESENTATIVE], ROLES[Role.AGENT]
_HATS = (
    HatRow("aut_1", _NAME, _CODE, _REP, (), None),
    HatRow("aut_2", _NAME, _CODE, _AGENT, _ITEMS, _LAST, current=True),
)
_AGENTS = (AgentRow("赵映雪", _MASKED, _AGENT, _ITEMS, _FIRST, _LAST, _FORCE, None, "/me/organisations/aut_3/end"),)
_FORMER = (AgentRow("赵映雪", _MASKED, _AGENT, (), _FIRST, _LAST, _ENDED, REASONS[Reason.REVOKED]),)
_GIVE, _END = "/me/organisations/aut_1/give", "/me/organisations/aut_1/end"
_HELD = HeldRow(_NAME, _CODE, _REP, (), _FIRST, None, _FORCE, True, _GIVE, _END, _AGENTS, _FORMER)
_ALONE = HeldRow(_NAME, _CODE, _REP, (), _FIRST, None, _FORCE, True, _GIVE, _END)
_MINE = HeldRow(_NAME, _CODE, _AGENT, _ITEMS, _FIRST, _LAST, _FORCE, True, None, "/me/organisations/aut_2/end")
_GONE = HeldRow(_NAME, _CODE, _AGENT, (), _FIRST, _LAST, _ENDED, False)
_OFFER = OfferRow("aut_4", _NAME, _CODE, _AGENT, _ITEMS, _FIRST, _LAST)
_VALUES = {"name": "<i>", "number": "", "role": "agent", "items": "", "starts_on": "2026-11-23", "ends_on": ""}


def _give(field: str | None = None, *, managers: bool = True) -> GiveView:
    error = WRONG if field is not None else None
    limit = () if managers else _ITEMS
    return GiveView(_GIVE, _NAME, limit, _FIRST, _LAST, managers, _VALUES, error, field or None)


SAMPLES: Mapping[str, tuple[str, object, str | None]] = {
    "acting": (
        "acting.html",
        ActingView("/acting?i=x", _HATS[:1], PORTAL, "a.example.test", name="林知远"),
        "citizen",
    ),
    "acting-required": (
        "acting.html",
        ActingView("/acting?i=x", _HATS, PORTAL, "a.example.test", self_allowed=False, compact=True),
        "citizen",
    ),
    "acting-own": ("acting.html", ActingView("/acting", _HATS, name="林知远", self_current=True), "citizen"),
    "organisations": ("organisations.html", OrganisationsView((_HELD, _MINE), (_GONE,), (_OFFER,), PORTAL), "citizen"),
    "organisations-none": ("organisations.html", OrganisationsView((), (), (), code_error=WRONG), "citizen"),
    "organisations-alone": ("organisations.html", OrganisationsView((_ALONE,), (), ()), "citizen"),
    "organisation-offer": ("organisation_offer.html", OfferView(_OFFER), "citizen"),
    "organisation-represent": ("organisation_represent.html", RepresentView(), "citizen"),
    "organisation-represent-wrong": ("organisation_represent.html", RepresentView("<b>", WRONG), "citizen"),
    "organisation-give": ("organisation_give.html", _give(), "citizen"),
    "organisation-give-wrong": ("organisation_give.html", _give(""), "citizen"),
    "organisation-give-number": ("organisation_give.html", _give("number"), "citizen"),
    "organisation-give-manager": ("organisation_give.html", _give("ends_on", managers=False), "citizen"),
    "organisation-given": ("organisation_given.html", GivenView(_NAME, "赵映雪", "BCDF-GHJK-2345", NOW), "citizen"),
    "organisation-end": ("organisation_end.html", EndView(_END, _NAME, "赵映雪", manager=True), "citizen"),
    "organisation-end-own": ("organisation_end.html", EndView(_END, _NAME, None, own=True), "citizen"),
}

"""Samples of the pages of lawful use: the counter's check on its way, one question about several, a view page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from markupsafe import Markup

from api.web.month_chart import month_chart
from api.web.qr import qr_svg
from api.web.views.common import Mark
from api.web.views.consenting import TogetherDoneView, TogetherItem, TogetherView, UseViewPage
from api.web.views.desk import CheckFormView, QuestionView
from api.web.views.statistics import MonthRow, Share, StatisticsView
from core.text import Text
from tests.unit.web.page_samples import COPY, HOUSING, ITEMS, NOW, POLICE, RENTAL, check

DEED, PERMIT = Text("不动产权证书", "Real estate certificate"), Text("居住证", "Residence permit")
COMPANY = Text("示例市青石建材有限公司", "Qingshi Building Materials Ltd")
AGREED, OPEN = Mark("good", "check", Text("已同意", "agreed")), Mark("warn", "clock", Text("等对方决定", "open"))
ADDRESS = "https://yizheng.example.gov.cn/consents/together/cob_01m82ynfm098vcw2j5xvfnzp24"
CHECK = check()
ASKED = replace(
    CHECK,
    ask_action=None,
    deliver_action="/deliver",
    first="again",
    delivered=1,
    question=QuestionView(Markup(qr_svg(ADDRESS)), ADDRESS, ((DEED, OPEN), (PERMIT, AGREED)), open=True),
    agent=("410199 ******** 2049", Mark("good", "check", Text("授权有效", "authorised"))),
)
ROWS = (
    TogetherItem("agree.con_1", "licence.con_1", DEED, ("权利人", "坐落"), ("抵押情况",), (("lic_1", "1.2"),), COPY),
    TogetherItem(
        "agree.con_2",
        "licence.con_2",
        PERMIT,
        ("住址",),
        (),
        (("lic_2", "1.2.3"), ("lic_3", "1.2.4")),
        replace(COPY, colour="blue"),
    ),
    TogetherItem("agree.con_3", "licence.con_3", Text("社会保险缴费证明", "Insurance statement"), (), (), ()),
)
QUESTION = TogetherView(
    "/consents/together/cob_1",
    HOUSING,
    None,
    RENTAL,
    NOW,
    24,
    "第九条（演示）",
    "GZF-1",
    dt.date(2026, 12, 23),
    2,
    ROWS,
)
SEEN = UseViewPage(
    "/use-view/token",
    DEED,
    "pine",
    (("权利人", "林知远"), ("坐落", "示例市青石区演示路 18 号 6 幢"), ("有效期", "长期")),
    ("抵押情况",),
    ("仅供示例市住房保障局", "办理公共租赁住房资格申请"),
    POLICE,
    "1.2.156.3005.2.11410199DEMA00001W207.11410199DEMA00025B.26112300418.001.8",
    "GZF-1",
    NOW,
)
MONTHS = [dt.date(2025 + place // 12, place % 12 + 1, 1) for place in range(24)]
PAPERS = month_chart(
    Text("免交的材料", "Papers saved"),
    MONTHS,
    (
        ("all", Text("要的材料", "materials asked for"), range(0, 240, 10)),
        ("done", Text("没让交的", "not asked for"), range(0, 120, 5)),
    ),
)
FIGURES = StatisticsView(
    saved=1,
    asked=2760,
    checks=920,
    uses=12_345,
    refused=3,
    charts=(PAPERS,),
    months=(MonthRow("2026-12", (1, 2, 3, 4, 5, 6, 7)),),
    items=(Share(DEED, "100.00%", (1, 2, 3)),),
    types=(),
    refusals=(("use-not-granted", 3),),
    fresh=(),
    counted_until=NOW,
    span=24,
)
SAMPLES: Mapping[str, tuple[str, object, str | None]] = {
    "figures": ("office_statistics.html", FIGURES, "office"),
    "clerk-next": ("clerk.html", CheckFormView(ITEMS, "410199-ZF-0207", agent_number="410199"), "clerk"),
    "clerk-asked": ("clerk_check.html", ASKED, "clerk"),
    "consent-together": ("consent_together.html", QUESTION, "citizen"),
    "consent-together-agent": ("consent_together.html", replace(QUESTION, holder=COMPANY, rows=ROWS[:1]), "citizen"),
    "consent-together-done": (
        "consent_together_done.html",
        TogetherDoneView(
            Text("已同意 1 份", "You agreed to 1"), HOUSING, ((DEED, AGREED), (PERMIT, OPEN)), "/withdraw"
        ),
        "citizen",
    ),
    "use-view": ("use_view.html", SEEN, None),
    "use-view-closed": ("use_view.html", UseViewPage("/use-view/token"), None),
}

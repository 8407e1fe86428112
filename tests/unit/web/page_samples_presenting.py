"""Samples of the pages that show a licence and read what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from markupsafe import Markup

from api.web.qr import qr_svg
from api.web.views.common import Fact, Mark
from api.web.views.presenting import (
    DeskVerdict,
    FaceCard,
    OfflineFaceView,
    PresentView,
    ReadFormView,
    ReadView,
    VerifyDeskView,
)
from api.web.views.verification import Answer, CodeRow, CodeView, VerifyResultView, VerifyView
from core.text import Text
from tests.unit.web.page_samples import HOUSING, NOW

FACE = FaceCard(
    "blue",
    Text("居住证", "Residence permit"),
    "林知远",
    "410199 ******** 1031",
    ((Text("住址", "Address"), "示例市青石区***"),),
    Text("示例市公安局", "Police Bureau"),
    Text("2026 年 12 月 19 日", "19 December 2026"),
    Mark("good", "check", Text("有效", "valid")),
    usable=True,
    seal=None,
)
_BASE = "/me/licences/lic_1/show"
OPEN = PresentView(
    FACE, _BASE, "open", full=False, picture=Markup(qr_svg("YIZHENG:8F3K2M7QX9")), code="8F3K-2M7Q-X9", seconds=21
)
READ = PresentView(
    FACE, _BASE, "given", full=False, reader=HOUSING, sign="47", read_at=NOW, presentation="prs_1"
)  # fmt: skip
RESULT = ReadView(
    "",
    "check",
    Text("有效", "Valid"),
    Text("证照库刚刚核过，今天有效。", "The repository has just checked it: valid today."),
    "47",
    NOW,
    None,
    "/clerk/read/prs_1",
    ((Text("姓名", "Name"), "林知远"), (Text("证照", "Licence"), FACE.title)),
)
PHOTO = VerifyResultView(
    tone="old",
    icon="warn",
    verdict=Text("码有效，纸看不出", "The code is good; the paper is untold"),
    sentence=Text("码指向示例市公安局颁发的居住证。", "The code leads to a residence permit."),
    warning=None,
    indication=None,
    code_note=Text("按二维码查", "by its QR code"),
    checked_at=NOW,
    answers=(Answer(Text("是真的吗", "Is it genuine?"), Text("照片看不出", "A picture cannot tell"), "warn", "idk"),)
    * 3,
    file_name="照片.jpg",
    pages=(),
    page_count=0,
    story_title=Text("经过", "What was found"),
    story=(),
    advice=Text("照片证明不了。", "A picture proves nothing."),
    original_href=None,
    report_href="/verify/results/x/report.json",
    facts=(),
    changes=(),
    max_megabytes=20,
    codes=(
        CodeRow("", "check", Text("在库有效", "Held"), Text("有效。", "Valid."), (Fact(FACE.title, FACE.title),)),
        CodeRow("bad", "x", Text("签名不成立", "Forged"), Text("不要采信。", "Do not rely on it.")),
    ),
    picture=True,
)
KNOWN = CodeView(
    "",
    "check",
    Text("在库有效", "Held and valid"),
    Text("示例市公安局颁发的居住证。", "A residence permit."),
    NOW,
    (Fact(Text("证照类型", "Type"), FACE.title),),
    "/v/abc",
    "2026-02-30",
    Text("2026 年 1 月 1 日：有效", "1 January 2026: valid"),
    Text("请写成 2026-11-23 这样的日期。", "Write the day like 2026-11-23."),
)
SAMPLES: Mapping[str, tuple[str, object, str | None]] = {
    "present": ("present.html", OPEN, "citizen"),
    "present-full": ("present.html", replace(OPEN, full=True), "citizen"),
    "present-given": ("present.html", READ, "citizen"),
    "present-waiting": ("present.html", replace(READ, state="waiting", full=True), "citizen"),
    "present-refused": ("present.html", replace(READ, state="refused"), "citizen"),
    "present-ended": (
        "present.html",
        PresentView(
            replace(FACE, usable=False, mark=Mark("bad", "x", Text("吊销", "revoked"))), _BASE, "ended", full=False
        ),
        "citizen",
    ),
    "present-offline": (
        "present_offline.html",
        OfflineFaceView(FACE.title, _BASE, Markup(qr_svg("a" * 600)), 3, NOW),
        "citizen",
    ),
    "verify-photo": ("verify_result.html", PHOTO, None),
    "verify-text-wrong": ("verify.html", VerifyView(20, text_error=Text("没有填。", "Nothing was entered.")), None),
    "code-day": ("code.html", KNOWN, None),
    "read-code": ("read_code.html", ReadFormView("持证人当面亮证"), "clerk"),
    "read-code-wrong": (
        "read_code.html",
        ReadFormView("", error=Text("请写明为什么要看。", "Say why."), error_field="basis"),
        "clerk",
    ),
    "read-result": ("read_result.html", RESULT, "clerk"),
    "read-waiting": (
        "read_result.html",
        replace(RESULT, tone="old", icon="clock", waiting="/clerk/read/prs_1/state", facts=()),
        "clerk",
    ),
    "verify-desk": ("verify_desk.html", VerifyDeskView((("", "没有选"),), (("", "没有选"),)), "clerk"),
    "verify-desk-found": (
        "verify_desk.html",
        VerifyDeskView(
            (("", "没有选"),),
            (("", "没有选"),),
            "1.2.156.3005.2",
            day="2026-01-01",
            holder_name="林知远",
            found=DeskVerdict(
                "",
                "check",
                Text("在库有效", "Held and valid"),
                Text("这是居住证。", "A residence permit."),
                (Fact(FACE.title, FACE.title),),
                Text("2026 年 1 月 1 日：有效", "1 January 2026: valid"),
                Text("对不上。", "It does not fit."),
                "bad",
            ),
        ),
        "clerk",
    ),
    "verify-desk-wrong": (
        "verify_desk.html",
        VerifyDeskView((), (), "x", error=Text("这不是证照标识。", "No identifier."), error_field="what"),
        "clerk",
    ),
}

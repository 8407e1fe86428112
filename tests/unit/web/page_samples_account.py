"""What the pages of a person's account are tried with."""

from __future__ import annotations

from api.web.account_area import GROUPS
from api.web.level_words import HIGHEST, LEVELS
from api.web.log_in_words import METHODS, refusal_words
from api.web.views.account import (
    AccountView,
    Attention,
    ChangeNameView,
    ChangePhoneView,
    CloseView,
    ClosingView,
    ConfirmCloseView,
    ConfirmEmailView,
    DataCopyView,
    DetailsView,
    IdentityLooksView,
    LogInRow,
    LogInsView,
    SectionState,
)
from api.web.views.common import Mark, TimelineEntry
from core.text import Text
from tests.unit.web.page_samples import NOW, PORTAL, WRONG

_MASKED = "410199 ******** 1031"
_STATED = {
    "email": "lin@citizen.invalid",
    "region": "示例市",
    "locality": "青石区",
    "street_address": "<b>1</b>",
    "postal_code": "459999",
}
_EMPTY = dict.fromkeys(_STATED, "")
_ATTENTION = Attention(Text("有 2 次没有成功。", "2 tries failed."), "/me/log-ins", Text("看记录", "See them"))
_REFUSED = Mark("warn", "no", Text("没有成功", "refused"))
_DONE = Mark("good", "check", Text("登录成功", "logged in"))
_EDGE = Text("Edge · Windows", "Edge · Windows")


def _account(level: int, next_href: str | None = None) -> AccountView:
    state = Text("还没有填邮箱", "No e-mail")
    doors = tuple((group.label, tuple(SectionState(one, state) for one in group.sections)) for group in GROUPS)
    attention = (_ATTENTION,) if next_href else ()
    phone = "139 **** 0001" if level else None
    return AccountView("林知远", _MASKED, phone, NOW, level, HIGHEST, LEVELS[level], next_href, attention, doors)


SAMPLES = {
    "account": ("account.html", _account(2, "/prove"), "citizen"),
    "account-registered": ("account.html", _account(0), "citizen"),
    "account-highest": ("account.html", _account(HIGHEST), "citizen"),
    "details": ("details.html", DetailsView("林知远", "139 **** 0001", _STATED, True, None), "citizen"),
    "details-wrong": ("details.html", DetailsView("林知远", None, _STATED, False, None, WRONG, "email"), "citizen"),
    "details-address-wrong": (
        "details.html",
        DetailsView("林知远", None, _STATED, False, None, WRONG, "address"),
        "citizen",
    ),
    "details-not-fresh": (
        "details.html",
        DetailsView("林知远", "139 **** 0001", _STATED, False, "/login?again=1"),
        "citizen",
    ),
    "details-none": (
        "details.html",
        DetailsView("林知远", None, _EMPTY, False, "/login?again=1", done=PORTAL),
        "citizen",
    ),
    "details-to-verify": (
        "details.html",
        DetailsView("林知远", "139 **** 0001", _STATED, False, None, can_verify=True),
        "citizen",
    ),
    "confirm-email": ("confirm_email.html", ConfirmEmailView("lin@citizen.invalid"), "citizen"),
    "confirm-email-wrong": (
        "confirm_email.html",
        ConfirmEmailView("lin@citizen.invalid", WRONG, "code", True),
        "citizen",
    ),
    "confirm-email-too-often": ("confirm_email.html", ConfirmEmailView("lin@citizen.invalid", WRONG), "citizen"),
    "close": ("close.html", CloseView(None, 7), "citizen"),
    "close-not-fresh": ("close.html", CloseView(None, 7, "/login?again=1", Text("已收回。", "Taken back.")), "citizen"),
    "close-due": ("close.html", CloseView(NOW.date(), 7), "citizen"),
    "close-confirm": ("close_confirm.html", ConfirmCloseView(7), "citizen"),
    "closing": ("closing.html", ClosingView(NOW.date()), None),
    "change-name": ("change_name.html", ChangeNameView("林知远", None), "citizen"),
    "change-name-wrong": ("change_name.html", ChangeNameView("林", None, WRONG, "name"), "citizen"),
    "change-name-at-window": ("change_name.html", ChangeNameView("林知远", None, WRONG), "citizen"),
    "change-name-not-fresh": ("change_name.html", ChangeNameView("林知远", "/login?again=1"), "citizen"),
    "change-phone": ("change_phone.html", ChangePhoneView("139 **** 0001", None), "citizen"),
    "change-phone-wrong": (
        "change_phone.html",
        ChangePhoneView(None, None, typed="1", error=WRONG, error_field="phone"),
        "citizen",
    ),
    "change-phone-code": ("change_phone.html", ChangePhoneView("139 **** 0001", None, sent=True, demo=True), "citizen"),
    "change-phone-taken": ("change_phone.html", ChangePhoneView(None, None, sent=True, error=WRONG), "citizen"),
    "change-phone-not-fresh": ("change_phone.html", ChangePhoneView(None, "/login?again=1"), "citizen"),
    "log-ins": (
        "log_ins.html",
        LogInsView(
            (
                LogInRow(NOW, _EDGE, "192.0.2.7", METHODS["password"], _DONE, here=True),
                LogInRow(NOW, _EDGE, "", METHODS["password"], _REFUSED, refusal_words("password-wrong"), 3),
            ),
            None,
            "/me/log-ins?cursor=x",
            180,
        ),
        "citizen",
    ),
    "log-ins-none": ("log_ins.html", LogInsView((), "/me/log-ins", None, 180), "citizen"),
    "identity-looks": (
        "identity_looks.html",
        IdentityLooksView(
            (TimelineEntry("eye", PORTAL, Text("姓名", "name"), Text("2026-11-23 09:51", "2026-11-23 09:51"), "info"),),
            None,
            "/me/accesses/identity?cursor=x",
        ),
        "citizen",
    ),
    "identity-looks-none": ("identity_looks.html", IdentityLooksView((), None, None), "citizen"),
    "data-copy": ("data_copy.html", DataCopyView(None, False, None, None, None, None), "citizen"),
    "data-copy-not-fresh": ("data_copy.html", DataCopyView(None, False, None, None, None, "/login?again=1"), "citizen"),
    "data-copy-under-way": (
        "data_copy.html",
        DataCopyView("working", True, NOW, None, "/me/data-copy?wait=59", None),
        "citizen",
    ),
    "data-copy-resting": ("data_copy.html", DataCopyView("asked", True, NOW, None, None, None), "citizen"),
    "data-copy-ready": ("data_copy.html", DataCopyView("ready", False, NOW, NOW, None, None), "citizen"),
    "data-copy-ready-not-fresh": (
        "data_copy.html",
        DataCopyView("ready", False, NOW, NOW, None, "/login?again=1"),
        "citizen",
    ),
    "data-copy-failed": ("data_copy.html", DataCopyView("failed", False, NOW, None, None, None), "citizen"),
}

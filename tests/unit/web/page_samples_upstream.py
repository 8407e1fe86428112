"""Believable views of the pages about upstream providers."""

from __future__ import annotations

from collections.abc import Mapping

from api.web.views.entrance import LoggedOutView, LoginView
from api.web.views.upstream import (
    GoodbyeView,
    IdentitiesView,
    IdentityRow,
    LinkView,
    UnlinkView,
    UpstreamRefusedView,
    WayIn,
)
from core.text import Text
from tests.unit.web.page_samples import ACCOUNTS, NOW, PORTAL

PROVINCE = Text("示例省统一身份认证", "Example Province ID")
UNIVERSITY = Text("示例大学统一认证", "Example University")
_NO = Text("您在“示例省”没有完成登录。可以再试一次。", "You did not finish logging in. Try again.")
_ROWS = (
    IdentityRow(PROVINCE, NOW, NOW, "/me/identities/province/link", "/me/identities/province/unlink"),
    IdentityRow(UNIVERSITY, None, None, "/me/identities/university/link", "/me/identities/university/unlink"),
)
_WAYS = (WayIn(PROVINCE, "/upstream/province/log-in?i=1"), WayIn(UNIVERSITY, "/upstream/university/log-in?i=1"))

SAMPLES: Mapping[str, tuple[str, object, str | None]] = {
    "login-ways": (
        "login.html",
        LoginView("/login?i=1", PORTAL, "zwfw.demo.invalid", demo_accounts=ACCOUNTS, ways=_WAYS),
        None,
    ),
    "login-stronger": (
        "login.html",
        LoginView("/login?i=1", PORTAL, "zwfw.demo.invalid", demo_accounts=ACCOUNTS, ways=_WAYS[:1], password=False),
        None,
    ),
    "upstream-refused": ("upstream_refused.html", UpstreamRefusedView(_NO, "/login?i=1", False, PROVINCE), None),
    "upstream-not-linked": ("upstream_refused.html", UpstreamRefusedView(_NO, "/me/identities", True), "citizen"),
    "identities": ("identities.html", IdentitiesView(_ROWS[:1], _ROWS[1:], True, None, _NO), "citizen"),
    "identities-old": ("identities.html", IdentitiesView((), _ROWS[1:], True, "/login?again=1"), "citizen"),
    "identities-none": ("identities.html", IdentitiesView((), (), True, None), "citizen"),
    "unlink": ("unlink_identity.html", UnlinkView("/me/identities/province/unlink", PROVINCE), "citizen"),
    "link": (
        "link_identity.html",
        LinkView(PROVINCE, "id.province.invalid", "https://id.province.invalid/a"),
        "citizen",
    ),
    "logged-out-elsewhere": ("logged_out.html", LoggedOutView(elsewhere=PROVINCE, farewell="f"), None),
    "goodbye": (
        "upstream_goodbye.html",
        GoodbyeView(PROVINCE, "https://id.province.invalid/end", (("client_id", "city"),)),
        None,
    ),
}

"""The demo portals: sites of their own that log in, ask, fetch and log out by public protocols."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from api.demo import city as cast
from tests.e2e.conftest import Visit
from tests.e2e.test_pages_public import verify
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]
ZWFW, HOUSING = "/demo/portals/zwfw/", "/demo/portals/housing/"


def agree(window: Visit) -> None:
    """Agree to the scopes, if the page asks."""
    if "/consent" in window.page.url:
        assert faults_of(window.page) == []
        window.page.click("text=同意，告诉对方")


def test_one_log_in_for_two_portals_and_one_log_out(visit: Open) -> None:
    zhao = visit()
    zhao.open(HOUSING)
    assert faults_of(zhao.page) == []
    zhao.page.click("text=用一证登录")
    assert cast.HOUSING_PORTAL.name.zh in zhao.page.inner_text(".asks")
    zhao.log_in(cast.ZHAO.id_number)
    agree(zhao)
    assert zhao.page.url.endswith(HOUSING)
    assert cast.ZHAO.name not in zhao.page.content()  # not approved for real names
    assert faults_of(zhao.page) == []
    zhao.page.click("text=去“")
    agree(zhao)
    assert zhao.page.url.endswith(ZWFW)  # no password was asked for
    assert cast.ZHAO.name in zhao.title()
    assert faults_of(zhao.page) == []
    zhao.page.click("text=全部退出")
    assert zhao.page.url.endswith(ZWFW)
    zhao.open(HOUSING)  # ended from behind (back-channel), though this window never went there
    assert zhao.page.is_visible("text=用一证登录")
    zhao.open("/me")
    assert "/login" in zhao.page.url


def test_saying_no_to_the_scopes_leads_back_without_a_log_in(visit: Open) -> None:
    xu = visit()
    xu.open(ZWFW + "login")
    xu.log_in(cast.XU.id_number)
    assert "/consent" in xu.page.url
    xu.page.click("text=不同意 >> nth=0")
    assert xu.page.url.split("?")[0].endswith("/demo/portals/zwfw/callback")
    assert "没有登录" in xu.page.inner_text(".alert")
    assert faults_of(xu.page) == []


def test_an_application_without_paper(visit: Open, tmp_path: Path) -> None:
    lin = visit()
    lin.open(HOUSING + "login")
    lin.log_in(cast.LIN.id_number)
    agree(lin)
    lin.page.click("text=申请公共租赁住房 >> nth=0")
    assert "/consents/con_" in lin.page.url
    assert faults_of(lin.page) == []
    lin.page.click("text=同意，提供给对方")
    lin.page.click("text=回到对方网站")
    lin.page.click("text=看我的申请")
    assert faults_of(lin.page) == []
    lin.page.click("text=提交申请")
    assert "已取到加注件" in lin.page.inner_text("main")
    assert faults_of(lin.page) == []
    copy = lin.save(tmp_path, "copy.pdf", "text=下载我们收到的副本")
    assert verify(visit(), copy) == "真实有效"


def test_a_refused_application_offers_the_counter(visit: Open) -> None:
    lin = visit()
    lin.open(HOUSING + "login")
    lin.log_in(cast.LIN.id_number)
    agree(lin)
    lin.page.click("text=申请公共租赁住房 >> nth=0")
    lin.page.click("main button:has-text('不同意')")
    lin.page.click("text=回到对方网站")
    lin.page.click("text=看我的申请")
    assert "到窗口办理" in lin.page.inner_text("main")


def test_a_forged_answer_or_logout_token_does_nothing(visit: Open) -> None:
    lin = visit()
    lin.open(HOUSING + "login")
    lin.log_in(cast.LIN.id_number)
    agree(lin)
    lin.open(HOUSING + "callback?code=stolen&state=guessed")
    assert lin.page.url.endswith(HOUSING)
    forged = lin.context.request.post(lin.base + HOUSING + "backchannel-logout", form={"logout_token": "a.b.c"})
    assert forged.status == 400
    lin.open(HOUSING)
    assert lin.page.is_visible("text=全部退出")


@pytest.mark.parametrize("path", [ZWFW, HOUSING])
def test_portals_speak_english_too(visit: Open, path: str) -> None:
    somebody = visit()
    somebody.open(path + "?lang=en")
    assert somebody.title().isascii()
    assert faults_of(somebody.page) == []

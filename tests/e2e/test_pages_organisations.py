"""Acting for an organisation in a browser: shown by the register, handed on by a code, chosen, taken back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from api.demo import city as cast
from tests.e2e.conftest import Visit
from tests.e2e.test_pages_portals import ZWFW, agree
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]
PAGE = "/me/organisations"


def at_home(visit: Open, who: cast.Person) -> Visit:
    window = visit()
    window.open(f"/login?next={PAGE}")
    window.log_in(who.id_number)
    assert window.page.url.endswith(PAGE)
    return window


def represented(visit: Open) -> Visit:
    """Gu, who has shown that the company is his."""
    gu = at_home(visit, cast.GU)
    if cast.BUILDERS.name.zh in gu.page.inner_text("main"):
        return gu
    assert "您还不能代表任何单位" in gu.page.inner_text("main")
    assert faults_of(gu.page) == []
    gu.page.click("text=认证单位")
    gu.page.fill("#uscc", "91410199DEMA000440")
    gu.page.click("button:has-text('核对')")
    assert "最后一位是校验位" in gu.page.inner_text("main")
    assert faults_of(gu.page) == []
    gu.page.fill("#uscc", " 91 410199 dema00044 2 ")
    gu.page.click("button:has-text('核对')")
    assert "您是这个单位的法定代表人" in gu.page.inner_text("[role=status]")
    assert faults_of(gu.page) == []
    return gu


def test_an_agent_acts_until_it_is_taken_back_while_logged_in(visit: Open) -> None:
    gu = represented(visit)
    gu.page.click("a.btn:has-text('授权一位经办人')")
    assert faults_of(gu.page) == []
    gu.page.fill("#name", cast.ZHAO.name)
    gu.page.fill("#number", cast.ZHAO.id_number)
    gu.page.fill("#items", "GJJ-014，SB-001")
    gu.page.click("button.legal:has-text('授权')")
    code = gu.page.inner_text(".bigcode").strip()
    assert re.fullmatch(r"[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}", code)
    assert faults_of(gu.page) == []
    gu.page.click("text=好了")
    assert "等对方接受" in gu.page.inner_text("main")

    other = at_home(visit, cast.CHEN)
    other.page.fill("#code", code)
    other.page.click("button:has-text('查看')")
    assert "没有找到给您的授权" in other.page.inner_text("main"), "a code is worth nothing to anybody else"

    zhao = at_home(visit, cast.ZHAO)
    assert cast.BUILDERS.name.zh in zhao.page.inner_text(".offer"), "it waits on her own page, too"
    zhao.page.fill("#code", code)
    zhao.page.click("button:has-text('查看')")
    assert zhao.title() == "接受这项授权吗？"
    assert faults_of(zhao.page) == []
    zhao.page.click("button:has-text('接受') >> nth=0")
    assert "您已接受授权" in zhao.page.inner_text("[role=status]")

    zhao.open(ZWFW)
    zhao.page.click("text=用一证登录")
    assert zhao.title() == "这次以谁的名义办事"
    assert faults_of(zhao.page) == []
    zhao.page.click(f".hat:has-text('{cast.BUILDERS.name.zh}')")
    agree(zhao)
    assert cast.BUILDERS.name.zh in zhao.page.inner_text("main")
    assert faults_of(zhao.page) == []
    zhao.open("/me/account")
    assert f"以 {cast.BUILDERS.name.zh} 的名义" in " ".join(zhao.page.inner_text(".acting").split())
    assert faults_of(zhao.page) == []

    gu.open(PAGE)
    assert "有效" in gu.page.inner_text(".agents >> nth=0")
    assert faults_of(gu.page) == []
    gu.page.click("a:has-text('收回')")
    assert faults_of(gu.page) == []
    gu.page.click("button.legal:has-text('收回授权')")
    assert "立即生效" in gu.page.inner_text("[role=status]")

    zhao.open("/me/account")
    assert "/login" in zhao.page.url, "the session that acted under it is over"
    zhao.open(ZWFW)
    assert zhao.page.is_visible("text=用一证登录"), "and so is the portal's"
    zhao.page.click("text=用一证登录")
    zhao.log_in(cast.ZHAO.id_number)
    agree(zhao)
    assert cast.BUILDERS.name.zh not in zhao.page.inner_text("main")


def test_one_chooses_and_changes_on_ones_own_account(visit: Open) -> None:
    gu = represented(visit)
    gu.page.click("text=切换名义")
    assert faults_of(gu.page) == []
    gu.page.click(f".hat:has-text('{cast.BUILDERS.name.zh}')")
    assert cast.BUILDERS.name.zh in gu.page.inner_text(".acting")
    gu.page.click(".acting >> text=切换")
    gu.page.click(".hat:has-text('为我自己')")
    assert gu.page.query_selector(".acting") is None


def test_english_fits_and_speaks(visit: Open) -> None:
    gu = represented(visit)
    gu.page.click(".lang a[lang=en]")
    assert gu.title() == "My organisations"
    assert faults_of(gu.page) == []

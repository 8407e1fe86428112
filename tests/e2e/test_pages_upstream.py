"""Log-in through other providers in a real browser: the province's and the university's stand-ins of the demo city."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from api.demo import city as cast
from api.demo.upstream.cast import NEWCOMER, PROVINCE, UNIVERSITY, UNPROVED
from tests.e2e.conftest import Visit
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]
ZWFW, HOUSING = "/demo/portals/zwfw/", "/demo/portals/housing/"


def by(page: Page, name: str) -> None:
    """On the log-in page: choose a provider."""
    page.click(f"text=用{name}登录")
    page.wait_for_load_state()


def as_(page: Page, key: str) -> None:
    """At the stand-in: choose who one is."""
    page.click(f'button[name="person"][value="{key}"]')
    page.wait_for_load_state()


def agree(window: Visit) -> None:
    if "/consent" in window.page.url:
        window.page.click("text=同意，告诉对方")


def test_into_a_portal_by_the_province_and_out_of_everything(visit: Open) -> None:
    lin = visit()
    lin.open(HOUSING + "login")
    assert faults_of(lin.page) == []
    by(lin.page, PROVINCE.name.zh)
    assert "/demo/upstream/province/authorize" in lin.page.url
    assert faults_of(lin.page) == []
    as_(lin.page, "lin")
    agree(lin)
    assert lin.page.url.endswith(HOUSING)
    lin.open("/me")
    assert cast.LIN.name in lin.page.inner_text("main")
    assert PROVINCE.name.zh in lin.page.inner_text("aside")
    assert faults_of(lin.page) == []
    lin.open("/logout")
    lin.page.click("text=全部退出")
    assert faults_of(lin.page) == []
    lin.page.click(f"text=也退出“{PROVINCE.name.zh}”")
    lin.page.wait_for_url("**/logged-out")
    lin.open("/demo/upstream/province/")
    assert "没有登录" in lin.title()
    lin.open(HOUSING)
    assert lin.page.is_visible("text=用一证登录")


def test_the_provinces_log_out_ends_ours(visit: Open) -> None:
    lin = visit()
    lin.open("/login?next=/me")
    by(lin.page, PROVINCE.name.zh)
    as_(lin.page, "lin")
    assert lin.page.url.endswith("/me")
    lin.open("/demo/upstream/province/")
    lin.page.click("main button:has-text('退出')")
    lin.open("/me")
    assert "/login" in lin.page.url


def test_somebody_new_and_somebody_whom_nobody_checked(visit: Open) -> None:
    new, unproved = visit(), visit()
    new.open("/login?next=/me")
    by(new.page, PROVINCE.name.zh)
    as_(new.page, NEWCOMER.key)
    assert new.page.url.endswith("/me")
    assert NEWCOMER.name in new.page.inner_text("main")
    unproved.open("/login?next=/me")
    by(unproved.page, PROVINCE.name.zh)
    as_(unproved.page, UNPROVED.key)
    assert "没有登录" in unproved.title()
    assert "实名认证" in unproved.page.inner_text("main")
    assert faults_of(unproved.page) == []
    unproved.page.click("a.btn:has-text('换一种方式登录')")
    assert unproved.title() == "登录"


def test_link_log_in_unlink(visit: Open) -> None:
    zhao, elsewhere = visit(), visit()
    elsewhere.open("/login?next=/me")
    by(elsewhere.page, UNIVERSITY.name.zh)
    as_(elsewhere.page, "s2026001")
    assert "还没有绑定" in elsewhere.page.inner_text("main")

    zhao.open("/login?next=/me/identities")
    zhao.log_in(cast.ZHAO.id_number)
    assert zhao.page.url.endswith("/me/identities")
    assert faults_of(zhao.page) == []
    zhao.page.click(f"button:has-text('绑定{UNIVERSITY.name.zh}')")
    assert faults_of(zhao.page) == []
    zhao.page.click("text=去登录")
    as_(zhao.page, "s2026001")
    assert f"已绑定“{UNIVERSITY.name.zh}”" in zhao.page.inner_text(".note.good")
    assert faults_of(zhao.page) == []

    elsewhere.open("/login?next=/me")
    by(elsewhere.page, UNIVERSITY.name.zh)  # logged in there already
    assert elsewhere.page.url.endswith("/me")
    assert cast.ZHAO.name in elsewhere.page.inner_text("main")

    zhao.page.click("a.btn:has-text('解除')")
    assert faults_of(zhao.page) == []
    zhao.page.click("main button:has-text('解除')")
    assert "已解除" in zhao.page.inner_text(".note.good")
    elsewhere.open("/me")
    assert "/login" in elsewhere.page.url, "the session that was begun by it has ended"
    by(elsewhere.page, UNIVERSITY.name.zh)
    assert "还没有绑定" in elsewhere.page.inner_text("main")


def test_saying_no_there_and_then_the_password(visit: Open) -> None:
    lin = visit()
    lin.open(HOUSING + "login")
    by(lin.page, PROVINCE.name.zh)
    lin.page.click("text=不登录，返回")
    assert "没有完成登录" in lin.page.inner_text("main")
    lin.page.click("a.btn:has-text('换一种方式登录')")
    assert cast.HOUSING_PORTAL.name.zh in lin.page.inner_text(".asks")
    lin.log_in(cast.LIN.id_number)
    agree(lin)
    assert lin.page.url.endswith(HOUSING)


def test_the_same_in_english_and_on_a_phone(visit: Open) -> None:
    somebody = visit(locale="en-GB", viewport={"width": 390, "height": 800})
    somebody.open("/login?next=/me/identities&lang=en")
    assert somebody.page.is_visible(f"text=Log in with {PROVINCE.name.en}")
    assert faults_of(somebody.page) == []
    somebody.page.click(f"text=Log in with {PROVINCE.name.en}")
    as_(somebody.page, NEWCOMER.key)
    assert somebody.page.url.endswith("/me/identities")
    assert "Ways to log in" in somebody.title()
    assert faults_of(somebody.page) == []


def test_a_portal_that_may_sends_people_straight_on(visit: Open) -> None:
    """`idp_hint` of a portal that is registered for it leads on; of another it is no more than ignored."""
    lin, zhao = visit(), visit()
    for window, portal in ((lin, ZWFW), (zhao, HOUSING)):
        begun = window.context.request.get(window.base + portal + "login", max_redirects=0)
        window.page.goto(begun.headers["location"] + "&idp_hint=province")
    assert "/demo/upstream/province/authorize" in lin.page.url
    assert "/login?i=" in zhao.page.url
    lin.page.click("text=不登录，返回")
    lin.page.click("a.btn:has-text('换一种方式登录')")
    assert lin.title() == "登录", "not sent on twice"
    by(lin.page, PROVINCE.name.zh)
    as_(lin.page, "lin")
    agree(lin)
    assert lin.page.url.endswith(ZWFW)


def test_where_two_factors_are_demanded_the_province_or_password_and_code_will_do(visit: Open) -> None:
    essential = json.dumps({"id_token": {"acr": {"essential": True, "values": ["urn:yizheng:loa:2"]}}})
    for way in ("province", "password"):
        lin = visit()
        begun = lin.context.request.get(lin.base + HOUSING + "login", max_redirects=0)
        lin.page.goto(f"{begun.headers['location']}&{urlencode({'claims': essential})}")
        assert faults_of(lin.page) == []
        if way == "province":
            by(lin.page, PROVINCE.name.zh)
            as_(lin.page, "lin")
        else:
            lin.log_in(cast.LIN.id_number)  # by password, and by the code that the page asks for then
        agree(lin)
        assert lin.page.url.endswith(HOUSING)
        assert "urn:yizheng:loa:2" in lin.page.inner_text("main")

"""Wishes of a portal for the log-in, in a real browser: forms that send themselves, account choice, small windows."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Route

from api.demo import city as cast
from tests.e2e.conftest import Visit
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]
HOUSING = "/demo/portals/housing/"


def request_of(window: Visit, **changes: str) -> str:
    """The portal's own log-in request, with changes."""
    window.open(HOUSING)
    with window.page.expect_request(re.compile(r"/authorize\?")) as waiting:
        window.page.click("text=用一证登录")
    window.page.wait_for_load_state()
    parts = urlsplit(waiting.value.url)
    return f"/authorize?{urlencode({**dict(parse_qsl(parts.query)), **changes})}"


def caught(window: Visit) -> list[dict[str, str]]:
    """The forms that arrive at the portal's address."""
    seen: list[dict[str, str]] = []

    def answer(route: Route) -> None:
        seen.append(dict(parse_qsl(route.request.post_data or "")))
        route.fulfill(status=200, content_type="text/html", body="<title>portal</title><p>received</p>")

    window.page.route(re.compile(r"/demo/portals/housing/callback"), answer)
    return seen


@pytest.mark.parametrize("script", [True, False])
def test_a_form_reaches_the_portal_by_itself_or_by_its_button(visit: Open, script: bool) -> None:
    window = visit(java_script_enabled=script)
    path = request_of(window, response_mode="form_post", prompt="none", state="\"'><script>alert(1)</script>")
    seen = caught(window)
    window.open(path)
    if not script:
        assert window.title() == "正在回到原来的网站"
        window.page.click("text=继续 >> nth=-1")
    window.page.wait_for_selector("text=received")
    assert [one["error"] for one in seen] == ["login_required"]
    assert seen[0]["state"] == "\"'><script>alert(1)</script>"
    assert seen[0]["iss"] == window.base


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_with_the_form_keeps_the_rules(visit: Open, lang: str) -> None:
    window = visit(java_script_enabled=False)
    window.open(request_of(window, response_mode="form_post", prompt="none") + f"&lang={lang}")
    assert window.page.locator("button").count() == 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_choosing_an_account(visit: Open, lang: str) -> None:
    window = visit()
    window.open("/me")
    window.log_in(cast.ZHAO.id_number)
    window.open(request_of(window, prompt="select_account", ui_locales=lang))
    assert window.page.get_attribute("html", "lang") == {"zh": "zh-CN", "en": "en"}[lang]
    assert cast.ZHAO.name in window.page.inner_text("form.acts")
    assert faults_of(window.page) == []
    window.page.click("form.acts button")
    window.page.wait_for_url(re.compile(HOUSING))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_opening_an_account_in_a_small_window(visit: Open, lang: str) -> None:
    window = visit()
    path = request_of(window, prompt="create", display="popup", ui_locales=lang, login_hint=cast.ZHAO.id_number)
    window.open(path)
    assert window.page.get_attribute("html", "lang") == {"zh": "zh-CN", "en": "en"}[lang]
    assert window.page.locator("header.top").count() == 0
    assert faults_of(window.page) == []
    window.page.click("main a[href^='/login']")
    assert window.page.locator("header.top").count() == 0
    assert window.page.input_value("#identifier").replace(" ", "") == cast.ZHAO.id_number
    assert faults_of(window.page) == []
    window.page.fill("#password", "")
    window.log_in(cast.ZHAO.id_number)
    window.page.wait_for_url(re.compile(HOUSING))

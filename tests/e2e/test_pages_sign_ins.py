"""Log-ins on other screens in a real browser, with scripts and without: a kiosk's code, a request from a counter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.demo import city as cast
from idp.model import GrantType
from tests.e2e.conftest import Visit
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]
PHONE = {"viewport": {"width": 390, "height": 844}}
WAYS = [{}, PHONE, {"java_script_enabled": False}]


def kiosk(base: str) -> dict[str, Any]:
    form = {"client_id": cast.KIOSK.id, "scope": "openid phone"}
    return dict(httpx.post(f"{base}/device-authorization", data=form).json())


def fetched(base: str, device_code: str) -> httpx.Response:
    form = {"grant_type": GrantType.DEVICE_CODE.value, "device_code": device_code, "client_id": cast.KIOSK.id}
    return httpx.post(f"{base}/token", data=form)


@pytest.mark.parametrize("way", WAYS, ids=["desktop", "phone", "no-script"])
def test_a_kiosk_is_logged_in_from_the_phone_and_ended_there(visit: Open, way: dict[str, Any]) -> None:
    lin = visit(**way)
    asked = kiosk(lin.base)
    lin.page.goto(asked["verification_uri_complete"])
    lin.log_in(cast.LIN.id_number)
    assert lin.page.input_value("#user_code") == asked["user_code"]
    _fine(lin, way)
    lin.page.click("main form button.go")
    lin.page.wait_for_url("**/device/confirm*")
    assert asked["user_code"] in lin.page.inner_text(".usercode-shown")
    for words in (cast.KIOSK.name.zh, cast.DATA_BUREAU.name.zh):
        assert words in lin.page.inner_text("main")
    _fine(lin, way)
    lin.page.uncheck("input[name='give:phone']")
    lin.page.click("button[value=grant]")
    lin.page.wait_for_url("**/device/done*")
    _fine(lin, way)
    got = fetched(lin.base, asked["device_code"])
    assert (got.status_code, got.json()["scope"]) == (200, "openid"), "what was not ticked is not given"
    lin.page.click("main .acts a")
    lin.page.wait_for_url("**/me/sign-ins")
    row = lin.page.locator("tbody tr", has_text=cast.KIOSK.name.zh).first
    row.get_by_role("link").click()
    _fine(lin, way)
    lin.page.click("main form button.go")
    lin.page.wait_for_url("**/me/sign-ins?*done=ended")
    assert "已结束" in lin.page.inner_text("[role=status]")


def test_a_wrong_code_is_told_where_it_was_typed(visit: Open) -> None:
    zhao = visit()
    zhao.open("/device")
    zhao.log_in(cast.ZHAO.id_number)
    zhao.page.fill("#user_code", "bcdf ghjk")
    with zhao.page.expect_response("**/device") as answer:
        zhao.page.press("#user_code", "Enter")
    assert answer.value.status == 400
    assert zhao.page.input_value("#user_code") == "BCDF-GHJK"
    zhao.has_focus_at("#user_code")
    assert "没有设备在等" in zhao.page.inner_text("#user_code-e")
    assert faults_of(zhao.page) == []


@pytest.mark.parametrize("way", WAYS, ids=["desktop", "phone", "no-script"])
def test_a_request_from_the_counter_is_seen_and_confirmed(visit: Open, way: dict[str, Any]) -> None:
    lin = visit(**way)
    lin.open("/me/sign-ins")
    lin.log_in(cast.LIN.id_number)
    _fine(lin, way)
    lin.page.click("main form[action='/me/sign-ins/code'] button")
    lin.page.wait_for_url("**/me/sign-ins/code?*")
    token = lin.page.inner_text(".counter-code .mono")
    _fine(lin, way)
    auth = (cast.COUNTER.id, cast.COUNTER.secret)
    form = {"scope": "openid realname", "login_hint_token": token, "binding_message": "3 号窗口 0418"}
    asked = httpx.post(f"{lin.base}/backchannel-authentication", data=form, auth=auth).json()
    lin.page.click("main .acts a")
    lin.page.wait_for_url("**/me/sign-ins")
    lin.page.click(".asked a")
    lin.page.wait_for_url("**/requests/*")
    assert "3 号窗口 0418" in lin.page.inner_text(".binding")
    _fine(lin, way)
    lin.page.click("button[value=grant]")
    lin.page.wait_for_url("**/me/sign-ins?*done=granted")
    poll = {"grant_type": GrantType.CIBA.value, "auth_req_id": asked["auth_req_id"]}
    tokens = httpx.post(f"{lin.base}/token", data=poll, auth=auth).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert httpx.get(f"{lin.base}/userinfo", headers=headers).json()["name"] == cast.LIN.name


def test_the_page_finds_a_new_request_by_itself(visit: Open) -> None:
    zhao = visit(java_script_enabled=False)
    zhao.open("/me/sign-ins")
    zhao.log_in(cast.ZHAO.id_number)
    zhao.page.click("main form[action='/me/sign-ins/code'] button")
    token = zhao.page.inner_text(".counter-code .mono")
    zhao.page.click("main .acts a")
    zhao.page.wait_for_url("**/me/sign-ins")
    form = {"scope": "openid", "login_hint_token": token}
    httpx.post(
        f"{zhao.base}/backchannel-authentication", data=form, auth=(cast.COUNTER.id, cast.COUNTER.secret)
    ).raise_for_status()
    zhao.page.wait_for_selector(".asked", timeout=15_000)  # nothing was clicked
    assert cast.COUNTER.name.zh in zhao.page.inner_text(".asked")


def _fine(window: Visit, way: dict[str, Any]) -> None:
    if way.get("java_script_enabled", True):  # the checks themselves are scripts
        assert faults_of(window.page) == []

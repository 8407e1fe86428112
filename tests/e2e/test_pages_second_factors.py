"""Second factors in a real browser: codes by message, an authenticator app, recovery codes."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import pytest

from api.demo import city as cast
from core.clock import SystemClock
from idp.factors.totp.values import code_of, step_at
from tests.e2e.conftest import Visit
from tests.support.messages import newest_code, phone_of
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]


def read_code(who: Visit, id_number: str) -> str:
    return newest_code(who.context.request.get(f"{who.base}/demo/phone").text(), phone_of(id_number))


def type_password(who: Visit, id_number: str) -> None:
    who.page.fill("#identifier", id_number)
    who.page.fill("#password", cast.PASSWORD)
    who.page.press("#password", "Enter")
    who.page.wait_for_load_state()


def test_a_citizen_logs_in_with_a_code_alone(visit: Open) -> None:
    zhao = visit()
    zhao.open("/login?next=/me/account")
    assert faults_of(zhao.page) == []
    zhao.page.click(".tabs a:has-text('短信验证码')")
    assert faults_of(zhao.page) == []
    zhao.page.fill("#identifier", cast.ZHAO.id_number)
    zhao.page.click("button:has-text('发送验证码')")
    assert faults_of(zhao.page) == []
    code = read_code(zhao, cast.ZHAO.id_number)
    assert code not in zhao.page.content()
    zhao.page.fill("#code", f"{(int(code) + 1) % 10**6:06d}")
    zhao.page.press("#code", "Enter")
    assert "还可以试 4 次" in zhao.page.inner_text("#code-e")
    zhao.page.fill("#code", code)
    zhao.page.press("#code", "Enter")
    zhao.page.wait_for_url("**/me/account")
    phone = visit()
    phone.open("/demo/phone")
    assert faults_of(phone.page) == []
    assert "赵映雪" in phone.page.inner_text("main")


def test_staff_need_both_and_may_choose(visit: Open) -> None:
    chen = visit()
    chen.open("/login?next=/clerk")
    type_password(chen, cast.CHEN.id_number)
    assert chen.page.url.endswith("/login/step/sms")
    assert "139****0003" in chen.page.inner_text("main")
    assert faults_of(chen.page) == []
    chen.open("/clerk")
    assert "/login" in chen.page.url, "a step is not a session"
    chen.open("/login/step?choose=1")
    assert faults_of(chen.page) == []
    chen.page.click("a:has-text('邮件验证码')")
    chen.page.click("button:has-text('发送验证码')")
    html = chen.context.request.get(f"{chen.base}/demo/phone").text()
    chen.page.fill("#code", newest_code(html, cast.CHEN.email))
    chen.page.press("#code", "Enter")
    chen.page.wait_for_url("**/clerk")


def test_an_app_and_recovery_codes_are_set_up_used_and_removed(visit: Open) -> None:
    xu = visit()
    xu.open("/me/security")
    xu.log_in(cast.XU.id_number)
    assert xu.title() == "您有两步验证"
    assert faults_of(xu.page) == []
    xu.open("/me/security/totp")
    assert faults_of(xu.page) == []
    xu.page.click("button:has-text('添加验证器')")
    assert faults_of(xu.page) == []
    text = xu.page.inner_text(".breakable").replace(" ", "")
    secret = base64.b32decode(text)
    xu.page.fill("#name", "许文澜的手机")
    xu.page.fill("#code", "000000" if code_of(secret, step_at(SystemClock().now())) != "000000" else "111111")
    xu.page.press("#code", "Enter")
    assert "动态码不对" in xu.page.inner_text("#code-e")
    xu.page.fill("#code", code_of(secret, step_at(SystemClock().now())))
    xu.page.press("#code", "Enter")
    assert "已添加" in xu.page.inner_text("[role=status]")
    assert faults_of(xu.page) == []

    xu.open("/me/security/recovery")
    assert faults_of(xu.page) == []
    xu.page.click("button:has-text('生成 10 个恢复码')")
    codes = xu.page.inner_text(".codes-list").split()
    assert len(codes) == 10
    assert all(re.fullmatch(r"[0-9a-z]{4}(-[0-9a-z]{4}){2}", code) for code in codes)
    assert faults_of(xu.page) == []
    xu.open("/me/security/recovery")
    assert codes[0] not in xu.page.content(), "shown once"

    other = visit()
    other.open("/login?next=/me/security")
    type_password(other, cast.XU.id_number)
    assert other.page.url.endswith("/login/step/totp"), "what needs no message is offered first"
    assert faults_of(other.page) == []
    other.page.click("a:has-text('换一种方式')")
    other.page.click("a:has-text('恢复码')")
    assert faults_of(other.page) == []
    other.page.fill("#code", codes[0].upper())
    other.page.press("#code", "Enter")
    other.page.wait_for_url("**/me/security")
    assert "还剩 9 个" in other.page.inner_text("main")

    xu.open("/me/security/totp")
    xu.page.click("a:has-text('移除')")
    assert faults_of(xu.page) == []
    xu.page.click("button:has-text('移除')")
    assert "已移除" in xu.page.inner_text("[role=status]")
    xu.open("/me/security/recovery")
    xu.page.click("button:has-text('全部作废')")
    assert "已作废" in xu.page.inner_text("[role=status]")

"""Registration in a real browser, to level 2: a newcomer whom the register knows, and somebody who has an account."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from api.demo import city as cast
from api.demo.sources.registers import NEWCOMER
from tests.e2e.conftest import Visit
from tests.support.messages import newest_code
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]
PHONE, PASSWORD = "13900007001", "纸鹤 慢慢 飞过 屋顶"


def state(window: Visit, **changes: str) -> None:
    """Fill the form in and send it."""
    typed = {"name": NEWCOMER.name, "id_number": NEWCOMER.number, "phone": PHONE, "password": PASSWORD, **changes}
    for name, value in typed.items():
        window.page.fill(f"#{name}", value)
    window.page.check("#agreed")
    with window.page.expect_navigation():
        window.page.press("#password", "Enter")


def enter_code(window: Visit, phone: str = PHONE) -> None:
    code = newest_code(window.page.request.get(f"{window.base}/demo/phone").text(), phone)
    window.page.fill("#code", code)
    with window.page.expect_navigation():
        window.page.press("#code", "Enter")


def test_a_newcomer_registers_to_level_2_and_logs_in(visit: Open) -> None:
    window = visit()
    window.open("/login")
    window.page.click("text=注册账号")
    window.page.wait_for_url("**/open-account*")
    assert faults_of(window.page) == []
    state(window, id_number=NEWCOMER.number[:-1] + "9")
    assert "对不上" in window.page.inner_text("#id_number-e")
    assert window.page.input_value("#name") == NEWCOMER.name, "what was typed stays"
    assert window.page.input_value("#password") == ""
    assert faults_of(window.page) == []
    state(window)
    window.page.wait_for_url("**/open-account/code?*")
    assert faults_of(window.page) == []
    enter_code(window)
    window.page.wait_for_url("**/open-account/done*")
    assert faults_of(window.page) == []
    window.page.click("text=去登录 >> nth=-1")
    window.page.fill("#identifier", NEWCOMER.number)
    window.page.fill("#password", PASSWORD)
    window.page.press("#password", "Enter")
    window.page.wait_for_url("**/me")
    window.open("/me/account")
    assert f"410199 ******** {NEWCOMER.number[-4:]}" in window.page.inner_text("main")


def test_whoever_has_an_account_sees_the_same_pages(visit: Open) -> None:
    window = visit(locale="en-GB")
    window.open("/open-account?lang=en")
    assert faults_of(window.page) == []
    state(window, name=cast.ZHAO.name, id_number=cast.ZHAO.id_number, phone="13900007002")
    window.page.wait_for_url("**/open-account/code?*")
    enter_code(window, "13900007002")
    window.page.wait_for_url("**/open-account/done*")
    messages = window.page.request.get(f"{window.base}/demo/phone").text()
    assert "You have an account already" in messages
    assert window.page.request.get(f"{window.base}/open-account/code?r=nothing").status == 404

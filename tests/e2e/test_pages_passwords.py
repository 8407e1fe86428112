"""Passwords in a real browser: too many wrong ones, a forgotten one, a change; in both languages and widths."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from api.demo import city as cast
from tests.e2e.conftest import Visit
from tests.support.messages import finish_in_browser, newest_code
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]
NEW = "马 电池 订书机 正确"


def path_of(window: Visit) -> str:
    return urlsplit(window.page.url).path


def wrong(window: Visit, times: int) -> None:
    for _ in range(times):
        window.page.fill("#identifier", "13999990000")  # nobody's: the page is the same for everybody
        window.page.fill("#password", "not the password")
        window.page.press("#password", "Enter")
        window.page.wait_for_selector(".err, .alert")


def test_after_five_wrong_passwords_the_browser_computes(visit: Open) -> None:
    window = visit()
    window.open("/login")
    wrong(window, 5)
    window.page.wait_for_selector("[data-puzzle-solved]")
    assert "浏览器要先算一道题" in window.page.inner_text("#password-e")
    assert "算好了" in window.page.inner_text("[data-puzzle-state]")
    assert faults_of(window.page) == []
    answers = []
    window.page.on("response", lambda answer: answers.append(answer.status))
    wrong(window, 1)
    assert 400 in answers, "judged, for the browser has paid"


def test_a_try_that_is_sent_early_waits_until_it_is_computed(visit: Open) -> None:
    window = visit(locale="en-GB")
    window.open("/login?lang=en")
    window.page.fill("#identifier", "13999990001")
    answers = []
    window.page.on("response", lambda answer: answers.append((answer.request.method, answer.status)))
    for _ in range(8):  # the sixth and those after it are sent while the browser computes
        window.page.fill("#identifier", "13999990001")
        window.page.fill("#password", "not the password")
        with window.page.expect_navigation():
            window.page.press("#password", "Enter")
    posts = [status for method, status in answers if method == "POST"]
    assert posts == [400] * 8, "each was computed for, and judged"


def test_without_scripts_the_page_says_what_else_to_do(visit: Open) -> None:
    window = visit(java_script_enabled=False)
    window.open("/login")
    for _ in range(6):
        window.page.fill("#identifier", "13999990002")
        window.page.fill("#password", "not the password")
        window.page.press("#password", "Enter")
        window.page.wait_for_selector(".err, .alert")
    assert "15 分钟" in window.page.inner_text("noscript, .puzzle")
    assert "等 15 分钟" in window.page.inner_text(".alert")


def test_a_forgotten_password_is_set_anew_and_changed_again(visit: Open) -> None:
    zhao = visit()
    zhao.open("/login")
    zhao.page.click("text=忘记密码")
    assert faults_of(zhao.page) == []
    zhao.page.fill("#identifier", cast.ZHAO.phone)
    zhao.page.press("#identifier", "Enter")
    zhao.page.wait_for_url("**/forgot/code")
    assert faults_of(zhao.page) == []
    zhao.page.fill("#code", "000000")
    zhao.page.press("#code", "Enter")
    zhao.page.wait_for_selector("#code-e")
    code = newest_code(zhao.page.request.get(f"{zhao.base}/demo/phone").text(), cast.ZHAO.phone)
    zhao.page.fill("#code", code)
    zhao.page.press("#code", "Enter")
    zhao.page.wait_for_url("**/forgot/password")
    assert faults_of(zhao.page) == []
    zhao.page.fill("#password", "password1")
    zhao.page.press("#password", "Enter")
    zhao.page.wait_for_selector("#password-e")
    assert "泄露" in zhao.page.inner_text("#password-e")
    zhao.page.fill("#password", NEW)
    zhao.page.press("#password", "Enter")
    zhao.page.wait_for_url("**/forgot/done")
    assert faults_of(zhao.page) == []
    zhao.page.click("text=去登录")
    zhao.page.fill("#identifier", cast.ZHAO.id_number)
    zhao.page.fill("#password", NEW)
    zhao.page.press("#password", "Enter")
    zhao.page.wait_for_url("**/me")

    zhao.open("/me/security/password")
    assert faults_of(zhao.page) == []
    zhao.page.click("a:has-text('再登录一次')")
    zhao.page.fill("#identifier", cast.ZHAO.id_number)
    zhao.page.fill("#password", NEW)
    zhao.page.press("#password", "Enter")
    zhao.page.wait_for_load_state()
    finish_in_browser(zhao.page, zhao.base, cast.ZHAO.phone)
    assert path_of(zhao) == "/me/security/password"
    assert faults_of(zhao.page) == []
    zhao.page.fill("#password", NEW)
    zhao.page.press("#password", "Enter")
    zhao.page.wait_for_selector("#password-e")
    assert "就是现在的密码" in zhao.page.inner_text("#password-e")
    zhao.page.fill("#password", cast.PASSWORD)
    zhao.page.press("#password", "Enter")
    zhao.page.wait_for_selector(".note.good")
    assert path_of(zhao) == "/me/security/password", "this log-in stays"


@pytest.mark.parametrize("path", ["/forgot", "/forgot/code", "/forgot/password"])
def test_the_steps_of_a_reset_do_not_open_by_themselves(visit: Open, path: str) -> None:
    window = visit(viewport={"width": 390, "height": 800})
    answer = window.open(path)
    assert answer.status == (200 if path == "/forgot" else 404)
    assert faults_of(window.page) == []

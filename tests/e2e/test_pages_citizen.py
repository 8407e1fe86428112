"""A citizen's pages in a real browser: log-in, own licences, who looked, language, keyboard, log-out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from api.demo import city as cast
from tests.e2e.conftest import Visit
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]


def test_log_in_leads_to_the_page_that_was_asked_for(visit: Open) -> None:
    lin = visit()
    lin.open("/me/accesses")
    assert "/login?next=/me/accesses" in lin.page.url
    assert faults_of(lin.page) == []
    lin.log_in(cast.LIN.id_number)
    assert lin.page.url.endswith("/me/accesses")


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "/logout", "javascript:1"]
)
def test_log_in_never_leads_elsewhere(visit: Open, elsewhere: str) -> None:
    lin = visit()
    lin.open(f"/login?next={elsewhere}")
    lin.log_in(cast.LIN.id_number)
    assert lin.page.url == f"{lin.base}/me"


def test_a_wrong_password_is_told_kindly_and_the_number_stays(visit: Open) -> None:
    zhao = visit()
    zhao.open("/login")
    zhao.page.fill("#identifier", cast.ZHAO.id_number)
    zhao.page.fill("#password", "not the password")
    zhao.page.press("#password", "Enter")
    zhao.page.wait_for_selector("#password-e")
    assert "还可以试" in zhao.page.inner_text("#password-e")
    assert zhao.page.input_value("#identifier").replace(" ", "") == cast.ZHAO.id_number
    assert zhao.page.input_value("#password") == ""
    zhao.has_focus_at("#password")
    assert faults_of(zhao.page) == []


def test_log_in_works_by_keyboard_alone(visit: Open) -> None:
    lin = visit()
    lin.open("/login")
    lin.page.keyboard.press("Tab")
    assert lin.page.inner_text(":focus") == "跳到主要内容"
    lin.page.keyboard.press("Enter")
    for _ in range(8):
        lin.page.keyboard.press("Tab")
        if lin.page.evaluate("document.activeElement.id") == "identifier":
            break
    lin.page.keyboard.type(cast.LIN.id_number)
    lin.page.keyboard.press("Tab")
    lin.page.keyboard.type(cast.PASSWORD)
    lin.page.keyboard.press("Enter")
    lin.page.wait_for_url("**/me")
    assert lin.title() == "我的证照"


def test_the_password_can_be_shown_and_the_number_is_grouped(visit: Open) -> None:
    lin = visit()
    lin.open("/login")
    lin.page.fill("#identifier", "４１０１９９１９８８０２２９１０３1")
    lin.page.fill("#password", "secret")
    assert lin.page.input_value("#identifier") == "410199 19880229 1031"
    lin.page.click("[data-reveal]")
    assert lin.page.get_attribute("#password", "type") == "text"
    assert lin.page.get_attribute("[data-reveal]", "aria-pressed") == "true"


def test_home_shows_what_is_due_and_every_licence(visit: Open, tmp_path: Path) -> None:
    lin = visit()
    lin.open("/me")
    lin.log_in(cast.LIN.id_number)
    assert "居住证还有 26 天到期" in lin.page.inner_text(".note.warn")
    assert lin.page.locator(".lic").count() == 3
    assert cast.LIN.id_number not in lin.page.content()
    assert faults_of(lin.page) == []
    lin.page.click(".lic >> text=居住证")
    assert lin.title() == "居住证"
    lin.page.wait_for_selector("img.leaf")
    assert faults_of(lin.page) == []
    assert lin.save(tmp_path, "permit.pdf", "text=下载原件").startswith(b"%PDF")


@pytest.mark.parametrize("path", ["/me", "/me/accesses", "/me/consents", "/logout"])
def test_english_on_every_page_by_one_switch(visit: Open, path: str) -> None:
    lin = visit()
    lin.open("/me")
    lin.log_in(cast.LIN.id_number)
    lin.open(path)
    lin.page.click(".lang a[lang=en]")
    assert lin.page.url.split("?")[0] == lin.base + path
    assert lin.page.get_attribute("html", "lang") == "en"
    assert lin.title().isascii()
    assert faults_of(lin.page) == []
    lin.open("/me")
    assert lin.page.get_attribute("html", "lang") == "en"  # remembered


def test_the_menu_opens_by_keyboard_and_closes_on_escape(visit: Open) -> None:
    lin = visit()
    lin.open("/me")
    lin.log_in(cast.LIN.id_number)
    lin.page.focus("summary.who")
    lin.page.keyboard.press("Enter")
    assert lin.page.is_visible(".pop-out")
    lin.page.keyboard.press("Escape")
    assert not lin.page.is_visible(".pop-out")
    lin.has_focus_at(".who")


def test_another_persons_licence_looks_absent(visit: Open) -> None:
    lin, zhao = visit(), visit()
    lin.open("/me")
    lin.log_in(cast.LIN.id_number)
    address = lin.page.get_attribute(".lic >> nth=0", "href")
    zhao.open("/me")
    zhao.log_in(cast.ZHAO.id_number)
    answer = zhao.open(str(address))
    assert answer.status == 404
    assert faults_of(zhao.page) == []


def test_log_out_asks_first_and_then_ends(visit: Open) -> None:
    lin = visit()
    lin.open("/me")
    lin.log_in(cast.LIN.id_number)
    lin.open("/logout")
    assert faults_of(lin.page) == []
    lin.page.click("main button")
    assert lin.title() == "已退出登录"
    lin.open("/me")
    assert "/login" in lin.page.url


def test_a_form_without_its_token_changes_nothing(visit: Open) -> None:
    lin = visit()
    lin.open("/me")
    lin.log_in(cast.LIN.id_number)
    lin.open("/logout")
    lin.page.evaluate("document.querySelector('input[name=csrf]').value = 'x'.repeat(64)")
    lin.page.click("main button")
    assert "表单" in lin.page.inner_text("main")
    assert faults_of(lin.page) == []
    assert lin.open("/me").status == 200
    assert lin.title() == "我的证照"


@pytest.mark.parametrize("path", ["/login", "/me", "/verify"])
def test_core_pages_work_without_script(visit: Open, path: str) -> None:
    lin = visit(java_script_enabled=False)
    lin.open("/me")
    lin.page.fill("#identifier", cast.LIN.id_number)
    lin.page.fill("#password", cast.PASSWORD)
    lin.page.click(".login button[type=submit]")
    assert lin.page.inner_text("h1") == "我的证照"
    lin.open(path)
    assert lin.page.locator("h1").count() == 1
    assert not lin.page.is_visible(".needs-script")
    lin.page.click("summary.who")
    lin.page.click(".pop-out")
    lin.page.click("main button")
    assert lin.page.inner_text("h1") == "已退出登录"


def test_a_page_cannot_be_framed(visit: Open) -> None:
    lin = visit()
    lin.open("/verify")
    answer = lin.context.request.get(f"{lin.base}/login")
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"

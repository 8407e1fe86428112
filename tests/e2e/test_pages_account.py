"""The citizen's account pages in a real browser: overview, details, log-ins, devices, a copy of the data."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.demo import city as cast
from api.journey.instance import Instance
from api.web.account_area import SECTIONS
from tests.e2e.conftest import Visit
from tests.support.messages import newest_code
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def home(visit: Open, person: cast.Person = cast.ZHAO, **options: Any) -> Visit:
    window = visit(**options)
    window.open("/me/account")
    window.log_in(person.id_number)
    assert window.page.url.endswith("/me/account")
    return window


def guarded(visit: Open, page: str, person: cast.Person = cast.ZHAO, **options: Any) -> Visit:
    """Logged in with all that they have, for a page that takes it."""
    window = visit(**options)
    window.open(page)
    window.log_in(person.id_number)
    assert window.page.url.endswith(page)
    return window


def grow_old(city: Instance) -> None:
    """Every log-in is longer ago than a change of the account allows."""
    with sqlite3.connect(city.folder / "yizheng.db") as database:
        database.execute("UPDATE session SET authenticated_at = '2020-01-01 00:00:00.000000'")


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_every_section_is_one_step_away(visit: Open, language: str) -> None:
    zhao = home(visit, locale=language)
    level = zhao.page.inner_text(".whoami")
    assert ("实名" if language == "zh-CN" else "Identity level") in level
    assert cast.ZHAO.id_number not in zhao.page.content()
    for section in SECTIONS:
        zhao.page.click(f".area-nav a[href='{section.href}']")
        assert zhao.page.get_attribute(".area-nav a[aria-current]", "href") == section.href
        assert faults_of(zhao.page) == []


def test_on_a_phone_the_overview_leads_to_every_section_and_back(visit: Open) -> None:
    zhao = home(visit, **PHONE)
    assert not zhao.page.is_visible(".area-nav")
    for section in SECTIONS[1:]:
        zhao.page.click(f".sections a[href='{section.href}']")
        zhao.page.click(".area-back a")
        assert zhao.title() == "我的账号"


def test_failed_tries_are_told_and_listed(visit: Open) -> None:
    stranger = visit(user_agent="Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile Safari/537.36")
    stranger.open("/login")
    stranger.page.fill("#identifier", cast.ZHAO.id_number)
    stranger.page.fill("#password", "a wrong password")
    stranger.page.press("#password", "Enter")
    stranger.page.wait_for_selector("#password-e")
    zhao = home(visit)
    for _ in range(200):  # refusals are written a moment later
        if zhao.page.is_visible(".note.warn >> text=没有成功"):
            break
        zhao.page.reload()
    zhao.page.click(".note.warn a:has-text('看记录')")
    rows = zhao.page.locator("tbody tr")
    tries, own = rows.filter(has_text="Chrome · 安卓").first, rows.filter(has_text="就是这次")
    assert "密码不对" in tries.inner_text()
    assert "登录成功" in own.inner_text()
    assert faults_of(zhao.page) == []


def test_details_change_after_a_log_in_and_not_long_after(visit: Open, city: Instance) -> None:
    zhao = guarded(visit, "/me/details")
    zhao.page.fill("#email", "not an address")
    zhao.page.click("main form button.go")
    assert zhao.page.input_value("#email") == "not an address"
    zhao.has_focus_at("#email")
    assert faults_of(zhao.page) == []
    zhao.page.fill("#email", "zhao.new@citizen.invalid")
    zhao.page.fill("#street_address", "演示路 20 号")
    zhao.page.click("main form button.go")
    assert "已保存" in zhao.page.inner_text("[role=status]")
    zhao.page.click("button:has-text('发验证码')")
    zhao.page.fill("#code", "000 000")
    zhao.page.click("button:has-text('核实')")
    zhao.has_focus_at("#code")
    assert faults_of(zhao.page) == []
    messages = zhao.context.request.get(f"{zhao.base}/demo/phone").text()
    zhao.page.fill("#code", newest_code(messages, "zhao.new@citizen.invalid"))
    zhao.page.click("button:has-text('核实')")
    assert "已核实" in zhao.page.inner_text("[role=status]")
    grow_old(city)
    zhao.open("/me/details")
    assert zhao.page.locator("main form").count() == 0
    assert "zhao.new@citizen.invalid" in zhao.page.inner_text(".facts")
    assert faults_of(zhao.page) == []
    zhao.page.click("a:has-text('再登录一次')")
    zhao.log_in(cast.ZHAO.id_number)
    assert zhao.page.url.endswith("/me/details")
    assert zhao.page.input_value("#street_address") == "演示路 20 号"


def test_all_other_places_are_ended_at_once(visit: Open) -> None:
    here, there, elsewhere = home(visit), home(visit, **PHONE), home(visit)
    here.open("/me/sign-ins?wait=0")
    here.page.click("main a:has-text('结束别处的')")
    assert faults_of(here.page) == []
    here.page.click("main form button.go")
    assert "别处的登录都已结束" in here.page.inner_text("[role=status]")
    assert here.page.locator("tbody tr").count() == 1
    for window in (there, elsewhere):
        window.open("/me/account")
        assert "/login" in window.page.url
    assert here.open("/me/account").status == 200


@pytest.mark.parametrize("way", [{}, {"java_script_enabled": False}], ids=["script", "no-script"])
def test_a_copy_of_everything_is_made_and_taken_away(visit: Open, tmp_path: Path, way: dict[str, Any]) -> None:
    lin = guarded(visit, "/me/data-copy", cast.LIN, **way)
    lin.page.click("form[action='/me/data-copy'] button")
    if not way:
        assert faults_of(lin.page) == []
    lin.page.wait_for_selector("form[action='/me/data-copy/file']", timeout=20_000)  # nothing was clicked
    if not way:
        assert faults_of(lin.page) == []
    packed = zipfile.ZipFile(io.BytesIO(lin.save(tmp_path, "copy.zip", "form[action='/me/data-copy/file'] button")))
    data = json.loads(packed.read("data.json"))
    assert data["account"][0]["number"] == cast.LIN.id_number
    assert len(data["licences"]) == 3
    (tmp_path / "index.html").write_bytes(packed.read("index.html"))
    if not way:
        reader = visit(java_script_enabled=False)
        reader.page.goto((tmp_path / "index.html").as_uri())
        assert "居住证" in reader.page.inner_text("section[aria-labelledby=licences]")
        assert reader.page.locator("h1").count() == 1


def test_the_copy_is_not_for_a_session_that_was_left_open(visit: Open, city: Instance) -> None:
    zhao = guarded(visit, "/me/data-copy")
    grow_old(city)
    zhao.page.click("main form button.go")
    assert "/login?again=1" in zhao.page.url
    zhao.open("/me/data-copy")
    assert zhao.page.locator("main form").count() == 0
    assert faults_of(zhao.page) == []


def test_the_phone_changes_when_a_code_comes_back_from_it(visit: Open) -> None:
    zhao, elsewhere = guarded(visit, "/me/details"), home(visit)
    for phone in ("13900000099", str(cast.ZHAO.phone)):  # there, and back again
        zhao.open("/me/details")
        zhao.page.click("a[href='/me/details/phone']")
        assert faults_of(zhao.page) == []
        zhao.page.fill("#phone", phone)
        zhao.page.click("main form button.go")
        assert faults_of(zhao.page) == []
        messages = zhao.context.request.get(f"{zhao.base}/demo/phone").text()
        zhao.page.fill("#code", newest_code(messages, phone))
        zhao.page.click("main form button.go")
        assert "手机号已换" in zhao.page.inner_text("[role=status]")
        assert f"{phone[:3]} **** {phone[-4:]}" in zhao.page.inner_text(".proved")
    elsewhere.open("/me/account")
    assert "/login" in elsewhere.page.url


def test_a_name_changes_only_when_the_register_knows_it(visit: Open) -> None:
    zhao = guarded(visit, "/me/details/name")
    zhao.page.fill("#name", "赵不是")
    zhao.page.click("main form button.go")
    assert zhao.page.input_value("#name") == "赵不是"
    assert zhao.page.locator("#name-e, .alert").count() == 1
    assert faults_of(zhao.page) == []
    zhao.open("/me/details")
    assert cast.ZHAO.name in zhao.page.inner_text(".proved")


def test_an_account_is_closed_after_a_week_and_until_then_taken_back(visit: Open) -> None:
    zhao, elsewhere = guarded(visit, "/me/close"), home(visit)
    assert faults_of(zhao.page) == []
    zhao.page.click("a[href='/me/close/confirm']")
    assert faults_of(zhao.page) == []
    zhao.page.click("button.legal")
    zhao.page.wait_for_url("**/closing?until=*")
    assert faults_of(zhao.page) == []
    for window in (zhao, elsewhere):
        window.open("/me/account")
        assert "/login" in window.page.url, "every log-in has ended"
    zhao.log_in(cast.ZHAO.id_number)
    zhao.page.click(".note.warn a:has-text('收回申请')")
    assert "注销" in zhao.title()
    assert faults_of(zhao.page) == []
    zhao.page.click("main form button.go")
    assert "照常使用" in zhao.page.inner_text("[role=status]")
    zhao.open("/me/account")
    assert "将在" not in zhao.page.inner_text("main")


def test_whoever_has_a_duty_gives_it_up_first(visit: Open) -> None:
    chen = guarded(visit, "/me/close", cast.CHEN)
    chen.page.click("a[href='/me/close/confirm']")
    chen.page.click("button.legal")
    assert "岗位" in chen.page.inner_text("main")
    assert faults_of(chen.page) == []
    assert chen.open("/me/account").status == 200

"""Showing a licence with two browsers: the holder's phone and the clerk's desk."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page

from api.demo import city as cast
from certstore.presentation.codes import parse_presentation_code
from tests.e2e.conftest import Visit
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]
PHONE = {"width": 390, "height": 844}


def shown(visit: Open, licence: str = "居住证") -> Visit:
    """Lin's phone with the code on it."""
    lin = visit(viewport=PHONE)
    lin.open("/me")
    lin.log_in(cast.LIN.id_number)
    lin.page.click(f"a.lic:has-text('{licence}')")
    lin.page.click("a.btn:has-text('亮证')")
    lin.page.wait_for_selector(".digits")
    return lin


def at_the_desk(visit: Open) -> Visit:
    chen = visit()
    chen.open("/clerk/read")
    chen.log_in(cast.CHEN.id_number)
    chen.has_focus_at("#code")
    return chen


def scanned(page: Page) -> str:
    """What a scanner reads off the phone's screen."""
    picture = page.locator(".code .box").screenshot()
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)), formats=zxingcpp.BarcodeFormat.QRCode)
    return str(found.text)


def test_a_code_is_scanned_once_and_both_see_the_same_digits(visit: Open) -> None:
    lin, chen = shown(visit), at_the_desk(visit)
    assert faults_of(lin.page) == []
    assert faults_of(chen.page) == []
    code = scanned(lin.page)
    assert parse_presentation_code(code) == parse_presentation_code(lin.page.inner_text(".digits"))
    chen.page.keyboard.type(code)
    chen.page.keyboard.press("Enter")
    chen.page.wait_for_selector(".signline")
    assert chen.title() == "有效"
    facts = chen.page.inner_text("dl.facts")
    assert cast.LIN.name in facts
    assert cast.LIN.id_number not in chen.page.content()
    lin.page.wait_for_selector(".sign")  # by itself
    assert "看过" in lin.page.inner_text(".code h2")
    assert lin.page.inner_text(".sign") == chen.page.inner_text(".signline b")
    assert faults_of(lin.page) == []
    assert faults_of(chen.page) == []
    chen.open("/clerk/read")
    chen.page.fill("#code", code)
    chen.page.press("#code", "Enter")
    assert "已经用过或换过" in chen.page.inner_text("[role=alert]")
    lin.page.click("text=不是我要给的")
    assert "没有给对方看" in lin.page.inner_text(".code h2")
    lin.page.click("text=再亮一次")
    assert lin.page.inner_text(".digits").replace("-", "") != parse_presentation_code(code)


def test_the_whole_licence_is_shown_only_after_the_holder_agrees(visit: Open) -> None:
    lin, chen = shown(visit), at_the_desk(visit)
    lin.page.click("text=改为全部")
    lin.page.wait_for_selector("text=改为最少")
    chen.page.fill("#code", scanned(lin.page))
    chen.page.press("#code", "Enter")
    chen.page.wait_for_selector("text=等对方同意")
    assert faults_of(chen.page) == []
    assert cast.LIN.name not in chen.page.inner_text("main")
    lin.page.wait_for_selector("text=给对方看")
    assert faults_of(lin.page) == []
    lin.page.click("button:has-text('给对方看')")
    chen.page.wait_for_selector("dl.facts")
    assert "居住地址" in chen.page.inner_text("dl.facts")
    assert faults_of(chen.page) == []
    lin.open("/me/accesses")
    assert "您当面出示" in lin.page.inner_text("main")


def test_offline_there_is_a_signed_code(visit: Open) -> None:
    lin = shown(visit)
    address = lin.page.url
    lin.page.goto(f"{address}?lang=en")
    assert "New code in" in lin.page.inner_text(".tick")
    assert faults_of(lin.page) == []
    lin.page.goto(f"{address}?lang=zh")
    lin.page.click("text=对方没有网络")
    assert faults_of(lin.page) == []
    text = scanned(lin.page)
    assert text.count(".") == 2
    anybody = visit()
    anybody.open("/verify")
    assert faults_of(anybody.page) == []
    anybody.page.fill("#text", text)
    anybody.page.press("#text", "Enter")
    assert anybody.title() == "签名真实，有效"
    assert cast.LIN.name in anybody.page.inner_text("dl.facts")
    assert faults_of(anybody.page) == []
    anybody.open("/verify")
    anybody.page.fill("#text", text[:-8] + "AAAAAAAA")
    anybody.page.press("#text", "Enter")
    assert anybody.title() == "签名不成立"


def test_a_clerk_verifies_what_stands_on_a_paper(visit: Open) -> None:
    lin, chen = visit(), at_the_desk(visit)
    lin.open("/me")
    lin.log_in(cast.LIN.id_number)
    lin.page.click("a.lic:has-text('居住证')")
    identifier = lin.page.inner_text("dl.tinyfacts dd >> nth=0")
    chen.page.click("text=核标识")
    chen.has_focus_at("#what")
    assert faults_of(chen.page) == []
    chen.page.keyboard.type(identifier)
    chen.page.keyboard.press("Enter")
    assert chen.page.inner_text(".verdict h2") == "在库有效"
    chen.page.fill("#on", "2001-01-01")
    chen.page.click("summary:has-text('对一对')")
    chen.page.fill("#holder_name", cast.LIN.name)
    chen.page.fill("#id_number", cast.LIN.id_number)
    chen.page.select_option("#service_item", index=1)
    chen.page.fill("#case_number", "GZF-2026-1")
    chen.page.fill("#basis", "核对纸质件")
    assert faults_of(chen.page) == []
    chen.page.click("button:has-text('核验')")
    assert "人对得上" in chen.page.inner_text("main")
    assert "当时尚未颁发" in chen.page.inner_text("main")
    chen.page.fill("#what", "no such thing")
    chen.page.click("button:has-text('核验')")
    assert "请再选证照类型" in chen.page.inner_text("#what-e")
    assert faults_of(chen.page) == []

"""The clerk's and the office's pages in a real browser, from asking to the copy, and from a PDF to its seal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from api.demo import city as cast
from tests.e2e.conftest import Visit
from tests.e2e.test_pages_public import verify
from tests.support.page_checks import faults_of
from tests.support.page_files import blank_pdf
from tests.support.placed_seals import red_on
from tests.support.signing_fakes import pdf

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]


def at_the_counter(visit: Open, case: str) -> Visit:
    """Chen has checked what Lin need not hand in."""
    chen = visit()
    chen.open("/clerk")
    chen.log_in(cast.CHEN.id_number)
    chen.page.fill("#id_number", cast.LIN.id_number)
    chen.page.fill("#case_number", case)
    chen.page.click("text=开始核对")
    chen.page.wait_for_url("**/clerk/checks/*")
    return chen


def test_a_clerk_asks_the_holder_agrees_the_copy_comes_and_consent_is_withdrawn(visit: Open, tmp_path: Path) -> None:
    chen, lin = at_the_counter(visit, "GZF-E2E-1"), visit()
    assert "不用交" in chen.page.inner_text(".sum .line")
    assert cast.LIN.id_number not in chen.page.url + chen.page.content()
    assert faults_of(chen.page) == []
    chen.page.click("text=请申请人在线同意")
    check = chen.page.url
    assert chen.page.locator(".asked .qr svg").count() == 1
    assert faults_of(chen.page) == []
    lin.open("/me/consents")
    lin.log_in(cast.LIN.id_number)
    lin.page.click("tr:has-text('GZF-E2E-1') >> text=去决定")
    assert faults_of(lin.page) == []
    assert lin.page.locator("button.legal").count() == 1
    lin.page.click("text=同意，提供这一份")
    assert lin.title() == "已同意 1 份"
    assert faults_of(lin.page) == []
    chen.page.goto(check)
    assert "申请人已同意" in chen.page.inner_text(".mat")
    chen.page.click("text=取全部加注件")
    assert "归入办件 GZF-E2E-1" in chen.page.inner_text("main [role=status]")
    assert faults_of(chen.page) == []
    copy = chen.save(tmp_path, "copy.pdf", "tr:has-text('不动产权证书') >> text=取加注件")
    assert verify(visit(), copy) == "真实有效"
    lin.open("/me/accesses")
    assert "取了不动产权证书的加注副本" in lin.page.inner_text("main")
    assert faults_of(lin.page) == []
    lin.open("/me/consents")
    lin.page.click("tr:has-text('GZF-E2E-1') >> text=撤回")
    assert faults_of(lin.page) == []
    lin.page.click("main button.legal")
    assert "已撤回" in lin.page.inner_text("tr:has-text('GZF-E2E-1')")
    assert faults_of(lin.page) == []
    chen.page.goto(check)
    chen.page.click("tr:has-text('不动产权证书') >> text=取加注件")
    assert "本人已撤回同意" in chen.page.inner_text("main")


def test_a_mistyped_number_is_pointed_at_and_stays(visit: Open) -> None:
    chen = visit()
    chen.open("/clerk")
    chen.log_in(cast.CHEN.id_number)
    wrong = cast.LIN.id_number[:-1] + "2"
    chen.page.fill("#id_number", wrong)
    chen.page.fill("#case_number", "GZF-E2E-2")
    chen.page.click("text=开始核对")
    assert chen.page.inner_text("#id_number-e") == "最后一位对不上，请对着身份证再核一遍。"
    assert chen.page.get_attribute("#id_number", "aria-invalid") == "true"
    assert chen.page.input_value("#id_number").replace(" ", "") == wrong
    assert chen.page.url.endswith("/clerk/check")
    assert faults_of(chen.page) == []


def test_a_card_reader_types_the_number_and_the_item_stays_for_the_next(visit: Open) -> None:
    chen = visit()
    chen.open("/clerk")
    chen.log_in(cast.CHEN.id_number)
    chen.page.fill("#case_number", "GZF-E2E-5")
    chen.page.focus("#id_number")
    chen.page.keyboard.type(f"林知远|{cast.LIN.id_number}")
    chen.page.keyboard.press("Enter")
    chen.page.wait_for_url("**/clerk/checks/*")
    chen.page.click("text=换申请人")
    chen.has_focus_at("#id_number")
    assert faults_of(chen.page) == []


def test_one_clerks_check_is_not_anothers(visit: Open) -> None:
    chen, he = at_the_counter(visit, "GZF-E2E-3"), visit()
    he.open("/office")
    he.log_in(cast.HE.id_number)
    assert he.open(chen.page.url.removeprefix(chen.base)).status == 404


def test_a_look_up_shows_the_granted_fields_and_says_that_it_is_recorded(visit: Open) -> None:
    chen = visit()
    chen.open("/clerk/licences")
    chen.log_in(cast.CHEN.id_number)
    assert faults_of(chen.page) == []
    chen.page.fill("#id_number", cast.LIN.id_number)
    chen.page.fill("#case_number", "GZF-E2E-4")
    chen.page.fill("#basis", "核对居住情况")
    chen.page.click("text=查询并记录")
    found = chen.page.inner_text(".found")
    assert "居住地址" in found
    assert "户籍所在地" not in found  # not granted
    assert "本次查询已记录" in found
    assert faults_of(chen.page) == []


@pytest.mark.parametrize("path", ["/clerk", "/clerk/licences", "/office", "/office/issue", "/office/seal"])
def test_a_citizen_may_not_enter_the_consoles(visit: Open, path: str) -> None:
    lin = visit()
    lin.open("/me")
    lin.log_in(cast.LIN.id_number)
    assert lin.open(path).status == 403
    assert faults_of(lin.page) == []


def test_an_office_issues_and_the_holder_sees_it(visit: Open, tmp_path: Path) -> None:
    he, zhao = visit(), visit()
    he.open("/office")
    he.log_in(cast.HE.id_number)
    assert faults_of(he.page) == []
    he.page.click("text=发一张证照")
    assert faults_of(he.page) == []
    he.page.click(".door a")
    assert faults_of(he.page) == []
    he.page.fill("#holder_name", cast.ZHAO.name)
    he.page.fill("#holder_code", cast.ZHAO.id_number)
    he.page.fill("#licence_number", "豫（2026）示例市不动产权第 0000042 号")
    he.page.fill("[id='data.location']", "示例市青石区演示路 20 号")
    he.page.fill("[id='data.area']", "七十")
    he.page.fill("[id='data.registered_on']", "2020-01-02")
    he.page.click("text=盖章并发出")
    assert he.page.get_attribute("[id='data.area']", "aria-invalid") == "true"
    assert he.page.input_value("#holder_name") == cast.ZHAO.name
    assert faults_of(he.page) == []
    he.page.fill("[id='data.area']", "70.5")
    he.page.click("text=盖章并发出")
    he.page.wait_for_url("**/office/issued/*")
    assert faults_of(he.page) == []
    assert verify(visit(), he.save(tmp_path, "issued.pdf", "text=下载原件")) == "真实有效"
    zhao.open("/me")
    zhao.log_in(cast.ZHAO.id_number)
    assert "0000042" in zhao.page.inner_text(".lics")


def test_a_document_is_sealed_where_the_arrow_keys_put_the_seal(visit: Open, tmp_path: Path) -> None:
    he = visit()
    he.open("/office/seal")
    he.log_in(cast.HE.id_number)
    assert faults_of(he.page) == []
    he.page.set_input_files("#file", {"name": "通知.pdf", "mimeType": "application/pdf", "buffer": blank_pdf(3)})
    he.page.click("form.drop button")
    he.page.wait_for_selector("#grip")
    he.page.wait_for_load_state("networkidle")
    assert faults_of(he.page) == []
    x, y = float(he.page.input_value("#x_mm")), float(he.page.input_value("#y_mm"))
    he.page.focus("#grip")
    he.page.keyboard.press("ArrowLeft")
    he.page.keyboard.press("Shift+ArrowUp")
    assert (float(he.page.input_value("#x_mm")), float(he.page.input_value("#y_mm"))) == (x - 1, y - 10)
    assert "距左边" in he.page.inner_text("#where")
    he.page.locator("#x_mm").select_text()
    he.page.keyboard.type("150")
    he.page.keyboard.press("Tab")  # tabbing selects what the next field holds, so that typing replaces it
    he.page.keyboard.type("200")
    he.page.keyboard.press("Tab")
    assert (he.page.input_value("#x_mm"), he.page.input_value("#y_mm")) == ("150", "200")
    he.page.fill("#reason", "会议通知")
    he.page.click("text=盖章并签名")
    he.page.wait_for_url("**/done/*")
    he.page.wait_for_selector("img.leaf")
    assert faults_of(he.page) == []
    sealed = he.save(tmp_path, "sealed.pdf", "text=下载盖好章的文件")
    assert sealed.startswith(blank_pdf(3)[:200])
    assert verify(visit(), sealed) == "真实，未改动"


def test_a_seal_off_the_page_is_refused_and_nothing_is_lost(visit: Open) -> None:
    he = visit()
    he.open("/office/seal")
    he.log_in(cast.HE.id_number)
    he.page.set_input_files("#file", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": blank_pdf()})
    he.page.click("form.drop button")
    he.page.wait_for_selector("#grip")
    he.page.fill("#x_mm", "1")
    he.page.fill("#reason", "试一试")
    he.page.click("text=盖章并签名")
    assert he.page.is_visible(".alert")
    assert he.page.input_value("#reason") == "试一试"
    assert faults_of(he.page) == []


def test_what_is_not_a_pdf_is_not_sealed(visit: Open) -> None:
    he = visit()
    he.open("/office/seal")
    he.log_in(cast.HE.id_number)
    he.page.set_input_files("#file", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"no"})
    he.page.click("form.drop button")
    assert "打不开" in he.page.inner_text(".alert")


def test_seal_at_words_and_over_the_edges(visit: Open, tmp_path: Path) -> None:
    he = visit()
    he.open("/office/seal")
    he.log_in(cast.HE.id_number)
    he.page.set_input_files("#file", {"name": "合同.pdf", "mimeType": "application/pdf", "buffer": pdf(3)})
    he.page.click("form.drop button")
    he.page.wait_for_selector("#grip")
    he.page.check("input[name=mode][value=words]")
    assert not he.page.is_visible("#grip")
    assert not he.page.is_visible("#x_mm")
    he.page.fill("#words", "not there")
    he.page.check("input[name=paging]")
    he.page.fill("#reason", "签合同")
    he.page.click("text=看看会落在哪里")
    assert "找不到" in he.page.inner_text(".alert")
    assert he.page.input_value("#words") == "not there"
    he.page.fill("#words", "entitlement, page 2")
    he.page.click("text=看看会落在哪里")
    assert "4 处，在 3 页" in he.page.inner_text(".found")
    he.page.check("input[name=mode][value=every]")
    he.page.fill("#x_mm", "60")
    he.page.fill("#y_mm", "90")
    he.page.click("text=看看会落在哪里")
    assert "6 处，在 3 页" in he.page.inner_text(".found")
    assert he.page.locator(".seal-seen").count() == 2
    he.page.click("details.levels summary")
    he.page.check("input[name=level][value='PAdES-B-B']")
    assert faults_of(he.page) == []
    he.page.click("a.thumb[data-page='2']")
    he.page.wait_for_url("**page=2**")
    assert he.page.input_value("#reason") == "签合同"
    assert he.page.is_checked("input[name=level][value='PAdES-B-B']"), "what was chosen goes along to another page"
    assert he.page.locator(".seal-seen").count() == 2
    he.page.click("text=盖章并签名")
    he.page.wait_for_url("**/done/*")
    assert "PAdES-B-B" in he.page.inner_text("main")
    sealed = he.save(tmp_path, "sealed.pdf", "text=下载盖好章的文件")
    assert [red_on(sealed, number) is not None for number in (1, 2, 3)] == [True, True, True]
    assert verify(visit(), sealed) == "真实，未改动"

"""A holder shares and objects; whoever has the code opens; the authority answers; offices see figures."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from api.demo import city as cast
from tests.e2e.conftest import Visit
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]
PHONE = {"width": 390, "height": 844}


def at_home(visit: Open, licence: str = "居住证") -> Visit:
    lin = visit(viewport=PHONE)
    lin.open("/me")
    lin.log_in(cast.LIN.id_number)
    lin.page.click(f"a.lic:has-text('{licence}')")
    lin.page.wait_for_selector("h1")
    return lin


def test_entries_are_shared_opened_seen_and_taken_back(visit: Open) -> None:
    lin = at_home(visit)
    assert lin.page.locator(".smallqr svg").count() == 1
    assert faults_of(lin.page) == []
    lin.page.click("a:has-text('分享其中几项')")
    assert faults_of(lin.page) == []
    lin.page.click("button:has-text('同意分享')")
    assert lin.page.get_attribute("#purpose", "aria-invalid") is None, "the browser asks first"
    lin.page.fill("#purpose", "给房东看，办租房")
    lin.page.fill("#views", "2")
    lin.page.uncheck("input[name=field-number]")
    lin.page.click("button:has-text('同意分享')")
    code, address = lin.page.inner_text(".bigcode"), lin.page.inner_text(".sharecode .breakall")
    assert re.fullmatch(r"[0-9A-Z]{5} [0-9A-Z]{5}", code)
    assert code.replace(" ", "") not in address
    assert faults_of(lin.page) == []
    landlord = visit()
    landlord.page.goto(address)
    assert faults_of(landlord.page) == []
    landlord.page.fill("#code", "AAAAA AAAAA")
    landlord.page.press("#code", "Enter")
    assert "打不开" in landlord.page.inner_text("[role=alert]")
    landlord.page.fill("#code", code.lower())
    landlord.page.press("#code", "Enter")
    landlord.page.wait_for_selector("dl.facts")
    assert (landlord.title(), cast.LIN.name in landlord.page.inner_text("main")) == ("居住证", True)
    assert cast.LIN.id_number not in landlord.page.content()
    assert faults_of(landlord.page) == []
    lin.open("/me/accesses")
    assert "打开了您分享的居住证" in lin.page.inner_text("tbody tr:first-child")
    lin.open("/me/shares")
    assert "1 / 2 次" in lin.page.inner_text("tbody tr:first-child")
    assert faults_of(lin.page) == []
    lin.page.click("tbody tr:first-child button:has-text('收回')")
    assert "谁也打不开" in lin.page.inner_text("[role=status]")
    landlord.page.goto(address)
    landlord.page.fill("#code", code)
    landlord.page.press("#code", "Enter")
    assert "打不开" in landlord.page.inner_text("[role=alert]")


def test_an_objection_is_raised_with_evidence_and_answered(visit: Open, tmp_path: Path) -> None:
    lin = at_home(visit)
    lin.page.click("a:has-text('内容有误')")
    assert faults_of(lin.page) == []
    lin.page.select_option("#about", label="居住地址")
    lin.page.fill("#text", "门牌号写错了，应是 81 号")
    wrong = tmp_path / "page.html"
    wrong.write_text("<html>")
    lin.page.set_input_files("#evidence", wrong)
    lin.page.click("button:has-text('提交给颁发机构')")
    assert "只收 PDF" in lin.page.inner_text("#evidence-e")
    assert lin.page.input_value("#text") == "门牌号写错了，应是 81 号"
    assert faults_of(lin.page) == []
    right = tmp_path / "bill.pdf"
    right.write_bytes(b"%PDF-1.7\nwater bill")
    lin.page.set_input_files("#evidence", right)
    lin.page.click("button:has-text('提交给颁发机构')")
    lin.page.wait_for_selector("ol.tl")
    assert "等答复" in lin.page.inner_text("main")
    assert lin.save(tmp_path, "back.pdf", "a:has-text('下载我给的材料')") == right.read_bytes()
    assert faults_of(lin.page) == []
    xu = visit()
    xu.open("/office/objections")
    xu.log_in(cast.XU.id_number)
    assert "等答复" in xu.title()
    assert cast.LIN.name not in xu.page.inner_text("main"), "nobody is named in the list"
    assert faults_of(xu.page) == []
    xu.page.click("tbody tr:first-child a")
    assert "门牌号写错了" in xu.page.inner_text("ol.tl")
    assert faults_of(xu.page) == []
    xu.page.fill("#text", "核对登记表，情况属实")
    xu.page.click("button:has-text('属实，将更正')")
    assert "将更正" in xu.page.inner_text("[role=status]")
    xu.page.click("tbody tr:first-child a")
    xu.page.click("button:has-text('已更正，了结')")
    assert "还没有更正过" in xu.page.inner_text("[role=alert]")
    lin.open("/me")
    assert "答复了您对证照内容提出的异议" in lin.page.inner_text("main")
    lin.page.click("a:has-text('看答复')")
    assert "情况属实" in lin.page.inner_text("ol.tl")
    lin.page.click("button:has-text('撤回异议')")
    assert "已撤回" in lin.page.inner_text("main")
    assert faults_of(lin.page) == []


def test_a_department_sees_its_figures_and_a_citizen_sees_none(visit: Open) -> None:
    chen = visit()
    chen.open("/office/statistics")
    chen.log_in(cast.CHEN.id_number)
    assert "份材料没让群众交" in chen.title()
    chen.page.click("summary:has-text('每个月的数')")
    assert chen.page.locator(".monthtable tbody tr").count() == 12
    assert faults_of(chen.page) == []
    lin = visit()
    lin.open("/office/statistics")
    lin.log_in(cast.LIN.id_number)
    assert lin.page.locator(".figures").count() == 0


def test_a_delay_of_looks_takes_two_people(visit: Open) -> None:
    shen, yan = visit(), visit()
    for window, person in ((shen, cast.SHEN), (yan, cast.YAN)):
        window.open("/admin/look-delays")
        window.log_in(person.id_number)
        assert window.title() == "延后显示的查看"
    assert faults_of(shen.page) == []
    shen.page.fill("#days", "30")
    shen.page.fill("#basis", "监察法第三十条（演示）")
    shen.page.click("button:has-text('提出，等另一个人决定')")
    assert shen.page.locator("button:has-text('不同意')").count() == 0, "not by whoever proposed it"
    yan.page.reload()
    yan.page.click("button:has-text('不同意')")
    assert "未同意" in yan.page.inner_text("tbody tr:first-child")
    assert faults_of(yan.page) == []

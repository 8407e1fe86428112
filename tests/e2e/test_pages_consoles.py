"""The consoles for people, departments, staff, rules and events in a real browser: each role's work, each refusal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from api.demo import city as cast
from tests.e2e.conftest import Visit
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]


def keeper(visit: Open, person: cast.Person, path: str, **options: object) -> Visit:
    who = visit(**options)
    who.open(path)
    who.log_in(person.id_number)
    who.page.wait_for_selector("h1")
    assert who.page.url == f"{who.base}{path}"
    return who


def test_a_role_is_proposed_by_one_approved_by_another_and_ended(visit: Open) -> None:
    heng, shen = keeper(visit, cast.HENG, "/admin/staff"), keeper(visit, cast.SHEN, "/admin/staff")
    assert faults_of(heng.page) == []
    assert shen.page.locator("a:has-text('提出一个岗位')").count() == 0, "a security administrator does not propose"
    heng.page.click("text=提出一个岗位")
    heng.page.click("summary:has-text('收窄范围')")
    assert faults_of(heng.page) == []
    heng.page.fill("#person", cast.ZHAO.id_number)
    heng.page.select_option("#organisation", cast.COUNTER_SECTION.code)
    heng.page.select_option("#role", "clerk")
    heng.page.check("text=查证照")
    heng.page.fill("#until", "2030-12-31")
    heng.page.fill("#reason", "窗口人手不够")
    heng.page.click("button:has-text('提出，等审批')")
    assert "等安全管理员审批" in heng.page.inner_text("main .note")
    assert heng.page.locator("button:has-text('同意')").count() == 0, "not by whoever proposed it"
    assert faults_of(heng.page) == []
    shen.page.reload()
    assert shen.title() == "1 项岗位申请等您审批"
    assert "只查证照，到 2030-12-31 为止" in shen.page.inner_text(".waiting-list")
    assert faults_of(shen.page) == []
    shen.page.click(".waiting-list button.go")
    assert "马上生效" in shen.page.inner_text("main .note")
    zhao = visit()
    zhao.open("/login")
    zhao.log_in(cast.ZHAO.id_number)
    assert zhao.open("/clerk").status == 200
    heng.open(f"/admin/staff?department={cast.COUNTER_SECTION.code}")
    heng.page.click("tr:has-text('赵映雪') >> a:has-text('去掉')")
    assert faults_of(heng.page) == []
    heng.page.click("button:has-text('去掉')")
    assert "不再有效" in heng.page.inner_text("main .note")
    assert zhao.open("/clerk").status == 403, "from the next step on"


def test_nobody_gives_themselves_a_role(visit: Open) -> None:
    heng = keeper(visit, cast.HENG, "/admin/staff/new")
    heng.page.fill("#person", cast.HENG.id_number)
    heng.page.select_option("#organisation", cast.DATA_BUREAU.code)
    heng.page.select_option("#role", "issuer")
    heng.page.fill("#reason", "方便")
    heng.page.click("button:has-text('提出，等审批')")
    assert "不能给自己加岗位" in heng.page.inner_text("[role=alert]")
    assert heng.page.input_value("#reason") == "方便"
    heng.page.fill("#person", "12345")
    heng.page.click("button:has-text('提出，等审批')")
    assert heng.page.get_attribute("#person", "aria-invalid") == "true"
    assert faults_of(heng.page) == []


def test_a_department_is_registered_and_moved_but_not_below_itself(visit: Open) -> None:
    heng = keeper(visit, cast.HENG, "/admin/organisations")
    assert faults_of(heng.page) == []
    heng.page.fill("#uscc", "11410199DEMA000410")
    heng.page.fill("#name_zh", "档案科")
    heng.page.fill("#name_en", "Archive")
    heng.page.click("button:has-text('登记')")
    assert heng.page.get_attribute("#uscc", "aria-invalid") == "true"
    heng.page.click(f".tree a:has-text('{cast.COUNTER_SECTION.name.zh}')")
    assert cast.HOUSING.name.zh in heng.page.inner_text(".facts")
    assert faults_of(heng.page) == []
    heng.page.select_option("#parent", cast.POLICE.code)
    heng.page.click("button:has-text('移动')")
    assert "已移动" in heng.page.inner_text("main .note")
    heng.open(f"/admin/organisations/{cast.POLICE.code}")
    heng.page.select_option("#parent", cast.COUNTER_SECTION.code)
    heng.page.click("button:has-text('移动')")
    assert "不能把机构移到" in heng.page.inner_text("[role=alert]")
    heng.open(f"/admin/organisations/{cast.COUNTER_SECTION.code}")
    heng.page.select_option("#parent", cast.HOUSING.code)
    heng.page.click("button:has-text('移动')")
    assert "已移动" in heng.page.inner_text("main .note")


def test_a_person_is_found_by_number_and_the_number_is_in_no_address(visit: Open) -> None:
    heng = keeper(visit, cast.HENG, "/admin/people")
    assert faults_of(heng.page) == []
    heng.page.fill("#person", cast.LIN.id_number)
    heng.page.press("#person", "Enter")
    heng.page.wait_for_selector(".facts")
    assert cast.LIN.id_number not in heng.page.url
    assert "林知远" in heng.page.inner_text("main")
    assert heng.page.locator("text=办离岗").count() == 0, "nobody leaves who is no staff"
    assert faults_of(heng.page) == []
    heng.page.click("summary:has-text('冻结账号')")
    assert faults_of(heng.page) == []
    heng.page.fill("#note", "本人来电，手机被偷")
    heng.page.click("button:has-text('冻结')")
    assert "已冻结" in heng.page.inner_text("main .note")
    lin = visit()
    lin.open("/login")
    lin.page.fill("#identifier", cast.LIN.id_number)
    lin.page.fill("#password", cast.PASSWORD)
    lin.page.press("#password", "Enter")
    lin.page.wait_for_selector("[role=alert]")
    heng.page.click("summary:has-text('解冻账号')")
    heng.page.fill("#note", "已换卡")
    heng.page.click("button:has-text('解冻')")
    assert "已解冻" in heng.page.inner_text("main .note")
    lin.page.fill("#password", cast.PASSWORD)
    lin.page.press("#password", "Enter")
    lin.page.wait_for_url("**/me")
    heng.page.fill("#person", "410199199001010014")
    heng.page.press("#person", "Enter")
    heng.page.wait_for_selector("[role=alert]")


def test_a_rule_for_log_ins_is_set_and_taken_away(visit: Open) -> None:
    shen, yan = keeper(visit, cast.SHEN, "/admin/policies"), keeper(visit, cast.YAN, "/admin/policies")
    assert faults_of(shen.page) == []
    shen.page.select_option("#kind", "level:")
    shen.page.fill("#which", "4")
    shen.page.select_option("#acr", label="两种方式")
    shen.page.check("text=邮件验证码")
    shen.page.click("button:has-text('保存')")
    assert "几秒内生效" in shen.page.inner_text("main .note")
    assert faults_of(shen.page) == []
    yan.page.reload()
    assert "实名 4 级及以上" in yan.page.inner_text("table")
    assert yan.page.locator("main form").count() == 0, "an auditor only reads"
    assert faults_of(yan.page) == []
    shen.page.click("tr:has-text('实名 4 级') >> button")
    assert shen.page.locator("tr:has-text('实名 4 级')").count() == 0


def test_events_are_watched_and_refusals_are_among_them(visit: Open) -> None:
    yan = keeper(visit, cast.YAN, "/admin/security")
    yan.page.click(".wide-nav >> text=人员与安全")
    assert yan.page.url == f"{yan.base}/admin/organisations", "the first console that an auditor has"
    heng = keeper(visit, cast.HENG, "/admin/staff")
    assert heng.open("/admin/security").status == 403, "events are not for system administrators"
    assert yan.open("/admin/staff").status == 200
    assert yan.page.locator("a:has-text('提出一个岗位')").count() == 0
    assert yan.open("/admin/people").status == 403
    assert yan.open("/admin/staff/new").status == 200
    yan.page.fill("#person", cast.ZHAO.id_number)
    yan.page.select_option("#organisation", cast.POLICE.code)
    yan.page.select_option("#role", "clerk")
    yan.page.fill("#reason", "越权试试")
    yan.page.click("button:has-text('提出，等审批')")
    assert "没有办理这件事的岗位" in yan.page.inner_text("[role=alert]")
    yan.page.wait_for_function("async () => (await (await fetch('/admin/security/count?after=0')).json()).events > 0")
    yan.open("/admin/security?severity=warning")
    assert "越权操作，已拒绝" in yan.page.inner_text("table")
    assert faults_of(yan.page) == []


def test_the_consoles_are_not_for_others(visit: Open) -> None:
    he = visit()
    he.open("/login")
    he.log_in(cast.HE.id_number)
    for path in ("people", "organisations", "staff", "staff/new", "policies", "security", "security/count?after=0"):
        assert he.open(f"/admin/{path}").status == 403, path


def test_in_english_too(visit: Open) -> None:
    shen = keeper(visit, cast.SHEN, "/admin/security")
    for path in ("security", "staff", "organisations", f"organisations/{cast.HOUSING.code}", "people", "policies"):
        shen.open(f"/admin/{path}?lang=en")
        assert faults_of(shen.page) == [], path

"""The administrators' page in a real browser: what runs out, and a renewal that takes two people."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from api.demo import city as cast
from tests.e2e.conftest import Visit
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]
HOUSING_ROW = ".g-row:has-text('示例市住房保障局印章证书')"


def administrator(visit: Open, person: cast.Person) -> Visit:
    who = visit()
    who.open("/admin/keys")
    who.log_in(person.id_number)
    who.page.wait_for_selector(".gantt")
    return who


def test_one_proposes_another_confirms_and_the_seal_has_a_new_certificate(visit: Open) -> None:
    heng, shen = administrator(visit, cast.HENG), administrator(visit, cast.SHEN)
    assert faults_of(heng.page) == []
    heng.page.click(f"{HOUSING_ROW} >> text=提出续发")
    assert "等安全管理员确认" in heng.page.inner_text("main .note")
    assert heng.page.locator("text=确认并续发").count() == 0  # not by whoever proposed it
    assert faults_of(heng.page) == []
    shen.page.reload()
    assert shen.page.locator(".gantt button").count() == 0  # a security administrator does not propose
    assert shen.title() == "1 项续发等您确认"
    assert "许衡" in shen.page.inner_text(".waiting")
    assert faults_of(shen.page) == []
    shen.page.click("text=确认并续发")
    assert "已续发" in shen.page.inner_text("main .note")
    assert shen.page.locator(".waiting").count() == 0
    assert shen.page.locator(f"{HOUSING_ROW} .bar rect").count() > 1  # the former certificate is drawn too


def test_a_proposal_is_withdrawn_or_refused(visit: Open) -> None:
    heng, shen = administrator(visit, cast.HENG), administrator(visit, cast.SHEN)
    row = ".g-row:has-text('示例市公安局印章证书')"
    heng.page.click(f"{row} >> text=提出续发")
    heng.page.click("text=撤回申请")
    assert "已撤回申请" in heng.page.inner_text("main .note")
    heng.page.click(f"{row} >> text=提出续发")
    shen.page.reload()
    shen.page.click("text=不同意")
    assert "已记为不同意" in shen.page.inner_text("main .note")
    heng.page.reload()
    assert heng.page.locator(".waiting").count() == 0


def test_the_page_is_for_administrators(visit: Open) -> None:
    he = visit()
    he.open("/login")
    he.log_in(cast.HE.id_number)
    assert he.open("/admin/keys").status == 403
    assert "没有这个岗位" in he.page.inner_text("main")


def test_in_english_too(visit: Open) -> None:
    heng = administrator(visit, cast.HENG)
    heng.page.click(".lang >> text=EN")
    assert heng.page.inner_text("h1") == "Nothing to do for now"
    assert faults_of(heng.page) == []

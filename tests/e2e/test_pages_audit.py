"""The auditor's page in a real browser: the log is verified, a row is proved, a checkpoint that was kept is used."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from api.demo import city as cast
from tests.e2e.conftest import Visit
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]


def test_an_auditor_verifies_the_log_and_others_do_not_see_it(visit: Open) -> None:
    yan = visit()
    yan.open("/audit")
    yan.log_in(cast.YAN.id_number)
    assert yan.title() == "审计日志"
    assert faults_of(yan.page) == []
    yan.page.click("text=从头核对到尾")
    assert "日志是完整的" in yan.page.inner_text("[role=status]")
    assert faults_of(yan.page) == []
    yan.page.fill("#outside", "不是检查点")
    yan.page.click("text=从头核对到尾")
    assert "这不是检查点" in yan.page.inner_text("[role=alert]")
    assert faults_of(yan.page) == []
    chen = visit()
    chen.open("/audit")
    chen.log_in(cast.CHEN.id_number)
    assert "审计日志" not in chen.page.inner_text("main")

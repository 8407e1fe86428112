"""A department takes an old register over in a browser: sent in, tried dry, mended, taken over."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from api.demo import city as cast
from tests.e2e.conftest import Visit
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]

LINES = """\
证号,姓名,身份证号,居住地址,登记日期,户籍,起始日,到期日
JZ-0001,韩一木,410199198001010017,示例市青石区甲路 1 号,2026-01-01,示例省,2026-01-01,2099-12-31
JZ-0002,韩二木,410199198001010025,示例市青石区甲路 2 号,2026-01-01,示例省,2026-01-01,2099-12-31
JZ-0003,韩三木,410199198001010033,,2026-01-01,示例省,2026-01-01,2099-12-31
"""


def when_done(who: Visit) -> None:
    while "进行中" in who.page.inner_text("main .tag"):
        who.page.reload()


def test_a_register_is_tried_dry_mapped_and_taken_over(visit: Open, tmp_path: Path) -> None:
    who = visit()
    who.open("/office/imports")
    who.log_in(cast.XU.id_number)
    who.page.wait_for_selector("h1")
    assert faults_of(who.page) == []
    file = tmp_path / "居住证登记簿.csv"
    file.write_bytes(LINES.encode("gb18030"))
    who.page.select_option("#type", label="居住证")
    who.page.set_input_files("#file", file)
    who.page.click("button:has-text('传上来')")
    assert who.title() == "居住证登记簿.csv"
    assert who.page.input_value("[id='to.holder_code']") == "身份证号", "proposed from the title"
    who.page.select_option("[id='to.data.since']", "登记日期")
    who.page.select_option("[id='to.data.household']", "户籍")
    who.page.select_option("[id='to.valid_from']", "起始日")
    who.page.select_option("[id='to.valid_until']", "到期日")
    assert faults_of(who.page) == []
    who.page.click("button:has-text('试导入')")
    when_done(who)
    assert who.page.inner_text("main .tag") == "试导入已完成"
    counts = who.page.inner_text(".importcounts")
    assert faults_of(who.page) == []
    with who.page.expect_download() as download:
        who.page.click("text=下载有问题的行")
    rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == [line.split(",")[0] for line in LINES.splitlines()[1:] if ",," in line]
    who.page.click("button:has-text('正式入库')")
    when_done(who)
    assert who.page.inner_text("main .tag") == "已完成"
    assert who.page.inner_text(".importcounts").replace("已入库", "可入库") == counts
    assert faults_of(who.page) == []
    who.open("/office/imports")
    assert "居住证登记簿.csv" in who.page.inner_text("tbody")
    assert faults_of(who.page) == []


def test_an_office_takes_its_licences_out_and_says_what_for(visit: Open, tmp_path: Path) -> None:
    who = visit()
    who.open("/office/licences")
    who.log_in(cast.XU.id_number)
    who.page.wait_for_selector("h1")
    who.open("/office/licences?lang=en")
    who.page.select_option("#type", index=1)
    who.page.click("main form summary")
    assert faults_of(who.page) == []
    who.page.click("button:has-text('Export')")
    assert who.page.locator("#reason:invalid").count() == 1, "an export without a purpose is none"
    who.page.fill("#reason", " ")
    who.page.click("button:has-text('Export')")
    who.page.wait_for_selector("#reason[aria-invalid=true]")
    assert faults_of(who.page) == []
    who.page.fill("#reason", "Moved to the archive")
    rows = list(csv.reader(io.StringIO(who.save(tmp_path, "out.csv", "button:has-text('Export')").decode("utf-8-sig"))))
    assert len(rows) > 1
    assert cast.ZHAO.name in {cell for row in rows[1:] for cell in row}

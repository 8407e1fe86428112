"""The pages about seals in a real browser: two people found a seal, grant it, approve a use, and find it again."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from api.demo import city as cast
from tests.e2e.conftest import Visit
from tests.e2e.test_pages_public import verify
from tests.support.page_checks import faults_of
from tests.support.page_files import blank_pdf
from tests.support.scanned_seals import Paper, scan

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]


def at(visit: Open, person: cast.Person, path: str) -> Visit:
    who = visit()
    who.open(path)
    who.log_in(person.id_number)
    who.page.wait_for_selector("h1")
    return who


def test_a_scanned_impression_is_cleaned_and_shown_before_it_is_asked_for(visit: Open) -> None:
    jiang = at(visit, cast.JIANG, "/office/seals/new")
    jiang.page.fill("#code", "4101990000983")
    jiang.page.check("input[name=shape][value=scan]", force=True)
    impression = scan(Paper(shadow=90, written=True), "JPEG", quality=85, dpi=(305, 305))
    file = {"name": "旧章.jpg", "mimeType": "image/jpeg", "buffer": impression}
    jiang.page.set_input_files("#file", file)  # the script shows it at once
    jiang.page.wait_for_selector(".sketch-before img")
    assert "mm" in jiang.page.inner_text("#sketch-size")
    assert faults_of(jiang.page) == []
    jiang.page.fill("#reason", "沿用旧章")
    jiang.page.click("button:has-text('提出申请')")
    assert "扫描件" in jiang.page.inner_text("main"), "the application says what it was drawn of"
    assert faults_of(jiang.page) == []
    jiang.page.click("button:text-is('撤回')")
    assert "已撤回" in jiang.page.inner_text("main .note")


def test_without_script_a_button_draws_the_seal(visit: Open) -> None:
    jiang = at(lambda: visit(java_script_enabled=False), cast.JIANG, "/office/seals/new")
    jiang.page.check("input[name=shape][value=name]", force=True)
    jiang.page.fill("#person", "林知远")
    jiang.page.click("button:has-text('看看样子')")
    assert jiang.page.get_attribute("#sketch", "src"), "it is drawn"
    assert jiang.page.inner_text("#sketch-size") == "20 mm"
    jiang.page.fill("#person", "")
    jiang.page.fill("#name_zh", "一二三四五六七八九十一二三四五六七八九十")
    jiang.page.click("button:has-text('看看样子')")
    assert "1 到 15 个字" in jiang.page.inner_text("main"), "why it cannot be drawn is said"


def test_two_people_found_a_seal_grant_it_and_approve_its_use(visit: Open, tmp_path: Path) -> None:
    jiang, tan = at(visit, cast.JIANG, "/office"), at(visit, cast.TAN, "/office/seals")
    assert faults_of(jiang.page) == []
    jiang.page.click("text=印章与用印")
    assert jiang.title() == "1 枚印章可用"
    assert faults_of(jiang.page) == []
    jiang.page.click("text=申请一枚新章")
    jiang.page.select_option("#kind", "contract")
    jiang.page.fill("#line", "合同专用章")
    jiang.page.fill("#code", "41")
    jiang.page.fill("#reason", "签订公租房合同")
    before = jiang.page.get_attribute("#sketch", "src")
    jiang.page.select_option("#centre", "blank")
    jiang.page.wait_for_function(
        "before => document.getElementById('sketch').getAttribute('src') !== before", arg=before
    )
    jiang.page.click("button:has-text('提出申请')")
    assert jiang.page.get_attribute("#code", "aria-invalid") == "true", "the code has 13 digits"
    assert jiang.page.input_value("#reason") == "签订公租房合同"
    assert faults_of(jiang.page) == []
    jiang.page.fill("#code", "4101990000991")
    jiang.page.click("button:has-text('提出申请')")
    application = jiang.page.url.split("?")[0]
    assert jiang.page.locator("button:has-text('同意')").count() == 0, "not by whoever asked"
    assert faults_of(jiang.page) == []

    tan.page.reload()
    assert tan.title() == "1 个制章申请在办"
    assert faults_of(tan.page) == []
    tan.page.click("section:has-text('在办的制章申请') >> tbody a")
    assert "签订公租房合同" in tan.page.inner_text("main")
    tan.page.click("button:text-is('同意')")
    assert "等印章保管人制作" in tan.page.inner_text("main .note")
    jiang.page.goto(application)
    jiang.page.click("button:text-is('制作')")
    assert "等另一个人启用" in jiang.page.inner_text("main .note")
    assert faults_of(jiang.page) == []
    seal = jiang.page.url.split("?")[0]
    tan.page.goto(seal)
    tan.page.click("button:text-is('启用')")
    assert "可以按授权用印" in tan.page.inner_text("main .note")
    assert faults_of(tan.page) == []

    jiang.page.goto(seal)
    jiang.page.click("text=给一项授权")
    assert faults_of(jiang.page) == []
    jiang.page.select_option("#role", "seal-user")
    jiang.page.fill("#max_uses", "3")
    jiang.page.check("input[name=approval]")
    jiang.page.click("button:has-text('授权')")
    assert "限 3 次，已用 0 次；每次要审批" in jiang.page.inner_text("main")
    assert faults_of(jiang.page) == []

    he = at(visit, cast.HE, "/office/seal-requests/new")
    assert faults_of(he.page) == []
    he.page.set_input_files("#file", {"name": "合同.pdf", "mimeType": "application/pdf", "buffer": blank_pdf(2)})
    he.page.select_option("#seal", seal.rsplit("/", 1)[-1])
    he.page.fill("#reason", "与承租人签订合同")
    he.page.click("button:has-text('提交申请')")
    request = he.page.url.split("?")[0]
    assert he.page.locator("button:has-text('同意盖章')").count() == 0, "nobody approves their own"
    assert faults_of(he.page) == []
    tan.open("/office/seal-requests")
    assert tan.title() == "1 个用印申请等您决定"
    assert faults_of(tan.page) == []
    tan.page.click("text=与承租人签订合同")
    assert tan.page.locator(".viewer img").count() == 2
    assert faults_of(tan.page) == []
    tan.page.click("button:has-text('同意盖章')")
    he.page.goto(request)
    assert faults_of(he.page) == []
    he.page.click("button:has-text('盖章并签名')")
    assert "已盖章并签名" in he.page.inner_text("main .note")
    assert faults_of(he.page) == []
    assert verify(visit(), he.save(tmp_path, "sealed.pdf", "text=下载盖好章的文件")) == "真实，未改动"

    tan.open("/office/seals/ledger")
    assert "与承租人签订合同" in tan.page.inner_text("main tbody")
    assert faults_of(tan.page) == []
    assert "与承租人签订合同" in tan.save(tmp_path, "uses.csv", "text=导出表格").decode("utf-8-sig")
    tan.page.fill("#document_class", "licence")
    tan.page.click("button:has-text('查找')")
    assert "与承租人签订合同" not in tan.page.inner_text("main")
    tan.page.goto(seal)
    tan.page.click("button:text-is('暂停')")
    assert "马上生效" in tan.page.inner_text("main .note")
    assert "要由另一位同事办" in tan.page.inner_text("main"), "whoever stopped it does not give it back"
    assert faults_of(tan.page) == []


def test_many_files_are_handed_in_checked_and_sealed_as_one_batch(visit: Open) -> None:
    jiang = at(visit, cast.JIANG, "/office/batches")
    assert faults_of(jiang.page) == []
    jiang.page.click("main a:has-text('新建批次')")
    files = [{"name": f"通知{n}.pdf", "mimeType": "application/pdf", "buffer": blank_pdf(n)} for n in (1, 2, 3)]
    files.append({"name": "坏.pdf", "mimeType": "application/pdf", "buffer": b"no pdf"})
    jiang.page.set_input_files("#files", files)
    jiang.page.fill("#reason", "年度通知")
    assert faults_of(jiang.page) == []
    jiang.page.click("button:has-text('交文件')")
    assert jiang.title() == "4 份文件待盖章"
    jiang.page.click("tr:has-text('通知3.pdf') >> button:has-text('拿掉')")
    assert jiang.title() == "3 份文件待盖章"
    assert faults_of(jiang.page) == []
    jiang.page.click("button:has-text('盖章并签名 3 份')")
    assert "等另一位同事审批整张清单" in jiang.page.inner_text("main")
    tan = at(visit, cast.TAN, "/office/batches")
    assert tan.title() == "1 个批次等您决定"
    tan.page.click("tbody a")
    assert faults_of(tan.page) == []
    tan.page.click("button:has-text('同意盖章 3 份')")
    tan.page.wait_for_selector("h1:has-text('盖好 2 份，1 份没盖成')", timeout=60_000)  # the page looks by itself
    assert tan.page.locator("a:has-text('下载')").count() == 1, "the table, but not what is the owner's"
    jiang.page.reload()
    assert faults_of(jiang.page) == []
    assert "通知1.pdf" in jiang.page.inner_text("tr:has-text('已盖章') >> nth=0")
    with jiang.page.expect_download() as fetched:
        jiang.page.click("a:has-text('下载盖好的')")
    archive = zipfile.ZipFile(fetched.value.path())
    assert archive.namelist() == ["通知1.pdf", "通知2.pdf", "results.csv"]

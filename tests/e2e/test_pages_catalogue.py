"""The catalogue in a real browser: a type gets a next version; a template is written beside its sample, published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from api.demo import city as cast
from tests.e2e.conftest import Visit
from tests.e2e.test_pages_consoles import keeper
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]


def test_a_type_gets_its_next_version_and_a_template_is_published(visit: Open) -> None:
    heng = keeper(visit, cast.HENG, "/office/types")
    assert faults_of(heng.page) == []
    heng.page.click("tbody a >> nth=0")
    assert faults_of(heng.page) == []
    heng.page.fill("#numbering", "示{year}")
    heng.page.click("button:has-text('登记第')")
    assert "serial" in heng.page.inner_text("#numbering-e")
    heng.page.fill("#numbering", "示〔{year}〕{serial:6}号")
    heng.page.click("button:has-text('登记第')")
    assert "新版本已登记" in heng.page.inner_text("main .note")
    heng.open("/office/items")
    assert faults_of(heng.page) == []
    heng.open("/office/templates")
    assert faults_of(heng.page) == []
    heng.page.click("a:has-text('permit')")
    heng.page.wait_for_selector("[data-sample]:not([hidden])")
    assert faults_of(heng.page) == []
    first = heng.page.get_attribute("[data-sample]", "src") or ""
    heng.page.fill("#name", "own-permit")
    heng.page.fill("#title_zh", "自编居住证")
    source = heng.page.input_value("#source")
    heng.page.fill("#source", "#no-such-word\n" + source)
    expect(heng.page.locator("[data-fault]")).to_contain_text("第 1 行", timeout=30_000)
    heng.page.fill("#source", source)
    expect(heng.page.locator("[data-sample]")).not_to_have_attribute("src", first, timeout=30_000)
    heng.page.click("button:has-text('发布第 1 版')")
    assert "已发布" in heng.page.inner_text("main .note")
    assert "own-permit" in heng.page.inner_text("tbody")


def test_an_item_its_material_its_grant_and_the_file_of_it_all(visit: Open, tmp_path: Path) -> None:
    heng, shen = keeper(visit, cast.HENG, "/office/items/new"), keeper(visit, cast.SHEN, "/office/items")
    heng.page.fill("#code", "410199-SY-0001")
    heng.page.fill("#name_zh", "示例事项")
    heng.page.fill("#department", "no code")
    heng.page.click("button:has-text('登记')")
    assert heng.page.locator("#department-e").count() == 1
    heng.page.fill("#department", cast.HOUSING.code)
    heng.page.click("button:has-text('登记')")
    assert faults_of(heng.page) == []
    heng.page.click("text=加一份")
    heng.page.fill("#name_zh", "不动产权证书")
    heng.page.check("label:has-text('不动产权证书') input")
    heng.page.select_option("[id='c0.field']", "area")
    heng.page.select_option("[id='c0.comparison']", "at-least")
    heng.page.fill("[id='c0.value']", "50")
    heng.page.click("button:has-text('保存')")
    assert "面积 不低于 50 m²" in heng.page.inner_text("tbody")
    shen.open("/office/items")
    shen.page.click("section.item:has-text('示例事项') >> text=加一项使用授权")
    shen.page.click(".picklist a:has-text('不动产权证书')")
    shen.page.fill("#organisation", cast.HOUSING.code)
    shen.page.fill("#basis", "示例办法第一条（演示）")
    shen.page.click("button:has-text('保存授权')")
    assert shen.page.locator("#fields-e").count() == 1, "a grant of no field is none"
    shen.page.check("label:has-text('area') input")
    shen.page.click("button:has-text('保存授权')")
    assert "授权已登记" in shen.page.inner_text("main .note")
    heng.open("/office/catalogue")
    file = heng.save(tmp_path, "catalogue.json", "text=连同使用授权")
    assert b"410199-SY-0001" in file
    heng.open("/office/items/410199-SY-0001")
    heng.page.fill("#name_zh", "改了名的事项")
    heng.page.click("button:has-text('保存')")
    heng.open("/office/catalogue")
    heng.page.set_input_files("#file", {"name": "c.json", "mimeType": "application/json", "buffer": file})
    heng.page.click("button:has-text('先看会改什么')")
    assert faults_of(heng.page) == []
    assert heng.title() == "导入会改 1 处"
    heng.page.click("button:has-text('导入 1 处')")
    assert heng.title() == "导入了 1 处"
    heng.open("/office/items/410199-SY-0001")
    assert heng.title() == "示例事项"

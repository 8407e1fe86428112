"""The catalogue in a real browser: a type gets a next version; a template is written beside its sample, published."""

from __future__ import annotations

from collections.abc import Callable

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

"""National forms in a real browser: a seal is given one, OFDs and PDFs are sealed, and anybody verifies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from api.demo import city as cast
from api.journey.instance import Instance
from tests.e2e.conftest import Visit
from tests.e2e.test_pages_seals import at
from tests.support.ofd_sealing import entries_of, package, pages, recomputed
from tests.support.ofd_world import Files, drawn, words, zipped
from tests.support.page_checks import faults_of
from tests.support.page_files import blank_pdf

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]
OFD, PDF = "application/ofd", "application/pdf"


@pytest.fixture(scope="module")
def city(national_city: Instance) -> Instance:
    return national_city


def in_both_languages(who: Visit) -> list[str]:
    """What is wrong with the page that is open, as it is and in English; the page in Chinese comes back."""
    here = who.page.url.split("?")[0]
    found = faults_of(who.page)
    who.page.goto(f"{here}?lang=en")
    found += faults_of(who.page)
    who.page.goto(f"{here}?lang=zh")
    return found


def brought(who: Visit, content: bytes, name: str, kind: str) -> None:
    """To the sealing page's second step."""
    who.open("/office/seal")
    who.page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": content})
    who.page.click("form.drop button")
    who.page.wait_for_selector("#grip")
    who.page.wait_for_load_state("networkidle")


def letter(count: int) -> Files:
    """A document of so many pages that claims to be no licence."""
    files = pages(count)
    root = files["/OFD.xml"].decode()
    custom = root[root.index("<ofd:CustomDatas>") : root.index("</ofd:CustomDatas>") + len("</ofd:CustomDatas>")]
    return files | {"/OFD.xml": root.replace(custom, "").encode()}


def sealed(who: Visit, folder: Path, name: str) -> bytes:
    who.page.fill("#reason", "会议通知")
    who.page.click("text=盖章并签名")
    who.page.wait_for_url("**/done/*")
    who.page.wait_for_selector("img.leaf")
    return who.save(folder, name, "text=下载盖好章的文件")


def verify(who: Visit, content: bytes, name: str, kind: str) -> str:
    """Dropped on the public page; answers the verdict."""
    who.open("/verify")
    who.page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": content})
    who.page.click("form.drop button")
    who.page.wait_for_selector(".verdict")
    return who.title()


def ten_good(who: Visit) -> bool:
    steps = who.page.locator("ol.ten > li")
    return steps.count() == 10 and who.page.locator("ol.ten > li.good").count() == 10


def test_a_seal_of_the_international_form_is_given_the_national_one(visit: Open) -> None:
    jiang, tan = at(visit, cast.JIANG, "/office/seals/new"), at(visit, cast.TAN, "/office/seals")
    jiang.page.select_option("#kind", "contract")
    jiang.page.fill("#line", "合同专用章")
    jiang.page.fill("#code", "4101990000975")
    jiang.page.fill("#reason", "签订合同")
    jiang.page.select_option("#profile", "international")
    assert faults_of(jiang.page) == []
    jiang.page.click("button:has-text('提出申请')")
    application = jiang.page.url.split("?")[0]
    tan.page.goto(application)
    tan.page.click("button:text-is('同意')")
    jiang.page.goto(application)
    jiang.page.click("button:text-is('制作')")
    seal = jiang.page.url.split("?")[0]
    tan.page.goto(seal)
    tan.page.click("button:text-is('启用')")
    jiang.page.goto(f"{seal}/certificate")
    assert in_both_languages(jiang) == []
    jiang.page.click("button:has-text('加做国密形式')")
    assert jiang.page.locator("a:has-text('下载印章数据')").count() == 1
    assert in_both_languages(jiang) == []
    assert jiang.page.locator("button:has-text('加做国密形式')").count() == 0, "once"


def test_an_ofd_is_sealed_by_keys_and_anybody_sees_ten_good_steps(visit: Open, tmp_path: Path) -> None:
    he = at(visit, cast.HE, "/office/seal")
    brought(he, zipped(letter(3)), "通知.ofd", OFD)
    assert he.page.locator("input[name=profile]").count() == 0, "an OFD has one form"
    assert in_both_languages(he) == []
    x, y = float(he.page.input_value("#x_mm")), float(he.page.input_value("#y_mm"))
    he.page.focus("#grip")
    he.page.keyboard.press("ArrowLeft")
    he.page.keyboard.press("Shift+ArrowUp")
    assert (float(he.page.input_value("#x_mm")), float(he.page.input_value("#y_mm"))) == (x - 1, y - 10)
    content = sealed(he, tmp_path, "sealed.ofd")
    assert in_both_languages(he) == []
    (by_hand,) = recomputed(content)
    assert by_hand.faults == ()
    assert [one["PageRef"] for one in by_hand.stamps] == ["3"]

    somebody = visit()
    assert verify(somebody, content, "通知.ofd", OFD) == "真实，未改动"
    assert ten_good(somebody)
    somebody.page.wait_for_selector("img.leaf")
    assert in_both_languages(somebody) == []

    files = entries_of(content)
    path = "/Doc_0/Pages/Page_2/Content.xml"
    changed = zipped(files | {path: files[path].replace(b"</ofd:Page>", b" </ofd:Page>")})
    verdict = verify(somebody, changed, "改过.ofd", OFD)
    assert verdict not in ("真实，未改动", "真实有效")
    assert path in somebody.page.inner_text("ul.files")
    assert "第 2 页" in somebody.page.inner_text("ul.files")
    assert not ten_good(somebody) or somebody.page.locator(".verdict.bad").count() == 1
    assert in_both_languages(somebody) == []


def test_an_ofd_is_sealed_where_the_mouse_puts_it_and_at_words(visit: Open, tmp_path: Path) -> None:
    he = at(visit, cast.HE, "/office/seal")
    brought(he, zipped(letter(1)), "一页.ofd", OFD)
    he.page.locator("#grip").scroll_into_view_if_needed()
    box = he.page.locator("#grip").bounding_box()
    assert box is not None
    x = float(he.page.input_value("#x_mm"))
    he.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    he.page.mouse.down()
    he.page.mouse.move(box["x"] + box["width"] / 2 - 60, box["y"] + box["height"] / 2 - 60, steps=5)
    he.page.mouse.up()
    assert float(he.page.input_value("#x_mm")) < x - 5
    content = sealed(he, tmp_path, "dragged.ofd")
    assert verify(visit(), content, "一页.ofd", OFD) == "真实，未改动"

    brought(he, zipped(drawn(words("此处盖章", at="60 120 80 10"))), "合同.ofd", OFD)
    he.page.check("input[name=mode][value=words]", force=True)
    he.page.fill("#words", "此处盖章")
    he.page.fill("#reason", "签订合同")
    he.page.click("button:has-text('看看会落在哪里')")
    assert he.page.locator(".seal-seen").count() == 1
    assert faults_of(he.page) == []
    again = sealed(he, tmp_path, "words.ofd")
    assert [one.faults for one in recomputed(again)] == [()]


@pytest.mark.parametrize(
    ("form", "stamps", "signatures"), [("", 0, 1), ("pades", 0, 1), ("sm2seal", 1, 1), ("dual", 1, 2)]
)
def test_a_pdf_is_sealed_in_each_form_that_is_offered(
    visit: Open, tmp_path: Path, form: str, stamps: int, signatures: int
) -> None:
    he = at(visit, cast.HE, "/office/seal")
    brought(he, blank_pdf(2), "通知.pdf", PDF)
    he.page.click("summary:has-text('盖成哪种格式')")
    assert sorted(one.get_attribute("value") or "" for one in he.page.locator("input[name=profile]").all()) == [
        "", "dual", "pades", "sm2seal",
    ]  # fmt: skip
    he.page.click(f"label:has(input[name=profile][value='{form}'])")
    assert he.page.is_checked(f"input[name=profile][value='{form}']")
    both = form == "dual"  # the pages of the other forms are parts of its pages
    assert not both or faults_of(he.page) == []
    content = sealed(he, tmp_path, "sealed.pdf")
    assert not both or faults_of(he.page) == []
    somebody = visit()
    assert verify(somebody, content, "通知.pdf", PDF) == "真实，未改动"
    assert somebody.page.locator("ol.ten").count() == stamps
    assert not stamps or ten_good(somebody)
    if both:
        assert f"{signatures} 个签名" in somebody.page.inner_text("main")
        assert in_both_languages(somebody) == []


def test_an_ofd_that_cannot_be_sealed_is_refused_in_words(visit: Open) -> None:
    he = at(visit, cast.HE, "/office/seal")
    for content in (package()[:-30], zipped(drawn("", box="0 0 0 0"))):
        he.open("/office/seal")
        he.page.set_input_files("#file", {"name": "坏.ofd", "mimeType": OFD, "buffer": content})
        he.page.click("form.drop button")
        he.page.wait_for_selector("[role=alert]")
        assert "没有" in he.page.inner_text("[role=alert]")
        assert faults_of(he.page) == []

"""Pages that anybody may open: front door, verification, errors."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from api.demo import city as cast
from api.journey.instance import Instance
from tests.attacks.test_pdf_isa import annotation
from tests.e2e.conftest import Visit
from tests.support.page_checks import faults_of
from tests.support.page_files import blank_pdf, saved_anew, with_one_byte_changed
from tests.support.signing_forgeries import update

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]


def verify(window: Visit, content: bytes, name: str = "文件.pdf") -> str:
    """Upload; answers the verdict."""
    window.open("/verify")
    window.page.set_input_files("#file", {"name": name, "mimeType": "application/pdf", "buffer": content})
    window.page.click("form.drop button")
    window.page.wait_for_selector(".verdict")
    return window.title()


def own_licence(window: Visit, folder: Path) -> bytes:
    window.open("/me")
    window.log_in(cast.LIN.id_number)
    window.page.click(".lic >> nth=0")
    return window.save(folder, "licence.pdf", "text=下载原件")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", ["/", "/login", "/verify", "/logged-out"])
def test_public_pages_keep_the_rules(visit: Open, path: str, lang: str) -> None:
    somebody = visit()
    assert somebody.open(f"{path}?lang={lang}").status == 200
    assert faults_of(somebody.page) == []


def test_the_front_page_names_the_demo_people_and_portals(visit: Open) -> None:
    somebody = visit()
    somebody.open("/")
    for person in cast.PEOPLE:
        assert person.name in somebody.page.inner_text("main")
    assert somebody.page.locator(".portal-list a").count() == 2


def test_a_licence_is_genuine_unchanged_and_valid(visit: Open, tmp_path: Path) -> None:
    lin, somebody = visit(), visit()
    content = own_licence(lin, tmp_path)
    assert verify(somebody, content) == "真实有效"
    assert somebody.page.inner_text(".codebox b") == "TOTAL-PASSED"
    somebody.page.wait_for_selector("img.leaf")
    assert faults_of(somebody.page) == []
    report = somebody.save(tmp_path, "report.json", "text=验真结果（JSON）")
    assert b'"TOTAL-PASSED"' in report
    assert cast.LIN.id_number.encode() not in report
    somebody.page.click(".lang a[lang=en]")
    assert somebody.title() == "Genuine and valid"
    assert faults_of(somebody.page) == []


def test_a_sealed_file_comes_with_its_receipt_and_a_report_for_machines(
    visit: Open, city: Instance, tmp_path: Path
) -> None:
    lin, somebody, paper = visit(), visit(), tmp_path / "paper.pdf"
    paper.write_bytes(own_licence(lin, tmp_path))
    told = json.loads(city.command("signature-log", "receipt", str(paper)))  # a checkpoint covers it from here on
    assert verify(somebody, paper.read_bytes()) == "真实有效"
    assert faults_of(somebody.page) == []
    receipt = json.loads(somebody.save(tmp_path, "receipt.json", "text=用印公开日志回执"))
    assert receipt["entry"] == told["entry"]
    assert b"mainindication:total-passed" in somebody.save(tmp_path, "report.xml", "text=验真报告（ETSI XML）")


def test_the_report_is_sealed_once_and_judged_like_any_file(visit: Open, tmp_path: Path) -> None:
    lin, somebody = visit(), visit()
    verify(somebody, own_licence(lin, tmp_path))
    report = somebody.save(tmp_path, "report.pdf", "text=下载验真报告")
    assert somebody.save(tmp_path, "again.pdf", "text=下载验真报告") == report
    assert verify(somebody, report) == "真实，未改动"
    assert "示例市政务数据局 盖章并签名" in somebody.page.inner_text("main")


def test_one_changed_byte_is_refused_with_the_reason(visit: Open, tmp_path: Path) -> None:
    lin, somebody = visit(), visit()
    content = own_licence(lin, tmp_path)
    assert verify(somebody, with_one_byte_changed(content)) == "盖章后被改动"
    assert somebody.page.inner_text(".codebox b") == "TOTAL-FAILED"
    assert faults_of(somebody.page) == []
    assert verify(somebody, saved_anew(content)) == "签名不成立"


def test_what_was_added_after_sealing_is_told_and_shown(visit: Open, tmp_path: Path) -> None:
    lin, somebody = visit(), visit()
    assert verify(somebody, update(own_licence(lin, tmp_path), annotation("/Stamp"))) == "盖章后被改动"
    somebody.page.wait_for_selector("img.leaf")
    told = somebody.page.inner_text(".revs")
    assert "没有签名，查不出是谁" in told
    assert "第 1 页批注 Stamp" in told
    somebody.page.click(".seen summary")
    sizes = "images => images.map(one => one.decode().then(() => one.naturalWidth))"
    widths = somebody.page.eval_on_selector_all(".seen img", f"images => Promise.all(({sizes})(images))")
    assert len(widths) == 3
    assert all(widths)
    assert faults_of(somebody.page) == []


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        (b"", "文件是空的"),
        (b"\x00\x01random" * 999, "不是完整的 PDF"),
        (b"%PDF-1.7\n%junk", "不是完整的 PDF"),
        (blank_pdf(), "没有电子签名"),
    ],
    ids=["empty", "random", "truncated", "unsigned"],
)
def test_every_other_file_gets_its_own_answer(visit: Open, content: bytes, verdict: str) -> None:
    somebody = visit()
    assert verify(somebody, content) == verdict
    assert faults_of(somebody.page) == []


def test_a_file_name_is_shown_as_text(visit: Open) -> None:
    somebody = visit()
    verify(somebody, blank_pdf(), name="<img src=x onerror=alert(1)>.pdf")
    assert "<img src=x" in somebody.page.inner_text(".viewer .name")


def test_a_result_cannot_be_guessed_and_does_not_leak_by_referrer(visit: Open) -> None:
    somebody = visit()
    answer = somebody.open("/verify/results/" + "A" * 43)
    assert answer.status == 404
    assert faults_of(somebody.page) == []


def test_verification_works_without_script(visit: Open) -> None:
    somebody = visit(java_script_enabled=False)
    somebody.open("/verify")
    somebody.page.set_input_files("#file", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": blank_pdf()})
    somebody.page.click("form.drop button")
    assert somebody.page.inner_text("h1") == "没有电子签名"


def test_a_qr_code_leads_to_the_state_of_its_licence(visit: Open) -> None:
    somebody = visit()
    assert somebody.open("/v/not-a-code").status == 404
    assert somebody.title() == "查不到"
    assert faults_of(somebody.page) == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/no-such-page", 404),
        ("/login?i=unknown", 404),
        ("/authorize?client_id=unknown&redirect_uri=https://evil.example", 400),
        ("/seals/none.svg", 404),
    ],
)
def test_errors_are_pages_that_say_what_to_do(visit: Open, path: str, status: int) -> None:
    somebody = visit()
    assert somebody.open(path).status == status
    assert somebody.page.url.startswith(somebody.base)
    assert somebody.page.locator("main a").count() >= 1
    assert faults_of(somebody.page) == []


def test_a_photo_of_the_code_on_a_face_leads_to_the_live_state(visit: Open, tmp_path: Path) -> None:
    lin, somebody = visit(), visit()
    face = pypdfium2.PdfDocument(own_licence(lin, tmp_path))[0].render(scale=2).to_pil().convert("RGB")
    photo = io.BytesIO()
    face.rotate(3, fillcolor=(90, 90, 90)).save(photo, "JPEG", quality=80)
    assert verify(somebody, photo.getvalue(), "照片.jpg") == "码有效，纸看不出"
    assert "照片证明不了" in somebody.page.inner_text("main")
    assert faults_of(somebody.page) == []
    plain = io.BytesIO()
    Image.new("RGB", (300, 300)).save(plain, "PNG")
    assert verify(somebody, plain.getvalue(), "空.png") == "照片上没读到二维码"
    assert faults_of(somebody.page) == []
    (found,) = zxingcpp.read_barcodes(face, formats=zxingcpp.BarcodeFormat.QRCode)
    somebody.page.goto(found.text)  # what a phone's camera opens
    assert somebody.title() == "在库有效"
    somebody.page.fill("#on", "2001-01-01")
    somebody.page.click("text=查那一天")
    assert "当时尚未颁发" in somebody.page.inner_text("[role=status]")
    assert faults_of(somebody.page) == []

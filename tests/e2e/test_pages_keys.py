"""Keys that people hold, in a real browser: a virtual authenticator, a certificate in a TLS handshake, two browsers."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page

from api.demo import city as cast
from api.journey.instance import Instance
from tests.e2e.conftest import Visit
from tests.support.page_checks import faults_of
from tests.support.tls_front import HEADER, PeopleAuthority, server_certificate, tls_front, written

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]
PHONE = {"viewport": {"width": 390, "height": 844}}
PASSKEYS, CERTIFICATES = "/me/security/passkeys", "/me/security/certificates"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeopleAuthority]:
    made = PeopleAuthority()
    with made.published():
        yield made


@pytest.fixture(scope="module")
def city(authority: PeopleAuthority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """The demo city under a name, with an address at which TLS clients show certificates."""
    folder = tmp_path_factory.mktemp("tls")
    with contextlib.ExitStack() as stack:
        settings: dict[str, str] = {
            "client_certificate_header": HEADER,
            "profile": "both",
            "revocation_hosts": "127.0.0.1",
            "inside_hosts": "127.0.0.1",
            "revocation_ports": str(urlsplit(authority.crl_address).port),
        }
        instance = Instance(settings, host="localhost")
        stack.callback(instance.stop)
        front = stack.enter_context(tls_front(instance.port, server_certificate(), authority.root, folder))
        instance.set("mtls_url", f"https://localhost:{front}")
        instance.command("migrate", "--demo")
        certificate, _ = written(authority.root, folder, "people")
        names = ("--name", "演示个人认证中心", "--name-en", "Demo authority for people")
        instance.command(
            "trust", "add", certificate, "--for", "login", *names, "--from", "2026-01-01", "--assurance", "high"
        )
        instance.start()
        yield instance


@pytest.fixture
def visit(city: Instance, browser: Browser) -> Iterator[Open]:
    """As the shared one, for this city."""
    opened: list[Visit] = []

    def open_window(**options: Any) -> Visit:
        settings = {"viewport": {"width": 1280, "height": 800}, "locale": "zh-CN", "reduced_motion": "reduce"}
        context = browser.new_context(**{**settings, **options})
        window = Visit(context, context.new_page(), city.issuer)
        opened.append(window)
        return window

    yield open_window
    complaints = [one for window in opened for one in window.complaints]
    for window in opened:
        window.context.close()
    assert complaints == []


def authenticator(page: Page, *, synced: bool = False) -> Any:
    """A virtual one that says yes to everything (W3C WebAuthn L3 §11)."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        "defaultBackupEligibility": synced,
        "defaultBackupState": synced,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


def add_passkey(window: Visit, name: str) -> None:
    window.open(f"{PASSKEYS}/add")
    window.page.fill("#name", name)
    window.page.click("form[data-passkey] button.go")
    window.page.wait_for_url(f"**{PASSKEYS}?done=added")


def test_a_passkey_is_made_used_for_log_in_and_removed(visit: Open) -> None:
    lin = visit()
    authenticator(lin.page)
    lin.open(PASSKEYS)
    lin.log_in(cast.LIN.id_number)  # password and a code: the page below /me/security asks for both
    assert faults_of(lin.page) == []
    lin.page.click("a.go")
    lin.page.wait_for_url(f"**{PASSKEYS}/add")
    assert faults_of(lin.page) == []
    add_passkey(lin, "书房的电脑")
    assert "只在这台设备" in lin.page.inner_text(".ways-in")
    assert faults_of(lin.page) == []
    lin.open("/logout")
    lin.page.click("main form button")
    lin.page.goto(f"{lin.base}/login?next=/me/log-ins", wait_until="commit")
    lin.page.wait_for_url("**/me/log-ins")  # the virtual authenticator takes what the field offers by itself
    assert "通行密钥" in lin.page.inner_text("main")
    lin.open(PASSKEYS)
    lin.page.click(".ways-in a.btn")
    assert faults_of(lin.page) == []
    lin.page.click("form[action$='/remove'] button")
    lin.page.wait_for_url(f"**{PASSKEYS}?done=removed")


def test_a_passkey_page_works_by_its_button_and_says_what_went_wrong(visit: Open) -> None:
    zhao = visit(**PHONE)
    session, held = authenticator(zhao.page, synced=True)
    zhao.open(PASSKEYS)
    zhao.log_in(cast.ZHAO.id_number)
    add_passkey(zhao, "我的手机")
    assert "会同步" in zhao.page.inner_text(".ways-in")
    zhao.open("/logout")
    zhao.page.click("main form button")
    zhao.open("/login/passkey")
    assert faults_of(zhao.page) == []
    session.send("WebAuthn.setUserVerified", {"authenticatorId": held, "isUserVerified": False})
    zhao.page.click("form[data-passkey] button.go")
    zhao.page.wait_for_selector(".passkey-said:not([hidden])")
    session.send("WebAuthn.setUserVerified", {"authenticatorId": held, "isUserVerified": True})
    zhao.page.click("form[data-passkey] button.go")
    zhao.page.wait_for_url("**/me")


def test_a_certificate_logs_its_holder_in(
    visit: Open, city: Instance, authority: PeopleAuthority, tmp_path: Path
) -> None:
    files = written(authority.issue(cast.LIN.id_number), tmp_path, "lin")
    shown = {"origin": city.setting("mtls_url"), "certPath": files[0], "keyPath": files[1]}
    lin = visit(ignore_https_errors=True, client_certificates=[shown])
    lin.open("/login?next=/me/account")
    assert lin.page.get_attribute("#identifier", "autocomplete") == "username webauthn"
    assert faults_of(lin.page) == []
    lin.page.click("a[href^='/login/certificate']")
    assert faults_of(lin.page) == []
    lin.page.click("main form button.go")
    lin.page.wait_for_url("**/me/account")
    lin.open(CERTIFICATES)
    assert faults_of(lin.page) == []
    lin.page.fill("#name", "办公室的 USB Key")
    lin.page.click("main form button.go")
    lin.page.wait_for_url(f"**{CERTIFICATES}?done=added")
    assert "在 USB Key 里" in lin.page.inner_text(".ways-in")
    lin.page.click(".ways-in a.btn")
    assert faults_of(lin.page) == []


def test_without_a_certificate_the_page_says_what_to_do(visit: Open) -> None:
    nobody = visit(ignore_https_errors=True)
    nobody.open("/login/certificate")
    nobody.page.click("main form button.go")
    nobody.page.wait_for_url("**/login/certificate/back*")
    assert "没有出示证书" in nobody.page.inner_text("[role=alert]")
    assert faults_of(nobody.page) == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_line_to_sign_is_shown_and_a_wrong_signature_told(visit: Open, language: str) -> None:
    nobody = visit(ignore_https_errors=True, locale=language)
    nobody.open("/login/certificate")
    nobody.page.click("main form[action^='/login/certificate/challenge'] button")
    assert nobody.page.input_value("#challenge").startswith("yizheng-certificate:http")
    assert faults_of(nobody.page) == []
    nobody.page.fill("#certificate", "AAAA")
    nobody.page.fill("#signature", "AAAA")
    nobody.page.click("main form button.go")
    nobody.page.wait_for_selector("[role=alert]")
    assert faults_of(nobody.page) == []


@pytest.mark.parametrize("way", [{}, {"java_script_enabled": False}], ids=["script", "no-script"])
def test_a_phone_logs_a_desktop_in_by_its_code(visit: Open, way: dict[str, Any]) -> None:
    phone, desk = visit(**PHONE), visit(**way)
    phone.open("/me")
    phone.log_in(cast.LIN.id_number)
    phone.open("/scan")
    assert faults_of(phone.page) == []
    desk.open("/login?next=/me/account")
    desk.page.click("a[href^='/login/qr']")
    desk.page.wait_for_url("**/login/qr/wait")
    if not way:
        assert faults_of(desk.page) == []
    phone.page.goto(scanned(desk.page))
    assert faults_of(phone.page) == []
    for words in (cast.LIN.name, "127.0.0.1", "Linux"):
        assert words in phone.page.inner_text("main")
    desk.page.wait_for_selector(".qr-number", timeout=10_000)
    if not way:
        assert faults_of(desk.page) == []
    phone.page.fill("#number", desk.page.inner_text(".qr-number").strip())
    phone.page.click("button[value=grant]")
    phone.page.wait_for_url("**/scan/done?d=granted")
    assert faults_of(phone.page) == []
    desk.page.wait_for_url("**/me/account", timeout=10_000)


def test_a_wrong_number_ends_it_and_the_desktop_hears_of_it(visit: Open) -> None:
    phone, desk = visit(**PHONE), visit()
    phone.open("/me")
    phone.log_in(cast.ZHAO.id_number)
    desk.open("/login/qr")
    address = scanned(desk.page)
    phone.page.goto(address)
    desk.page.wait_for_selector(".qr-number")
    number = desk.page.inner_text(".qr-number").strip()
    phone.page.fill("#number", "10" if number != "10" else "11")
    phone.page.click("button[value=grant]")
    assert "作废" in phone.page.inner_text("[role=alert]")
    assert faults_of(phone.page) == []
    desk.page.wait_for_selector("[data-qr-state=refused]")
    assert faults_of(desk.page) == []
    phone.page.goto(address)
    assert "用过或过期" in phone.page.inner_text("[role=alert]")
    desk.page.click("a.go")
    desk.page.wait_for_selector(".qr svg")


def scanned(page: Page) -> str:
    """What a camera reads off the screen."""
    picture = page.locator(".qr").screenshot()
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)), formats=zxingcpp.BarcodeFormat.QRCode)
    return str(found.text)

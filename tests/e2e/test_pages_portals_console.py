"""The console for portals in a real browser: registered by one, reviewed by another, connected, stopped, mended."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from api.demo import city as cast
from tests.e2e.conftest import Visit
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]
CONSOLE = "/admin/portals"


def keeper(visit: Open, person: cast.Person, **options: object) -> Visit:
    who = visit(**options)
    who.open(CONSOLE)
    who.log_in(person.id_number)
    who.page.wait_for_selector("h1")
    assert who.page.url == f"{who.base}{CONSOLE}"  # back where they wanted to be
    return who


def register(who: Visit, client_id: str, name: str = "示例市图书馆") -> str:
    """Fill the form for a website; answers the secret that was shown."""
    who.open(f"{CONSOLE}/new")
    who.page.fill("#name_zh", name)
    who.page.fill("#client_id", client_id)
    who.page.fill("#redirect_uris", "https://library.example.test/callback")
    who.page.click("button[type=submit]")
    return who.page.inner_text(".secret")


def approve(who: Visit, name: str) -> None:
    who.open(CONSOLE)
    who.page.click(f".waiting-list li:has-text('{name}') >> a")
    assert faults_of(who.page) == []
    who.page.fill("#note", "可以接入")
    who.page.click("button:has-text('同意')")


def test_a_portal_is_registered_by_one_and_approved_by_another(visit: Open) -> None:
    heng, shen = keeper(visit, cast.HENG), keeper(visit, cast.SHEN)
    heng.open(f"{CONSOLE}/new")
    assert faults_of(heng.page) == []
    secret = register(heng, "library")
    assert len(secret) >= 32
    assert faults_of(heng.page) == []
    assert secret not in heng.page.url
    basic = httpx.BasicAuth("library", secret)
    form = {"grant_type": "authorization_code", "code": "none"}
    before = httpx.post(f"{heng.base}/token", auth=basic, data=form, trust_env=False)
    assert before.json()["error"] == "invalid_client"  # not before it is approved
    heng.open(CONSOLE)
    assert "示例市图书馆" in heng.page.inner_text(".waiting-list")
    assert heng.page.locator(".waiting-list >> text=去审核").count() == 0  # not by whoever proposed it
    assert shen.open(CONSOLE).status == 200
    assert shen.title() == "1 项申请等您审核"
    approve(shen, "示例市图书馆")
    assert "已同意" in shen.page.inner_text("main .note")
    heng.open(f"{CONSOLE}/library")
    assert heng.page.locator(".secret").count() == 0
    assert faults_of(heng.page) == []


def test_what_was_typed_stays_when_it_is_refused(visit: Open) -> None:
    heng = keeper(visit, cast.HENG)
    heng.open(f"{CONSOLE}/new")
    heng.page.fill("#name_zh", "<script>alert(1)</script>")
    heng.page.fill("#redirect_uris", "javascript:alert(1)")
    heng.page.check("input[name='scope-phone']")
    heng.page.click("button[type=submit]")
    assert heng.page.get_attribute("#redirect_uris", "aria-invalid") == "true"
    assert heng.page.input_value("#redirect_uris") == "javascript:alert(1)"
    assert heng.page.input_value("#name_zh") == "<script>alert(1)</script>"
    assert heng.page.is_checked("input[name='scope-phone']")
    assert faults_of(heng.page) == []


def test_a_new_address_waits_and_its_reviewer_is_warned(visit: Open) -> None:
    heng, shen = keeper(visit, cast.HENG), keeper(visit, cast.SHEN)
    register(heng, "museum", "示例市博物馆")
    approve(shen, "示例市博物馆")
    heng.open(f"{CONSOLE}/museum/change")
    assert faults_of(heng.page) == []
    heng.page.fill("#redirect_uris", "https://museum.example.test/callback")
    heng.page.click("button[type=submit]")
    assert "等安全管理员审核" in heng.page.inner_text("main .note")
    shen.open(CONSOLE)
    shen.page.click(".waiting-list li:has-text('示例市博物馆') >> a")
    assert "museum.example.test" in shen.page.inner_text(".risks")
    assert shen.page.inner_text(".diff .gone").endswith("https://library.example.test/callback")
    assert shen.page.inner_text(".diff .came").endswith("https://museum.example.test/callback")
    assert faults_of(shen.page) == []
    shen.page.click("button:has-text('不同意')")
    assert "没有变" in shen.page.inner_text("main .note")
    heng.open(f"{CONSOLE}/museum")
    assert "https://library.example.test/callback" in heng.page.inner_text("main")


def test_a_second_secret_counts_beside_the_first(visit: Open) -> None:
    heng, shen = keeper(visit, cast.HENG), keeper(visit, cast.SHEN)
    first = register(heng, "archive", "示例市档案馆")
    approve(shen, "示例市档案馆")
    heng.open(f"{CONSOLE}/archive")
    heng.page.click("button:has-text('换一个新密钥')")
    second = heng.page.inner_text(".secret")
    assert second != first
    assert [_refusal(heng, secret) for secret in (first, second)] == ["invalid_grant"] * 2  # both prove the client
    heng.open(f"{CONSOLE}/archive")
    heng.page.click("button:has-text('停用旧密钥')")
    assert "已停用" in heng.page.inner_text("main .note")
    assert [_refusal(heng, secret) for secret in (first, second)] == ["invalid_client", "invalid_grant"]


def _refusal(who: Visit, secret: str) -> str:
    form = {"grant_type": "authorization_code", "code": "none", "redirect_uri": "https://library.example.test/callback"}
    answer = httpx.post(f"{who.base}/token", auth=httpx.BasicAuth("archive", secret), data=form, trust_env=False)
    return str(answer.json()["error"])


def test_developers_read_what_went_wrong_and_how_to_connect(visit: Open) -> None:
    heng, shen = keeper(visit, cast.HENG), keeper(visit, cast.SHEN)
    register(heng, "theatre", "示例市剧院")
    approve(shen, "示例市剧院")
    refused = httpx.get(
        f"{heng.base}/authorize",
        params={"client_id": "theatre", "redirect_uri": "https://evil.example.test/", "response_type": "code"},
        trust_env=False,
    )
    assert refused.status_code == 400
    heng.page.wait_for_timeout(1500)  # refusals are written about once a second
    heng.open(f"{CONSOLE}/theatre")
    assert "一字不差" in heng.page.inner_text(".errors")
    assert heng.page.locator(".days rect").count() == 14
    heng.page.click("text=接入与测试")
    assert faults_of(heng.page) == []
    assert "theatre" in heng.page.inner_text(".snippet pre")
    heng.page.click("button:has-text('测试登记')")
    assert "所有检查都通过" in heng.page.inner_text(".steps-list")
    assert faults_of(heng.page) == []


def test_a_portal_that_does_not_take_log_out_notices_shows_it(visit: Open) -> None:
    heng = keeper(visit, cast.HENG)
    heng.open(f"{CONSOLE}/portal-housing")
    assert "还没有送过" in heng.page.inner_text("main")
    lin = visit()
    lin.open("/demo/portals/housing/")
    lin.page.click("a:has-text('用一证登录')")
    lin.log_in(cast.LIN.id_number)
    lin.open("/logout")
    lin.page.click("button:has-text('全部退出')")
    lin.page.wait_for_load_state("networkidle")
    heng.open(f"{CONSOLE}/portal-housing")
    assert "都送到了" in heng.page.inner_text("main")
    assert faults_of(heng.page) == []


def test_a_disabled_portal_is_let_in_again_by_a_security_administrator_only(visit: Open) -> None:
    heng, shen = keeper(visit, cast.HENG), keeper(visit, cast.SHEN)
    register(heng, "stadium", "示例市体育馆")
    approve(shen, "示例市体育馆")
    heng.open(f"{CONSOLE}/stadium")
    heng.page.click("summary:has-text('停用这个门户')")
    heng.page.click("button:has-text('确定停用')")
    assert "已停用" in heng.page.inner_text("main .note")
    assert heng.page.locator("button:has-text('恢复使用')").count() == 0
    shen.open(f"{CONSOLE}/stadium")
    shen.page.click("button:has-text('恢复使用')")
    assert "已恢复使用" in shen.page.inner_text("main .note")


def test_the_console_is_for_those_who_look_after_portals(visit: Open) -> None:
    lin = visit()
    lin.open("/login")
    lin.log_in(cast.LIN.id_number)
    for path in (CONSOLE, f"{CONSOLE}/new", f"{CONSOLE}/housing"):
        assert lin.open(path).status == 403
    shen = keeper(visit, cast.SHEN)
    assert shen.open(f"{CONSOLE}/new").status == 403  # who decides does not propose
    assert shen.open(f"{CONSOLE}/no-such-portal").status == 404
    crossing = httpx.post(f"{shen.base}{CONSOLE}/new", data={"name_zh": "x"}, trust_env=False)
    assert crossing.status_code in (401, 403)  # attacks O-51: not from elsewhere


@pytest.mark.parametrize("width", [360, 768, 1600])
def test_pages_fit_every_width(visit: Open, width: int) -> None:
    heng = keeper(visit, cast.HENG, viewport={"width": width, "height": 800}, locale="en")
    for path in (CONSOLE, f"{CONSOLE}/new", f"{CONSOLE}/portal-housing", f"{CONSOLE}/portal-housing/connect"):
        heng.open(f"{path}?lang=en")
        assert faults_of(heng.page) == [], path


def test_a_token_to_register_with_is_shown_once_and_can_be_ended(visit: Open) -> None:
    shen = keeper(visit, cast.SHEN)
    shen.open(f"{CONSOLE}/permits")
    assert faults_of(shen.page) == []
    assert "YIZHENG_REGISTRATION=off" in shen.page.inner_text("main .note")
    shen.page.fill("#t-note", "示例软件公司")
    shen.page.click("button:has-text('发令牌')")
    assert len(shen.page.inner_text(".secret")) >= 32
    assert faults_of(shen.page) == []
    shen.open(f"{CONSOLE}/permits")
    assert shen.page.locator(".secret").count() == 0
    shen.page.click("tr:has-text('示例软件公司') >> button:has-text('停止')")
    assert "已停止" in shen.page.inner_text("main .note")
    shen.page.fill("#i-note", "示例行业协会")
    shen.page.fill("#i-issuer", "https://association.example.test")
    shen.page.fill("#i-jwks", "no keys")
    shen.page.click("button:has-text('信任它')")
    assert "JWKS" in shen.page.inner_text("[role=alert]")
    assert shen.page.input_value("#i-issuer") == "https://association.example.test"
    heng = keeper(visit, cast.HENG)
    assert heng.open(f"{CONSOLE}/permits").status == 403  # by a security administrator only

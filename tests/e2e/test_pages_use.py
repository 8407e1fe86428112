"""A portal's case in a real browser: one question decided on one page, all copies delivered, a view that opens once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.demo import catalogue
from api.demo import city as cast
from api.journey.instance import Instance
from tests.e2e.conftest import Visit
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]
PHONE = {"width": 390, "height": 844}
CASE = "GZF-E2E-USE-1"
HOLDER = {"code": cast.LIN.id_number}
PURPOSE = {"service_item": catalogue.RENTAL.code, "case_number": CASE, "basis": "公租房资格审核"}


@pytest.fixture
def portal(city: Instance) -> httpx.Client:
    """The housing bureau's portal with its own token."""
    one = cast.HOUSING_PORTAL
    asked = {"grant_type": "client_credentials", "scope": "licence:read"}
    answer = httpx.post(f"{city.issuer}/token", auth=(one.id, one.secret), data=asked)
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return httpx.Client(base_url=city.issuer, headers=headers, timeout=30)


def made(portal: httpx.Client, path: str, body: Any = None, status: int = 200) -> dict[str, Any]:
    answer = portal.post(path, json=body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_case_from_the_check_to_every_copy(visit: Open, portal: httpx.Client) -> None:
    query = {"service_item": catalogue.RENTAL.code, "case_number": CASE, "holder": HOLDER}
    check = made(portal, "/v1/exemption-checks", query)
    before = {one["number"]: one["outcome"] for one in check["materials"]}
    assert before[1] == "needs-consent"
    question = made(portal, f"/v1/exemption-checks/{check['id']}/consents", {"days": 7, "uses": 3}, 201)
    lin = visit()
    lin.open(question["decision_url"].removeprefix(lin.base))
    lin.log_in(cast.LIN.id_number)
    assert lin.title() == "请您决定：是否同意"
    assert "每份至多 3 次" in lin.page.inner_text("main")
    assert cast.LIN.name in lin.page.inner_text("aside article.doc"), "the very copy that they will get"
    assert lin.page.locator("input[type=checkbox]:checked").count() == 0, "nobody ticks for the holder"
    assert faults_of(lin.page) == []
    lin.page.click("button[value=all]")
    assert lin.title() == "已同意 1 份"
    delivered = made(portal, f"/v1/exemption-checks/{check['id']}/deliver")
    assert delivered["new"] == len(delivered["copies"]) >= 2
    assert made(portal, f"/v1/exemption-checks/{check['id']}/deliver")["copies"] == delivered["copies"]
    file = portal.get(delivered["copies"][0]["file"])
    assert file.content.startswith(b"%PDF-")
    progress = portal.get(f"/v1/exemption-checks/{check['id']}").json()
    assert [one["state"] for one in progress["consents"]] == ["granted"]
    assert cast.LIN.id_number not in str(progress)
    lin.page.click("text=全部撤回")
    assert lin.title() == "没有同意"
    assert faults_of(lin.page) == []
    assert portal.get(delivered["copies"][0]["file"]).status_code == 410


def test_a_view_opens_once_and_following_the_link_does_not_open_it(visit: Open, portal: httpx.Client) -> None:
    codes = made(portal, "/v1/use-codes", {"holder": HOLDER, "purpose": PURPOSE}, 201)["items"]
    body = {"code": codes[0]["code"], "form": "view"}
    address = made(portal, "/v1/use-codes/redeem", body)["view_url"]
    assert made(portal, "/v1/use-codes/redeem", body, 410)["type"].endswith("/use-code-gone")
    assert httpx.get(address).status_code == 200  # as programs that look at links do
    guest = visit()
    path = address.removeprefix(guest.base)
    guest.open(path)
    assert faults_of(guest.page) == []
    guest.page.click("main form button")
    assert cast.LIN.name in guest.page.inner_text("article.doc")
    assert "本次查看已记录" in guest.page.inner_text("main")
    assert cast.LIN.id_number not in guest.page.content()
    assert faults_of(guest.page) == []
    other = visit()
    other.open(path)
    other.page.click("main form button")
    assert "只能打开一次" in other.page.inner_text("main")


def test_somebody_who_was_entrusted_decides_and_both_see_it_until_it_is_taken_back(
    visit: Open, portal: httpx.Client
) -> None:
    lin, zhao = visit(viewport=PHONE), visit(viewport=PHONE)
    lin.open("/me/entrustments/new")  # asks for all that they can show, as every page where others are let in
    lin.log_in(cast.LIN.id_number)
    assert lin.title() == "让谁替您决定？"
    assert faults_of(lin.page) == []
    lin.page.fill("#name", cast.ZHAO.name)
    lin.page.fill("#number", cast.LIN.id_number)
    lin.page.fill("#purpose", "替我办公租房")
    lin.page.check("label:has-text('不动产权证书') input")
    lin.page.click("button.legal")
    assert "您自己的证件号码" in lin.page.inner_text("#number-e")
    assert lin.page.input_value("#purpose") == "替我办公租房", "what was typed stays"
    assert faults_of(lin.page) == []
    lin.page.fill("#number", cast.ZHAO.id_number)
    lin.page.click("button.legal")
    assert "对方登录后会看到" in lin.page.inner_text("[role=status]")
    zhao.open("/me/entrustments")
    zhao.log_in(cast.ZHAO.id_number)
    assert cast.LIN.name in zhao.page.inner_text(".offer")
    assert cast.LIN.id_number not in zhao.page.content()
    assert faults_of(zhao.page) == []
    zhao.page.click("button[value=accept]")
    asked = {"holder": HOLDER, "type": catalogue.PROPERTY.code, "purpose": PURPOSE}
    decide = made(portal, "/v1/consents", asked, 201)
    zhao.open("/me/entrustments")
    assert faults_of(zhao.page) == []
    zhao.page.click("a:has-text('去决定')")
    assert f"想用{cast.LIN.name}的不动产权证书" in zhao.page.inner_text("main .ask")
    assert faults_of(zhao.page) == []
    zhao.page.click("button[value=grant]")
    assert portal.get(f"/v1/consents/{decide['id']}").json()["state"] == "granted"
    lin.open("/me/accesses")
    assert f"受您委托的人 {cast.ZHAO.name}" in lin.page.inner_text("main")
    lin.open("/me/entrustments")
    lin.page.click(f".agents a:has-text('{cast.ZHAO.name}')")
    assert "同意提供不动产权证书" in lin.page.inner_text("ol.tl")
    assert faults_of(lin.page) == []
    lin.page.click("a:has-text('收回委托')")
    assert faults_of(lin.page) == []
    lin.page.click("button.legal")
    assert "立即生效" in lin.page.inner_text("[role=status]")
    assert faults_of(lin.page) == []
    assert portal.get(f"/v1/consents/{decide['id']}").json()["state"] == "withdrawn"
    zhao.page.reload()
    assert zhao.page.locator("button[value=grant]").count() == 0
    zhao.open("/me/entrustments")
    zhao.page.click("summary:has-text('以前的委托')")
    assert "已结束" in zhao.page.inner_text(".org-former")

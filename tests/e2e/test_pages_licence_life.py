"""A department's work on the life of a licence in a real browser: steps, versions, inspections, two people."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from api.demo import city as cast
from api.demo.catalogue import RESIDENCE
from tests.e2e.conftest import Visit
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]
OFFICER, COLLEAGUE = (one for one in cast.PEOPLE if "issuer" in one.roles and one.works_at == cast.POLICE)


def officer(visit: Open, path: str = "/office", person: cast.Person = OFFICER, **options: object) -> Visit:
    who = visit(**options)
    who.open(path)
    who.log_in(person.id_number)
    who.page.wait_for_selector("h1")
    return who


def issued(who: Visit, person: cast.Person) -> str:
    """A permit of somebody who has none; the address of its page."""
    who.open(f"/office/issue/{RESIDENCE.code}")
    page = who.page
    page.fill("#holder_name", person.name)
    page.fill("#holder_code", person.id_number)
    page.fill("#licence_number", f"示居 {person.id_number[-4:]}")
    page.fill("[name='data.address']", "示例市青石区演示路 9 号")
    page.fill("[name='data.since']", "2026-01-05")
    page.fill("[name='data.household']", "外省示例县")
    page.click("button[type=submit].big")
    page.wait_for_url("**/office/issued/*")
    who.open("/office")
    page.click("table a >> nth=0")
    page.wait_for_selector("svg.life")
    return page.url


def test_a_licence_is_renewed_changed_suspended_and_given_back(visit: Open) -> None:
    who = officer(visit)
    address, page = issued(who, cast.HENG), who.page
    assert faults_of(page) == []
    assert page.locator("svg.life .state.here").text_content() == "有效"
    page.click(".steplinks >> text=延续")
    assert faults_of(page) == []
    page.click("button[type=submit].big")
    assert "已延续" in page.inner_text("main .note.good")
    page.goto(f"{address}/change")
    page.fill("[name='data.address']", "示例市新城区演示大道 1 号")
    page.click("button[type=submit].big")
    page.wait_for_selector("#reason:invalid", state="attached")  # the browser asks for the reason first
    page.fill("#reason", f"迁居，{cast.LIN.id_number}")
    page.click("button[type=submit].big")
    page.wait_for_selector("#reason[aria-invalid=true]")
    assert page.input_value("[name='data.address']") == "示例市新城区演示大道 1 号", "what was typed stays"
    assert faults_of(page) == []
    page.fill("#reason", "迁居")
    page.click("button[type=submit].big")
    page.wait_for_selector("main .note.good")
    assert page.locator("main table >> text=相接").count() == 3
    assert "003" in page.inner_text("section[aria-labelledby=v] tbody tr >> nth=0")
    assert "演示大道 1 号" in page.inner_text("dl.facts >> nth=0")
    page.goto(f"{address}/suspend")
    page.fill("#reason", "核查居住情况")
    page.click("button[type=submit].big")
    page.wait_for_selector("main .note.good")
    assert page.locator("svg.life .state.here").text_content() == "暂扣"
    assert page.locator(".steplinks >> text=延续").count() == 0, "only what may be done now is offered"
    page.goto(f"{address}/renew")
    page.click("button[type=submit].big")
    assert "暂扣" in page.inner_text("[role=alert]")
    page.goto(f"{address}/resume")
    page.fill("#reason", "查明属实")
    page.click("button[type=submit].big")
    page.wait_for_selector("main .note.good")
    phone = officer(visit, address.removeprefix(who.base), viewport={"width": 390, "height": 844})
    assert faults_of(phone.page) == []
    assert not phone.page.locator("svg.life").is_visible()
    phone.page.click("summary:has-text('看成表')")
    assert "年检通过" in phone.page.inner_text(".waytable")


def test_a_revocation_waits_for_a_colleague(visit: Open) -> None:
    who = officer(visit)
    address, page = issued(who, cast.SHEN), who.page
    page.goto(f"{address}/revoke")
    assert "由同事决定" in page.inner_text("button[type=submit].big")
    assert faults_of(page) == []
    page.fill("#reason", "处罚决定书示例 1 号")
    page.click("button[type=submit].big")
    assert "等同事决定" in page.inner_text("main .note.good")
    assert page.locator("svg.life .state.here").text_content() == "有效", "nothing has happened yet"
    who.open("/office/endings")
    assert who.title() == "1 项等同事决定"
    assert page.locator("button:has-text('同意')").count() == 0, "not by whoever proposed it"
    assert faults_of(page) == []
    page.click("button:has-text('撤回')")
    assert "已撤回" in page.inner_text("main .note.good")
    assert faults_of(page) == []


def test_a_colleague_decides_what_was_proposed(visit: Open) -> None:
    who, colleague = officer(visit), officer(visit, "/office/endings", COLLEAGUE)
    address, page = issued(who, cast.GU), who.page
    for answer, decided, state in (("不同意", "已回绝", "有效"), ("同意并办结", "已同意", "吊销")):
        page.goto(f"{address}/revoke")
        page.fill("#reason", f"处罚决定书示例 2 号，{answer}")
        page.click("button[type=submit].big")
        page.wait_for_selector("main .note.good")
        colleague.open("/office/endings")
        assert f"示例 2 号，{answer}" in colleague.page.inner_text("main")
        assert OFFICER.name in colleague.page.inner_text("main"), "who proposed it"
        assert faults_of(colleague.page) == []
        colleague.page.click(f"button:has-text('{answer}')")
        assert decided in colleague.page.inner_text("main .note.good")
        page.goto(address)
        assert page.locator("svg.life .state.here").text_content() == state
    assert "处罚决定书示例 2 号，同意并办结" in page.inner_text("main"), "the reason stands in the life line"


def test_a_round_of_inspections_is_passed_by_ticking(visit: Open) -> None:
    who = officer(visit, "/office/inspections")
    page = who.page
    assert faults_of(page) == []
    page.click("table a")
    waiting = page.locator("tbody tr").count()
    assert waiting >= 1
    assert faults_of(page) == []
    page.check("tbody tr >> nth=0 >> input[type=checkbox]")
    page.click("button:has-text('勾选的都通过')")
    assert "1 份已通过" in page.inner_text("main .note.good")
    assert page.locator("tbody tr").count() == waiting - 1
    assert faults_of(page) == []


def test_a_draft_is_kept_gone_on_with_and_issued(visit: Open) -> None:
    who = officer(visit, f"/office/issue/{RESIDENCE.code}")
    page = who.page
    page.fill("#holder_name", cast.YAN.name)
    page.fill("#holder_code", cast.YAN.id_number)
    page.fill("#licence_number", "示居草 1")
    page.fill("[name='data.address']", "示例市青石区演示路 11 号")
    page.fill("[name='data.since']", "2026-01-05")
    page.fill("[name='data.household']", "外省示例县")
    page.click("button[name=save]")
    assert "还没有发出" in page.inner_text("main .note.good")
    assert faults_of(page) == []
    page.click("table a >> nth=0")
    assert page.input_value("#licence_number") == "示居草 1"
    assert faults_of(page) == []
    page.fill("#licence_number", "示居 11")
    page.click("button.legal")
    page.wait_for_url("**/office/issued/*")
    assert "示居 11" in page.inner_text("main")
    who.open("/office/drafts")
    assert page.locator("main table").count() == 0
    assert faults_of(page) == []


def test_a_wrong_former_identifier_is_named_where_it_was_typed(visit: Open) -> None:
    who = officer(visit, f"/office/issue/{RESIDENCE.code}")
    page = who.page
    page.fill("#holder_name", cast.YAN.name)
    page.fill("#holder_code", cast.YAN.id_number)
    page.fill("#licence_number", "示居 12")
    page.fill("[name='data.address']", "示例市青石区演示路 11 号")
    page.fill("[name='data.since']", "2026-01-05")
    page.fill("[name='data.household']", "外省示例县")
    page.click("summary:has-text('转入')")
    page.fill("#based_on", "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.A")
    page.click("button.legal")
    page.wait_for_selector("#based_on[aria-invalid=true]")
    assert "校验位" in page.inner_text("#based_on-e")
    assert faults_of(page) == []


def test_co_holders_are_added_and_removed_by_keyboard_alone(visit: Open) -> None:
    who = officer(visit, f"/office/issue/{RESIDENCE.code}")
    page = who.page
    people = (cast.HE, cast.QIN, cast.CHEN)
    for number, person in enumerate(people, 1):
        suffix = "" if number == 1 else f".{number}"
        page.fill(f"[id='holder_name{suffix}']", person.name)
        page.fill(f"[id='holder_code{suffix}']", person.id_number)
        page.focus("button[name=add_holder]")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"[id='holder_name.{number + 1}']")
        assert page.input_value(f"[id='holder_name{suffix}']") == person.name, "what was typed stays"
    assert faults_of(page) == []
    for number, left in ((2, 3), (3, 2)):
        page.focus(f"button[name=remove_holder][value='{number}']")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"button[name=remove_holder][value='{left + 1}']", state="detached")
    assert page.input_value("[id='holder_name.2']") == cast.CHEN.name
    page.fill("#licence_number", "示居合 1")
    page.fill("[name='data.address']", "示例市青石区演示路 9 号")
    page.fill("[name='data.since']", "2026-01-05")
    page.fill("[name='data.household']", "外省示例县")
    page.focus("[name='data.address']")
    page.keyboard.press("Enter")  # the form's own button, not the first of the blocks'
    page.wait_for_url("**/office/issued/*")
    who.open("/office")
    page.click("table a >> nth=0")
    assert f"{cast.HE.name}、{cast.CHEN.name}" in page.inner_text("main")

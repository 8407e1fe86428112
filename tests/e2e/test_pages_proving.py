"""Proof of identity in a real browser: a portal demands a level, register and phone prove it, two clerks the rest."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from api.demo import city as cast
from idp.levels import REAL
from tests.e2e.conftest import Visit
from tests.support.messages import newest_code
from tests.support.page_checks import faults_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]
VERIFIER = "a-verifier-of-more-than-forty-three-characters-1"


def _asking(base: str, context: str) -> str:
    """The portal's request that must have a context."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    claims = {"id_token": {"acr": {"essential": True, "value": context}}}
    query = {
        "client_id": cast.ZWFW.id,
        "redirect_uri": f"{base}/demo/portals/zwfw/callback",
        "response_type": "code",
        "scope": "openid",
        "state": "s",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "claims": json.dumps(claims),
    }
    return f"/authorize?{urlencode(query)}"


def _type_code(who: Visit, phone: str) -> None:
    who.page.click("form[action*='/prove/phone/send'] button")
    who.page.wait_for_selector("#code")
    assert faults_of(who.page) == []
    who.page.fill("#code", "000000")
    who.page.press("#code", "Enter")
    who.page.wait_for_selector("#code-e")
    code = newest_code(who.page.context.request.get(f"{who.base}/demo/phone").text(), phone)
    who.page.fill("#code", code)
    who.page.press("#code", "Enter")


def test_a_portal_demands_a_level_and_the_person_is_led_up_and_back(visit: Open) -> None:
    song = visit()
    song.open(_asking(song.base, REAL[2]))
    song.log_in(cast.SONG.id_number)
    song.page.wait_for_url("**/prove?i=*")
    assert cast.ZWFW.name.zh in song.page.inner_text(".ask")
    assert faults_of(song.page) == []
    song.page.click("form[action*='/prove/register'] button")
    song.page.wait_for_load_state()
    assert "实名一级" in song.page.inner_text(".head")  # still here: the portal wants one more
    with song.page.expect_request("**/demo/portals/zwfw/callback?*code=*"):
        _type_code(song, cast.SONG.phone)
    song.open("/prove")
    assert faults_of(song.page) == []
    assert song.page.locator(".rung.proved").count() == 2


def test_whoever_will_not_prove_it_goes_back_with_the_portals_answer(visit: Open) -> None:
    song = visit(locale="en-GB", viewport={"width": 390, "height": 800})
    song.open(_asking(song.base, REAL[3]))
    song.log_in(cast.SONG.id_number)
    song.page.wait_for_url("**/prove?i=*")
    assert faults_of(song.page) == []
    with song.page.expect_request("**/callback?error=unmet_authentication_requirements*"):
        song.page.click("form[action*='/prove/back'] button")


def test_two_clerks_prove_somebody_who_stands_at_the_window(visit: Open) -> None:
    chen, he = visit(), visit()
    for clerk, person in ((chen, cast.CHEN), (he, cast.HE)):
        clerk.open("/window")
        clerk.log_in(person.id_number)
        clerk.page.wait_for_selector("h1")
    assert faults_of(chen.page) == []
    chen.page.fill("#number", cast.ZHAO.id_number)
    chen.page.fill("#document_until", "2036-05-01")
    chen.page.click("button:has-text('登记')")
    chen.page.wait_for_selector("[role=status]")
    assert chen.page.locator("button[value=confirm]").count() == 0  # not by whoever recorded it
    assert cast.ZHAO.name not in chen.page.inner_text("main")
    he.open("/window")
    assert cast.ZHAO.name in he.page.inner_text("main")
    assert faults_of(he.page) == []
    he.page.click("button[value=confirm]")
    he.page.wait_for_selector("[role=status]")
    zhao = visit()
    zhao.open("/prove")
    zhao.log_in(cast.ZHAO.id_number)
    zhao.page.wait_for_selector(".ladder")
    assert "窗口两人核验" in zhao.page.inner_text("main")


def test_a_clerk_without_the_duty_has_no_window(visit: Open) -> None:
    xu = visit()
    xu.open("/window")
    xu.log_in(cast.XU.id_number)
    xu.page.wait_for_selector("h1")
    assert xu.page.request.get(f"{xu.base}/window").status == 403

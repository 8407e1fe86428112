"""Log-out in a real browser: portals told by frames, portals that watch the session (reference rows L-6, L-7)."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Page

from api.demo import city as cast
from api.journey.instance import Instance
from tests.e2e.conftest import Visit
from tests.support.idp_browser import Pkce
from tests.support.page_checks import faults_of
from tests.support.servers import free_port
from tests.support.watching_portal import WatchingPortal, watching_portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]


@dataclass
class Entered:
    """One visitor's log-in at the portal."""

    id_token: str
    session_state: str


@dataclass
class Portal:
    """The portal with its registration."""

    site: WatchingPortal
    issuer: str
    client_id: str
    secret: str

    def enter(self, window: Visit) -> Entered:
        """Log in, and redeem the code."""
        pkce = Pkce()
        window.open("/authorize?" + urlencode(self._request(pkce)))
        if "/login" in window.page.url:
            window.log_in(cast.LIN.id_number)
        answer = dict(parse_qsl(urlsplit(window.page.url).query))
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": f"{self.site.origin}/callback",
            "code_verifier": pkce.verifier,
        }
        redeemed = httpx.post(f"{self.issuer}/token", data=form, auth=(self.client_id, self.secret), trust_env=False)
        return Entered(redeemed.json()["id_token"], answer["session_state"])

    def _request(self, pkce: Pkce) -> dict[str, str]:
        return {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": f"{self.site.origin}/callback",
            "scope": "openid",
            "state": "s",
            "code_challenge": pkce.challenge,
            "code_challenge_method": "S256",
        }

    def log_out_address(self, entered: Entered) -> str:
        goodbye = {"post_logout_redirect_uri": f"{self.site.origin}/bye", "state": "kept"}
        return "/end-session?" + urlencode({"id_token_hint": entered.id_token, **goodbye})


@pytest.fixture(scope="module")
def portal(city: Instance) -> Iterator[Portal]:
    with watching_portal(free_port()) as site:
        description = {
            "client_id": f"watching-{secrets.token_hex(4)}",
            "name_zh": "会看的门户",
            "name_en": "Watching portal",
            "redirect_uris": [f"{site.origin}/callback"],
            "post_logout_redirect_uris": [f"{site.origin}/bye"],
        }
        made = city.register_client(description)
        with sqlite3.connect(city.folder / "yizheng.db") as database:
            members = json.dumps({"frontchannel_logout_uri": f"{site.origin}/front"})
            database.execute("UPDATE client SET metadata = ? WHERE id = ?", (members, made["client_id"]))
        yield Portal(site, city.issuer, made["client_id"], made["client_secret"])


@pytest.fixture(autouse=True)
def _quiet(portal: Portal) -> Iterator[None]:
    portal.site.fronted.clear()
    portal.site.hangs = False
    yield
    portal.site.hang.set()
    portal.site.hang.clear()


def test_l_6_frames_tell_the_portal_and_then_the_browser_goes_on(visit: Open, portal: Portal) -> None:
    lin = visit()
    entered = portal.enter(lin)
    lin.page.goto(lin.base + portal.log_out_address(entered))
    lin.page.wait_for_url(f"{portal.site.origin}/bye?state=kept")
    (told,) = portal.site.fronted
    assert told["iss"] == portal.issuer
    assert told["sid"]
    lin.open("/me")
    assert "/login" in lin.page.url


def test_l_6_a_portal_that_never_answers_keeps_nobody(visit: Open, portal: Portal) -> None:
    portal.site.hangs = True
    lin = visit()
    entered = portal.enter(lin)
    lin.page.goto(lin.base + portal.log_out_address(entered), wait_until="commit")
    lin.page.wait_for_url(f"{portal.site.origin}/bye?state=kept")
    assert len(portal.site.fronted) == 1
    assert not portal.site.hang.is_set(), "the frame is still waiting"


def test_l_6_without_scripts_the_frames_are_there_and_a_link_leads_on(visit: Open, portal: Portal) -> None:
    lin = visit(java_script_enabled=False)
    entered = portal.enter(lin)
    lin.open(portal.log_out_address(entered))
    assert len(portal.site.fronted) == 1
    lin.page.click("text=回到会看的门户")
    lin.page.wait_for_url(f"{portal.site.origin}/bye?state=kept")


def test_the_page_frames_nobody_else(visit: Open, portal: Portal) -> None:
    lin = visit()
    portal.enter(lin)
    lin.open("/logout")
    assert faults_of(lin.page) == []
    with lin.page.expect_response(lambda answer: "/logged-out" in answer.url) as waiting:
        lin.page.click("text=全部退出")
    policy = waiting.value.headers["content-security-policy"]
    assert f"frame-src {portal.site.origin};" in policy
    assert "frame-ancestors 'none'" in policy
    lin.page.wait_for_selector("#told:not([hidden])")
    assert faults_of(lin.page) == []
    assert len(portal.site.fronted) == 1


def asked(page: Page, message: str) -> str:
    """What the frame answers."""
    before = page.inner_text("#said")
    page.evaluate("(message) => ask(message)", message)
    page.wait_for_function("(before) => document.getElementById('said').textContent !== before", arg=before)
    return page.inner_text("#said")[len(before) :].rstrip(";")


def test_l_7_a_portal_sees_that_the_session_changed(visit: Open, portal: Portal) -> None:
    lin = visit()
    entered = portal.enter(lin)
    frame = f"{portal.issuer}/check-session"
    watching = lin.context.new_page()
    watching.goto(f"{portal.site.origin}/watch?{urlencode({'frame': frame})}", wait_until="load")
    mine = f"{portal.client_id} {entered.session_state}"
    assert asked(watching, mine) == "unchanged"
    assert asked(watching, mine) == "unchanged"
    assert asked(watching, f"another-client {entered.session_state}") == "changed"
    for malformed in ("", "one", f"{mine} three", f"{portal.client_id} no-dot", "x" * 600):
        assert asked(watching, malformed) == "error", malformed
    lin.open("/logout")
    lin.page.click("text=全部退出")
    lin.page.wait_for_url("**/logged-out**")
    assert asked(watching, mine) == "changed"


def test_l_7_another_origin_learns_nothing_from_a_state_that_is_not_its_own(visit: Open, portal: Portal) -> None:
    lin = visit()
    entered = portal.enter(lin)
    with watching_portal(free_port()) as stranger:
        page = lin.context.new_page()
        page.goto(f"{stranger.origin}/watch?{urlencode({'frame': f'{portal.issuer}/check-session'})}")
        assert asked(page, f"{portal.client_id} {entered.session_state}") == "changed"


def test_l_7_a_browser_that_hides_our_cookie_is_no_log_out(visit: Open, portal: Portal) -> None:
    """Third-party cookies are blocked by many browsers; the portal must not be sent to ask again and again."""
    lin = visit()
    entered = portal.enter(lin)
    lin.context.clear_cookies(name="yz_state")
    page = lin.context.new_page()
    page.goto(f"{portal.site.origin}/watch?{urlencode({'frame': f'{portal.issuer}/check-session'})}")
    assert asked(page, f"{portal.client_id} {entered.session_state}") == "error"

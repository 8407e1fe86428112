"""Consent item by item, the list of portals, taking it back, and the notice of a token used twice: in a browser."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from api.demo import city as cast
from api.journey.instance import Instance
from tests.e2e.conftest import Visit
from tests.support.idp_browser import Pkce
from tests.support.page_checks import faults_of
from tests.support.servers import free_port
from tests.support.watching_portal import watching_portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Visit]


@dataclass
class App:
    """An app on a phone: a public client, so that its refresh token alone is enough."""

    issuer: str
    client_id: str
    callback: str

    def ask(self, window: Visit, pkce: Pkce, scope: str, **more: str) -> None:
        params = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.callback,
            "scope": scope,
            "code_challenge": pkce.challenge,
            "code_challenge_method": "S256",
            **more,
        }
        window.open("/authorize?" + urlencode(params))
        if "/login" in window.page.url:
            window.log_in(cast.ZHAO.id_number)

    def redeem(self, window: Visit, pkce: Pkce) -> dict[str, str]:
        answer = dict(parse_qsl(urlsplit(window.page.url).query))
        form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": self.callback}
        return self._token(form | {"code_verifier": pkce.verifier})

    def refresh(self, token: str) -> dict[str, str]:
        return self._token({"grant_type": "refresh_token", "refresh_token": token})

    def _token(self, form: dict[str, str]) -> dict[str, str]:
        said = httpx.post(f"{self.issuer}/token", data=form | {"client_id": self.client_id}, trust_env=False)
        return dict(said.json())


@pytest.fixture(scope="module")
def app(city: Instance) -> Iterator[App]:
    with watching_portal(free_port()) as site:
        name = f"phone-{secrets.token_hex(4)}"
        description = {
            "client_id": name,
            "name_zh": "掌上办",
            "name_en": "Services on the phone",
            "redirect_uris": [f"{site.origin}/callback"],
            "token_endpoint_auth_method": "none",
            "scope": "openid profile email phone address offline_access",
        }
        city.register_client(description)
        members = {"policy_uri": f"{site.origin}/policy", "contacts": ["privacy@phone.invalid"]}
        with sqlite3.connect(city.folder / "yizheng.db") as database:
            database.execute("UPDATE client SET metadata = ? WHERE id = ?", (json.dumps(members), name))
        yield App(city.issuer, name, f"{site.origin}/callback")


def test_what_is_not_ticked_is_not_given_and_all_of_it_can_be_taken_back(visit: Open, app: App) -> None:
    zhao, pkce = visit(), Pkce()
    claims = json.dumps({"userinfo": {"email": {"essential": True}, "phone_number": None, "gender": None}})
    app.ask(zhao, pkce, "openid profile email phone offline_access", claims=claims)
    assert "/consent" in zhao.page.url
    said = zhao.page.inner_text("main")
    for words in ("掌上办", "对方必需", "这些您可以不给", "怎么撤回", "30 天", "privacy@phone.invalid", "它的隐私政策"):
        assert words in said, words
    assert faults_of(zhao.page) == []
    boxes = zhao.page.locator("input[type=checkbox]")
    assert boxes.count() == 3
    assert zhao.page.locator("input[type=checkbox]:checked").count() == 0, "nobody agrees for the person"
    zhao.page.check("input[name='give:phone']")
    zhao.page.click("text=同意，告诉对方")
    zhao.page.wait_for_url(f"{app.callback}?**")
    tokens = app.redeem(zhao, pkce)
    assert tokens["scope"] == "openid email phone"
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = httpx.get(f"{app.issuer}/userinfo", headers=bearer, trust_env=False)
    assert answer.json()["phone_number"] == f"+86{cast.ZHAO.phone}"
    assert "gender" not in answer.json()

    zhao.open("/me/portals")
    assert faults_of(zhao.page) == []
    said = zhao.page.inner_text("main")
    assert "掌上办" in said
    assert "没有给：" in said
    assert "告诉掌上办" in said
    zhao.page.click("text=撤回 >> nth=0")
    assert faults_of(zhao.page) == []
    zhao.page.click("button:has-text('撤回')")
    assert "已撤回" in zhao.page.inner_text("[role=status]")
    assert httpx.get(f"{app.issuer}/userinfo", headers=bearer, trust_env=False).status_code == 401


def test_agreeing_to_all_and_saying_no(visit: Open, app: App) -> None:
    zhao, pkce = visit(locale="en-US"), Pkce()
    app.ask(zhao, pkce, "openid email phone", prompt="consent")
    zhao.page.click("text=Agree to all")
    zhao.page.wait_for_url(f"{app.callback}?**")
    assert app.redeem(zhao, pkce)["scope"] == "openid email phone"
    app.ask(zhao, pkce, "openid email", prompt="consent")
    assert zhao.page.locator("input[type=checkbox]:checked").count() == 1, "given before"
    zhao.page.click("button[value=refuse]")
    zhao.page.wait_for_url("**error=access_denied**")


def test_the_person_is_told_of_a_token_that_was_used_twice(visit: Open, app: App) -> None:
    zhao, pkce = visit(), Pkce()
    app.ask(zhao, pkce, "openid", prompt="login")
    zhao.page.wait_for_url(f"{app.callback}?**")
    token = app.redeem(zhao, pkce)["refresh_token"]
    assert "refresh_token" in app.refresh(token)
    assert app.refresh(token)["error"] == "invalid_grant"
    zhao.open("/me")
    told = zhao.page.locator(".note[role=alert]", has_text="掌上办")
    assert told.count() == 1
    assert faults_of(zhao.page) == []
    told.get_by_role("button").click()
    zhao.page.wait_for_load_state()
    assert told.count() == 0

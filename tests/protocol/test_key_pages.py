"""The pages of keys over HTTP, for a portal and for our own pages: what they set, what they refuse, where they lead."""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.middleware.proxies import CERTIFICATE
from api.routes.pages import keys
from idp.levels import BOUND_KEY
from idp.qr_login.requests import code_of
from keys.primitives import base64url
from keys.trust.model import Assurance
from tests.support.authenticator import Authenticator
from tests.support.clock import FakeClock
from tests.support.idp_browser import Browser, Pkce, idp_app, query_of
from tests.support.key_world import KeyWorld, key_world, person_certificate


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[KeyWorld]:
    async with key_world(tmp_path, clock) as made:
        yield made


@pytest.fixture
def app(world: KeyWorld) -> FastAPI:
    made = idp_app(world.idp)
    for router in keys.routers:
        made.include_router(router)
    return made


def csrf(answer: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', answer.text)
    assert found is not None, answer.text
    return found[1]


def challenge(answer: httpx.Response) -> bytes:
    """What the page's script hands to the authenticator."""
    found = re.search(r'data-options="([^"]+)"', answer.text)
    assert found is not None, answer.text
    options = json.loads(html.unescape(found[1]))
    assert options["userVerification"] == "required"
    return base64url.decode(options["challenge"])


async def asked(browser: Browser, world: KeyWorld, **changes: str) -> str:
    """A portal asks for a log-in; the name of its request."""
    answer = await browser.authorize(world.idp.portal_a, Pkce(), **changes)
    return query_of(answer.headers["location"])["i"]


async def test_a_portal_gets_a_log_in_by_passkey(world: KeyWorld, app: FastAPI) -> None:
    phone = await world.enrol(await world.log_in_strongly(world.idp.lin))
    browser = Browser(world.idp, app)
    named = await asked(browser, world)
    shown = await browser.http.get(f"/login/passkey?i={named}")
    assert "https://a.example.test" in shown.headers["content-security-policy"]
    form = {"csrf": csrf(shown), "answer": phone.sign(challenge(shown))}
    done = await browser.http.post(f"/login/passkey?i={named}", data=form)
    assert (done.status_code, done.headers["location"]) == (303, f"/authorize/resume?i={named}")
    resumed = await browser.http.get(done.headers["location"])
    assert resumed.headers["location"].startswith("https://a.example.test/callback?code=")
    assert (await world.visit(browser.session_cookie or "")).session.acr == BOUND_KEY


async def test_o51_an_answer_without_the_forms_token_or_in_another_browser_logs_nobody_in(
    world: KeyWorld, app: FastAPI
) -> None:
    phone = await world.enrol(await world.log_in_strongly(world.idp.lin))
    victim, attacker = Browser(world.idp, app), Browser(world.idp, app)
    shown = await victim.http.get("/login/passkey")
    answer = phone.sign(challenge(shown))
    assert (await victim.http.post("/login/passkey", data={"answer": answer})).status_code == 403
    own = await attacker.http.get("/login/passkey")
    stolen = await attacker.http.post("/login/passkey", data={"csrf": csrf(own), "answer": answer})
    assert (stolen.status_code, attacker.session_cookie) == (403, None)
    done = await victim.http.post("/login/passkey", data={"csrf": csrf(shown), "answer": answer})
    assert (done.status_code, done.headers["location"]) == (303, "/me")


async def test_what_is_no_answer_is_told_on_the_page_with_a_new_challenge(world: KeyWorld, app: FastAPI) -> None:
    browser = Browser(world.idp, app)
    shown = await browser.http.get("/login/passkey")
    unknown = Authenticator("https://id.example.test", "id.example.test").sign(challenge(shown))
    for answer in ("", "{}", "[" * 5000, unknown):
        told = await browser.http.post("/login/passkey", data={"csrf": csrf(shown), "answer": answer})
        assert told.status_code == 403
        assert "没能登录" in told.text
        assert challenge(told) != challenge(shown)


async def test_a_portal_gets_a_log_in_by_certificate_and_its_address_names_nobody(
    world: KeyWorld, app: FastAPI
) -> None:
    der = person_certificate(serial=world.idp.lin.number)
    world.authorities.assured[der] = Assurance.HIGH

    async def with_certificate(scope, receive, send):  # type: ignore[no-untyped-def]  # ASGI
        await app({**scope, CERTIFICATE: der}, receive, send)

    browser = Browser(world.idp, app)
    named = await asked(browser, world)
    page = await browser.http.get(f"/login/certificate?i={named}")
    begun = await browser.http.post(f"/login/certificate?i={named}", data={"csrf": csrf(page)})
    handshake = httpx.AsyncClient(transport=httpx.ASGITransport(with_certificate), base_url="https://mtls.example.test")
    back = await handshake.get(begun.headers["location"])
    assert (back.status_code, back.headers["referrer-policy"]) == (303, "no-referrer")
    assert back.headers["location"].startswith("https://id.example.test/login/certificate/back?w=")
    assert "set-cookie" not in back.headers
    elsewhere = await Browser(world.idp, app).http.get(back.headers["location"])
    assert elsewhere.status_code == 404, "another browser gets nothing, and uses it up"
    again = await browser.http.post(f"/login/certificate?i={named}", data={"csrf": csrf(page)})
    back = await handshake.get(again.headers["location"])
    done = await browser.http.get(back.headers["location"])
    assert done.headers["location"] == f"/authorize/resume?i={named}"


async def test_o61_a_screen_and_a_phone_for_a_portal(world: KeyWorld, app: FastAPI) -> None:
    screen, phone = Browser(world.idp, app, source="198.51.100.7"), Browser(world.idp, app)
    named = await asked(screen, world)
    begun = await screen.http.get(f"/login/qr?i={named}")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(begun.headers["set-cookie"].split("; "))
    assert begun.headers["set-cookie"].startswith("__Host-yz_screen=")
    shown = await screen.http.get("/login/qr/wait")
    assert "<svg" in shown.text
    assert (await screen.http.get("/login/qr/state")).json()["state"] == "waiting"
    secret = screen.http.cookies["__Host-yz_screen"]
    address = f"/scan/{code_of(secret)}"
    assert (await phone.http.get(address)).headers["location"] == f"/login?next={address}"
    await phone.log_in(world.idp.lin)
    question = await phone.http.get(address)
    for words in ("门户 portal-a", "198.51.100.7", "不在同一个网络"):
        assert words in question.text
    number = re.search(r'qr-number">(\d\d)<', (await screen.http.get("/login/qr/wait")).text)
    assert number is not None
    form = {"decision": "grant", "number": number[1]}
    assert (await phone.http.post(address, data=form)).status_code == 403, "no token of the form"
    done = await phone.http.post(address, data={**form, "csrf": csrf(question)})
    assert done.headers["location"] == "/scan/done?d=granted"
    entered = await screen.http.get("/login/qr/wait")
    assert entered.headers["location"] == f"/authorize/resume?i={named}"
    assert (await screen.http.get("/login/qr/state")).json()["state"] == "over"


async def test_what_only_a_bound_key_meets_is_met_by_one_and_by_nothing_less(world: KeyWorld, app: FastAPI) -> None:
    claims = json.dumps({"id_token": {"acr": {"essential": True, "values": [BOUND_KEY]}}})
    cookie = await world.log_in_strongly(world.idp.lin)
    bound = await world.enrol(cookie)
    synced = await world.enrol(cookie, Authenticator("https://id.example.test", "id.example.test", synced=True), "云端")
    outcomes = []
    for device in (synced, bound):
        browser = Browser(world.idp, app)
        named = await asked(browser, world, claims=claims)
        shown = await browser.http.get(f"/login/passkey?i={named}")
        form = {"csrf": csrf(shown), "answer": device.sign(challenge(shown))}
        done = await browser.http.post(f"/login/passkey?i={named}", data=form)
        answer = query_of((await browser.http.get(done.headers["location"])).headers["location"])
        outcomes.append(answer.get("error", "code" if "code" in answer else "nothing"))
    assert outcomes == ["unmet_authentication_requirements", "code"]
    published = json.loads(world.idp.idp.documents.metadata().content)
    assert BOUND_KEY in published["acr_values_supported"]

"""Log-in with an SM2 certificate by signing a challenge, over HTTP: what is refused, beside the legitimate twin."""

from __future__ import annotations

import base64
import datetime as dt
import html
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.routes.pages import keys
from core.kv.embedded import EmbeddedKeyValueStore
from idp.factors.certificates.showing import BEGUN_SECONDS
from idp.levels import TWO_FACTORS
from keys.ports import Signer
from keys.primitives.registry import primitive
from keys.spec import SignatureAlgorithm
from keys.trust.judgement import Judgement
from keys.trust.model import Service
from keys.x509.files import to_pem
from keys.x509.profiles import PERSON
from tests.support.clock import START, FakeClock
from tests.support.idp_browser import Browser, Pkce, idp_app, query_of
from tests.support.key_world import KeyWorld, key_world
from tests.support.sm2_people import ENCRYPTION, SIGNING, certified, judge, person, root, sm2
from tests.unit.keys.rings import fixed_signer

GONE = 4711
ES256 = SignatureAlgorithm.ES256
Sign = Callable[[bytes], bytes]


class Authority:
    """Implements `idp.clients.ports.CertificateJudge`: the real judge, under a list with one SM2 authority."""

    def __init__(self, clock: FakeClock, kv: EmbeddedKeyValueStore) -> None:
        self._judge = judge(clock, kv, GONE)

    async def judge(self, certificate: bytes, others: object = (), *, service: Service) -> Judgement:
        return await self._judge.judge(certificate, others, service=service)  # type: ignore[arg-type]


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[KeyWorld]:
    kv = EmbeddedKeyValueStore(tmp_path / "revocation.db", clock)
    async with key_world(tmp_path, clock, certificate_challenges=True) as made:
        made.idp.idp.keys.showing._judge = Authority(clock, kv)
        yield made
    await kv.close()


@pytest.fixture
def app(world: KeyWorld) -> FastAPI:
    made = idp_app(world.idp)
    for router in keys.routers:
        made.include_router(router)
    return made


@dataclass
class Visitor:
    """Somebody's browser at the certificate pages."""

    browser: Browser
    query: str = ""

    async def line(self) -> tuple[dict[str, str], str]:
        """A form with its one-time word, and the line to sign."""
        shown = await self.browser.http.get(f"/login/certificate{self.query}")
        assert "取要签名的文字" in shown.text
        page = await self.browser.http.post(f"/login/certificate/challenge{self.query}", data={"csrf": csrf(shown)})
        found = re.search(r'id="challenge"[^>]*>([^<]+)</textarea>', page.text)
        word = re.search(r'name="w" value="([^"]+)"', page.text)
        assert found is not None, page.text
        assert word is not None
        return {"csrf": csrf(page), "w": word[1]}, html.unescape(found[1])

    async def bring(self, form: dict[str, str], certificate: bytes, signature: bytes, *more: bytes) -> httpx.Response:
        path = "".join(to_pem(one) for one in (certificate, *more))
        data = {**form, "certificate": path, "signature": base64.b64encode(signature).decode()}
        return await self.browser.http.post("/login/certificate/signed", data=data)

    async def log_in(self, certificate: bytes, sign: Sign, *more: bytes) -> httpx.Response:
        form, line = await self.line()
        return await self.bring(form, certificate, sign(line.encode()), *more)


def csrf(answer: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', answer.text)
    assert found is not None, answer.text
    return found[1]


@pytest.fixture
def visitor(world: KeyWorld, app: FastAPI) -> Visitor:
    return Visitor(Browser(world.idp, app))


@pytest.fixture
def lin(world: KeyWorld) -> bytes:
    return certified(person(world.idp.lin.number), sm2("lin"), SIGNING)


def entered(answer: httpx.Response) -> bool:
    return answer.status_code == 303 and answer.headers["location"] == "/me"


async def refused(visitor: Visitor, answer: httpx.Response, words: str) -> None:
    assert answer.status_code in (403, 404)
    assert words in answer.text
    assert visitor.browser.session_cookie is None


# -- the legitimate twins --------------------------------------------------------------------------------------------


async def test_a_portal_gets_a_log_in_by_an_sm2_certificate(world: KeyWorld, app: FastAPI, lin: bytes) -> None:
    browser = Browser(world.idp, app)
    named = query_of((await browser.authorize(world.idp.portal_a, Pkce())).headers["location"])["i"]
    done = await Visitor(browser, f"?i={named}").log_in(lin, sm2("lin").sign)
    assert (done.status_code, done.headers["location"]) == (303, f"/authorize/resume?i={named}")
    session = (await world.visit(browser.session_cookie or "")).session
    assert session.account_id == world.idp.lin.account_id
    # a line that was signed can be passed on, so this is never the level of a key that cannot
    assert (session.acr, session.amr) == (TWO_FACTORS, ("sc", "pin", "mfa"))


async def test_signatures_come_in_der_or_as_r_and_s_and_certificates_with_their_path(
    visitor: Visitor, lin: bytes, world: KeyWorld
) -> None:
    to_jose = primitive(SignatureAlgorithm.SM2_SM3).to_jose
    assert entered(await visitor.log_in(lin, lambda line: to_jose(sm2("lin").sign(line)), root()))
    form, line = await visitor.line()
    form |= {"certificate": base64.b64encode(lin).decode(), "signature": _text(sm2("lin").sign(line.encode()))}
    assert entered(await visitor.browser.http.post("/login/certificate/signed", data=form))


async def test_the_line_says_which_site_it_is_for(visitor: Visitor) -> None:
    form, line = await visitor.line()
    assert line == f"yizheng-certificate:https://id.example.test:{form['w']}"
    assert line.isascii()


async def test_other_keys_may_sign_the_line_too(visitor: Visitor, world: KeyWorld) -> None:
    key = fixed_signer(ES256, "lin's other key")
    mixed = certified(person(world.idp.lin.number), key, PERSON)  # by an SM2 authority
    assert entered(await visitor.log_in(mixed, key.sign))


async def test_a_certificate_is_bound_by_signing_and_then_logs_its_owner_in(world: KeyWorld, visitor: Visitor) -> None:
    nameless = certified(person("PNO-7Q2M4XK9"), sm2("nameless"), SIGNING)
    await refused(visitor, await visitor.log_in(nameless, sm2("nameless").sign), "没有对应的账号")
    own = world.keys.own_certificates
    cookie, browser = await world.log_in_strongly(world.idp.lin), "secret of this browser"
    word = await own.begin(cookie, browser, "USB Key")
    line = world.keys.showing.challenge(word).encode()
    await own.bind(cookie, await world.keys.showing.prove(word, browser, nameless, (), sm2("nameless").sign(line)))
    (held,) = await own.of(world.idp.lin.account_id)
    assert not held.bound
    assert entered(await visitor.log_in(nameless, sm2("nameless").sign))


# -- refusals --------------------------------------------------------------------------------------------------------


async def test_a_signature_counts_once(world: KeyWorld, app: FastAPI, visitor: Visitor, lin: bytes) -> None:
    form, line = await visitor.line()
    signature = sm2("lin").sign(line.encode())
    assert entered(await visitor.bring(form, lin, signature))
    again = Visitor(Browser(world.idp, app))
    own, _ = await again.line()
    await refused(again, await again.bring({**own, "w": form["w"]}, lin, signature), "已经结束")  # used up
    await refused(again, await again.bring(own, lin, signature), "签名对不上")


async def test_nobody_elses_browser_gets_in_with_what_was_signed_for_this_one(
    world: KeyWorld, app: FastAPI, visitor: Visitor, lin: bytes
) -> None:
    form, line = await visitor.line()
    signature = sm2("lin").sign(line.encode())
    thief = Visitor(Browser(world.idp, app))
    own, _ = await thief.line()
    await refused(thief, await thief.bring({**own, "w": form["w"]}, lin, signature), "不是在这个浏览器里")
    assert entered(await visitor.log_in(lin, sm2("lin").sign))


async def test_a_line_is_good_for_five_minutes(world: KeyWorld, visitor: Visitor, lin: bytes) -> None:
    form, line = await visitor.line()
    world.clock.advance(BEGUN_SECONDS)
    await refused(visitor, await visitor.bring(form, lin, sm2("lin").sign(line.encode())), "已经结束")


def _as(key: Signer, user_id: bytes) -> Sign:
    return lambda line: key._sign(line, user_id)  # type: ignore[attr-defined, no-any-return]


SIGNATURES: dict[str, Sign] = {
    "another line": lambda line: sm2("lin").sign(line + b"\n"),
    "another site": lambda line: sm2("lin").sign(line.replace(b"id.example.test", b"evil.example.test")),
    "another key": sm2("zhao").sign,
    "another kind of key": fixed_signer(ES256, "lin's").sign,
    "another user ID": _as(sm2("lin"), b"8765432187654321"),
    "no signature": lambda line: b"",
    "the line itself": lambda line: line,
    "64 zeros": lambda line: bytes(64),
    "a huge one": lambda line: bytes(20_000),
    "trailing octets": lambda line: sm2("lin").sign(line) + b"\0",
}


@pytest.mark.parametrize("case", SIGNATURES)
async def test_what_the_certificates_key_did_not_sign_is_refused(visitor: Visitor, lin: bytes, case: str) -> None:
    await refused(visitor, await visitor.log_in(lin, SIGNATURES[case]), "签名对不上")
    assert entered(await visitor.log_in(lin, sm2("lin").sign))


def _cases(number: str) -> dict[str, tuple[bytes, str]]:
    subject, day = person(number), dt.timedelta(days=1)
    return {
        "expired": (certified(subject, sm2("lin"), SIGNING, ends=START - day), "不在可信名单上，或者证书已过期"),
        "not yet valid": (certified(subject, sm2("lin"), SIGNING, starts=START + day), "不在可信名单上"),
        "revoked": (certified(subject, sm2("lin"), SIGNING, serial=GONE), "已经被吊销"),
        "not listed": (certified(subject, sm2("lin"), SIGNING, issuer="Another CA"), "不在可信名单上"),
        "the name of a listed one": (certified(subject, sm2("lin"), SIGNING, by=sm2("forger")), "不在可信名单上"),
        "the encryption half": (certified(subject, sm2("lin"), ENCRYPTION), "不是用来登录的"),
        "the authority itself": (root(), "签名对不上"),
        "self-signed": (certified(subject, sm2("lin"), SIGNING, by=sm2("lin"), issuer="x"), "不在可信名单上"),
        "half a certificate": (certified(subject, sm2("lin"), SIGNING)[:300], "读不出来"),
    }


@pytest.mark.parametrize("case", _cases("x"))
async def test_a_certificate_that_does_not_count_opens_nothing(
    world: KeyWorld, visitor: Visitor, lin: bytes, case: str
) -> None:
    certificate, words = _cases(world.idp.lin.number)[case]
    await refused(visitor, await visitor.log_in(certificate, sm2("lin").sign), words)
    assert entered(await visitor.log_in(lin, sm2("lin").sign))


async def test_without_a_certificate_or_with_rubbish_the_page_says_so(visitor: Visitor) -> None:
    for text in ("", "rubbish", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----"):
        form, _ = await visitor.line()
        data = {**form, "certificate": text, "signature": "AA=="}
        answer = await visitor.browser.http.post("/login/certificate/signed", data=data)
        assert answer.status_code == 403


async def test_where_it_is_not_offered_no_line_is_given(tmp_path: Path, clock: FakeClock) -> None:
    async with key_world(tmp_path, clock) as plain:
        made = idp_app(plain.idp)
        for router in keys.routers:
            made.include_router(router)
        browser = Browser(plain.idp, made)
        shown = await browser.http.get("/login/certificate")
        assert "取要签名的文字" not in shown.text
        told = await browser.http.post("/login/certificate/challenge", data={"csrf": csrf(shown)})
        assert "yizheng-certificate:" not in told.text


def _text(signature: bytes) -> str:
    return base64.encodebytes(signature).decode()

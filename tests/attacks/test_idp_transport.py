"""Attacks on what lies around the protocol: foreign pages, false addresses, odd methods, injected text.

O-45, O-47, O-66, O-69, O-70 of the attack list, each with its legitimate twin, against the whole application.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from api.journey.instance import Instance

APP = "https://app.example.test"
SPA: dict[str, Any] = {
    "client_id": "page-app",
    "client_name#zh-CN": "<img src=x onerror=alert(1)>",
    "redirect_uris": [f"{APP}/callback"],
    "token_endpoint_auth_method": "none",
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "scope": "openid",
}
FOREIGN = (
    "null",
    "https://evil.example.test",
    f"{APP}.evil.test",
    f"{APP}:8443",
    "http://app.example.test",
    "https://APP.example.test",
    f"{APP}/",
    f"{APP} https://evil.example.test",
    "https://a.example.test",  # a portal with a server
)
OPEN = ("/token", "/userinfo", "/revoke", "/par")
CLOSED = ("/authorize", "/introspect", "/device-authorization", "/login", "/me", "/v1/licence-types", "/end-session")


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    made = Instance({"trusted_proxies": "192.0.2.1"})  # so that nobody here is one
    try:
        made.command("migrate", "--demo")
        made.register_client(SPA)
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
async def http(instance: Instance) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=instance.issuer, trust_env=False) as client:
        yield client


def allowed(answer: httpx.Response) -> str | None:
    assert "access-control-allow-credentials" not in answer.headers  # never with cookies
    value: str | None = answer.headers.get("access-control-allow-origin")
    return value


async def preflight(http: httpx.AsyncClient, path: str, origin: str) -> httpx.Response:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "dpop"}
    return await http.options(path, headers=headers)


@pytest.mark.parametrize("path", OPEN)
async def test_o_45_pages_of_a_registered_app_may_read(http: httpx.AsyncClient, path: str) -> None:
    asked = await preflight(http, path, APP)
    assert (asked.status_code, allowed(asked)) == (204, APP)
    assert "DPoP" in asked.headers["access-control-allow-headers"]
    answer = await http.post(path, headers={"Origin": APP}, data={"client_id": "page-app", "token": "t"})
    assert allowed(answer) == APP
    assert "Origin" in answer.headers["vary"]
    assert "DPoP-Nonce" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("path", OPEN)
async def test_o_45_pages_of_others_read_nothing(http: httpx.AsyncClient, path: str, origin: str) -> None:
    assert allowed(await preflight(http, path, origin)) is None
    answer = await http.post(path, headers={"Origin": origin}, data={"client_id": "page-app", "token": "t"})
    assert allowed(answer) is None


@pytest.mark.parametrize("origin", [APP, "https://evil.example.test"])
@pytest.mark.parametrize("path", CLOSED)
async def test_o_45_pages_and_the_api_speak_to_no_other_page(http: httpx.AsyncClient, path: str, origin: str) -> None:
    assert allowed(await preflight(http, path, origin)) is None
    assert allowed(await http.get(path, headers={"Origin": origin})) is None


@pytest.mark.parametrize("path", ["/jwks", "/.well-known/openid-configuration"])
async def test_o_45_what_is_public_is_for_every_page(http: httpx.AsyncClient, path: str) -> None:
    assert allowed(await http.get(path, headers={"Origin": "https://anybody.example.test"})) == "*"


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP"])
async def test_o_47_a_made_up_address_does_not_dodge_the_limit(http: httpx.AsyncClient, header: str) -> None:
    answers = [await _try(http, {header: f"198.51.100.{n}"}) for n in range(6)]
    assert [one.status_code for one in answers[:5]] == [400] * 5
    assert answers[5].status_code == 429  # counted as one source, whatever the header says


async def test_o_47_what_a_trusted_proxy_says_counts() -> None:
    behind = Instance()  # loopback is trusted, as where a proxy runs on the same machine
    try:
        behind.command("migrate", "--demo")
        behind.start()
        async with httpx.AsyncClient(base_url=behind.issuer, trust_env=False) as http:
            answers = [await _try(http, {"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(6)]
        assert [one.status_code for one in answers] == [400] * 6  # six sources, one try each
    finally:
        behind.stop()


async def _try(http: httpx.AsyncClient, headers: dict[str, str]) -> httpx.Response:
    """A wrong password for one identifier, from our own page."""
    page = await http.get("/login")
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert token is not None
    form = {
        "identifier": f"1380000{zlib.crc32(str(headers.keys()).encode()) % 10_000:04d}",
        "password": "wrong password",
    }
    own = {"Origin": str(http.base_url).rstrip("/"), **headers}
    return await http.post("/login", data={**form, "csrf": token[1]}, headers=own)


async def test_o_66_methods_and_paths_that_are_not_there(http: httpx.AsyncClient) -> None:
    for method in ("TRACE", "CONNECT", "PROPFIND", "DEBUG"):
        assert (await http.request(method, "/token")).status_code in (400, 404, 405, 501)
    for path in ("/docs", "/redoc", "/.env", "/.git/config", "/server-status"):
        assert (await http.get(path)).status_code == 404
    for path in ("/static/../api/settings.py", "/static/%2e%2e/api/settings.py", "/static/..%2fapi/settings.py"):
        assert (await http.get(path)).status_code in (400, 404)
    assert (await http.get("/metrics")).status_code == 401


async def test_o_66_many_ranges_cost_nothing(http: httpx.AsyncClient) -> None:
    page = await http.get("/login")
    sheet = page.text.split('href="/static/', 1)[1].split('"', 1)[0]
    ranges = ",".join(f"{n}-{n}" for n in range(0, 20_000, 2))
    answer = await http.get(f"/static/{sheet}", headers={"Range": f"bytes={ranges}"[:60_000]})
    assert answer.status_code in (200, 400, 416, 431)
    assert (await http.get(f"/static/{sheet}")).status_code == 200


INJECTED = (
    "' OR '1'='1",
    "'; DROP TABLE client; --",
    '" UNION SELECT secret_digest FROM client --',
    "%' --",
    "\\",
    "{{7*7}}",
    "${jndi:ldap://127.0.0.1/a}",
    "*)(uid=*))(|(uid=*",
)


@pytest.mark.parametrize("text", INJECTED)
async def test_o_69_text_is_text_everywhere(http: httpx.AsyncClient, text: str) -> None:
    form = {"grant_type": text, "code": text, "refresh_token": text, "client_id": text, "token": text, "scope": text}
    for path in ("/token", "/introspect", "/revoke", "/par", "/device-authorization"):
        assert (await http.post(path, data=form)).status_code in (400, 401)
    for query in ({"client_id": text}, {"client_id": "page-app", "redirect_uri": text, "state": text}):
        assert (await http.get("/authorize", params=query)).status_code == 400
    assert (await http.post("/login", data={"identifier": text, "password": text})).status_code in (400, 401, 403)
    assert (await http.get("/device", params={"user_code": text})).status_code in (200, 303, 400)
    assert (await http.get("/jwks")).status_code == 200  # still there


async def test_o_70_a_clients_name_is_text_on_every_page(http: httpx.AsyncClient) -> None:
    request = {
        "client_id": "page-app",
        "redirect_uri": f"{APP}/callback",
        "response_type": "code",
        "scope": "openid",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    page = await http.get("/authorize", params=request, follow_redirects=True)
    assert page.status_code == 200
    assert "&lt;img src=x onerror=alert(1)&gt;" in page.text
    assert "<img src=x" not in page.text
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy

"""The fast lane and the long way give the same: status, headers, body, log line; what is unusual goes the long way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from api.fast_lane import FastLane
from api.main import Service, create_app
from api.request_lines import RequestLines
from api.routes.idp.hot import HOT_ROUTES
from api.settings import Settings
from core.errors import Unavailable
from core.text import Text
from idp.protocol.params import MAX_SIZE
from tests.support.clock import FakeClock
from tests.support.idp_browser import basic
from tests.support.idp_world import ISSUER, IdpWorld, embedded_world

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock) as made:
        yield made


class _Ground:
    def __init__(self, world: IdpWorld, settings: Settings) -> None:
        self.settings, self.clock, self.kv = settings, world.clock, world.ground.kv


class _Container:
    def __init__(self, world: IdpWorld, settings: Settings) -> None:
        self.ground, self.idp = _Ground(world, settings), world.idp


@pytest.fixture
def app(world: IdpWorld, tmp_path: Path) -> Service:
    settings = Settings(data=tmp_path, issuer=ISSUER)
    made = create_app(settings)
    made.state.container = _Container(world, settings)
    return made


def http_of(app: Service, *, fast: bool) -> httpx.AsyncClient:
    """The application by one of its two ways."""

    async def served(scope: Any, receive: Any, send: Any) -> None:
        lane, app.fast_lane = app.fast_lane, app.fast_lane if fast else None
        try:
            await app(scope, receive, send)
        finally:
            app.fast_lane = lane

    return httpx.AsyncClient(transport=httpx.ASGITransport(app=served), base_url=ISSUER)


def comparable(answer: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    headers = {name: value for name, value in answer.headers.items() if name != "request-id"}
    body = answer.content.replace(answer.headers["request-id"].encode(), b"")
    return answer.status_code, headers, b"" if b"yz_" in body else body


@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        ("GET", "/jwks", {}, b""),
        ("GET", "/.well-known/openid-configuration", {}, b""),
        ("GET", "/userinfo", {}, b""),
        ("GET", "/userinfo", {"authorization": "Bearer nobody's"}, b""),
        ("POST", "/token", FORM, b"grant_type=client_credentials"),
        ("POST", "/token", FORM, b"grant_type=nothing&client_id=x&client_id=y"),
        ("POST", "/token", {"content-type": "application/json"}, b"{}"),
        ("POST", "/introspect", FORM, b"token=x"),
        ("POST", "/revoke", FORM, b""),
        ("GET", "/authorize?client_id=nobody", {"accept": "text/html"}, b""),
        ("GET", "/authorize?client_id=nobody", {}, b""),
        ("POST", "/jwks", FORM, b"x"),
        ("HEAD", "/jwks", {}, b""),
        ("OPTIONS", "/token", {}, b""),
    ],
)
async def test_both_ways_give_the_same(
    app: Service, method: str, path: str, headers: dict[str, str], body: bytes
) -> None:
    seen = []
    for fast in (True, False):
        with structlog.testing.capture_logs() as lines:
            async with http_of(app, fast=fast) as http:
                answer = await http.request(method, path, headers=headers, content=body)
        (line,) = [one for one in lines if one["event"] == "request"]
        assert answer.headers["request-id"] == line["request_id"]
        assert line["route"] in (path.partition("?")[0], "(no route)")
        seen.append((comparable(answer), line["method"], line["status"]))
    assert seen[0] == seen[1]


async def test_a_good_token_comes_by_both_ways(app: Service, world: IdpWorld) -> None:
    headers = FORM | {"authorization": basic(world.department.client_id, world.department.secret or "")}
    answers = []
    for fast in (True, False):
        async with http_of(app, fast=fast) as http:
            answers.append(await http.post("/token", headers=headers, content=b"grant_type=client_credentials"))
    assert comparable(answers[0]) == comparable(answers[1])
    assert answers[0].json()["access_token"].startswith("yz_")


@pytest.mark.parametrize(
    "error", [RuntimeError("11010519491231002X"), Unavailable("kv-unavailable", Text("停", "down"))]
)
async def test_what_breaks_is_answered_alike(app: Service, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """An error that nobody foresaw is logged by type and place, never by what it says (attacks O-67)."""

    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(type(app.state.container.idp.documents), "jwks", broken)
    seen = []
    for fast in (True, False):
        with structlog.testing.capture_logs() as lines:
            async with http_of(app, fast=fast) as http:
                seen.append(comparable(await http.get("/jwks")))
        assert "11010519491231002X" not in str([one for one in lines if one["event"] == "unexpected"])
    assert seen[0] == seen[1]
    assert seen[0][0] in (500, 503)


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/token", []),  # no length: it comes in pieces
        ("POST", "/token", [(b"content-length", b"-1")]),
        ("POST", "/token", [(b"content-length", b"1e3")]),
        ("POST", "/token", [(b"content-length", str(MAX_SIZE + 1).encode())]),
        ("POST", "/token", [(b"content-length", b"0" * 30)]),
        ("GET", "/token", [(b"content-length", b"1")]),
        ("HEAD", "/jwks", []),
        ("GET", "/jwks/", []),
        ("GET", "/login", []),
    ],
)
async def test_what_is_unusual_goes_the_long_way(method: str, path: str, headers: list[tuple[bytes, bytes]]) -> None:
    lane = FastLane(HOT_ROUTES, guards=(), answer=lambda *_: pytest.fail("not asked"), log=None)
    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    assert lane.route(scope) is None
    usual = {"type": "http", "method": "POST", "path": "/token", "headers": [(b"content-length", b"30")]}
    assert lane.route(usual) is HOT_ROUTES["/token"]


async def test_a_document_is_not_sent_to_who_has_it(app: Service) -> None:
    async with http_of(app, fast=True) as http:
        whole = await http.get("/jwks")
        etag = whole.headers["etag"]
        same = await http.get("/jwks", headers={"if-none-match": f'"other", W/{etag}'})
        other = await http.get("/jwks", headers={"if-none-match": '"other"'})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    assert (other.status_code, other.content) == (200, whole.content)


async def test_lines_of_hot_requests_are_written_in_the_usual_form(tmp_path: Path) -> None:
    file = tmp_path / "log"
    with file.open("wb") as stream:
        lines = RequestLines(stream, FakeClock())
        lines(method="GET", route="/jwks", status=200, ms=0.1, request_id="abc")
        assert file.read_bytes() == b"", "a line waits for those that come with it"
        lines.flush()
        lines.flush()
    assert file.read_text() == (
        '{"method":"GET","route":"/jwks","status":200,"ms":0.1,"request_id":"abc","event":"request","level":"info",'
        f'"timestamp":"{FakeClock().now().isoformat(timespec="microseconds")[:-6]}Z"}}\n'
    )

"""What every answer has: problem documents, request ids, headers, limits, one log line."""

import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request

from api.deps import requires
from api.main import LARGE_PATHS, UPLOAD_PATHS, _map_errors, add_middleware
from api.middleware.body_limit import DEFAULT_LIMIT, FORM, UPLOAD_LIMIT, BodyLimit
from api.settings import Settings
from core.errors import (
    AppError,
    Conflict,
    InvalidInput,
    LimitExceeded,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    Unavailable,
)
from core.principal import Principal, PrincipalKind
from core.text import Text
from idp.protocol.facts import RequestFacts

WORDS = Text("中文说明", "English words")
PERSONAL = "410199198802291031"


def _application() -> FastAPI:
    app = FastAPI()
    container: Any = SimpleNamespace(ground=SimpleNamespace(settings=Settings(issuer="https://id.example.cn")))

    async def authenticate(token: str, _facts: RequestFacts, _scopes: Sequence[str] = ()) -> Principal:
        return Principal(PrincipalKind.CLIENT, "c", scopes=frozenset(token.split()))

    container.idp = SimpleNamespace(authenticate=authenticate)
    app.state.container = container
    errors: dict[str, AppError] = {
        "invalid": InvalidInput("some-code", WORDS, field="holder"),
        "unknown": NotAuthenticated("token-missing", WORDS),
        "forbidden": NotPermitted("some-code", WORDS),
        "absent": NotFound("some-code", WORDS),
        "conflict": Conflict("some-code", WORDS),
        "moved": Conflict("precondition-failed", WORDS),
        "often": LimitExceeded("some-code", WORDS, retry_after=30),
        "away": Unavailable("some-code", WORDS),
    }

    @app.get("/v1/fail/{kind}")
    async def fail(kind: str) -> None:
        raise errors[kind] if kind in errors else RuntimeError(f"quotes {PERSONAL}")

    @app.post("/v1/echo")
    async def echo(request: Request) -> dict[str, int]:
        return {"size": len(await request.body())}

    @app.post("/v1/typed")
    async def typed(body: dict[str, int]) -> dict[str, int]:
        return body

    class Strict(BaseModel):
        model_config = ConfigDict(extra="forbid")
        count: int

    @app.post("/v1/strict")
    async def strict(body: Strict) -> int:
        return body.count

    @app.get("/v1/scoped")
    async def scoped(request: Request) -> dict[str, str]:
        return {"id": (await requires("licence:read")(request)).id}

    _map_errors(app)
    add_middleware(app, secure=True, log_requests=True)
    return app


@pytest.fixture
def http() -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=_application(), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="https://id.example.cn")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("invalid", 400),
        ("unknown", 401),
        ("forbidden", 403),
        ("absent", 404),
        ("conflict", 409),
        ("moved", 412),
        ("often", 429),
        ("away", 503),
        ("anything else", 500),
    ],
)
async def test_each_error_is_a_problem_document(http: httpx.AsyncClient, kind: str, status: int) -> None:
    """RFC 9457 §3."""
    answer = await http.get(f"/v1/fail/{kind}", headers={"accept-language": "en"})
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"].startswith("https://id.example.cn/problems/")
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["request-id"]
    assert PERSONAL not in answer.text


async def test_the_remedy_comes_in_the_language_asked_for(http: httpx.AsyncClient) -> None:
    chinese = await http.get("/v1/fail/invalid")
    english = await http.get("/v1/fail/invalid", headers={"accept-language": "de, en;q=0.8, zh;q=0.1"})
    assert (chinese.json()["detail"], english.json()["detail"]) == (WORDS.zh, WORDS.en)
    assert english.json()["field"] == "holder"


async def test_waiting_times_are_told(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v1/fail/often")).headers["retry-after"] == "30"
    assert (await http.get("/v1/fail/away")).headers["retry-after"] == "5"


async def test_a_body_of_the_wrong_shape_is_not_echoed(http: httpx.AsyncClient) -> None:
    """Attack O-67, and its twin."""
    wrong = await http.post("/v1/typed", json={"holder": f"no {PERSONAL}"})
    assert wrong.status_code == 400
    assert PERSONAL not in wrong.text
    assert (await http.post("/v1/typed", json={"holder": 3})).json() == {"holder": 3}


async def test_a_member_that_the_caller_made_up_is_not_repeated(http: httpx.AsyncClient) -> None:
    """Attack L-12: personal data as a member's name; the twin is a declared member, which is named."""
    made_up = await http.post("/v1/strict", json={"count": 1, f"x{PERSONAL}": 1})
    assert made_up.status_code == 400
    assert PERSONAL not in made_up.text
    assert (await http.post("/v1/strict", json={"count": "many"})).json()["field"] == "count"


async def test_a_scope_that_is_missing_is_named(http: httpx.AsyncClient) -> None:
    refused = await http.get("/v1/scoped", headers={"authorization": "Bearer licence:verify"})
    assert refused.status_code == 403
    assert "insufficient_scope" in refused.headers["www-authenticate"]
    assert (await http.get("/v1/scoped", headers={"authorization": "Bearer licence:read"})).status_code == 200


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_over_the_limit_is_refused(http: httpx.AsyncClient, declared: bool) -> None:
    """Attack O-63: with and without a Content-Length; the twin is one byte smaller."""

    async def pieces(size: int) -> Any:
        while size > 0:
            yield b"x" * min(size, 65536)
            size -= 65536

    def body(size: int) -> Any:
        return b"x" * size if declared else pieces(size)

    assert (await http.post("/v1/echo", content=body(DEFAULT_LIMIT + 1))).status_code == 413
    assert (await http.post("/v1/echo", content=body(DEFAULT_LIMIT))).json() == {"size": DEFAULT_LIMIT}


async def test_a_length_that_is_no_number_is_refused(http: httpx.AsyncClient) -> None:
    assert (await http.post("/v1/echo", content=b"x", headers={"content-length": "-1"})).status_code == 413


async def test_every_answer_carries_the_protective_headers(http: httpx.AsyncClient) -> None:
    for path in ("/v1/fail/absent", "/v1/fail/anything else", "/nowhere"):
        headers = (await http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["strict-transport-security"].startswith("max-age=")
        assert headers["cache-control"] == "no-store"


async def test_one_log_line_a_request_without_what_was_typed(http: httpx.AsyncClient) -> None:
    """Attacks O-22 and L-13: no query, no path value, no header."""
    with structlog.testing.capture_logs() as lines:
        await http.get(f"/v1/fail/{PERSONAL}", params={"code": "secret-code"}, headers={"user-agent": "evil\x1b[31m"})
    (line,) = [one for one in lines if one["event"] == "request"]
    assert line["route"] == "/v1/fail/{kind}"
    written = json.dumps(lines, ensure_ascii=False)
    for typed in (PERSONAL, "secret-code", "evil"):
        assert typed not in written


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/v1/signatures", 525_000_000 + FORM),
        ("/v1/signature-verifications", 525_000_000 + FORM),
        ("/v1/signature-batches/b/files", UPLOAD_LIMIT),
        ("/verify", UPLOAD_LIMIT),
        ("/v1/licences", DEFAULT_LIMIT),
    ],
)
def test_only_what_is_never_held_whole_may_be_very_large(path: str, limit: int) -> None:
    body = BodyLimit(_no_app, UPLOAD_PATHS, large_paths=LARGE_PATHS, large_limit=525_000_000)
    assert body._limit(path) == limit


async def _no_app(*_: object) -> None:
    raise AssertionError

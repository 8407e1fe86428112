"""The Python client: what it sends, when it sends again, and what it says when the service refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jose import jwt

from yizheng_client import Client, ClientSecret, PrivateKeyJwt, Refused, Sealed, StampStep, Unreachable, transport

SERVER, CODE = "https://city.example.cn", "4101990000017"
Handler = Callable[[httpx.Request], httpx.Response]


class Service:
    """Answers as the service does; `script` may answer instead, one call after the other."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.script: list[Handler] = []
        self.tokens = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        path = request.url.path
        if path == "/.well-known/openid-configuration":
            return httpx.Response(200, json={"issuer": SERVER, "token_endpoint": f"{SERVER}/token"})
        if path == "/token":
            self.tokens += 1
            return httpx.Response(200, json={"access_token": f"token-{self.tokens}", "expires_in": 600})
        if path == "/v1/seals":
            if request.url.params.get("cursor"):
                return httpx.Response(200, json={"items": [{"code": CODE, "id": "seal_2"}], "next_cursor": None})
            return httpx.Response(200, json={"items": [{"code": "4101990000001", "id": "seal_1"}], "next_cursor": "c"})
        if self.script:
            return self.script.pop(0)(request)
        if path == "/v1/signatures":
            return httpx.Response(201, content=b"%PDF sealed", headers={"signature-id": "sig_1"})
        return httpx.Response(404, json={"type": "https://x/problems/not-found", "title": "没有", "status": 404})

    def of(self, path: str) -> list[httpx.Request]:
        return [one for one in self.asked if one.url.path == path]


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr(transport.Transport.__init__, "__kwdefaults__", {"wait": waited.append})
    return waited


def client(service: Service, **options: Any) -> Client:
    http = httpx.Client(base_url=SERVER, transport=httpx.MockTransport(service))
    return Client(SERVER, options.pop("credentials", ClientSecret("system:a", "s e+cret")), http=http, **options)


def failing(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("gone", request=request)


def busy(_: httpx.Request) -> httpx.Response:
    body = {"type": "https://x/problems/busy", "detail": "请过几秒再试"}
    return httpx.Response(429, json=body, headers={"retry-after": "2"})


def test_a_file_is_sealed_with_a_token_and_by_the_seals_code(service: Service) -> None:
    sealed = client(service).sign(b"%PDF", seal=CODE, page=1, x_mm=140.5, y_mm=220, reason="证明")
    assert sealed == Sealed(b"%PDF sealed", "sig_1")
    (token,) = service.of("/token")
    assert token.headers["authorization"] == httpx.BasicAuth("system%3Aa", "s+e%2Bcret")._auth_header
    assert parse_qs(token.content.decode()) == {"grant_type": ["client_credentials"], "scope": ["seal:sign"]}
    (sent,) = service.of("/v1/signatures")
    body = sent.content.decode()
    assert sent.headers["authorization"] == "Bearer token-1"
    for name, value in (("seal", "seal_2"), ("page", "1"), ("x_mm", "140.5"), ("reason", "证明")):
        assert f'name="{name}"\r\n\r\n{value}\r\n' in body
    assert "idempotency-key" in sent.headers


def test_a_lost_answer_is_asked_for_again_under_the_same_key(service: Service, waits: list[float]) -> None:
    service.script = [failing, busy]
    client(service).sign(b"%PDF", seal="seal_1")
    keys = [one.headers["idempotency-key"] for one in service.of("/v1/signatures")]
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert 0 < waits[0] <= 0.5
    assert waits[1] == 2.0  # as the service said


def test_after_so_many_tries_it_is_given_up(service: Service, waits: list[float]) -> None:
    service.script = [failing] * 4
    with pytest.raises(Unreachable, match="ReadError"):
        client(service).sign(b"%PDF", seal="seal_1")
    assert (len(service.of("/v1/signatures")), len(waits)) == (4, 3)
    service.script = [busy] * 2
    with pytest.raises(Unreachable, match="busy"):
        client(service, tries=2).sign(b"%PDF", seal="seal_1")


def test_a_refusal_is_told_and_not_tried_again(service: Service) -> None:
    def not_granted(_: httpx.Request) -> httpx.Response:
        body = {"type": "https://x/problems/seal-not-granted", "detail": "没有授权", "field": "seal"}
        return httpx.Response(403, json=body)

    service.script = [not_granted]
    with pytest.raises(Refused) as told:
        client(service).sign(b"%PDF", seal="seal_1")
    assert (told.value.status, told.value.code, told.value.field) == (403, "seal-not-granted", "seal")
    assert len(service.of("/v1/signatures")) == 1
    service.script = [lambda _: httpx.Response(500, text="<html>")]
    with pytest.raises(Refused, match="unknown"):
        client(service).sign(b"%PDF", seal="seal_1")
    with pytest.raises(Refused, match="seal-not-found"):
        client(service).sign(b"%PDF", seal="4101990000099")


def test_a_token_is_used_until_it_ends_and_replaced_when_it_is_refused(service: Service) -> None:
    one = client(service)
    one.sign(b"%PDF", seal="seal_1")
    one.sign(b"%PDF", seal="seal_1")
    assert service.tokens == 1
    service.script = [lambda _: httpx.Response(401, json={"type": "https://x/problems/token-invalid"})]
    one.sign(b"%PDF", seal="seal_1")
    assert service.tokens == 2
    service.script = [lambda _: httpx.Response(401, json={"type": "https://x/problems/token-invalid"})] * 2
    with pytest.raises(Refused, match="token-invalid"):
        one.sign(b"%PDF", seal="seal_1")
    assert service.tokens == 3


def test_a_client_proves_itself_with_its_key_and_anew_each_time(service: Service) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    for _ in range(2):
        client(service, credentials=PrivateKeyJwt("system-a", pem, key_id="k1")).sign(b"%PDF", seal="seal_1")
    assertions = [parse_qs(one.content.decode())["client_assertion"][0] for one in service.of("/token")]
    claims = [jwt.decode(one, public, algorithms=["ES256"], audience=SERVER) for one in assertions]
    assert [(one["iss"], one["sub"]) for one in claims] == [("system-a", "system-a")] * 2
    assert claims[0]["jti"] != claims[1]["jti"]
    assert jwt.get_unverified_header(assertions[0])["kid"] == "k1"


def test_verifying_needs_no_credentials_and_sealing_does(service: Service) -> None:
    report = {
        "conclusion": "changed",
        "indication": "TOTAL-FAILED",
        "sub_indication": "HASH_FAILURE",
        "text": {"zh": "已改动", "en": "changed"},
    }
    service.script = [lambda _: httpx.Response(200, json=report)]
    nobody = client(service, credentials=None)
    verdict = nobody.verify(b"%PDF")
    assert (verdict.genuine, verdict.conclusion, verdict.text) == (False, "changed", "已改动")
    assert "authorization" not in service.asked[-1].headers
    with pytest.raises(Refused, match="credentials-missing"):
        nobody.sign(b"%PDF", seal="seal_1")


def test_the_ten_steps_of_a_stamp_and_the_refusal_of_an_ofd_are_told(service: Service) -> None:
    step = {"number": 6, "id": "signer-listed", "state": "bad", "reason": "signer-not-listed"}
    stamped = {"national_stamp": {"steps": [step | {"text": {"zh": "不在名单上。", "en": "not listed"}}]}}
    report = {
        "conclusion": "unknown-signer",
        "indication": "INDETERMINATE",
        "sub_indication": "SIG_CONSTRAINTS_FAILURE",
        "text": {"zh": "不能采信", "en": "no"},
        "refusal": None,
        "signatures": [stamped, {"national_stamp": None}],
    }
    refused = report | {"refusal": "hidden-data", "signatures": []}
    service.script = [lambda _: httpx.Response(200, json=report), lambda _: httpx.Response(200, json=refused)]
    nobody = client(service, credentials=None)
    verdict = nobody.verify(b"PK")
    assert verdict.stamp_steps() == (StampStep(6, "signer-listed", "bad", "signer-not-listed", "不在名单上。"),)
    assert (verdict.stamp_steps(1), verdict.refusal) == ((), None)
    assert nobody.verify(b"PK").refusal == "hidden-data"


def test_nothing_secret_is_shown() -> None:
    assert "hush" not in repr([ClientSecret("a", "hush"), PrivateKeyJwt("a", "hush")])
    assert "PDF" not in repr(Sealed(b"%PDF", "sig_1"))

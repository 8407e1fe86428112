"""No ID number or name in any log, URL, metric, error or file at rest (attacks L-12, L-13, O-22, O-67, L-18).

Canaries are planted in every place that takes input: people are made with them, they are sent to every route of the
OpenAPI document as path, query and body, and they log in and are looked up. Then everything that the service wrote or
answered is searched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.demo import catalogue, city
from api.journey.instance import Instance
from api.journey.visitor import Visitor

pytestmark = pytest.mark.slow

ID_NUMBER = "410199197606187718"
NAME = "金丝雀甲乙"
PHONE = "13911223344"
PASSWORD = "canary-password-7f3a"
ADDRESS = "金丝雀路 77 号"
CANARIES = {
    "ID number": [ID_NUMBER, f"{ID_NUMBER[:6]} {ID_NUMBER[6:14]} {ID_NUMBER[14:]}"],
    "name": [NAME],
    "phone": [PHONE],
    "password": [PASSWORD],
    "address": [ADDRESS],
}


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    made = Instance()
    try:
        made.command("migrate", "--demo")
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def answers(instance: Instance) -> list[httpx.Response]:
    """Answers that must not hold a canary: the errors of every route, with canaries in every place."""
    kept: list[httpx.Response] = []
    with httpx.Client(base_url=instance.issuer, trust_env=False, timeout=60) as http:
        headers = _token(http, city.POLICE_SYSTEM)
        _issue(http, headers)
        _look_up(http)
        _fail_to_log_in(instance)
        kept += _spray(http, headers)
        kept += _spray(http, {})
    return kept


def _token(http: httpx.Client, client: city.Client) -> dict[str, str]:
    machine = " ".join(scope for scope in client.scopes if ":" in scope)
    answer = http.post(
        "/token", auth=(client.id, client.secret), data={"grant_type": "client_credentials", "scope": machine}
    )
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def _issue(http: httpx.Client, headers: dict[str, str]) -> None:
    body = {
        "type": catalogue.RESIDENCE.code,
        "holders": [{"code_type": "111", "code": ID_NUMBER, "name": NAME}],
        "data": {"address": ADDRESS, "since": "2024-01-05", "household": ADDRESS},
    }
    answer = http.post("/v1/licences", json=body, headers=headers | {"Idempotency-Key": "canary-1"})
    assert answer.status_code == 201, answer.text


def _look_up(http: httpx.Client) -> None:
    headers = _token(http, city.HOUSING_PORTAL)
    purpose = {"service_item": catalogue.RENTAL.code, "case_number": "CANARY-1", "basis": catalogue.RENTAL_BASIS}
    found = http.post("/v1/licences/search", json={"holder": {"code": ID_NUMBER}, "purpose": purpose}, headers=headers)
    assert found.status_code == 200
    assert NAME in found.text, "the twin: whoever may see it does see it"


def _fail_to_log_in(instance: Instance) -> None:
    visitor = Visitor()
    for typed in (ID_NUMBER, PHONE):
        visitor.open(f"{instance.issuer}/login")
        form = visitor.form()
        visitor.submit(form, **{form.field("text"): typed, form.field("password"): PASSWORD})
    visitor.close()


def _spray(http: httpx.Client, headers: dict[str, str]) -> list[httpx.Response]:
    """Every operation of the API with canaries as path values, query, JSON, form and broken JSON."""
    junk: dict[str, Any] = {
        "id_number": ID_NUMBER,
        "name": NAME,
        "holder": {"code": ID_NUMBER, "name": NAME, "x": 1},
        "code": PHONE,
    }
    kept = []
    for path, operations in http.get("/openapi.json").json()["paths"].items():
        filled = path
        for part in [piece for piece in path.split("/") if piece.startswith("{")]:
            filled = filled.replace(part, NAME)
        for method in operations:
            for sent in (
                {"json": junk},
                {"content": json.dumps(junk)[:-3], "headers": {"content-type": "application/json"}},
                {"data": {"grant_type": ID_NUMBER, "client_id": NAME, "token": PHONE, "password": PASSWORD}},
                {"files": {"file": (f"{NAME}.pdf", f"%PDF-1.7 {NAME} {ID_NUMBER}".encode())}},
            ):
                more = dict(sent)
                both = headers | more.pop("headers", {})
                kept.append(
                    http.request(method.upper(), filled, params={"q": ID_NUMBER, "name": NAME}, headers=both, **more)
                )
    return kept


def test_no_route_answers_with_a_server_error(answers: list[httpx.Response]) -> None:
    broken = [
        f"{one.request.method} {one.request.url.path}: {one.status_code}" for one in answers if one.status_code >= 500
    ]
    assert not broken, broken
    assert len(answers) > 200


@pytest.mark.parametrize("what", CANARIES)
def test_no_error_echoes_a_canary(answers: list[httpx.Response], what: str) -> None:
    for answer in answers:
        if answer.status_code >= 400:
            for canary in CANARIES[what]:
                assert canary not in answer.text, f"{answer.request.method} {answer.request.url.path} echoes the {what}"
                assert canary not in str(answer.headers)


@pytest.mark.parametrize("what", CANARIES)
def test_no_log_line_holds_a_canary(instance: Instance, answers: list[httpx.Response], what: str) -> None:
    log = instance.log_text()
    assert '"event":"request"' in log, "the twin: requests are logged"
    for canary in CANARIES[what]:
        assert canary not in log
        assert json.dumps(canary)[1:-1] not in log


def test_every_log_line_is_one_event(instance: Instance, answers: list[httpx.Response]) -> None:
    for line in instance.log_text().splitlines():
        assert isinstance(json.loads(line), dict)


@pytest.mark.parametrize("what", CANARIES)
def test_nothing_at_rest_holds_a_canary(instance: Instance, answers: list[httpx.Response], what: str) -> None:
    searched = 0
    for file in _files(instance.folder):
        content = file.read_bytes()
        searched += 1
        for canary in CANARIES[what]:
            for encoding in ("utf-8", "utf-16-be"):
                assert canary.encode(encoding) not in content, (
                    f"the {what} stands in clear in {file.relative_to(instance.folder)}"
                )
    assert searched > 8


def test_no_document_at_rest_is_a_readable_pdf(instance: Instance, answers: list[httpx.Response]) -> None:
    documents = [file for file in _files(instance.folder) if "documents" in file.parts]
    assert documents
    assert not [file.name for file in documents if file.read_bytes()[:5] == b"%PDF-"]


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.is_file())

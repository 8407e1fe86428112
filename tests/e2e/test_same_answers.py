"""The pages of the log-in over HTTP: who has an account gets the answers that nobody gets (rows O-52, O-67)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import pytest

from api.demo import city as cast
from api.journey.instance import Instance
from api.journey.visitor import Visitor
from tests.support.idp_world import citizen_number

pytestmark = pytest.mark.slow

_RANDOM = re.compile(r'(?:name="(?:csrf|ticket|puzzle)" value|data-puzzle-name|data-csrf)="[^"]*"')


Ask = Callable[[Visitor, Instance, str], tuple[object, ...]]


@pytest.fixture
def visitor(city: Instance) -> Iterator[Visitor]:
    made = Visitor()
    made.http.base_url = httpx.URL(city.issuer)
    yield made
    made.close()


def seen(visitor: Visitor, typed: str) -> tuple[object, ...]:
    """Everything of an answer that an attacker could compare; what was typed comes back and is struck out."""
    answer = visitor.page
    assert answer is not None
    text = _RANDOM.sub("", answer.text).replace(typed, "")
    cookies = sorted(re.sub(r"=[^;]*", "", one, count=1) for one in answer.headers.get_list("set-cookie"))
    headers = sorted(name for name in answer.headers if name not in ("x-request-id", "date"))
    return answer.status_code, visitor.hops(), text, headers, cookies


def wrong_password(visitor: Visitor, city: Instance, typed: str) -> tuple[object, ...]:
    visitor.open(f"{city.issuer}/login")
    visitor.submit(visitor.form(holding="password"), identifier=typed, password="not the password")
    return seen(visitor, typed)


def code_asked(visitor: Visitor, city: Instance, typed: str) -> tuple[object, ...]:
    visitor.open(f"{city.issuer}/login/sms")
    visitor.submit(visitor.form(holding="identifier"), identifier=typed)
    sent = seen(visitor, typed)
    visitor.submit(visitor.form(holding="code"), code="000000")
    return (*sent, *seen(visitor, typed))


def reset_asked(visitor: Visitor, city: Instance, typed: str) -> tuple[object, ...]:
    visitor.open(f"{city.issuer}/forgot")
    visitor.submit(visitor.form(holding="identifier"), identifier=typed)
    sent = seen(visitor, typed)
    visitor.submit(visitor.form(holding="code"), code="000000")
    return (*sent, *seen(visitor, typed))


@pytest.mark.parametrize(
    ("ask", "person", "serial"),
    [(wrong_password, cast.CHEN, 731), (code_asked, cast.XU, 732), (reset_asked, cast.HE, 733)],
    ids=["password", "code", "reset"],
)
def test_o_52_the_pages_answer_the_same(
    visitor: Visitor, city: Instance, ask: Ask, person: cast.Person, serial: int
) -> None:
    known = [ask(visitor, city, one) for one in (person.id_number, person.phone)]
    nobody = [ask(visitor, city, one) for one in (citizen_number(serial, "19940228"), f"13999990{serial}")]
    assert known[0] == nobody[0], "by ID number"
    assert known[1] == nobody[1], "by phone number"


def test_o_67_what_was_typed_is_in_no_error_of_the_api(city: Instance) -> None:
    canary = "a-canary-that-was-typed"
    with httpx.Client(base_url=city.issuer, trust_env=False) as http:
        for path in ("/v1/security-events", f"/v1/security-events?severity={canary}", f"/forgot/{canary}"):
            answer = http.get(path, headers={"Accept": "application/json"})
            assert answer.status_code in (400, 401, 404, 422)
            assert canary not in answer.text

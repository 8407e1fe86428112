"""Generated requests over the whole OpenAPI document end in answers, never in a server error (attacks F-04)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis.checks import not_a_server_error
from schemathesis.transport.serialization import serialize_binary

from api.demo import city
from api.journey.instance import Instance

pytestmark = pytest.mark.slow
EXAMPLES = 8
BINARY = ("application/timestamp-query", "application/ocsp-request")


@schemathesis.serializer(*BINARY)
def as_octets(context: Any, value: Any) -> bytes:
    """Protocols of their own forms: whatever was generated, as octets."""
    return serialize_binary(value)


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
def token(instance: Instance) -> str:
    scopes = " ".join(city.HOUSING_SYSTEM.scopes)
    answer = httpx.post(
        f"{instance.issuer}/token",
        auth=(city.HOUSING_SYSTEM.id, city.HOUSING_SYSTEM.secret),
        data={"grant_type": "client_credentials", "scope": scopes},
        trust_env=False,
    )
    return str(answer.json()["access_token"])


def _attack(cases: SearchStrategy[schemathesis.Case], headers: dict[str, str]) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=cases)
    def send(case: schemathesis.Case) -> None:
        answer = case.call(headers=headers, timeout=30)
        case.validate_response(answer, checks=[not_a_server_error])

    send()


def test_every_operation_survives_generated_requests(instance: Instance, token: str) -> None:
    schema = schemathesis.openapi.from_url(f"{instance.issuer}/openapi.json")
    survived = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        known = operation.path.startswith(("/v1/", "/csc/"))
        _attack(operation.as_strategy(), {"Authorization": f"Bearer {token}"} if known else {})
        survived += 1
    assert survived > 40


def test_the_service_is_well_afterwards(instance: Instance) -> None:
    assert httpx.get(f"{instance.issuer}/health/ready", trust_env=False).status_code == 200
    assert '"event":"unexpected"' not in instance.log_text()

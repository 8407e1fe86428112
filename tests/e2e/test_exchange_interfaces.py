"""The two older ways of sharing against the running service: its own clients, its own tokens, its own licences."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.demo import catalogue
from api.demo import city as cast
from api.journey.instance import Instance

pytestmark = pytest.mark.slow
PREFIX = "/exchange/auth-code/v1"
CASE = {"service_item_code": catalogue.RENTAL.code, "biz_num": "GZF-E2E-EX-1", "use_cause": "公租房资格审核（演示）"}


@pytest.fixture(scope="module")
def web(city: Instance) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=city.issuer, trust_env=False, timeout=60) as client:
        yield client


def ask(web: httpx.Client, path: str, body: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = web.post(f"{PREFIX}/{path}", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_system_logs_in_gets_codes_uses_them_and_logs_out(web: httpx.Client) -> None:
    wrong = {"app_key": cast.HOUSING_SYSTEM.id, "app_secret": "guessed" * 8}
    assert ask(web, "security/login", wrong)["errors"][0]["code"] == "credentials-wrong"
    told = ask(web, "security/login", wrong | {"app_secret": cast.HOUSING_SYSTEM.secret})
    token = told["data"]["access_token"]
    who = ask(web, "security/get_current_user", {}, token)["data"]
    assert (who["app_key"], who["service_org"]) == (cast.HOUSING_SYSTEM.id, cast.HOUSING.name.zh)
    body = CASE | {"identity_number": cast.LIN.id_number}
    (first, *_) = ask(web, "license/auth", body, token)["data"]["licenses"]
    made = ask(web, "license/archive", {"auth_code": first["auth_code"]}, token)["data"]
    content = base64.b64decode(made["file_data"])
    verdict = web.post("/v1/verifications", files={"file": ("copy.pdf", content, "application/pdf")}).json()
    assert (verdict["genuine"]["answer"], verdict["unchanged"]["answer"], verdict["state"]) == ("yes", "yes", "valid")
    assert verdict["licence"]["identifier"] == first["license_code"]
    assert ask(web, "security/logout", {}, token)["ack_code"] == "SUCCESS"
    assert ask(web, "license/auth", body, token)["errors"][0]["code"] == "token-invalid"


def test_head_and_data_with_a_clients_id_and_secret(web: httpx.Client) -> None:
    head = {"accessId": cast.HOUSING_SYSTEM.id, "accessToken": cast.HOUSING_SYSTEM.secret}
    data = {
        "holderCode": cast.LIN.id_number,
        "certTypeCode": catalogue.RESIDENCE.code,
        "useCause": "公租房资格审核（演示）",
        "caseNumber": "GZF-E2E-EX-2",
    }
    told = web.post("/exchange/head-data/queryCertInfoByHolderCode", json={"head": head, "data": data}).json()
    assert told["head"]["status"] == "0", told
    (cert,) = told["data"]["certs"]
    assert cert["certData"]["CZZT"] == cast.LIN.name
    wrong = head | {"accessToken": "guessed" * 8}
    told = web.post("/exchange/head-data/queryCert", json={"head": wrong, "data": data}).json()
    assert (told["head"]["status"], told["head"]["code"], told["data"]) == ("401", "credentials-wrong", None)


def test_neither_secret_nor_number_is_in_the_log(city: Instance, web: httpx.Client) -> None:
    web.post(f"{PREFIX}/license/auth?access_token=a-token-in-an-address", json={})
    log = city.log_text()
    for private in (cast.HOUSING_SYSTEM.secret, cast.LIN.id_number, "a-token-in-an-address"):
        assert private not in log

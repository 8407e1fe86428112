"""National forms over HTTP, and what departments want: who may do what, and what is told."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI

from api.main import _map_errors
from api.routes.signing import routers
from core.db.database import Database
from core.errors import NotAuthenticated
from core.principal import Principal, PrincipalKind
from core.text import Text
from idp.protocol.facts import RequestFacts
from keys.profile import Profile
from signing.eseal.read import read_seal
from signing.model import Seal
from signing.national.forms import NationalForms
from signing.national.rule import profile_for
from signing.seals.certificate import LookAtCertificate
from tests.support.clock import FakeClock
from tests.support.national_office import NationalOffice, national_office
from tests.support.signing_world import CLIENT, OFFICE, ORGANISATION, SEAL_CODE

STRANGERS = "11100000000013338W"
STAFF = Principal(PrincipalKind.STAFF, "acc", organisation=ORGANISATION)
TOKENS = {
    "app": CLIENT,
    "keeper": replace(STAFF, id="acc_1", scopes=frozenset({"seal:manage"})),
    "auditor": replace(STAFF, id="acc_2", scopes=frozenset({"audit:read"})),
    "stranger": replace(STAFF, id="acc_3", organisation=STRANGERS, scopes=frozenset({"seal:manage"})),
}
BODY = {"organisation": ORGANISATION, "name_zh": OFFICE, "name_en": "Housing Office", "code": SEAL_CODE, "line": "专用"}


async def _authenticate(token: str, _facts: RequestFacts, _scopes: Sequence[str] = ()) -> Principal:
    if token not in TOKENS:
        raise NotAuthenticated("token-invalid", Text("令牌无效", "invalid"))
    return TOKENS[token]


@pytest.fixture
async def city(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[NationalOffice]:
    async with national_office(sqlite_database, clock, tmp_path) as made:
        yield made


@pytest.fixture
async def http(city: NationalOffice) -> AsyncIterator[httpx.AsyncClient]:
    app, office = FastAPI(), city.office
    for router in routers:
        app.include_router(router)
    _map_errors(app)
    assert office.judge is not None
    signing = SimpleNamespace(
        seals=office.seals,
        apply_for_seal=office.apply,
        look_at_certificate=LookAtCertificate(office.database, office.store, office.judge, office.clock),
        national=SimpleNamespace(
            forms=NationalForms(office.database, office.store, office.forms),
            give=office.give_form,
            departments=office.departments,
        ),
    )
    app.state.container = SimpleNamespace(
        signing=signing,
        idp=SimpleNamespace(authenticate=_authenticate),
        ground=SimpleNamespace(settings=SimpleNamespace(mtls_url="", issuer="http://test", trusted_proxies="")),
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def seal(city: NationalOffice) -> Seal:
    return await city.office.make_seal()


async def test_both_forms_are_told_to_every_caller(http: httpx.AsyncClient, seal: Seal) -> None:
    assert (await http.get(f"/v1/seals/{seal.id}", headers=bearer("app"))).json()["profile"] == "both"
    (form,) = (await http.get(f"/v1/seals/{seal.id}/national-forms", headers=bearer("app"))).json()["items"]
    assert (form["esid"], form["current"], form["standard"]) == (SEAL_CODE, True, "GB/T 38540-2020")
    assert form["certificate"]["trusted"] is True
    assert len(form["certificate"]["chain"]) == 2
    assert (await http.get(f"/v1/seals/{seal.id}/national-forms")).status_code == 401
    assert (await http.get("/v1/seals/seal_none/national-forms", headers=bearer("app"))).status_code == 404


async def test_sealing_data_go_to_those_who_look_after_the_seal(http: httpx.AsyncClient, seal: Seal) -> None:
    (form,) = (await http.get(f"/v1/seals/{seal.id}/national-forms", headers=bearer("app"))).json()["items"]
    for who in ("keeper", "auditor"):
        got = await http.get(form["seal"], headers=bearer(who))
        assert got.headers["content-disposition"] == f'attachment; filename="{SEAL_CODE}.esl"'
        assert hashlib.new("sm3", got.content).hexdigest() == form["sm3"]
        assert read_seal(got.content).info.seal_id == SEAL_CODE
    for who in ("app", "stranger"):
        refused = await http.get(form["seal"], headers=bearer(who))
        assert (refused.status_code, b"ES" in refused.content[:20]) == (403, False)
    elsewhere = form["seal"].replace(form["id"], "sealform_none")
    assert (await http.get(elsewhere, headers=bearer("keeper"))).status_code == 404


async def test_a_custodian_gives_a_seal_the_national_form_once(http: httpx.AsyncClient, city: NationalOffice) -> None:
    seal = await city.office.make_seal(profile=Profile.INTERNATIONAL)
    address = f"/v1/seals/{seal.id}/national-forms"
    assert (await http.get(address, headers=bearer("app"))).json()["items"] == []
    assert [(await http.post(address, headers=bearer(who))).status_code for who in ("app", "stranger")] == [403, 403]
    given = await http.post(address, headers=bearer("keeper"))
    assert (given.status_code, given.json()["esid"]) == (201, SEAL_CODE)
    again = await http.post(address, headers=bearer("keeper"))
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (409, "seal-form-there")


async def test_a_department_has_its_own_default_and_an_application_its_own_choice(http: httpx.AsyncClient) -> None:
    address = f"/v1/seal-departments/{ORGANISATION}"

    async def applied(**chosen: str) -> str:
        answer = await http.post(
            "/v1/seal-applications", headers=bearer("keeper"), json=BODY | chosen | {"reason": "用"}
        )
        return str(answer.json()["profile"])

    assert (await http.get(address, headers=bearer("keeper"))).json() == {
        "organisation": ORGANISATION,
        "profile": None,
        "deployment": "both",
        "new_seals": "both",
    }
    refused = await http.put(address, headers=bearer("stranger"), json={"profile": "international"})
    assert refused.status_code == 403
    assert await applied() == "both"
    assert (await http.put(address, headers=bearer("keeper"), json={"profile": "international"})).status_code == 200
    assert await applied() == "international"
    assert await applied(profile="national") == "national"
    again = await http.put(address, headers=bearer("keeper"), json={"profile": None})
    assert again.json()["new_seals"] == "both"
    assert (await http.put(address, headers=bearer("keeper"), json={"profile": "sm2"})).status_code == 400


INTERNATIONAL, NATIONAL, BOTH = Profile.INTERNATIONAL, Profile.NATIONAL, Profile.BOTH


@pytest.mark.parametrize(
    ("chosen", "department", "deployment", "made"),
    [
        (None, None, INTERNATIONAL, INTERNATIONAL),
        (None, None, BOTH, BOTH),
        (None, BOTH, INTERNATIONAL, BOTH),
        (None, INTERNATIONAL, BOTH, INTERNATIONAL),
        (None, NATIONAL, BOTH, BOTH),  # a default takes the international form from nobody
        (None, NATIONAL, NATIONAL, NATIONAL),
        (NATIONAL, INTERNATIONAL, BOTH, NATIONAL),  # a person chose it for this seal
        (INTERNATIONAL, NATIONAL, NATIONAL, INTERNATIONAL),
    ],
)
def test_the_forms_of_a_new_seal(
    chosen: Profile | None, department: Profile | None, deployment: Profile, made: Profile
) -> None:
    assert profile_for(chosen, department, deployment) is made

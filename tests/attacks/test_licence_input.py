"""L-02 property level, L-06 purpose limitation, L-12 canaries, L-19 injection, L-20 deep paging; each with its twin."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import select

from core.audit.tables import audit_event
from core.db.database import Database
from tests.support.certstore_http import HOLDER, PURPOSE, Http, http
from tests.support.certstore_world import (
    CASE,
    HOUSE,
    ITEM,
    LIN_NAME,
    LIN_NUMBER,
    PERMIT,
    PROPERTY,
    world,
)
from tests.support.clock import FakeClock

SEARCH = {"holder": HOLDER, "purpose": PURPOSE}
ISSUE = {"type": PROPERTY, "holders": [HOLDER | {"name": LIN_NAME}], "data": HOUSE}
CHECK = {"service_item": ITEM, "case_number": CASE, "holder": HOLDER}


@pytest.fixture
async def web(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Http]:
    async with world(sqlite_database, clock, tmp_path) as city, http(city) as connected:
        yield connected


async def issue(web: Http, body: Any, key: str = "k") -> Any:
    return await web.post("/v1/licences", "land", body, headers={"Idempotency-Key": key})


# --- L-02 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "extra",
    [
        {"status": "revoked"},
        {"state": "valid"},
        {"issuer": "11410199DEMA000025"},
        {"identifier": "1.2.156.3005.2.x"},
        {"revision": 9},
        {"id": "lic_mine"},
        {"data": HOUSE | {"holder_name": "别人"}},
        {"holders": [HOLDER | {"name": LIN_NAME, "account": "acc_zhao"}]},
    ],
)
async def test_l02_extra_members_are_refused_and_change_nothing(web: Http, extra: dict[str, Any]) -> None:
    refused = await issue(web, ISSUE | extra)
    assert refused.status_code == 400
    assert (await web.get("/v1/licences", "land")).json()["items"] == []
    assert (await issue(web, ISSUE)).status_code == 201


@pytest.mark.parametrize("query", ["?fields=holders", "?include=data", "?sort=number_enc", "?expand=holders.code"])
async def test_l02_asking_for_hidden_fields_by_the_address_gives_nothing_more(web: Http, query: str) -> None:
    await issue(web, ISSUE)
    plain, asked = await web.get("/v1/licences", "land"), await web.get(f"/v1/licences{query}", "land")
    assert asked.json() == plain.json()
    assert set(plain.json()["items"][0]) == {"id", "identifier", "type", "status"}


async def test_l02_a_search_gives_no_field_beyond_those_asked_for(web: Http) -> None:
    await web.city.issue_permit()
    answer = await web.post("/v1/licences/search", "portal", SEARCH | {"fields": ["address"]})
    assert list(answer.json()["items"][0]["fields"]) == ["address"]
    assert LIN_NUMBER not in answer.text
    assert LIN_NAME not in answer.text


# --- L-06 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"fields": ["holder_code"]}, 403, "fields-not-granted"),
        ({"fields": ["holder_name", "mortgage"]}, 403, "fields-not-granted"),
        ({"types": ["11100000000013338W011"]}, 403, "use-not-granted"),
        ({"purpose": PURPOSE | {"service_item": "410199-XX-0000"}}, 400, "service-item-unknown"),
        ({"purpose": PURPOSE | {"case_number": ""}}, 400, "purpose-missing"),
        ({"purpose": PURPOSE | {"basis": "   "}}, 400, "purpose-missing"),
        ({"purpose": {"service_item": ITEM, "case_number": CASE}}, 400, "request-invalid"),
        ({"purpose": "just because"}, 400, "request-invalid"),
    ],
)
async def test_l06_another_purposes_fields_or_no_purpose_are_refused_whole(
    web: Http, changes: dict[str, Any], status: int, code: str
) -> None:
    await web.city.issue_permit()
    body = {"holder": HOLDER, "purpose": PURPOSE, "types": [PERMIT]} | changes
    refused = await web.post("/v1/licences/search", "portal", body)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (status, code)
    granted = await web.post("/v1/licences/search", "portal", SEARCH | {"types": [PERMIT]})
    assert granted.status_code == 200
    assert granted.json()["items"]


async def test_l06_the_purpose_stands_in_the_audit_row_also_of_a_refusal(web: Http) -> None:
    await web.post("/v1/licences/search", "portal", SEARCH | {"fields": ["holder_code"]})
    await web.post("/v1/licences/search", "portal", SEARCH)
    rows = [row for row in await web.city.events() if row["action"] == "licence.search"]
    assert [row["outcome"] for row in rows] == ["refused", "done"]
    assert {(row["service_item"], row["case_number"], row["basis"]) for row in rows} == {tuple(PURPOSE.values())}


# --- L-12 ----------------------------------------------------------------------------------------------------------


async def test_l12_canaries_sent_through_every_route_come_back_nowhere(
    web: Http, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    wrong = LIN_NUMBER[:-1] + "2"  # one digit off: not a number, but still somebody's
    holder = {"code_type": "111", "code": wrong, "name": LIN_NAME}
    log = structlog.get_logger("canary")
    log.info("a twin that must be found", mark="twin-in-the-log")
    bodies: list[tuple[str, str, Any]] = [
        ("land", "/v1/licences", ISSUE | {"holders": [holder]}),
        ("land", "/v1/licences", ISSUE | {"holders": [holder], LIN_NUMBER: LIN_NAME}),
        ("land", "/v1/licences", ISSUE | {"type": LIN_NUMBER}),
        ("land", "/v1/licences", ISSUE | {"data": {LIN_NAME: LIN_NUMBER}}),
        ("portal", "/v1/licences/search", SEARCH | {"holder": holder | {"code": wrong}}),
        ("portal", "/v1/licences/search", SEARCH | {"holder": LIN_NUMBER}),
        ("portal", "/v1/licences/search", SEARCH | {"fields": [LIN_NUMBER]}),
        ("portal", "/v1/licences/search", SEARCH | {"purpose": PURPOSE | {"basis": f"查{LIN_NUMBER}"}}),
        ("portal", "/v1/licences/search", SEARCH | {"purpose": PURPOSE | {"case_number": LIN_NUMBER}}),
        ("portal", "/v1/exemption-checks", CHECK | {"holder": {"code": wrong}}),
        ("portal", "/v1/exemption-checks", CHECK | {"service_item": LIN_NUMBER}),
        ("portal", "/v1/consents", {"holder": {"code": wrong}, "type": PROPERTY, "purpose": PURPOSE}),
        ("portal", "/v1/consents", {"holder": {"sub": LIN_NUMBER}, "type": PROPERTY, "purpose": PURPOSE}),
        ("portal", "/v1/licences/lic_x/copies", {"purpose": PURPOSE, "consent": LIN_NUMBER}),
        ("portal", "/v1/verifications", {"by": "number", "type": PROPERTY, "number": LIN_NUMBER}),
        ("portal", "/v1/verifications", {"by": "identifier", "identifier": LIN_NUMBER}),
        ("portal", "/v1/verifications", {"by": LIN_NUMBER}),
        ("portal", "/v1/verifications", {"by": "code", "code": LIN_NUMBER}),
        ("land", "/v1/licences/lic_x/revoke", {"reason": f"{LIN_NUMBER} 材料不实"}),
        ("land", "/v1/licences/lic_x/revoke", {"reason": LIN_NUMBER, LIN_NAME: 1}),
    ]
    for token, path, body in bodies:
        answer = await web.post(path, token, body, headers={"Idempotency-Key": "k"})
        assert answer.status_code in (200, 400, 403, 404), (path, answer.text)
        for canary in (LIN_NUMBER, wrong, LIN_NAME):
            assert canary not in answer.text + str(answer.headers)
    async with web.city.database.read() as tx:
        audit = str((await tx.connection.execute(select(audit_event))).all())
    printed = capsys.readouterr()
    logged = printed.out + printed.err + caplog.text
    assert "twin-in-the-log" in logged
    for canary in (LIN_NUMBER, wrong, LIN_NAME):
        assert canary not in audit
        assert canary not in logged


async def test_l12_an_id_number_in_an_address_is_not_written_to_the_audit_log(web: Http) -> None:
    assert (await web.get(f"/v1/licences/{LIN_NUMBER}", "land")).status_code == 404
    assert LIN_NUMBER not in str(await web.city.events())


# --- L-19 ----------------------------------------------------------------------------------------------------------

INJECTIONS = ["' OR 1=1 --", "%", "_", "\\", "x'); DROP TABLE licence; --", "\u0000", "$ne", '{"$gt":""}', "＇", "ʼ"]


@pytest.mark.parametrize("evil", INJECTIONS)
async def test_l19_nothing_that_is_typed_becomes_part_of_a_query(web: Http, evil: str) -> None:
    made = (await issue(web, ISSUE)).json()
    before = len((await web.get("/v1/licences", "land")).json()["items"])
    bodies = [
        ("/v1/verifications", {"by": "code", "code": evil}),
        ("/v1/verifications", {"by": "number", "type": PROPERTY, "number": evil}),
        ("/v1/licences/search", SEARCH | {"types": [evil]}),
        ("/v1/licences/search", SEARCH | {"purpose": PURPOSE | {"case_number": evil}}),
        ("/v1/licences/search", SEARCH | {"purpose": PURPOSE | {"service_item": evil}}),
        ("/v1/consents", {"holder": {"sub": evil}, "type": PROPERTY, "purpose": PURPOSE}),
    ]
    for path, body in bodies:
        answer = await web.post(path, "portal", body)
        assert answer.status_code in (200, 400, 403), answer.text
        if answer.status_code == 200:
            assert answer.json()["known"] is False
    assert len((await web.get("/v1/licences", "land")).json()["items"]) == before
    twin = await web.post("/v1/verifications", "portal", {"by": "identifier", "identifier": made["identifier"]})
    assert twin.json()["known"] is True


async def test_l19_markup_and_control_characters_in_a_name_are_text_or_refused(web: Http) -> None:
    for number, name in enumerate(["#panic()", "$x$", "<b>林</b>", "林·知远", "x" * 100]):
        body = ISSUE | {"holders": [HOLDER | {"name": name}]}
        assert (await issue(web, body, f"k{number}")).status_code == 201
    for number, name in enumerate(["", "   ", "林\u0000", "林\u202e远", "x" * 101]):
        body = ISSUE | {"holders": [HOLDER | {"name": name}]}
        assert (await issue(web, body, f"b{number}")).status_code == 400


def test_l19_hostile_text_is_checked_in_bounded_work() -> None:
    from certstore.identifier import parse_identifier
    from certstore.purpose import parse_purpose
    from core.errors import InvalidInput

    started = time.process_time()
    for evil in ("1" * 200_000, "." * 200_000, "a" * 200_000 + "!", "1.2.156.3005.2." * 10_000):
        with pytest.raises(InvalidInput):
            parse_identifier(evil)
        with pytest.raises(InvalidInput):
            parse_purpose(evil, evil, evil)
    assert time.process_time() - started < 10  # work, not wall-clock: quadratic patterns would take minutes


# --- L-20 ----------------------------------------------------------------------------------------------------------


async def test_l20_pages_are_capped_whatever_is_asked_for(web: Http) -> None:
    for number in range(3):
        await web.city.issue_property(key=f"k{number}")
    for limit, size in ((10**9, 3), (0, 1), (-5, 1), (2, 2)):
        answer = await web.get(f"/v1/licences?limit={limit}", "land")
        assert len(answer.json()["items"]) == size
    assert (await web.get("/v1/licences?limit=many", "land")).status_code == 400


@pytest.mark.parametrize("cursor", ["x", "!!!", "WyJhIiwiYiJd", "bnVsbA", "eyJhIjoxfQ", "'; DROP TABLE licence; --"])
async def test_l20_a_made_up_cursor_is_refused_and_a_real_one_goes_on(web: Http, cursor: str) -> None:
    for number in range(3):
        await web.city.issue_property(key=f"k{number}")
    assert (await web.get("/v1/licences", "land", params={"cursor": cursor})).status_code == 400
    first = (await web.get("/v1/licences?limit=2", "land")).json()
    second = (await web.get("/v1/licences", "land", params={"cursor": first["next_cursor"]})).json()
    assert len({one["id"] for one in first["items"] + second["items"]}) == 3
    assert second["next_cursor"] is None


async def test_l20_a_large_body_of_fields_is_refused(web: Http) -> None:
    body = SEARCH | {"fields": [f"f{n}" for n in range(5000)]}
    assert (await web.post("/v1/licences/search", "portal", body)).status_code == 400
    body = ISSUE | {"holders": [HOLDER | {"name": LIN_NAME}] * 1000}
    assert (await issue(web, body)).status_code == 400
    assert json.loads((await web.get("/v1/licences", "land")).text)["items"] == []

"""The 用证码 way of sharing (DB44/T 2167.3 as its clients use it): log in, make, get a code, use it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.routes.adapters.auth_code.envelope import PREFIX
from certstore.codes import HolderCode
from certstore.model import Licence, Look
from certstore.ports import Mandate
from core.db.database import Database
from core.text import Text
from keys.jose.declarations import EXCHANGE_ANSWER, verify_declaration
from tests.support.certstore_http import TOKENS, Http, openapi_of
from tests.support.certstore_world import (
    BASIS,
    CASE,
    HOME,
    HOUSING,
    ITEM,
    LAND,
    LIN,
    LIN_NAME,
    LIN_NUMBER,
    PERMIT,
    POLICE,
    PROPERTY,
    ZHAO,
    ZHAO_NUMBER,
    World,
    world,
)
from tests.support.clock import FakeClock
from tests.support.entrusting import entrusted
from tests.support.exchange_http import SECRET, exchange

CASE_OF = {"service_item_code": ITEM, "service_item_name": "公租房资格申请", "biz_num": CASE, "use_cause": BASIS}
OPERATOR = {"account": "chensu", "name": "陈素", "role": "窗口", "division": "住房保障科", "service_org": "住房保障局"}
BY_DUTY = {**CASE_OF, "identity_number": LIN_NUMBER, "operator": OPERATOR}


@dataclass
class Stage:
    web: Http
    city: World
    permit: Licence
    house: Licence

    async def ask(self, path: str, body: dict[str, Any], token: str | None = "portal") -> dict[str, Any]:
        """The whole envelope, after its signature was checked."""
        answer = await self.web.post(f"{PREFIX}/{path}", token, body)
        assert answer.status_code == 200
        told = dict(answer.json())
        keys = self.city.presentation.declarations.keys()
        claims = verify_declaration(told["sign"], keys, EXCHANGE_ANSWER, clock=self.city.clock)
        sent = answer.content[answer.content.index(b'"data":') + 7 : -1]
        assert claims["jti"] == told["response_id"]
        assert claims["sha256"] == hashlib.sha256(sent).hexdigest()
        assert orjson.loads(sent) == told["data"]
        return told

    async def done(self, path: str, body: dict[str, Any], token: str | None = "portal") -> Any:
        told = await self.ask(path, body, token)
        assert (told["ack_code"], told["errors"]) == ("SUCCESS", []), told["errors"]
        return told["data"]

    async def refused(self, path: str, body: dict[str, Any], token: str | None = "portal") -> str:
        told = await self.ask(path, body, token)
        assert (told["ack_code"], told["data"]) == ("FAILURE", None)
        for private in (LIN_NAME, LIN_NUMBER, SECRET, HOME["address"]):
            assert private not in str(told)
        (error,) = told["errors"]
        return str(error["code"])

    async def code(self, **changes: Any) -> str:
        found = await self.done("license/auth", BY_DUTY | changes)
        return str(found["licenses"][0]["auth_code"])


@pytest.fixture
async def stage(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Stage]:
    async with world(sqlite_database, clock, tmp_path) as city, exchange(city) as web:
        permit, house = await city.issue_permit(), await city.issue_property()
        yield Stage(web, city, permit, house)


async def test_log_in_use_log_out(stage: Stage) -> None:
    found = await stage.done("security/login", {"app_key": "portal-housing", "app_secret": SECRET}, None)
    assert (found["token_type"], found["expires_in"]) == ("Bearer", 300)
    who = await stage.done("security/get_current_user", {}, found["access_token"])
    assert (who["app_key"], who["service_org_code"]) == ("portal-housing", HOUSING)
    wrong = {"app_key": "portal-housing", "app_secret": "guessed"}
    assert await stage.refused("security/login", wrong, None) == "credentials-wrong"
    assert await stage.refused("security/login", wrong | {"app_key": "nobody"}, None) == "credentials-wrong"
    await stage.done("security/logout", {}, found["access_token"])
    app: Any = stage.web.client._transport.app  # type: ignore[attr-defined]
    assert app.state.container.idp.revoke.seen == {"portal"}
    assert await stage.refused("security/get_current_user", {}, None) == "token-missing"
    assert await stage.refused("security/get_current_user", {}, "lin") == "client-needed"


async def test_the_organisations_items_with_the_types_that_stand_in_for_their_materials(stage: Stage) -> None:
    found = await stage.done("service_item/list", {"page_size": 5})
    (item,) = found["items"]
    assert item["service_item_code"] == ITEM
    assert [one["license_item_codes"] for one in item["materials"]][:2] == [[PROPERTY], [PERMIT]]
    assert (await stage.done("service_item/list", {"page_index": 2}))["items"] == []
    assert (await stage.done("service_item/list", {}, "land"))["total_count"] == 0


async def test_by_duty_a_code_for_each_licence_then_its_data_once(stage: Stage) -> None:
    found = await stage.done("license/auth", BY_DUTY | {"correlation_id": "case-418"})
    (licence,) = found["licenses"]
    assert (licence["license_code"], licence["license_item_code"]) == (stage.permit.current.identifier, PERMIT)
    assert HOME["address"] not in str(found)
    given = await stage.done("license/get_license", {"auth_code": licence["auth_code"]})
    assert (given["holder_name"], given["data_fields"]["KZ_JZDZ"]) == ([LIN_NAME], HOME["address"])
    assert (given["trust_level"], given["license_code"]) == ("A", stage.permit.current.identifier)
    assert (given["holder_identity_num"], given["correlative_license"]) == ([], None), (
        "not in the grant; a first version"
    )
    assert await stage.refused("license/get_license", {"auth_code": licence["auth_code"]}) == "use-code-gone"
    looks = await stage.city.services.my_accesses(LIN)
    assert "陈素" in {one.record.actor_name for one in looks.items}, "the holder sees who sat at the window"


async def test_a_code_is_good_for_nobody_else(stage: Stage) -> None:
    code = await stage.code()
    assert await stage.refused("license/get_license", {"auth_code": code}, "other-office") == "use-code-not-found"
    assert await stage.refused("license/archive", {"auth_code": code}, "land") == "use-code-not-found"
    assert (await stage.done("license/get_license", {"auth_code": code}))["holder_name"] == [LIN_NAME]
    assert await stage.refused("license/get_license", {"auth_code": "x" * 32}) == "use-code-not-found"


async def test_archive_gives_the_annotated_copy_and_token_a_page_that_opens_once(stage: Stage) -> None:
    made = await stage.done("license/archive", {"auth_code": await stage.code()})
    content = base64.b64decode(made["file_data"])
    assert content.startswith(b"%PDF")
    assert hashlib.sha256(content).hexdigest() == made["sha256"]
    shown = await stage.done("license/token", {"auth_code": await stage.code()})
    assert shown["view_url"].endswith(shown["license_access_token"])
    assert LIN_NAME not in str(shown)


async def test_the_holder_at_a_portal_sees_what_needs_consent_and_gives_it(stage: Stage) -> None:
    asked = {**CASE_OF, "real_name_credential": "lin"}
    found = await stage.done("license/holder", asked)
    assert [one["license_item_code"] for one in found["licenses"]] == [PERMIT]
    assert (found["needs_consent"], found["consent_url"]) == ([PROPERTY], None)
    found = await stage.done("license/holder", asked | {"apply": True})
    assert found["consent_url"].endswith(found["consent_id"])
    await stage.city.services.consents.decide_together(
        found["consent_id"], LIN, {one.id: None for one in await pending(stage, found["consent_id"])}
    )
    found = await stage.done("license/holder", asked)
    assert {one["license_item_code"] for one in found["licenses"]} == {PERMIT, PROPERTY}
    assert found["needs_consent"] == []
    codes = {one["license_item_code"]: one["auth_code"] for one in found["licenses"]}
    given = await stage.done("license/get_license", {"auth_code": codes[PROPERTY]})
    assert given["data_fields"]["KZ_MJ"] == "56.4"
    assert "KZ_DYQK" not in given["data_fields"]


async def pending(stage: Stage, bundle: str) -> list[Any]:
    found = await stage.city.services.consents.requested_together(bundle, TOKENS["portal"])
    return [consent for consent, _ in found]


async def test_a_log_in_somewhere_else_is_no_credential(stage: Stage) -> None:
    for credential in ("lin-at-a-portal", "portal", "clerk"):
        asked = {**CASE_OF, "real_name_credential": credential}
        assert await stage.refused("license/holder", asked) == "person-needed"
    asked = {**CASE_OF, "real_name_credential": "no-such-token"}
    assert await stage.refused("license/holder", asked) == "token-invalid"


async def test_an_agent_acts_only_for_whom_and_what_they_are_authorised(stage: Stage) -> None:
    asked = {**CASE_OF, "real_name_credential": "zhao", "identity_number": LIN_NUMBER}
    assert await stage.refused("license/entrust", asked) == "agent-not-authorised"
    mandate = Mandate("aut_1", HolderCode("111", LIN_NUMBER), Text(LIN_NAME, "Lin"), items=("ANOTHER-ITEM",))
    stage.city.mandates.given["acc_zhao"] = [mandate]
    assert await stage.refused("license/entrust", asked) == "agent-not-authorised"
    stage.city.mandates.given["acc_zhao"] = [replace(mandate, items=(ITEM,))]
    found = await stage.done("license/entrust", asked)
    assert [one["license_item_code"] for one in found["licenses"]] == [PERMIT]
    assert await stage.refused("license/entrust", asked | {"identity_number": ZHAO_NUMBER}) == "agent-not-authorised"


async def test_the_holders_own_list(stage: Stage) -> None:
    found = await stage.done("license/webpage", {"real_name_credential": "lin"})
    assert {one["license_code"] for one in found["licenses"]} == {
        stage.permit.current.identifier,
        stage.house.current.identifier,
    }
    assert (await stage.done("license/webpage", {"real_name_credential": "zhao"}))["licenses"] == []


FIELDS = {
    "CZZT": "赵映雪",
    "CZZTDM": ZHAO_NUMBER,
    "CZZTDMLXDM": "111",
    "KZ_JZDZ": "示例市演示路 2 号",
    "ZZYXQQSRQ": "20261123",
}


async def test_making_a_licence_in_the_standards_elements(stage: Stage) -> None:
    create, issue, abolish = (f"license/{PERMIT}/{step}" for step in ("create", "issue", "abolish"))
    draft = await stage.done(create, {"data_fields": FIELDS, "operator": OPERATOR}, "police")
    assert draft["license_status"] == "DRAFT"
    made = await stage.done(issue, {"license_code": draft["license_code"]}, "police")
    assert (made["license_status"], made["license_item_code"]) == ("VALID", PERMIT)
    assert await stage.done(issue, {"license_code": draft["license_code"]}, "police") == made, "asked again, the same"
    end = {"license_code": made["license_code"], "abolish_type": "revoke", "abolish_reason": "违规"}
    assert await stage.refused(abolish, end, "land") == "licence-not-found"
    assert (await stage.done(abolish, end, "police"))["license_status"] == "REVOKED"
    assert await stage.refused(abolish, end | {"abolish_type": "cancel"}, "police") == "transition-not-allowed"


async def test_the_seal_that_is_named_is_used_and_only_ones_own(stage: Stage) -> None:
    sealer = stage.city.sealer
    sealer.codes = {"4101990000017": f"licence_seal_of_{POLICE}", "4101990000025": f"licence_seal_of_{LAND}"}
    create, issue = f"license/{PERMIT}/create", f"license/{PERMIT}/issue"
    for another in ("4101990000025", "no such seal"):
        body = {"data_fields": FIELDS, "seal_code": another}
        assert await stage.refused(create, body, "police") == "seal-unknown"
    draft = await stage.done(create, {"data_fields": FIELDS, "seal_code": "4101990000017"}, "police")
    made = await stage.done(issue, {"license_code": draft["license_code"]}, "police")
    assert made["sign"]["seal_id"] == f"licence_seal_of_{POLICE}"
    other = FIELDS | {"CZZT": LIN_NAME, "CZZTDM": "410199199111204060"}
    draft = await stage.done(create, {"data_fields": other, "seal_code": "4101990000017"}, "police")
    sealer.codes.clear()  # revoked meanwhile
    assert await stage.refused(issue, {"license_code": draft["license_code"]}, "police") == "seal-unknown"


async def test_a_code_works_only_under_its_own_catalogue(stage: Stage) -> None:
    draft = await stage.done(f"license/{PERMIT}/create", {"data_fields": FIELDS}, "police")
    asked = {"license_code": draft["license_code"]}
    assert await stage.refused(f"license/{PROPERTY}/issue", asked, "police") == "licence-not-found"
    assert await stage.refused(f"license/{PERMIT}/issue", asked, "land") == "licence-not-found"
    end = {"license_code": stage.permit.current.identifier, "abolish_reason": "违规"}
    assert await stage.refused(f"license/{PROPERTY}/abolish", end, "police") == "licence-not-found"
    assert (await stage.done(f"license/{PERMIT}/issue", asked, "police"))["license_status"] == "VALID"


PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)


async def test_attachments_go_with_the_draft_and_stay_with_the_licence(stage: Stage) -> None:
    create, add, get, issue = (
        f"license/{PERMIT}/{step}" for step in ("create", "create_attachment", "get_attachment", "issue")
    )
    draft = (await stage.done(create, {"data_fields": FIELDS}, "police"))["license_code"]
    file = {"license_code": draft, "file_name": "平面图.png", "file_data": base64.b64encode(PNG).decode()}
    added = await stage.done(add, file | {"operator": OPERATOR}, "police")
    assert (added["file_type"], added["sha256"]) == ("image/png", hashlib.sha256(PNG).hexdigest())
    made = (await stage.done(issue, {"license_code": draft}, "police"))["license_code"]
    await stage.done(add, file | {"license_code": made}, "police")
    listed = await stage.done(get, {"license_code": made}, "police")
    assert (listed["total_count"], "file_data" in listed["attachments"][0]) == (2, False)
    asked = {"license_code": made, "attachment_code": added["attachment_code"]}
    given = await stage.done(get, asked, "police")
    assert (base64.b64decode(given["file_data"]), given["file_name"]) == (PNG, "平面图.png")
    assert await stage.refused(get, asked, "land") == "licence-not-found"
    other = asked | {"license_code": stage.permit.current.identifier}
    assert await stage.refused(get, other, "police") == "attachment-not-found", "another licence's"
    held = next(one for one in await stage.city.services.my_licences(ZHAO) if one.identifier == made)
    assert len(await stage.city.own.attachments.of_licence(held.id, ZHAO)) == 2, "the holder sees what is kept of them"
    looks = await stage.city.services.my_accesses(ZHAO)
    assert [one.record.look for one in looks.items].count(Look.ISSUER) == 2, "a list and a file"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"file_data": base64.b64encode(b"MZ\x90\x00").decode()}, "attachment-invalid"),
        ({"file_data": base64.b64encode(b"%PDF-" + bytes(5 * 1024 * 1024)).decode()}, "attachment-invalid"),
        ({"file_data": "not base64!"}, "content-invalid"),
        ({"file_name": "../../etc/passwd"}, "attachment-name-invalid"),
        ({"file_name": "a\u202egnp.exe"}, "attachment-name-invalid"),
        ({"license_code": "lic_00000000000000000000000000"}, "licence-not-found"),
        ({"license_code": "1.2.3"}, "identifier-invalid"),
    ],
)
async def test_files_that_are_none_are_not_kept(stage: Stage, changes: dict[str, str], code: str) -> None:
    body = {"license_code": stage.permit.current.identifier, "file_name": "a.png"}
    body |= {"file_data": base64.b64encode(PNG).decode()} | changes
    assert await stage.refused(f"license/{PERMIT}/create_attachment", body, "police") == code
    assert (await stage.done(f"license/{PERMIT}/get_attachment", {"license_code": stage.permit.current.identifier}, "police"))["total_count"] == 0  # fmt: skip  # noqa: E501


@pytest.mark.parametrize(
    ("changes", "token", "code"),
    [
        ({}, "land", "not-issuing-authority"),
        ({}, "portal", "scope-missing"),
        ({"KZ_NONE": "x"}, "police", "element-unknown"),
        ({"CZZTDM": f"{ZHAO_NUMBER};{LIN_NUMBER}"}, "police", "holders-invalid"),
        ({"ZZYXQQSRQ": "next week"}, "police", "day-invalid"),
        ({"CZZTDM": "410199199607152041"}, "police", "citizen-id-check"),
    ],
)
async def test_what_cannot_be_made_is_refused(stage: Stage, changes: dict[str, str], token: str, code: str) -> None:
    body = {"data_fields": FIELDS | changes}
    assert await stage.refused(f"license/{PERMIT}/create", body, token) == code


@pytest.mark.parametrize("name", ["陈素\n办结", "\u202e素陈", "陈\0", " ", f"陈素{LIN_NUMBER}", "\x1b[31m陈素"])
async def test_l13_the_name_at_the_window_is_a_name(stage: Stage, name: str) -> None:
    """The holder reads it under “who looked”: it breaks no line, turns no writing and hides no number."""
    assert await stage.refused("license/auth", BY_DUTY | {"operator": OPERATOR | {"name": name}}) == "request-invalid"
    assert (await stage.done("license/auth", BY_DUTY | {"operator": OPERATOR | {"name": "欧阳·素 Chen"}}))["licenses"]


async def test_secrets_in_the_address_and_unknown_members_are_refused(stage: Stage) -> None:
    answer = await stage.web.post(f"{PREFIX}/license/auth?access_token=portal", None, BY_DUTY)
    assert answer.json()["errors"][0]["code"] == "nothing-in-address"
    assert await stage.refused("license/auth", BY_DUTY | {"fields": ["holder_code"]}) == "request-invalid"
    for missing in ("biz_num", "service_item_code", "identity_number"):
        body = {name: value for name, value in BY_DUTY.items() if name != missing}
        assert await stage.refused("license/auth", body) == "request-invalid"


async def test_what_comes_back_is_named(stage: Stage) -> None:
    told = await stage.ask("license/auth", BY_DUTY | {"correlation_id": "case-418"})
    assert told["correlation_id"] == "case-418"
    assert told["response_id"].startswith("rsp_")
    assert len(openapi_of(stage.web)["paths"][f"{PREFIX}/license/auth"]["post"]["requestBody"]["content"]) == 1


async def test_an_ending_sent_again_under_its_key_ends_nothing_else(stage: Stage) -> None:
    path = f"{PREFIX}/license/{PERMIT}/abolish"
    end = {"license_code": stage.permit.current.identifier, "abolish_type": "revoke", "abolish_reason": "违规"}
    key = {"Idempotency-Key": "end-1"}
    sent = [
        await stage.web.post(path, "police", body, headers=key) for body in (end, end, end | {"abolish_reason": "误"})
    ]
    told = [one.json() for one in sent]
    assert [one["ack_code"] for one in told] == ["SUCCESS", "SUCCESS", "FAILURE"]
    assert told[2]["errors"][0]["code"] == "idempotency-key-reused"


async def test_a_citizen_who_was_entrusted_gets_codes_for_their_types_until_it_is_taken_back(stage: Stage) -> None:
    asked = {**CASE_OF, "real_name_credential": "zhao", "identity_number": LIN_NUMBER}
    made = await entrusted(stage.city, types=(PERMIT,))
    assert await stage.refused("license/entrust", asked | {"license_item_codes": [PROPERTY]}) == "agent-not-authorised"
    found = await stage.done("license/entrust", asked | {"apply": True})
    assert [one["license_item_code"] for one in found["licenses"]] == [PERMIT]
    assert (found["needs_consent"], found["consent_url"]) == ([], None), "nothing beyond the types is asked for"
    (code,) = [one["auth_code"] for one in found["licenses"]]
    await stage.city.services.entrusting.end(made.id, LIN)
    assert await stage.refused("license/get_license", {"auth_code": code}) == "use-code-gone"
    assert await stage.refused("license/entrust", asked) == "agent-not-authorised"

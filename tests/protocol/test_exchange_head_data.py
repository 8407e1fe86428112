"""The national way of sharing (`{head, data}`, GB/T 36906 practice): every operation, and what each refuses."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.routes.adapters.head_data.routes import OPERATIONS
from certstore.end import EndCommand
from certstore.lifecycle import Event
from certstore.model import ConsumerGrant, Licence, Quota
from certstore.use.codes import UseCodeQuery
from core.db.database import Database
from core.principal import SYSTEM
from tests.support.certstore_http import Http, openapi_of
from tests.support.certstore_world import (
    BASIS,
    CASE,
    HOME,
    HOUSING,
    ITEM,
    LIN,
    LIN_NAME,
    LIN_NUMBER,
    PERMIT,
    POLICE_SYSTEM,
    PORTAL,
    PROPERTY,
    ZHAO_NUMBER,
    World,
    world,
)
from tests.support.clock import FakeClock
from tests.support.exchange_http import SECRET, exchange

CAUSE = {"useCause": BASIS, "caseNumber": CASE}


@dataclass
class Stage:
    web: Http
    city: World
    permit: Licence
    house: Licence

    async def ask(self, operation: str, data: dict[str, Any], **head: Any) -> dict[str, Any]:
        """The answer's head and data; the HTTP status is always 200."""
        who = {"accessId": "portal-housing", "accessToken": "portal", "reqTime": "20261123090000"} | head
        body = {"head": who, "data": data}
        answer = await self.web.post(f"/exchange/head-data/{operation}", None, body)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        return dict(answer.json())

    async def done(self, operation: str, data: dict[str, Any], **head: Any) -> Any:
        answer = await self.ask(operation, data, **head)
        assert answer["head"]["status"] == "0", answer["head"]
        return answer["data"]

    async def refused(self, operation: str, data: dict[str, Any], **head: Any) -> tuple[str, str]:
        answer = await self.ask(operation, data, **head)
        assert answer["data"] is None
        for private in (LIN_NAME, LIN_NUMBER, SECRET, HOME["address"]):
            assert private not in str(answer)
        return answer["head"]["status"], answer["head"]["code"]


@pytest.fixture
async def stage(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Stage]:
    async with world(sqlite_database, clock, tmp_path) as city, exchange(city) as web:
        permit, house = await city.issue_permit(), await city.issue_property()
        yield Stage(web, city, permit, house)


def holder(type_code: str = PERMIT, number: str = LIN_NUMBER) -> dict[str, Any]:
    return {"holderCode": number, "holderTypeCode": "111", "certTypeCode": type_code, **CAUSE}


async def test_query_cert_lists_identifiers_and_nothing_of_their_content(stage: Stage) -> None:
    found = await stage.done("queryCert", holder())
    (cert,) = found["certs"]
    assert cert["certificateIdentifier"] == stage.permit.current.identifier
    assert HOME["address"] not in str(found)
    number = stage.permit.current.licence_number
    assert len((await stage.done("queryCert", holder() | {"certNo": number}))["certs"]) == 1
    assert (await stage.done("queryCert", holder() | {"certNo": "none such"}))["certs"] == []
    assert (await stage.done("queryCert", holder(number=ZHAO_NUMBER)))["certs"] == []


@pytest.mark.parametrize("operation", ["queryCertInfo", "GetCertificateDataByCertificateID"])
async def test_query_cert_info_gives_the_granted_elements_alone(stage: Stage, operation: str) -> None:
    cert = await stage.done(operation, {"certIdentifier": stage.permit.current.identifier, **CAUSE})
    data = cert["certData"]
    assert (data["ZZBS"], data["CZZT"], data["KZ_JZDZ"]) == (
        stage.permit.current.identifier,
        LIN_NAME,
        HOME["address"],
    )
    assert (data["ZZLXDM"], data["ZZBFJGDM"], data["ZZBBH"]) == (PERMIT, stage.permit.issuer, "001")
    assert not {"CZZTDM", "ZZBH"} & set(data), "not in the grant"
    looks = [row for row in await stage.city.events() if row["action"].startswith("use-code")]
    assert {row["basis"] for row in looks} == {BASIS}


@pytest.mark.parametrize("operation", ["queryCertInfoByHolderCode", "GetCertificateDataByHolder"])
async def test_by_holder_code(stage: Stage, operation: str) -> None:
    (cert,) = (await stage.done(operation, holder()))["certs"]
    assert cert["certData"]["KZ_JZDZ"] == HOME["address"]


async def test_a_type_shared_by_consent_is_given_only_with_the_holders_consent_to_this_case(stage: Stage) -> None:
    by_id = {"certIdentifier": stage.house.current.identifier, **CAUSE}
    assert (await stage.done("queryCert", holder(PROPERTY)))["certs"] == []
    assert await stage.refused("queryCertInfo", by_id) == ("404", "licence-not-found")
    await stage.city.consented()
    data = (await stage.done("queryCertInfo", by_id))["certData"]
    assert (data["KZ_ZL"], data["KZ_MJ"]) == ("示例市青石区演示路 18 号 6 幢", "56.4")
    assert "KZ_DYQK" not in data
    assert (await stage.refused("queryCertInfo", by_id | {"caseNumber": "ANOTHER-1"}))[0] == "404"


async def test_by_qr_code_of_a_phone_of_a_use_and_of_a_face(stage: Stage) -> None:
    shown = await stage.city.presentation.show(stage.permit.id, LIN, anew=True)
    by_phone = await stage.done("queryCertInfoByQRcode", {"qrcode": shown.code, **CAUSE})
    assert by_phone["kind"] == "presentation"
    code = (await stage.city.services.use.codes(use_query(), PORTAL))[0].code
    by_use = await stage.done("queryCertInfoByQRcode", {"qrcode": code, **CAUSE})
    assert by_use["cert"]["certData"]["KZ_JZDZ"] == HOME["address"]
    assert (await stage.refused("queryCertInfoByQRcode", {"qrcode": code, **CAUSE}))[1] == "use-code-gone"
    address = f"https://yizheng.example.gov.cn/verify/{stage.permit.verification_code}"
    by_face = await stage.done("queryCertInfoByQRcode", {"qrcode": address, **CAUSE})
    assert (by_face["kind"], by_face["cert"]["status"]) == ("face", "valid")
    assert LIN_NAME not in str(by_face)
    assert (await stage.refused("queryCertInfoByQRcode", {"qrcode": "no-such-code", **CAUSE}))[0] == "404"


@pytest.mark.parametrize("operation", ["downloadFile", "GetCertificateFileByCertificateID"])
async def test_download_gives_an_annotated_copy_and_not_the_original(stage: Stage, operation: str) -> None:
    asked = {
        "certificateIdentifier": stage.permit.current.identifier,
        "certificateCopyCause": BASIS,
        "certificateCopyExpiringTime": "2026-12-01",
        "caseNumber": CASE,
    }
    made = await stage.done(operation, asked)
    content = base64.b64decode(made["content"])
    async with stage.city.database.read() as tx:
        original = await stage.city.services.read._repository.files.original(tx, stage.permit.id, 1)
    assert content.startswith(b"%PDF")
    assert original is not None
    assert made["sha256"] != original.sha256
    assert made["expiringTime"] == "2026-12-01"
    verdict = await stage.done("verifyFile", {"content": made["content"], "certTypeCode": PERMIT, **CAUSE})
    assert (verdict["state"], verdict["genuine"], verdict["sameType"]) == ("valid", "yes", True)
    picture = await stage.done(operation, asked | {"fileType": "png"})
    assert base64.b64decode(picture["content"]).startswith(b"\x89PNG")
    assert (await stage.refused(operation, asked | {"fileType": "ofd"}))[1] == "file-type-not-made"
    late = {"certificateCopyExpiringTime": "2026-11-01"}
    assert (await stage.refused(operation, asked | late))[1] == "days-invalid"


async def test_download_urls_lead_to_copies_and_hold_no_secret(stage: Stage) -> None:
    by_id = {"certificateIdentifier": stage.permit.current.identifier, **CAUSE}
    one = await stage.done("downloadUrl", by_id)
    many = await stage.done("downloadUrlsByHolderCode", holder() | {"expiryTime": "20261201"})
    same = await stage.done("GetCertificateFileByHolder", holder())
    assert len(many["files"]) == len(same["files"]) == 1
    assert "?" not in one["url"]
    path = one["url"].removeprefix("https://yizheng.example.gov.cn")
    assert (await stage.web.get(path)).status_code == 401
    assert (await stage.web.get(path, "other-office")).status_code == 404
    assert (await stage.web.get(path, "portal")).content.startswith(b"%PDF")
    await stage.city.services.end(EndCommand(stage.permit.id, Event.REVOKE, "吊销"), POLICE_SYSTEM)
    assert (await stage.web.get(path, "portal")).status_code == 410


async def test_verify_cert_info_says_match_or_not_and_nothing_more(stage: Stage) -> None:
    async def matches(**claims: Any) -> Any:
        data = {"certTypeCode": PERMIT, "certData": claims, **CAUSE}
        return (await stage.done("verifyCertInfo", data))["match"]

    right = {"ZZBS": stage.permit.current.identifier, "CZZT": LIN_NAME, "CZZTDM": LIN_NUMBER}
    assert await matches(**right, KZ_JZDZ=HOME["address"]) is True
    assert await matches(**right | {"CZZT": "林知遥"}) is False
    assert await matches(**right, KZ_NONE="x") is False
    unknown = {"ZZBS": stage.permit.current.identifier.replace("20261123", "20261124"), "CZZT": LIN_NAME}
    assert await matches(**unknown) is False


def _b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.mark.parametrize(
    ("operation", "changes", "refusal"),
    [
        ("queryCert", {"holderTypeCode": "998"}, ("400", "holder-code-type-unknown")),
        ("queryCert", {"holderCode": "410199198802291032"}, ("400", "citizen-id-check")),
        ("queryCert", {"certTypeCode": PERMIT[:-1]}, ("400", "request-invalid")),
        ("queryCertInfo", {"certIdentifier": "1.2.156.3005.2.nonsense"}, ("400", "identifier-invalid")),
        ("downloadFile", {"fileType": "ofd"}, ("400", "file-type-not-made")),
        ("downloadFile", {"fileType": "doc"}, ("400", "request-invalid")),
        ("downloadFile", {"certificateCopyExpiringTime": "next week"}, ("400", "day-invalid")),
        ("downloadUrl", {"expiryTime": "20261122"}, ("400", "days-invalid")),
        ("downloadUrl", {"certificateIdentifier": ""}, ("400", "request-invalid")),
        ("downloadUrlsByHolderCode", {"expiryTime": "2026-13-01"}, ("400", "day-invalid")),
        ("verifyCertInfo", {"certData": "[]"}, ("400", "claims-invalid")),
        ("verifyCertInfo", {"certData": "{"}, ("400", "claims-invalid")),
        ("verifyFile", {"content": "%%%"}, ("400", "content-invalid")),
        ("verifyFile", {"contentType": "url"}, ("400", "request-invalid")),
        ("getCertRemarkInfo", {"certName": "身份证"}, ("400", "cert-name-differs")),
        ("queryCertInfoByQRcode", {"qrcode": "000000"}, ("404", "code-unknown")),
    ],
)
async def test_each_wrong_field_has_its_own_code_and_the_right_one_is_taken(
    stage: Stage, operation: str, changes: dict[str, Any], refusal: tuple[str, str]
) -> None:
    identifier = stage.permit.current.identifier
    right: dict[str, dict[str, Any]] = {
        "queryCert": holder(),
        "queryCertInfo": {"certIdentifier": identifier, **CAUSE},
        "queryCertInfoByQRcode": {"qrcode": stage.permit.verification_code, **CAUSE},
        "downloadFile": {"certificateIdentifier": identifier, **CAUSE},
        "downloadUrl": {"certificateIdentifier": identifier, "expiryTime": "20261201", **CAUSE},
        "downloadUrlsByHolderCode": holder() | {"expiryTime": "2026-12-01 00:00:00"},
        "verifyCertInfo": {"certTypeCode": PERMIT, "certData": json.dumps({"ZZBS": identifier, "CZZT": "x"}), **CAUSE},
        "verifyFile": {"content": _b64(b"%PDF-1.7"), "contentType": "base64", **CAUSE},
        "getCertRemarkInfo": {"certTypeCode": PERMIT, "certName": "居住证", "useCause": BASIS},
    }
    assert await stage.refused(operation, right[operation] | changes) == refusal
    await stage.done(operation, right[operation])


async def test_an_ofd_file_is_said_to_be_none_of_ours(stage: Stage) -> None:
    verdict = await stage.done("verifyFile", {"content": _b64(b"PK\x03\x04 OFD.xml"), **CAUSE})
    assert (verdict["genuine"], verdict["sameFile"], verdict["cert"]) == ("no", False, None)
    assert verdict["state"] == "not-a-licence"


async def test_the_dictionary_of_a_type(stage: Stage) -> None:
    found = await stage.done("getCertRemarkInfo", {"certTypeCode": PROPERTY, "useCause": BASIS})
    codes = {one["code"]: one for one in found["elements"]}
    assert {"CZZT", "CZZTDM", "ZZBH", "KZ_ZL", "KZ_MJ"} <= set(codes)
    assert (codes["KZ_MJ"]["dataType"], codes["KZ_DYQK"]["required"]) == ("number", False)
    missing = {"certTypeCode": PROPERTY[:-3] + "999", "useCause": BASIS}
    assert (await stage.refused("getCertRemarkInfo", missing))[0] == "404"


async def test_id_and_secret_are_mapped_to_the_clients_own_token(stage: Stage) -> None:
    assert len((await stage.done("queryCert", holder(), accessToken=SECRET))["certs"]) == 1
    for head in ({"accessToken": "wrong"}, {"accessId": "somebody"}, {"accessId": "system-land"}):
        assert await stage.refused("queryCert", holder(), **head) == ("401", "credentials-wrong")
    assert await stage.refused("queryCert", holder(), accessId="acc_lin", accessToken="lin") == ("403", "client-needed")


async def test_use_cause_and_case_are_obligatory_and_the_item_where_there_is_a_choice(stage: Stage) -> None:
    for missing in ("useCause", "caseNumber"):
        data = {name: value for name, value in holder().items() if name != missing}
        assert await stage.refused("queryCert", data) == ("400", "request-invalid")
    assert (await stage.refused("queryCert", holder() | {"useCause": LIN_NUMBER}))[1] == "purpose-personal"
    assert len((await stage.done("queryCert", holder() | {"itemCode": ITEM}))["certs"]) == 1
    assert (await stage.refused("queryCert", holder() | {"itemCode": "NO-SUCH"}))[1] == "service-item-unknown"
    assert (await stage.refused("queryCert", holder() | {"fields": ["holder_code"]}))[1] == "request-invalid"


async def test_without_a_grant_every_licence_looks_absent(stage: Stage) -> None:
    other = {"accessId": "portal-other", "accessToken": "other-office"}
    known, unknown = stage.permit.current.identifier, stage.permit.current.identifier.replace("20261123", "20261124")
    answers = [
        await stage.refused("queryCertInfo", {"certIdentifier": identifier, **CAUSE}, **other)
        for identifier in (known, unknown)
    ]
    assert answers[0] == answers[1] == ("404", "licence-not-found")
    assert (await stage.refused("queryCert", holder(), **other))[1] == "use-not-granted"


async def test_a_grants_ceiling_is_said_with_the_time_to_wait(stage: Stage) -> None:
    grant = ConsumerGrant(
        HOUSING, PERMIT, ITEM, ("holder_name",), BASIS, valid_from=stage.city.today, quota=Quota(hourly=2)
    )
    await stage.city.services.catalogue.grant_use(grant, SYSTEM)
    for _ in range(2):
        await stage.done("queryCert", holder())
    assert await stage.refused("queryCert", holder()) == ("429", "grant-quota-used-up")
    body = {"head": {"accessId": "portal-housing", "accessToken": "portal"}, "data": holder()}
    answer = await stage.web.post("/exchange/head-data/queryCert", None, body)
    assert 1 <= int(answer.headers["retry-after"]) <= 3600


async def test_secrets_in_the_address_are_refused_and_said_so(stage: Stage) -> None:
    body = {"head": {"accessId": "portal-housing", "accessToken": "portal"}, "data": holder()}
    answer = await stage.web.post(f"/exchange/head-data/queryCert?accessToken={SECRET}", None, body)
    assert answer.json()["head"]["code"] == "nothing-in-address"
    assert answer.json()["data"] is None


async def test_every_described_operation_is_in_the_description(stage: Stage) -> None:
    paths = openapi_of(stage.web)["paths"]
    for operation in OPERATIONS:
        for name in operation.names:
            schema = paths[f"/exchange/head-data/{name}"]["post"]["requestBody"]["content"]["application/json"][
                "schema"
            ]
            assert set(schema["required"]) == {"head", "data"}
            assert "$ref" not in str(schema)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"head": {}}', b'{"head": null, "data": null}', b"\xff\xfe"])
async def test_what_cannot_be_read_is_refused_without_an_echo(stage: Stage, body: bytes) -> None:
    answer = await stage.web.call("POST", "/exchange/head-data/queryCert", content=body)
    assert (answer.status_code, answer.json()["head"]["status"]) == (200, "400")


def use_query() -> UseCodeQuery:
    return UseCodeQuery("111", LIN_NUMBER, ITEM, CASE, BASIS, types=(PERMIT,))

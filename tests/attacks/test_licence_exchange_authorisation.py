"""L-01 for the adapters: every operation of both styles × every kind of caller; whoever may not learns nothing.

The operations come from OpenAPI, so that none is missed. Systems alone call them: a person's or a clerk's token gets
nowhere, whatever that person may do elsewhere.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.routes.adapters.auth_code.envelope import PREFIX
from certstore.attachments.keep import AttachmentCommand
from certstore.attachments.model import Attachment
from certstore.codes import HolderCode
from certstore.model import Licence
from certstore.ports import Mandate
from core.db.database import Database
from core.principal import PrincipalKind
from core.text import Text
from tests.support.certstore_http import TOKENS, Http, openapi_of
from tests.support.certstore_world import (
    BASIS,
    CASE,
    HOME,
    ITEM,
    LIN_NAME,
    LIN_NUMBER,
    PERMIT,
    POLICE_SYSTEM,
    ZHAO_NUMBER,
    World,
    world,
)
from tests.support.clock import FakeClock
from tests.support.exchange_http import SECRET, exchange

NATIONAL = "/exchange/head-data/"
SYSTEMS = {name for name, actor in TOKENS.items() if actor.kind is PrincipalKind.CLIENT}
CALLERS = [*sorted(TOKENS), "expired-or-revoked"]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)
CAUSE = {"useCause": BASIS, "caseNumber": CASE}
CASE_OF = {"service_item_code": ITEM, "biz_num": CASE, "use_cause": BASIS}
REFUSALS = {
    "token-invalid", "credentials-wrong", "client-needed", "scope-missing", "organisation-missing", "use-not-granted",
    "licence-not-found", "not-issuing-authority", "use-code-not-found", "attachment-not-found",
}  # fmt: skip


@dataclass
class Stage:
    """Lin's permit with an attachment; Zhao may act for Lin."""

    web: Http
    city: World
    permit: Licence
    plan: Attachment

    async def told(self, path: str, body: dict[str, Any], caller: str) -> str | None:
        """The error's code; None if it was done. Both envelopes say nothing about Lin where they refuse."""
        if path.startswith(NATIONAL):
            who = TOKENS[caller].id if caller in TOKENS else "nobody"
            answer = await self.web.post(path, None, {"head": {"accessId": who, "accessToken": caller}, "data": body})
            code = answer.json()["head"].get("code")
        else:
            answer = await self.web.post(path.format(catalogue=PERMIT), caller, body)
            code = next((one["code"] for one in answer.json()["errors"]), None)
        assert answer.status_code == 200
        if code is not None:
            assert answer.json()["data"] is None
            for private in (LIN_NAME, LIN_NUMBER, HOME["address"]):
                assert private not in answer.text
        return code

    async def code(self) -> dict[str, Any]:
        (issued,) = await self.city.services.use.codes(self.city.code_query(types=(PERMIT,)), TOKENS["portal"])
        return {"auth_code": issued.code}

    async def draft(self) -> dict[str, Any]:
        fields = {"CZZT": "赵映雪", "CZZTDM": ZHAO_NUMBER, "KZ_JZDZ": "示例市演示路 2 号"}
        answer = await self.web.post(f"{PREFIX}/license/{PERMIT}/create", "police", {"data_fields": fields})
        return {"license_code": answer.json()["data"]["license_code"]}


@pytest.fixture
async def stage(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Stage]:
    async with world(sqlite_database, clock, tmp_path) as city, exchange(city) as web:
        permit = await city.issue_permit()
        mandate = Mandate("aut_1", HolderCode("111", LIN_NUMBER), Text(LIN_NAME, "Lin"), (ITEM,))
        city.mandates.given["acc_zhao"] = [mandate]
        plan = await city.own.attachments.add(AttachmentCommand(permit.id, "a.png", PNG), POLICE_SYSTEM)
        yield Stage(web, city, permit, plan)


Body = Callable[[Stage], Awaitable[dict[str, Any]]]


def _fixed(body: dict[str, Any]) -> Body:
    async def made(_stage: Stage) -> dict[str, Any]:
        return body

    return made


def _of_permit(name: str, **more: Any) -> Body:
    async def made(stage: Stage) -> dict[str, Any]:
        return {name: stage.permit.current.identifier} | more

    return made


async def _qr(stage: Stage) -> dict[str, Any]:
    return {"qrcode": (await stage.code())["auth_code"], **CAUSE}


async def _file(stage: Stage) -> dict[str, Any]:
    return {"content": base64.b64encode(b"%PDF-1.7 a stranger's").decode(), **CAUSE}


async def _claims(stage: Stage) -> dict[str, Any]:
    claims = {"ZZBS": stage.permit.current.identifier, "CZZT": LIN_NAME, "CZZTDM": LIN_NUMBER}
    return {"certTypeCode": PERMIT, "certData": claims, "itemCode": ITEM, **CAUSE}


async def _plan(stage: Stage) -> dict[str, Any]:
    return {"license_code": stage.permit.current.identifier, "attachment_code": stage.plan.id}


HOLDER = {"holderCode": LIN_NUMBER, "certTypeCode": PERMIT, **CAUSE}
BY_ID = _of_permit("certIdentifier", **CAUSE)
FILE_OF = _of_permit("certificateIdentifier", **CAUSE)
ATTACH = {"file_name": "b.png", "file_data": base64.b64encode(PNG).decode()}
FIELDS = {"CZZT": "赵映雪", "CZZTDM": ZHAO_NUMBER, "KZ_JZDZ": "示例市演示路 2 号"}
VERIFIERS = {"portal", "other-office"}
READERS = {"land", "police", "portal", "other-office"}
HAVE_OFFICE = SYSTEMS - {"no-organisation"}
# per operation: whom it serves, and what is sent
MAY: dict[str, tuple[set[str], Body]] = {
    **{NATIONAL + name: ({"portal"}, _fixed(HOLDER)) for name in (
        "queryCert", "queryCertInfoByHolderCode", "GetCertificateDataByHolder", "downloadUrlsByHolderCode",
        "GetCertificateFileByHolder",
    )},
    **{NATIONAL + name: ({"portal"}, BY_ID) for name in ("queryCertInfo", "GetCertificateDataByCertificateID")},
    **{NATIONAL + name: ({"portal"}, FILE_OF) for name in (
        "downloadFile", "GetCertificateFileByCertificateID", "downloadUrl",
    )},
    NATIONAL + "queryCertInfoByQRcode": ({"portal"}, _qr),
    NATIONAL + "verifyCertInfo": (VERIFIERS, _claims),
    NATIONAL + "verifyFile": (VERIFIERS, _file),
    NATIONAL + "getCertRemarkInfo": (SYSTEMS, _fixed({"certTypeCode": PERMIT, "useCause": BASIS})),
    PREFIX + "/security/login": ({*CALLERS}, _fixed({"app_key": "portal-housing", "app_secret": SECRET})),
    PREFIX + "/security/logout": (SYSTEMS, _fixed({})),
    PREFIX + "/security/get_current_user": (SYSTEMS, _fixed({})),
    PREFIX + "/service_item/list": (HAVE_OFFICE, _fixed({})),
    PREFIX + "/license/{catalogue}/create": ({"police"}, _fixed({"data_fields": FIELDS})),
    PREFIX + "/license/{catalogue}/create_attachment": ({"police"}, _of_permit("license_code", **ATTACH)),
    PREFIX + "/license/{catalogue}/get_attachment": ({"police"}, _plan),
    PREFIX + "/license/{catalogue}/issue": ({"police"}, Stage.draft),
    PREFIX + "/license/holder": ({"portal"}, _fixed({**CASE_OF, "real_name_credential": "lin"})),
    PREFIX + "/license/entrust": (
        {"portal"}, _fixed({**CASE_OF, "real_name_credential": "zhao", "identity_number": LIN_NUMBER}),
    ),
    PREFIX + "/license/auth": ({"portal"}, _fixed({**CASE_OF, "identity_number": LIN_NUMBER})),
    PREFIX + "/license/webpage": (READERS, _fixed({"real_name_credential": "lin"})),
    PREFIX + "/license/get_license": ({"portal"}, Stage.code),
    PREFIX + "/license/token": ({"portal"}, Stage.code),
    PREFIX + "/license/archive": ({"portal"}, Stage.code),
    PREFIX + "/license/{catalogue}/abolish": ({"police"}, _of_permit("license_code", abolish_reason="违规")),
}  # fmt: skip


def test_l01_the_adapters_matrix_names_every_operation(stage: Stage) -> None:
    assert {path for path in openapi_of(stage.web)["paths"] if path.startswith("/exchange/")} == set(MAY)


async def test_l01_only_the_systems_that_may_get_through_the_adapters(stage: Stage) -> None:
    for path, (allowed, body) in MAY.items():
        for caller in sorted(CALLERS, key=lambda one: one in allowed):  # those that may come last, and may end it
            told = await stage.told(path, await body(stage), caller)
            assert (told is None) == (caller in allowed), (path, caller, told)
            assert told is None or told in REFUSALS, (path, caller, told)


async def test_l01_each_refusal_at_an_adapter_is_on_record(stage: Stage) -> None:
    before = len(await stage.city.events())
    body = {"license_code": stage.permit.current.identifier, "abolish_reason": "违规"}
    named = {"license_code": body["license_code"]}
    absent = {"license_code": "lic_00000000000000000000000000"}
    for path, sent in (("abolish", body), ("get_attachment", named), ("issue", absent)):
        assert await stage.told(f"{PREFIX}/license/{{catalogue}}/{path}", sent, "land") == "licence-not-found"
    assert await stage.told(f"{PREFIX}/license/auth", {**CASE_OF, "identity_number": LIN_NUMBER}, "other-office")
    rows = (await stage.city.events())[before:]
    assert [one["outcome"] for one in rows] == ["refused"] * 4
    assert LIN_NUMBER not in str(rows)
    assert await stage.told(f"{PREFIX}/license/{{catalogue}}/abolish", body, "police") is None  # the twin

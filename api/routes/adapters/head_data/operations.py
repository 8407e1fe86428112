"""The operations of the national way, each by a use case of the repository."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import Any

import orjson
from starlette.requests import Request

from api.deps import container
from api.routes.adapters.head_data.shapes import (
    ClaimsData,
    FileCheckData,
    FileData,
    FileUrlData,
    HolderData,
    HolderFileData,
    IdentifierData,
    QrData,
    RemarkData,
)
from api.web.pdf_pages import draw
from certstore.authorise import require_scope
from certstore.exchange.share import HolderQuestion, SharedCopy, SharedData
from certstore.facts import LicenceFacts
from certstore.presentation.codes import parse_presentation_code
from certstore.presentation.model import ShownFace
from certstore.presentation.read_code import ReadCommand
from certstore.use.codes import IssuedCode
from certstore.verify_fields import FieldClaim
from core.errors import InvalidInput, NotFound, Unavailable
from core.principal import Principal
from core.text import Text

_DAYS = ("%Y-%m-%d", "%Y%m%d", "%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S")
_USE_CODE_SIZE = 32  # characters; the codes on faces are shorter


async def query_cert(request: Request, data: HolderData, actor: Principal) -> Any:
    """证照检索: identifiers of the holder's licences that may be used; nothing in them."""
    found = await container(request).exchange.share.of_holder(_holder(data), actor)
    return {"certs": [_listed(one) for one in found]}


async def query_by_holder(request: Request, data: HolderData, actor: Principal) -> Any:
    """The granted data of the holder's licences of a type."""
    share = container(request).exchange.share
    found = await share.of_holder(_holder(data), actor)
    return {"certs": [_data(await share.data(one, actor)) for one in found]}


async def query_info(request: Request, data: IdentifierData, actor: Principal) -> Any:
    """The granted data of one licence."""
    share = container(request).exchange.share
    code = await share.by_identifier(data.cert_identifier, data.cause(), actor)
    return _data(await share.data(code, actor))


async def query_by_qr(request: Request, data: QrData, actor: Principal) -> Any:
    """What the holder shows on a phone, a use code, or the code on a face (its state alone)."""
    services, text = container(request), data.qrcode.strip()
    if parse_presentation_code(text) is not None:
        command = ReadCommand(text, data.use_cause, data.item_code, data.case_number)
        shown = await services.presentation.read(command, actor)
        return {"kind": "presentation", "state": shown.state, "cert": _face(shown.face) if shown.face else None}
    if len(text) == _USE_CODE_SIZE and "/" not in text:
        return {"kind": "use-code", "cert": _data(await services.exchange.share.redeemed(text, actor))}
    require_scope(actor, "licence:verify")  # as at `/v1/verifications`
    verdict = await services.certstore.verify.by_code(text.rstrip("/").rpartition("/")[2], actor)
    if verdict.facts is None:
        raise NotFound("code-unknown", Text("没有这个码，或已失效。", "There is no such code, or it has run out."))
    return {"kind": "face", "cert": _facts(verdict.facts)}


async def download_file(request: Request, data: FileData, actor: Principal) -> Any:
    """加注件 with its content; never the original."""
    if data.file_type == "ofd":
        raise InvalidInput(
            "file-type-not-made",
            Text("本库的加注件是 PDF（可要 png 图片），不提供 OFD。", "Copies are PDF here (or png), not OFD."),
            field="data.fileType",
        )
    share = container(request).exchange.share
    code = await share.by_identifier(data.certificate_identifier, data.cause(), actor)
    copy = await share.copy(code, actor, until=_day(data.certificate_copy_expiring_time))
    content = copy.file.content
    if data.file_type == "png":
        pages = (await draw(content, pages=1)).pages
        if not pages:
            raise Unavailable(
                "picture-not-made", Text("图片没有画成，请改要 PDF。", "No picture was made; ask for PDF.")
            )
        content = pages[0]
    return _copy(copy) | {"fileType": data.file_type, "content": base64.b64encode(content).decode()}


async def download_url(request: Request, data: FileUrlData, actor: Principal) -> Any:
    """加注件 to be fetched with the caller's access token in the Authorization header."""
    share = container(request).exchange.share
    code = await share.by_identifier(data.certificate_identifier, data.cause(), actor)
    copy = await share.copy(code, actor, until=_day(data.expiry_time))
    return _copy(copy) | {"url": _address(request, copy)}


async def download_urls_by_holder(request: Request, data: HolderFileData, actor: Principal) -> Any:
    """The same for all of the holder's licences of a type."""
    share, until = container(request).exchange.share, _day(data.expiry_time)
    copies = [await share.copy(one, actor, until=until) for one in await share.of_holder(_holder(data), actor)]
    return {"files": [_copy(copy) | {"url": _address(request, copy)} for copy in copies]}


async def verify_cert_info(request: Request, data: ClaimsData, actor: Principal) -> Any:
    """Match or not, and nothing more."""
    services = container(request)
    claims = _claims(data.cert_data)
    cause = await services.exchange.find_item(data.cause(), data.cert_type_code, actor, granted=False)
    names = await services.exchange.dictionary.names(data.cert_type_code, list(claims))
    identifier, number = claims.pop("ZZBS", None), claims.get("ZZBH")
    code_type = claims.pop("CZZTDMLXDM", "111")
    claim = FieldClaim(
        type_code=data.cert_type_code,
        claims={names.get(name, name): value for name, value in claims.items()},
        service_item=cause.item,
        case_number=cause.case_number,
        basis=cause.text,
        identifier=str(identifier) if identifier is not None else None,
        number=str(number) if identifier is None and number is not None else None,
        code_type=str(code_type),
    )
    return {"match": (await services.certstore.compare_fields(claim, actor)).match}


async def verify_file(request: Request, data: FileCheckData, actor: Principal) -> Any:
    """Seal, digest and present state of a file, in one answer."""
    require_scope(actor, "licence:verify")  # as at `/v1/verifications`
    try:
        content = base64.b64decode(data.content, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput(
            "content-invalid", Text("content 应为 base64。", "content must be base64."), field="data.content"
        ) from None
    verdict = await container(request).certstore.verify_file(content, actor)
    licence = verdict.licence
    same_type = None if licence is None or data.cert_type_code is None else licence.type_code == data.cert_type_code
    return {
        "state": verdict.state,
        "genuine": verdict.genuine.answer,
        "unchanged": verdict.unchanged.answer,
        "validNow": verdict.valid_now.answer,
        "sameFile": verdict.same_file,
        "sameType": same_type,
        "cert": _facts(licence) if licence else None,
    }


async def remarks(request: Request, data: RemarkData, _actor: Principal) -> Any:
    """The dictionary of a type's elements."""
    found = await container(request).exchange.dictionary(data.cert_type_code)
    if data.cert_name is not None and " ".join(data.cert_name.split()) not in (found.type_name.zh, found.type_name.en):
        raise InvalidInput(
            "cert-name-differs",
            Text("certName 与 certTypeCode 不是同一类证照。", "certName and certTypeCode name different types."),
            field="data.certName",
        )
    elements = [
        {
            "code": one.code,
            "name": one.name,
            "title": one.title.zh,
            "titleEn": one.title.en,
            "dataType": one.data_type,
            "required": one.required,
        }
        for one in found.elements
    ]
    return {"certTypeCode": found.type_code, "certTypeName": found.type_name.zh, "elements": elements}


def _holder(data: HolderData) -> HolderQuestion:
    return HolderQuestion(data.holder_type_code, data.holder_code, data.cert_type_code, data.cause(), data.cert_no)


def _listed(one: IssuedCode) -> dict[str, Any]:
    return {
        "certificateIdentifier": one.identifier,
        "certTypeCode": one.use.type_code,
        "certTypeName": one.type_name.zh,
        "validUntil": one.valid_until,
    }


def _data(one: SharedData) -> dict[str, Any]:
    return {"certificateIdentifier": one.identifier, "certTypeCode": one.type_code, "certData": dict(one.elements)}


def _facts(facts: LicenceFacts) -> dict[str, Any]:
    return {
        "certificateIdentifier": facts.identifier,
        "certTypeCode": facts.type_code,
        "certTypeName": facts.type_name.zh,
        "issuerName": facts.issuer_name.zh,
        "status": facts.status,
        "validFrom": facts.valid_from,
        "validUntil": facts.valid_until,
        "supersededBy": facts.superseded_by,
    }


def _face(face: ShownFace) -> dict[str, Any]:
    return {
        "certificateIdentifier": face.identifier,
        "certTypeCode": face.type_code,
        "certTypeName": face.type_name.zh,
        "issuerName": face.issuer_name.zh,
        "status": face.status,
        "validFrom": face.valid_from,
        "validUntil": face.valid_until,
        "holderName": face.name,
        "rows": [{"title": title.zh, "value": value} for title, value in face.rows],
    }


def _copy(made: SharedCopy) -> dict[str, Any]:
    return {
        "certificateIdentifier": made.identifier,
        "certificateCopyIdentifier": made.copy.id,
        "expiringTime": made.copy.expires_on,
        "sha256": made.copy.file.sha256,
    }


def _address(request: Request, made: SharedCopy) -> str:
    issuer = container(request).ground.settings.issuer
    return f"{issuer}/v1/licences/{made.copy.licence_id}/copies/{made.copy.id}/file"


def _day(text: str | None) -> dt.date | None:
    if not text:
        return None
    for form in _DAYS:
        try:
            return dt.datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a calendar day, as they write it
        except ValueError:
            continue
    raise InvalidInput(
        "day-invalid",
        Text("日期写成 2026-12-31 或 20261231。", "Write the day as 2026-12-31 or 20261231."),
        field="data",
    )


def _claims(given: dict[str, Any] | str) -> dict[str, Any]:
    try:
        claims = orjson.loads(given) if isinstance(given, str) else dict(given)
        if not isinstance(claims, dict):
            raise ValueError
    except ValueError:
        raise InvalidInput(
            "claims-invalid",
            Text("certData 应为 JSON 对象。", "certData must be a JSON object."),
            field="data.certData",
        ) from None
    return claims

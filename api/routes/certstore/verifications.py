"""`/v1/verifications`: by identifier, number, claimed values, QR code (JSON), or by file (multipart)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import Field, TypeAdapter, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import Request

from api.deps import caller, container
from api.limits import limited_verification
from api.routes.certstore.shapes import Basis, Code, In, text_out
from api.web.code_words import code_words
from certstore.facts import CopyFacts, LicenceFacts
from certstore.presentation.offline import OfflineVerdict
from certstore.uploads.model import CodeAnswer, UploadVerdict
from certstore.verify import LicenceVerdict
from certstore.verify_fields import FieldClaim, FieldComparison
from certstore.verify_file import LicenceFileVerdict, Question
from core.errors import InvalidInput
from core.principal import ANONYMOUS, Principal
from core.text import Text

router = APIRouter(prefix="/v1", tags=["verification"])


class ByIdentifier(In):
    """By electronic licence identifier (GB/T 36904)."""

    by: Literal["identifier"]
    identifier: Annotated[str, Field(max_length=200)]
    on: dt.date | None = None


class ByNumber(In):
    """By licence number as printed."""

    by: Literal["number"]
    type: Annotated[str, Field(max_length=21)]
    number: Annotated[str, Field(max_length=100, repr=False)]
    on: dt.date | None = None


class ByCode(In):
    """By the code in the QR code on a face."""

    by: Literal["code"]
    code: Annotated[str, Field(max_length=64, repr=False)]
    on: dt.date | None = None


class ByQr(In):
    """By the whole text of a QR code, as a scanner gives it: on a face, or shown offline."""

    by: Literal["qr"]
    text: Annotated[str, Field(max_length=8192, repr=False)]


class ByFields(In):
    """By claimed values; the answer is only yes or no, and field by field once name and number of the holder fit."""

    by: Literal["fields"]
    type: Annotated[str, Field(max_length=21)]
    identifier: Annotated[str | None, Field(max_length=200)] = None
    number: Annotated[str | None, Field(max_length=100, repr=False)] = None
    code_type: Annotated[str, Field(max_length=8)] = "111"
    claims: Annotated[dict[str, str | int | float | bool], Field(max_length=50, repr=False)]
    service_item: Code
    case_number: Code
    basis: Basis


Asked = Annotated[ByIdentifier | ByNumber | ByCode | ByQr | ByFields, Field(discriminator="by")]
_asked: TypeAdapter[ByIdentifier | ByNumber | ByCode | ByQr | ByFields] = TypeAdapter(Asked)
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object", "required": ["by"]}},
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["file"], "properties": {"file": {"format": "binary"}}}
            },
        },
    }
}


@router.post("/verifications", openapi_extra=_BODY, dependencies=[Depends(limited_verification)])
async def verify(request: Request) -> dict[str, Any]:
    """Verify a licence. A file, a picture and a QR code need no token; the other ways need `licence:verify`."""
    actor = await _anybody(request)
    services = container(request).certstore
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return _upload(await container(request).presentation.verify_upload(await _uploaded(request), actor))
    asked = await _read(request)
    if isinstance(asked, ByQr):
        return _code(await container(request).presentation.verify_upload.text(asked.text, actor))
    if isinstance(asked, ByCode):
        return _verdict(await services.verify.by_code(asked.code, actor, asked.on))
    if actor is ANONYMOUS:
        actor = await caller(request)  # says that a token is missing
    if isinstance(asked, ByIdentifier):
        return _verdict(await services.verify.by_identifier(asked.identifier, actor, asked.on))
    if isinstance(asked, ByNumber):
        return _verdict(await services.verify.by_number(asked.type, asked.number, actor, asked.on))
    claim = FieldClaim(
        type_code=asked.type,
        claims=asked.claims,
        service_item=asked.service_item,
        case_number=asked.case_number,
        basis=asked.basis,
        identifier=asked.identifier,
        number=asked.number,
        code_type=asked.code_type,
    )
    return _comparison(await services.compare_fields(claim, actor))


async def _anybody(request: Request) -> Principal:
    return await caller(request) if "authorization" in request.headers else ANONYMOUS


async def _uploaded(request: Request) -> bytes:
    form = await request.form(max_files=1, max_fields=8)
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise InvalidInput(
                "file-missing",
                Text("请在 file 字段里上传一个文件。", "Upload one file in the field `file`."),
                field="file",
            )
        return await file.read()
    finally:
        await form.close()


async def _read(request: Request) -> ByIdentifier | ByNumber | ByCode | ByQr | ByFields:
    try:
        return _asked.validate_json(await request.body())
    except ValidationError as error:
        # only the place is told: the body may hold somebody's number
        parts = [str(part) for part in error.errors(include_input=False, include_url=False)[0]["loc"][1:2]]
        raise InvalidInput(
            "request-invalid",
            Text("请求内容不符合要求，请对照接口说明。", "The request is not as required. See the API description."),
            field=parts[0][:40] if parts and parts[0].isidentifier() and parts[0] in _KNOWN else "body",
        ) from None


_KNOWN = {name for kind in (ByIdentifier, ByNumber, ByCode, ByQr, ByFields) for name in kind.model_fields}


def _verdict(verdict: LicenceVerdict) -> dict[str, Any]:
    return {
        "known": verdict.facts is not None,
        "status": verdict.facts.status if verdict.facts else "unknown-licence",
        "check": verdict.check,
        "on": {"day": verdict.on.day, "status": verdict.on.status} if verdict.on else None,
        "licence": _licence(verdict.facts),
        "copy": _copy(verdict.copy),
    }


def _comparison(found: FieldComparison) -> dict[str, Any]:
    return {"match": found.match, "fields": found.fields}


def _file_verdict(verdict: LicenceFileVerdict) -> dict[str, Any]:
    judgement = verdict.judgement
    return {
        "state": verdict.state,
        "genuine": _question(verdict.genuine),
        "unchanged": _question(verdict.unchanged),
        "valid_now": _question(verdict.valid_now),
        "same_file": verdict.same_file,
        "sha256": verdict.sha256,
        "conclusion": judgement.conclusion,
        "indication": judgement.indication,
        "sub_indication": judgement.sub_indication,
        "sealed_by": judgement.organisation,
        "sealed_at": judgement.signed_at,
        "licence": _licence(verdict.licence),
        "copy": _copy(verdict.copy),
    }


def _upload(verdict: UploadVerdict) -> dict[str, Any]:
    codes = [_code(one) for one in verdict.codes]
    return _file_verdict(verdict.file) | {"picture": verdict.is_picture, "codes": codes}


def _code(one: CodeAnswer) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "text": text_out(code_words(one).sentence),
        "verdict": _verdict(one.licence) if one.licence else None,
        "face": _face(one.face) if one.face else None,
    }


def _face(verdict: OfflineVerdict) -> dict[str, Any]:
    face = verdict.face
    return (
        {"state": verdict.state}
        if face is None
        else {
            "state": verdict.state,
            "name": face.name,
            "type": {"code": face.type_code, "name": text_out(face.type_name)},
            "issuer": {"code": face.issuer, "name": text_out(face.issuer_name)},
            "valid_from": face.valid_from,
            "valid_until": face.valid_until,
            "made_at": face.made_at,
            "expires_at": face.expires_at,
            "status": face.status.claim(),
        }
    )


def _question(question: Question) -> dict[str, Any]:
    return {"answer": question.answer, "text": text_out(question.text)}


def _licence(facts: LicenceFacts | None) -> dict[str, Any] | None:
    if facts is None:
        return None
    return {
        "identifier": facts.identifier,
        "version": facts.version,
        "type": {"code": facts.type_code, "name": text_out(facts.type_name)},
        "issuer": {"code": facts.issuer, "name": text_out(facts.issuer_name)},
        "status": facts.status,
        "status_since": facts.status_since,
        "valid_from": facts.valid_from,
        "valid_until": facts.valid_until,
        "superseded_by": facts.superseded_by,
        "superseded_by_version": facts.superseded_by_version,
    }


def _copy(copy: CopyFacts | None) -> dict[str, Any] | None:
    if copy is None:
        return None
    return {
        "id": copy.id,
        "requester": text_out(copy.requester_name),
        "service_item": copy.item,
        "expires_on": copy.expires_on,
        "expired": copy.expired,
    }

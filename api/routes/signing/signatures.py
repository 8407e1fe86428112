"""`/v1/signatures`: a PDF or an OFD in, the same sealed out; and the ledger's entry for it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.deps import caller, container, requires
from api.file_answer import OFD, PDF, document_answer
from api.routes.signing.levels import LEVEL_FIELDS, read_level, read_level_policy
from api.routes.signing.places import LOCK_FIELDS, PLACE_FIELDS, read_locks, read_places
from api.routes.signing.profiles import PROFILE_FIELDS, read_profile
from api.routes.signing.uploads import required_field, upload_body, uploaded
from core.principal import Principal
from signing.longlife.model import Care
from signing.model import GrantForm, SealPdfCommand, SignatureRecord, UseRequest
from signing.seal_file import Sealed

router = APIRouter(prefix="/v1/signatures", tags=["signatures"])

_FIELDS = {
    "seal": {"type": "string", "description": "id of the seal"},
    "document_class": {"type": "string", "default": "document"},
    **PLACE_FIELDS,
    "reason": {"type": "string", "maxLength": 200},
    **LEVEL_FIELDS,
    "location": {"type": "string", "maxLength": 200, "description": "where it is sealed; stands in the file"},
    "contact": {"type": "string", "maxLength": 200, "description": "how to reach the signer; stands in the file"},
    **LOCK_FIELDS,
    **PROFILE_FIELDS,
}


_SEALED: dict[int | str, dict[str, Any]] = {
    201: {
        "description": "The sealed file, of the same kind as the one that was sent",
        "content": {
            PDF: {"schema": {"type": "string", "format": "binary"}},
            OFD: {"schema": {"type": "string", "format": "binary"}},
            "application/json": {
                "example": {
                    "id": "sig_01m82ynfm0758gxe74zaavd90e",
                    "seal": "seal_01m82ynfm0758gxe74zaavd90e",
                    "level": "SES-B-T",
                    "level_wanted": "SES-B-T",
                    "signed_at": "2026-11-26T09:00:00+00:00",
                    "file": "/v1/signatures/sig_01m82ynfm0758gxe74zaavd90e/file",
                }
            },
        },
    }
}


@router.post(
    "",
    status_code=201,
    openapi_extra=upload_body(_FIELDS, ("seal",)),
    response_class=Response,
    responses=_SEALED,
)
async def seal_a_file(
    request: Request,
    principal: Annotated[Principal, Depends(requires("seal:sign"))],
    idempotency_key: Annotated[str | None, Header(max_length=128)] = None,
) -> Response:
    """Seal a PDF, or an OFD with the national form of the seal (GB/T 38540); the file's first octets say which it is.
    Answers with the sealed file, or with JSON and a link when `Accept` asks for JSON."""
    signing = container(request).signing
    async with uploaded(request, limit=signing.settings.max_pdf_bytes, sender=principal) as upload:
        sealed = await signing.seal_file(
            SealPdfCommand(
                pdf=upload.content,
                seal_id=required_field(upload.fields, "seal"),
                actor=principal,
                document_class=upload.fields.get("document_class", "document"),
                placement=read_places(upload.fields),
                reason=upload.fields.get("reason") or None,
                location=upload.fields.get("location") or None,
                contact=upload.fields.get("contact") or None,
                locks=read_locks(upload.fields),
                idempotency_key=idempotency_key,
                level=read_level(upload.fields),
                level_policy=read_level_policy(upload.fields),
                profile=read_profile(upload.fields),
            )
        )
    return sealed_answer(request, sealed)


def sealed_answer(request: Request, sealed: Sealed) -> Response:
    """The sealed file, or JSON with a link when `Accept` asks for JSON."""
    place = f"/v1/signatures/{sealed.signature_id}"
    headers = {
        "Location": place,
        "Signature-Id": sealed.signature_id,
        "Signature-Level": sealed.level,
        "Cache-Control": "no-store",
    }
    if "application/json" in request.headers.get("accept", ""):
        body = {
            "id": sealed.signature_id,
            "seal": sealed.seal_id,
            "level": sealed.level,
            "level_wanted": sealed.level_wanted,
            "signed_at": sealed.signed_at.isoformat(),
            "file": f"{place}/file",
        }
        return JSONResponse(body, 201, headers)
    return document_answer(sealed.content, sealed.signature_id, 201, headers)


@router.get("/{signature_id}")
async def use_of_a_seal(
    request: Request, signature_id: str, principal: Annotated[Principal, Depends(caller)]
) -> dict[str, Any]:
    """What the ledger says about one use of a seal, for whoever made it and their organisation."""
    signing = container(request).signing
    record = await signing.seals.use(signature_id, caller=principal)
    return _view(record) | {"care": _care(await signing.care_of_files(signature_id, caller=principal))}


@router.get("/{signature_id}/receipt")
async def receipt_of_a_use(
    request: Request, signature_id: str, principal: Annotated[Principal, Depends(caller)]
) -> dict[str, Any]:
    """The proof that this use of a seal stands in the public log; a checkpoint that covers it is signed if need be."""
    log, seals = container(request).public_log, container(request).signing.seals
    found = await seals.use(signature_id, caller=principal)
    await log.keep.cover(found.digest_after)
    return dict((await log.prove.receipt(found.digest_after)).document())


@router.get("/{signature_id}/file", response_class=Response)
async def sealed_file(
    request: Request, signature_id: str, principal: Annotated[Principal, Depends(caller)]
) -> Response:
    """The sealed file again, for its own caller; the signature alone, where the file was not seen."""
    seals = container(request).signing.seals
    found = await seals.use(signature_id, caller=principal)
    content = await seals.file(signature_id, caller=principal)
    if found.form is not GrantForm.DOCUMENT:
        named = {"Content-Disposition": f'attachment; filename="{signature_id}.p7s"', "Cache-Control": "no-store"}
        return Response(content, 200, named, media_type="application/pkcs7-signature")  # RFC 8551 §3.2.1
    return document_answer(content, signature_id, headers={"Cache-Control": "no-store"})


def _view(record: SignatureRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "seal": record.seal_id,
        "document_class": record.document_class,
        "reason": record.reason,
        "level": record.level,
        "sealed_as": record.sealed_as,
        "signed_at": record.signed_at.isoformat(),
        "digest_before": record.digest_before,
        "digest_after": record.digest_after,
        **unseen_view(record),
        "file": f"/v1/signatures/{record.id}/file",
        "receipt": f"/v1/signatures/{record.id}/receipt",
    }


def unseen_view(made: SignatureRecord | UseRequest) -> dict[str, Any]:
    """What was handed in; and where that was not the document, what is known of it."""
    if made.form is GrantForm.DOCUMENT:
        return {"form": made.form.value}
    return {"form": made.form.value, "signed_digest": made.signed_digest, "document_name": made.document_name}


def _care(care: Care | None) -> dict[str, Any] | None:
    """How the kept file is looked after; nothing where it is not."""
    if care is None:
        return None
    return {
        "level_wanted": care.target.value,
        "next_step_at": care.due_at and care.due_at.isoformat(),
        "tries": care.tries,
        "last_fault": care.fault,
    }

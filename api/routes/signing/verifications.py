"""`/v1/signature-verifications`: is this PDF genuine, who sealed it, was it changed? Open to everyone."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.deps import container
from api.limits import limited_verification
from api.routes.signing.uploads import read_upload, upload_body
from core.text import Text
from signing.verification.etsi_report import etsi_report
from signing.verification.report import SignatureReport, Step, TimestampReport, VerificationReport

_FRESH = {"Cache-Control": "no-store"}
router = APIRouter(prefix="/v1/signature-verifications", tags=["signatures"])


@router.post(
    "",
    openapi_extra=upload_body({}),
    response_class=JSONResponse,
    dependencies=[Depends(limited_verification)],
)
async def verify_a_pdf(request: Request) -> Response:
    """Judge a PDF. The file is not kept. Whatever is sent, the answer is a report.

    It is JSON, or ETSI TS 119 102-2 when `Accept` asks for XML.
    """
    signing = container(request).signing
    upload = await read_upload(request, limit=signing.settings.max_pdf_bytes)
    report = await signing.verify_pdf(upload.content)
    if _wants_xml(request):
        named = {"Content-Disposition": 'attachment; filename="verification.xml"', "X-Content-Type-Options": "nosniff"}
        return Response(etsi_report(report), media_type="application/xml", headers={**_FRESH, **named})
    return JSONResponse(report_view(report), headers=_FRESH)


def _wants_xml(request: Request) -> bool:
    asked = request.headers.get("accept", "")
    return "application/xml" in asked and "text/html" not in asked  # a browser takes anything


def report_view(report: VerificationReport) -> dict[str, Any]:
    """The report as JSON; texts in both languages."""
    return {
        "conclusion": report.conclusion,
        "indication": report.indication,
        "sub_indication": report.sub_indication,
        "text": _text(report.text),
        "verified_at": report.verified_at.isoformat(),
        "digest": {"algorithm": "SHA-256", "value": report.digest},
        "size": report.size,
        "steps": [_step(step) for step in report.steps],
        "signatures": [_signature(signature) for signature in report.signatures],
        "timestamps": [_timestamp(one) for one in report.timestamps],
        "later_revisions": report.later_revisions,
        "changes": [{"page": one.page, "before": one.before, "now": one.now} for one in report.changes],
        "embedded_files": {name: len(data) for name, data in report.embedded_files.items()},
        "signed_revision_size": len(report.signed_revision) if report.signed_revision is not None else None,
    }


def _signature(signature: SignatureReport) -> dict[str, Any]:
    seal = signature.known_seal
    return {
        "field": signature.field,
        "conclusion": signature.conclusion,
        "indication": signature.indication,
        "sub_indication": signature.sub_indication,
        "organisation": signature.organisation,
        "organisation_code": signature.organisation_code,
        "seal_name": signature.seal_name,
        "seal_code": signature.seal_code,
        "registered_seal": seal
        and {
            "id": seal.id,
            "status": seal.status,
            "revoked_at": seal.revoked_at and seal.revoked_at.isoformat(),
            "recorded_at": seal.recorded_at and seal.recorded_at.isoformat(),
        },
        "vouched_by": signature.vouched_by and _text(signature.vouched_by),
        "assurance": signature.assurance and str(signature.assurance),
        "signed_at": signature.signed_at and signature.signed_at.isoformat(),
        "reason": signature.reason,
        "level": signature.level,
        "proven_at": signature.proven_at and signature.proven_at.isoformat(),
        "timestamps": [_timestamp(one) for one in signature.timestamps],
        "coverage": signature.coverage,
        "signed_size": signature.end,
        "steps": [_step(step) for step in signature.steps],
    }


def _timestamp(stamp: TimestampReport) -> dict[str, Any]:
    return {
        "field": stamp.field,
        "good": stamp.good,
        "time": stamp.time and stamp.time.isoformat(),
        "authority": stamp.authority,
        "reason": stamp.reason and _text(stamp.reason),
        "certificate_ends": stamp.certificate_ends and stamp.certificate_ends.isoformat(),
    }


def _step(step: Step) -> dict[str, Any]:
    return {"number": int(step.number), "name": _text(step.name), "passed": step.passed, "text": _text(step.text)}


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}

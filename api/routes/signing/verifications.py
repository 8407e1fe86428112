"""`/v1/signature-verifications`: is this PDF or OFD genuine, who sealed it, was it changed? Open to everyone.

The report for people (PDF) and the one for machines (XML) are sealed where the operator set a seal aside for them;
`Report-Sealed` says whether they are.
"""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.deps import container
from api.limits import limited_report, limited_verification
from api.routes.signing.uploads import upload_body, uploaded
from core.text import Text
from signing.reports.describe import describe
from signing.reports.model import Findings, Report
from signing.verification.change_words import object_words
from signing.verification.report import RevisionReport, SignatureReport, Step, TimestampReport, VerificationReport
from signing.verification.stamp_report import NationalStamp

_FRESH = {"Cache-Control": "no-store"}
router = APIRouter(prefix="/v1/signature-verifications", tags=["signatures"])


@router.post(
    "",
    openapi_extra=upload_body({}),
    response_class=JSONResponse,
    dependencies=[Depends(limited_verification)],
)
async def verify_a_file(request: Request) -> Response:
    """Judge a PDF or an OFD. The file is not kept. Whatever is sent, the answer is a report.

    It is JSON; ETSI TS 119 102-2 when `Accept` asks for XML; a report to read and file, with that XML attached, when
    it asks for PDF.
    """
    signing = container(request).signing
    async with uploaded(request, limit=signing.settings.max_pdf_bytes) as upload:
        report = await signing.verify_file(upload.content)
    kind = _wanted(request)
    if kind is None:
        return JSONResponse(report_view(report), headers=_FRESH)
    await limited_report(request)
    findings = findings_of(request, report)
    made = await (signing.reports.pdf(findings) if kind == "pdf" else signing.reports.xml(findings))
    return _report(made, kind)


def findings_of(request: Request, report: VerificationReport, *, file_name: str = "") -> Findings:
    """What reports of a verification are made of, in the operator's name."""
    settings = container(request).ground.settings
    return describe(report, file_name=file_name, operator=settings.operator_name, address=f"{settings.issuer}/verify")


def _wanted(request: Request) -> Literal["xml", "pdf"] | None:
    asked = request.headers.get("accept", "")
    if "text/html" in asked:  # a browser takes anything
        return None
    return "pdf" if "application/pdf" in asked else "xml" if "application/xml" in asked else None


def _report(made: Report, kind: Literal["xml", "pdf"]) -> Response:
    name = report_name(kind, sealed=made.sealed)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    headers["Report-Sealed"] = "yes" if made.sealed else "no"
    if made.signature_id is not None:
        headers |= {"Signature-Id": made.signature_id, "Signature-Level": made.level or ""}
    return Response(made.content, media_type=f"application/{kind}", headers={**_FRESH, **headers})


def report_name(kind: Literal["xml", "pdf"], *, sealed: bool) -> str:
    """A file's name that tells an unsealed report from a sealed one."""
    return f"verification-report{'' if sealed else '-unsealed'}.{kind}"


def report_view(report: VerificationReport) -> dict[str, Any]:
    """The report as JSON; texts in both languages."""
    return {
        "format": report.format,
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
        "refusal": report.refusal,
        "notices": [_text(one) for one in report.notices],
        "revisions": [_revision(one) for one in report.revisions],
        "changes": [
            {"page": one.page, "before": one.before, "now": one.now, "marks": one.marks} for one in report.changes
        ],
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
        "national_stamp": signature.national and stamp_view(signature.national),
        "files": signature.files
        and {
            "protected": signature.files.number,
            "changed": signature.files.changed,
            "unprotected": signature.files.unprotected,
            "pages": signature.files.pages,
            "seen_on": signature.files.seen_on,
        },
    }


def stamp_view(stamp: NationalStamp) -> dict[str, Any]:
    """A national stamp and its ten steps."""
    return {
        "edition": stamp.edition,
        "good": stamp.good,
        "seal": {
            "id": stamp.seal_id,
            "name": stamp.seal_name,
            "maker": stamp.maker,
            "valid_from": stamp.valid_from and stamp.valid_from.isoformat(),
            "valid_until": stamp.valid_until and stamp.valid_until.isoformat(),
        },
        "made_at": stamp.made_at and stamp.made_at.isoformat(),
        "steps": [
            {
                "number": one.number,
                "id": one.id,
                "name": _text(one.name),
                "state": one.state,
                "reason": one.reason or None,
                "text": _text(one.text),
            }
            for one in stamp.steps
        ],
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


def _revision(revision: RevisionReport) -> dict[str, Any]:
    return {
        "number": revision.number,
        "by": revision.by,
        "field": revision.field,
        "allowed": revision.allowed,
        "visible": revision.visible,
        "objects": [
            {
                "part": one.part.value,
                "page": one.page,
                "name": one.name,
                "new": one.new,
                "count": one.count,
                "text": _text(object_words(one)),
            }
            for one in revision.objects
        ],
    }


def _step(step: Step) -> dict[str, Any]:
    return {"number": int(step.number), "name": _text(step.name), "passed": step.passed, "text": _text(step.text)}


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}

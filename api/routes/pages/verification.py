"""Public verification: by file and by the QR code on a face. No log-in; the file is never kept."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Container
from dataclasses import replace
from typing import Literal, cast
from urllib.parse import quote

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container
from api.errors.problems import status_of
from api.limits import limited_verification
from api.routes.pages.states import until_words
from api.routes.signing.verifications import findings_of, report_name
from api.web import verdicts
from api.web.code_words import code_words
from api.web.downloads import download
from api.web.forms import Upload, read_form
from api.web.ofd_pages import draw_ofd
from api.web.pdf_pages import Pictures, draw
from api.web.render import page
from api.web.report_shelf import keep_findings, made_report
from api.web.shelf import PUBLIC, shelf
from api.web.stamp_words import files, stamps
from api.web.views.common import Fact
from api.web.views.verification import CodeRow, CodeView, VerifyResultView, VerifyView
from api.web.visitor import visitor
from api.web.words import day_in_words
from certstore.facts import CopyFacts, DayAnswer, LicenceFacts
from certstore.status import STATUS_NAMES, Status
from certstore.uploads.model import UploadVerdict
from certstore.verify import LicenceVerdict
from certstore.verify_file import LicenceFileVerdict
from core.errors import AppError, Conflict, InvalidInput, LimitExceeded, NotFound
from core.ids import new_secret
from core.principal import ANONYMOUS
from core.text import Text
from signing.verification.report import VerificationReport

router = APIRouter(include_in_schema=False)
MAX_BYTES = 20 * 1024 * 1024
_MEGABYTES = MAX_BYTES // (1024 * 1024)
_KEEP = 15 * 60
_CHOOSE = Text("请先选一个 PDF 或 OFD 文件。", "Choose a PDF or OFD file first.")


@router.get("/verify")
async def verify_page(request: Request) -> Response:
    """Choose a file; or, from the QR code on a face, straight to what the repository says of it."""
    code = request.query_params.get("code")
    if code:
        return RedirectResponse(f"/v/{quote(code[:64], safe='')}", 303)
    await visitor(request)
    return page(request, "verify.html", view=VerifyView(_MEGABYTES))


@router.post("/verify")
async def verify(request: Request) -> Response:
    """Judge the file; the result lies under an address that nobody can guess, for a quarter of an hour."""
    known = await visitor(request)
    try:
        await limited_verification(request)
        form = await read_form(request, upload="file", max_bytes=MAX_BYTES)
        file = form.uploads.get("file")
        if file is None:
            raise InvalidInput(
                "file-missing", Text("请先选一个 PDF 或 OFD 文件。", "Choose a PDF or OFD file first."), field="file"
            )
        who = known.principal if known else ANONYMOUS
        verdict = await container(request).presentation.verify_upload(file.content, who)
    except (InvalidInput, LimitExceeded) as error:
        return page(request, "verify.html", status=status_of(error), view=VerifyView(_MEGABYTES, error.text))
    token = await _keep(request, file, verdict)
    return RedirectResponse(f"/verify/results/{token}", 303)


@router.post("/verify/text")
async def verify_text(request: Request) -> Response:
    """What a scanner read off a licence or a phone; shown once and kept nowhere."""
    known = await visitor(request)
    try:
        await limited_verification(request)
        form = await read_form(request)
    except (InvalidInput, LimitExceeded) as error:
        again = VerifyView(_MEGABYTES, text_error=error.text)
        return page(request, "verify.html", status=status_of(error), view=again)
    answer = await container(request).presentation.verify_upload.text(
        form["text"], known.principal if known else ANONYMOUS
    )
    words, now = code_words(answer), container(request).ground.clock.now()
    view = CodeView(words.tone, words.icon, words.headline, words.sentence, now, words.facts)
    return page(request, "code.html", view=view)


@router.get("/verify/results/{token}")
async def result(request: Request, token: str) -> Response:
    """The verdict."""
    await visitor(request)
    kept = await _kept(request, token, "")
    return page(request, "verify_result.html", view=msgspec.json.decode(kept, type=VerifyResultView))


@router.get("/verify/results/{token}/pages/{number}.png")
async def picture(request: Request, token: str, number: int) -> Response:
    """One page of the file as a picture."""
    content = await _kept(request, token, f"page {number}")
    return Response(content, media_type="image/png", headers={"Cache-Control": "private, max-age=600"})


@router.get("/verify/results/{token}/changes/{number}/{name}.png")
async def change_picture(request: Request, token: str, number: int, name: str) -> Response:
    """A page that differs: when it was sealed, now, or what differs."""
    content = await _kept(request, token, f"change {number}/{name[:16]}")
    return Response(content, media_type="image/png", headers={"Cache-Control": "private, max-age=600"})


@router.get("/verify/results/{token}/report.json")
async def report_file(request: Request, token: str) -> Response:
    """The report, to keep."""
    content = await _kept(request, token, "report")
    return download(content, "verification-report.json", "application/json")


@router.get("/verify/results/{token}/report.pdf")
async def readable_report(request: Request, token: str) -> Response:
    """The report to read and file, sealed; made when it is first asked for."""
    return await _report(request, token, "pdf")


@router.get("/verify/results/{token}/report.xml")
async def etsi_file(request: Request, token: str) -> Response:
    """The verdict as ETSI TS 119 102-2, signed."""
    return await _report(request, token, "xml")


async def _report(request: Request, token: str, kind: Literal["pdf", "xml"]) -> Response:
    made = await made_report(request, token, kind, seconds=_KEEP)
    if made is None:
        raise _gone()
    return download(made.content, report_name(kind, sealed=made.sealed), f"application/{kind}")


@router.get("/verify/results/{token}/receipt.json")
async def receipt_file(request: Request, token: str) -> Response:
    """The proof that the file stands in the public log of signatures."""
    return download(await _kept(request, token, "receipt"), "signature-receipt.json", "application/json")


@router.get("/verify/results/{token}/original.pdf")
async def original(request: Request, token: str) -> Response:
    """The file as it was when it was sealed, if something was added afterwards."""
    return download(await _kept(request, token, "original"), "as-sealed.pdf")


@router.get("/v/{code}")
async def by_code(request: Request, code: str) -> Response:
    """What the repository says about the licence that a QR code belongs to; no personal data."""
    return await _by_code(request, code)


@router.post("/v/{code}")
async def by_code_on(request: Request, code: str) -> Response:
    """The same, and what it was on a day."""
    form = await read_form(request)
    return await _by_code(request, code, form["on"])


async def _by_code(request: Request, code: str, typed: str = "") -> Response:
    known = await visitor(request)
    day, day_error = _day(typed)
    verdict = await container(request).certstore.verify.by_code(code, known.principal if known else ANONYMOUS, day)
    view = _code_view(verdict, container(request).ground.clock.now())
    if verdict.facts:
        on_day = _on_day(verdict.on) if verdict.on else None
        action = f"/v/{quote(code, safe='')}"
        view = replace(view, action=action, day=typed[:10], on_day=on_day, day_error=day_error)
    status = 400 if day_error else 200 if verdict.facts else 404
    return page(request, "code.html", status=status, view=view)


def _day(typed: str) -> tuple[dt.date | None, Text | None]:
    if not typed:
        return None, None
    try:
        return dt.date.fromisoformat(typed), None
    except ValueError:
        return None, Text("请写成 2026-11-23 这样的日期。", "Write the day like 2026-11-23.")


def _on_day(on: DayAnswer) -> Text:
    word = STATUS_NAMES[on.status]
    return Text(f"{day_in_words(on.day, 'zh')}：{word.zh}", f"{day_in_words(on.day, 'en')}: {word.en}")


async def _keep(request: Request, file: Upload, found: UploadVerdict) -> str:
    verdict = found.file
    report = cast(VerificationReport, verdict.judgement.report)
    pictures, notices = await _pictures(request, file.content, report)
    token, kept = new_secret(32), shelf(request)
    changed = verdict.judgement.conclusion in ("changed", "annotated")
    parts = {f"page {number}": content for number, content in enumerate(pictures.pages, 1)}
    for name, content in verdicts.pictures_of(report):
        parts[f"change {name}"] = content
        page_number, _, kind = name.partition("/")
        if kind == "now" and f"page {page_number}" in parts:  # findings are marked on the page itself
            parts[f"page {page_number}"] = content
    parts["report"] = msgspec.json.format(msgspec.json.encode(verdicts.as_data(verdict, report)))
    if (receipt := await _receipt(request, file.content, report)) is not None:
        parts["receipt"] = receipt
    if changed and verdict.judgement.signed_revision:
        parts["original"] = verdict.judgement.signed_revision
    if not found.is_picture:
        await keep_findings(request, token, findings_of(request, report, file_name=file.name), seconds=_KEEP)
    view = replace(_result_view(token, file, verdict, report, pictures, parts), drawn_otherwise=notices)
    parts[""] = msgspec.json.encode(_with_codes(view, found))
    for part, content in parts.items():
        await kept.put_at(token, part, content, owner=PUBLIC, seconds=_KEEP)
    return token


async def _pictures(request: Request, content: bytes, report: VerificationReport) -> tuple[Pictures, tuple[Text, ...]]:
    """The first pages, and what of an OFD is not shown as it is."""
    if not content:
        return Pictures(), ()
    if report.format == "pdf":
        return await draw(content), ()
    if report.refusal is not None:  # everybody would show something else
        return Pictures(), ()
    try:
        shown = await draw_ofd(container(request).signing.show_ofd, content)
    except AppError:  # the verdict does not hang on its looks
        return Pictures(), ()
    return shown.pictures, shown.notices


async def _receipt(request: Request, content: bytes, report: VerificationReport) -> bytes | None:
    """The receipt of the newest signature in the file that the public log has; what follows it is not of its file."""
    log = container(request).public_log
    for signature in sorted(report.signatures, key=lambda one: -one.end):
        if signature.known_seal is not None and signature.known_seal.recorded_at is not None:
            digest = hashlib.sha256(memoryview(content)[: signature.end]).hexdigest()
            try:
                return msgspec.json.encode((await log.prove.receipt(digest)).document())
            except (NotFound, Conflict):  # from before the log was there, or its next checkpoint is still to come
                continue
    return None


async def _kept(request: Request, token: str, part: str) -> bytes:
    content = await shelf(request).get(token, owner=PUBLIC, part=part)
    if content is None:
        raise _gone()
    return content


def _gone() -> NotFound:
    return NotFound(
        "result-gone",
        Text(
            "这个验真结果已经删除（保留 15 分钟）。请重新上传文件。",
            "This result is deleted (after 15 minutes). Upload the file again.",
        ),
    )


def _result_view(
    token: str,
    file: Upload,
    verdict: LicenceFileVerdict,
    report: VerificationReport,
    pictures: Pictures,
    parts: Container[str],
) -> VerifyResultView:
    base = f"/verify/results/{token}"
    head = verdicts.headline(verdict, report)
    genuine = verdict.judgement.conclusion == "genuine"
    wrong, left_out = files(report)
    return VerifyResultView(
        tone=head.tone,
        icon=head.icon,
        verdict=head.words,
        sentence=verdicts.sentence(verdict, report),
        warning=verdicts.warning(report),
        indication=report.indication,
        code_note=Text("ETSI EN 319 102-1", "ETSI EN 319 102-1"),
        checked_at=report.verified_at,
        answers=verdicts.answers(verdict, report),
        file_name=file.name,
        pages=tuple(f"{base}/pages/{number}.png" for number in range(1, len(pictures.pages) + 1)),
        page_count=pictures.total,
        story_title=Text("这枚印章的来历", "The story of this seal") if genuine else Text("经过", "What was found"),
        story=verdicts.story(verdict, report),
        advice=verdicts.advice(verdict),
        original_href=f"{base}/original.pdf" if "original" in parts else None,
        report_href=f"{base}/report.pdf",
        data_href=f"{base}/report.json",
        machine_href=f"{base}/report.xml",
        receipt_href=f"{base}/receipt.json" if "receipt" in parts else None,
        facts=verdicts.facts(verdict, report),
        changes=verdicts.changes(report, base),
        revisions=verdicts.revisions(report),
        signatures=verdicts.signatures(report),
        stamps=stamps(report),
        files=wrong,
        files_left_out=left_out,
        max_megabytes=_MEGABYTES,
    )


def _with_codes(view: VerifyResultView, found: UploadVerdict) -> VerifyResultView:
    """The same with what its QR codes say; a picture is judged by them, for it has no seal that could be."""
    words = [code_words(one) for one in found.codes]
    view = replace(view, codes=tuple(CodeRow(*one[:5]) for one in words))
    if not found.is_picture:
        return view
    return verdicts.of_picture(view, words)


def _code_view(verdict: LicenceVerdict, at: dt.datetime) -> CodeView:
    facts, copy = verdict.facts, verdict.copy
    if facts is None:
        words = Text(
            "证照库没有这个码。请核对地址，或上传文件验真。",
            "The repository does not know this code. Check the address, or upload the file.",
        )
        return CodeView("old", "warn", Text("查不到", "Not found"), words, at, ())
    valid = facts.status is Status.VALID and not (copy and copy.expired)
    state = STATUS_NAMES[facts.status]
    head = Text("在库有效", "Held and valid") if valid else Text(f"在库，{state.zh}", f"Held, {state.en}")
    rows = [
        Fact(Text("证照类型", "Type"), facts.type_name),
        Fact(Text("颁发机构", "Issued by"), facts.issuer_name),
        Fact(Text("证照标识", "Identifier"), facts.identifier, True),
        Fact(Text("有效期", "Valid"), _span(facts)),
    ]
    if copy is not None:
        rows.append(Fact(Text("加注件", "Annotated copy"), _use(copy)))
    who = Text(
        f"{facts.issuer_name.zh}颁发的{facts.type_name.zh}。",
        f"{facts.type_name.en}, issued by {facts.issuer_name.en}.",
    )
    return CodeView("" if valid else "old", "check" if valid else "no", head, who, at, tuple(rows))


def _span(facts: LicenceFacts) -> Text:
    until = until_words(facts.valid_until)
    return Text(f"{facts.valid_from} 至 {until.zh}", f"{facts.valid_from} to {until.en}")


def _use(copy: CopyFacts) -> Text:
    name = copy.requester_name
    return Text(f"只供{name.zh}，用到 {copy.expires_on}", f"for {name.en} only, until {copy.expires_on}")

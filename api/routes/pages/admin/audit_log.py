"""`/audit`: the audit log for those who audit it: what is signed, who keeps it, and proofs on demand."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.errors.problems import status_of
from api.web.forms import read_form
from api.web.log_drawing import ladder, log_bar
from api.web.render import page
from api.web.views.audit_log import AuditLogView, CheckpointRow, ProofView, VerdictView, WitnessRow
from api.web.views.common import Fact, Mark
from api.web.visitor import AUDIT_ADMIN, AUDIT_LOG, Visitor, permitted
from api.web.words import minute
from core.errors import AppError, InvalidInput
from core.text import Text
from core.transparency.checkpoint_note import NoteRefused, read_note
from core.transparency.proof_document import event_document
from core.transparency.prove import EventProof
from core.transparency.verify import LogVerdict
from core.transparency.witnesses import WitnessState

router = APIRouter(include_in_schema=False)
_SHOWN = 12
_GOOD, _BAD = Mark("good", "check", Text("完整", "whole")), Mark("bad", "warn", Text("有问题", "not whole"))
_FAULTS = {
    "gap": Text("少了记录，或者多了记录", "a row is missing, or one is too many"),
    "broken-link": Text("和前一条接不上", "it does not continue the row before"),
    "changed": Text("内容被改过", "its content was changed"),
    "beyond-head": Text("是后来添上去的", "it was added behind the end"),
    "tail-cut": Text("后面的记录被删掉了", "the rows at the end are missing"),
    "not-as-signed": Text("和当时签名的不是同一条", "it is not what was signed then"),
    "seam-broken": Text("改用 SM3 的那一条与它前后的记录不符", "The change to SM3 is not what it says"),
    "checkpoint-forged": Text("检查点不是本服务签的", "a checkpoint was not signed by this service"),
}
_WITNESS = {
    "": Mark("good", "check", Text("已保存", "kept")),
    "unreachable": Mark("warn", "clock", Text("联系不上，会再试", "out of reach, tried again")),
    "refused": Mark("bad", "warn", Text("被拒绝", "refused")),
    "forked": Mark("bad", "warn", Text("与它保存的不符", "not what it keeps")),
    "elsewhere": Mark("bad", "warn", Text("与它保存的不符", "not what it keeps")),
}


@router.get(AUDIT_LOG)
async def log(request: Request) -> Response:
    """How long the log is, what is signed, and who keeps it."""
    return await _shown(request, await permitted(request, AUDIT_ADMIN))


@router.post(f"{AUDIT_LOG}/verify")
async def verify(request: Request) -> Response:
    """Compute the log anew, against what is signed and what the auditor kept."""
    who, form = await permitted(request, AUDIT_ADMIN), await read_form(request)
    kept = form["outside"].replace("\r\n", "\n")
    try:
        notes = [_note(kept)] if kept else []
        verdict = await container(request).transparency.overview.verify(who.principal, outside=notes)
    except AppError as error:
        return await _shown(request, who, outside=kept, error=error)
    return await _shown(request, who, verdict=_verdict(verdict), outside=kept)


@router.post(f"{AUDIT_LOG}/prove")
async def prove(request: Request) -> Response:
    """One row, and the way from it to a signed root."""
    who, form = await permitted(request, AUDIT_ADMIN), await read_form(request)
    typed = form["number"]
    try:
        proof = await container(request).transparency.prove.event(_row_number(typed), who.principal)
    except AppError as error:
        return await _shown(request, who, number=typed, error=error)
    return await _shown(request, who, proof=_proof(proof), number=typed)


async def _shown(request: Request, who: Visitor, *, error: AppError | None = None, **more: Any) -> Response:
    services = container(request).transparency
    state = await services.overview.state(who.principal)
    newest = (await services.prove.checkpoints(who.principal, limit=_SHOWN)).items
    view = AuditLogView(
        origin=state.origin,
        size=state.size,
        bar=log_bar(state.size, [one.size for one in newest]),
        checkpoints=tuple(CheckpointRow(one.size, one.root.hex()[:16], minute(one.made_at)) for one in newest),
        witnesses=tuple(map(_witness, state.witnesses)),
        keys=tuple(state.keys),
        error=error.text if error else None,
        **more,
    )
    return page(request, "audit_log.html", view=view, status=status_of(error) if error else 200)


def _note(text: str) -> str:
    """
    Raises:
        InvalidInput: `checkpoint-malformed`.
    """
    note = text + "\n"  # the form's own reading takes the last line feed away
    try:
        return read_note(note).note
    except NoteRefused:
        raise InvalidInput(
            "checkpoint-malformed",
            Text(
                "这不是检查点：请把保存的整段文字贴进来，包括最后一行签名。",
                "This is no checkpoint: paste the whole text, the signature in its last line included.",
            ),
            field="outside",
        ) from None


def _row_number(typed: str) -> int:
    """
    Raises:
        InvalidInput: `row-number-invalid`.
    """
    if not (typed.isascii() and typed.isdigit() and 0 < len(typed) <= 15):
        raise InvalidInput(
            "row-number-invalid",
            Text("记录编号是一个数字，例如 120。", "A row's number is digits, such as 120."),
            field="number",
        )
    return int(typed)


def _verdict(verdict: LogVerdict) -> VerdictView:
    facts = (
        Fact(Text("重新计算了", "Computed anew"), _rows(verdict.start + 1, verdict.end)),
        Fact(
            Text("核对过的检查点", "Checkpoints proved"),
            Text(f"{len(verdict.checkpoints)} 个", str(len(verdict.checkpoints))),
        ),
        Fact(
            Text("其中您保存的", "Of them kept by you"), Text(f"{len(verdict.outside)} 个", str(len(verdict.outside)))
        ),
        Fact(Text("根", "Root"), verdict.root.hex(), mono=True),
    )
    if verdict.whole:
        before = Text(
            f"第 {verdict.start} 条以前由检查点担保。" if verdict.start else "",
            f" Rows up to {verdict.start} are vouched for by a checkpoint." if verdict.start else "",
        )
        sentence = Text(
            f"每一条都和签名时一样，没有缺、没有添、没有改。{before.zh}",
            f"Every row is as it was signed: none is missing, added or changed.{before.en}",
        )
        return VerdictView(_GOOD, Text("日志是完整的", "The log is whole"), sentence, facts)
    why = _FAULTS.get(verdict.fault or "", Text(verdict.fault or "", verdict.fault or ""))
    span = verdict.until is not None and verdict.until != verdict.bad_row
    title = Text(
        f"第 {verdict.bad_row} 条到第 {verdict.until} 条之间有问题" if span else f"第 {verdict.bad_row} 条有问题",
        f"A row from {verdict.bad_row} to {verdict.until} is bad" if span else f"Row {verdict.bad_row} is bad",
    )
    return VerdictView(
        _BAD, title, Text(f"{why.zh}。请立即保全数据库并报告。", f"{why.en}. Secure the database."), facts
    )


def _rows(first: int, last: int) -> Text:
    if last < first:
        return Text("没有", "none")
    return Text(f"第 {first} 条到第 {last} 条", f"rows {first} to {last}")


def _proof(proof: EventProof) -> ProofView:
    said = proof.content
    shown = {
        Text("什么时候", "When"): said["at"],
        Text("什么事", "Action"): said["action"],
        Text("结果", "Outcome"): said["outcome"],
        Text("谁", "Actor"): said["actor_id"],
        Text("对什么", "Subject"): said["subject"],
        Text("办件号", "Case"): said["case_number"],
    }
    facts = tuple(Fact(label, str(value), mono=True) for label, value in shown.items() if value)
    document = json.dumps(event_document(proof), ensure_ascii=False, indent=1)
    drawn = ladder(proof.hash, proof.index, proof.checkpoint.size, proof.path)
    return ProofView(proof.number, facts, proof.checkpoint.size, drawn, document)


def _witness(state: WitnessState) -> WitnessRow:
    mark = _WITNESS.get(state.fault, _WITNESS["refused"])
    if not state.size and not state.fault:
        mark = Mark("", "clock", Text("还没有", "nothing yet"))
    return WitnessRow(state.name, state.size, minute(state.kept_at) if state.kept_at else "", mark)

"""Errors of objections."""

from __future__ import annotations

from certstore.objections.model import DAYS_TO_ANSWER, MOST_EVIDENCE, MOST_TEXT
from core.errors import Conflict, InvalidInput, NotFound
from core.text import Text


def objection_not_found() -> NotFound:
    """`objection-not-found`: absent, another's, or about another authority's licence; they look alike."""
    return NotFound("objection-not-found", Text("没有找到这件异议。", "No such objection."))


def objection_moved() -> Conflict:
    return Conflict(
        "objection-moved",
        Text(
            "这件异议已经有人处理过。请刷新后再看。",
            "Somebody dealt with this objection meanwhile. Reload and look again.",
        ),
    )


def already_objected() -> Conflict:
    return Conflict(
        "already-objected",
        Text(
            f"您对这一项已提过异议，还在办。颁发机构会在 {DAYS_TO_ANSWER} 天内答复。",
            f"You objected to this entry before, and it is being dealt with. The issuing authority answers within "
            f"{DAYS_TO_ANSWER} days.",
        ),
    )


def not_corrected() -> Conflict:
    return Conflict(
        "not-corrected-yet",
        Text(
            "这份证照还没有更正过的新版本。请先办更正，再了结异议。",
            "The licence has no corrected version yet. Correct it first, then close the objection.",
        ),
    )


def text_invalid() -> InvalidInput:
    return InvalidInput(
        "objection-text-invalid",
        Text(f"请写清楚，至多 {MOST_TEXT} 字。", f"Write it down, up to {MOST_TEXT} characters."),
        field="text",
    )


def field_invalid() -> InvalidInput:
    return InvalidInput(
        "objection-field-invalid",
        Text("请选出哪一项有误。", "Choose the entry that is wrong."),
        field="field",
    )


def evidence_invalid() -> InvalidInput:
    size = MOST_EVIDENCE // (1024 * 1024)
    return InvalidInput(
        "evidence-invalid",
        Text(
            f"证据材料只收 PDF、PNG、JPEG 文件，至多 {size} MB。",
            f"Evidence is one PDF, PNG or JPEG file of at most {size} MB.",
        ),
        field="evidence",
    )

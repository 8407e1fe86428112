"""Errors of attachments."""

from __future__ import annotations

from certstore.attachments.model import MOST, MOST_NAME, MOST_OCTETS
from core.errors import Conflict, InvalidInput, NotFound
from core.text import Text


def attachment_not_found() -> NotFound:
    """`attachment-not-found`: absent, or another licence's."""
    return NotFound("attachment-not-found", Text("这份证照没有这个附件。", "The licence has no such attachment."))


def attachment_invalid() -> InvalidInput:
    most = MOST_OCTETS // 1024 // 1024
    return InvalidInput(
        "attachment-invalid",
        Text(
            f"附件应为 PDF、PNG 或 JPEG，不超过 {most} MiB。",
            f"An attachment is a PDF, PNG or JPEG of up to {most} MiB.",
        ),
        field="content",
    )


def name_invalid() -> InvalidInput:
    return InvalidInput(
        "attachment-name-invalid",
        Text(
            f"附件名应为 1 到 {MOST_NAME} 个可见字符，不含 / 和 \\。",
            f"The name takes 1 to {MOST_NAME} printable characters without / and \\.",
        ),
        field="name",
    )


def too_many_attachments() -> Conflict:
    return Conflict(
        "too-many-attachments",
        Text(f"一份证照最多 {MOST} 个附件。", f"A licence has up to {MOST} attachments."),
    )

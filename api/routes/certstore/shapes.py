"""Shapes that several routes share: what comes in (strict, nothing extra) and how domain values go out."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any

from fastapi import Header
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response

from certstore.codes import CITIZEN_ID
from certstore.read import FileContent
from core.errors import InvalidInput
from core.text import Text

_ETAG = re.compile(r'"(\d{1,9})"')
Code = Annotated[str, Field(max_length=64)]
Basis = Annotated[str, Field(max_length=400)]
Cursor = Annotated[str | None, Field(max_length=200)]
FieldNames = Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=80)]
TypeCodes = Annotated[list[Annotated[str, Field(max_length=21)]], Field(max_length=50)]
IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key")]
MaybeIdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key")]
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=40)]


class In(BaseModel):
    """A request body: unknown members are refused, so that nothing is silently ignored (attacks L-02)."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _known_members_only(cls, body: Any) -> Any:
        # before Pydantic's own check, whose error names the member: that name is the caller's text (attacks L-12)
        if isinstance(body, dict):
            known = {field.alias or name for name, field in cls.model_fields.items()}
            if not set(body) <= known:
                raise ValueError("a member is not known")
        return body


class TextIn(In):
    """Words in both languages."""

    zh: Annotated[str, Field(min_length=1, max_length=200)]
    en: Annotated[str, Field(min_length=1, max_length=200)]

    def text(self) -> Text:
        return Text(self.zh, self.en)


class HolderIn(In):
    """A holder by number; in bodies only, never in an address."""

    code_type: Annotated[str, Field(max_length=8)] = CITIZEN_ID
    code: Annotated[str, Field(max_length=64, repr=False)]


class PurposeIn(In):
    """Why: all three are obligatory."""

    service_item: Code
    case_number: Code
    basis: Basis


def text_out(text: Text | None) -> dict[str, str] | None:
    return {"zh": text.zh, "en": text.en} if text is not None else None


def page_out(items: list[dict[str, Any]], next_cursor: str | None) -> dict[str, Any]:
    return {"items": items, "next_cursor": next_cursor}


def etag(revision: int) -> str:
    return f'"{revision}"'


def revision_of(if_match: str | None) -> int | None:
    """The revision that If-Match names (RFC 9110 §13.1.1); None where there is no condition.

    Raises:
        InvalidInput: `if-match-invalid`.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise _tag_invalid()
    return int(found.group(1))


def _tag_invalid() -> InvalidInput:
    return InvalidInput(
        "if-match-invalid",
        Text("If-Match 应为读取时得到的 ETag。", "If-Match takes the ETag that it was read with."),
        field="If-Match",
    )


def mark_tag(mark: str) -> str:
    """The ETag of what is known by a mark of its content."""
    return f'"{mark}"'


def seen_mark(if_match: str | None) -> str | None:
    """The mark that If-Match names, empty for what was not there; None where there is no condition."""
    if if_match is None or if_match.strip() == "*":
        return None
    return if_match.strip().removeprefix("W/").strip('"')


def moment_of(mark: str | None) -> dt.datetime | None:
    """The moment that a mark names, where something is known by when it was last changed.

    Raises:
        InvalidInput: `if-match-invalid`.
    """
    try:
        return None if mark is None else dt.datetime.fromisoformat(mark)
    except ValueError:
        raise _tag_invalid() from None


def pdf(file: FileContent) -> Response:
    """A PDF or OFD to save; never cached, and never to be taken for anything else (attacks L-21)."""
    name = re.sub(r"[^0-9A-Za-z._-]", "_", file.name)[-120:]
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Digest": f"sha-256={file.sha256}",
    }
    media_type = "application/ofd" if name.endswith(".ofd") else "application/pdf"
    return Response(file.content, media_type=media_type, headers=headers)

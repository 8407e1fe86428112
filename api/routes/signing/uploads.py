"""Reads a PDF and its fields from a multipart body (RFC 7578)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request

from core.errors import InvalidInput, LimitExceeded
from core.text import Text


@dataclass(frozen=True, slots=True)
class Upload:
    """One file and the other fields of the form."""

    content: bytes
    fields: Mapping[str, str]


async def read_upload(request: Request, *, limit: int) -> Upload:
    """The part `pdf` (or `file`) and all text fields.

    Raises:
        InvalidInput: `upload-missing`, `field-doubled` or `request-invalid`.
        LimitExceeded: `too-large`.
    """
    try:
        async with request.form(max_files=1, max_fields=16, max_part_size=8192) as form:
            files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
            fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
            if len(files) != 1:
                raise InvalidInput(
                    "upload-missing",
                    Text(
                        "没有收到文件。请用 multipart 表单的 pdf 一项上传。", "No file. Send it as the form part pdf."
                    ),
                    field="pdf",
                )
            content = await files[0].read(limit + 1)
    except (MultiPartException, HTTPException, ClientDisconnect, UnicodeDecodeError) as e:
        raise InvalidInput(
            "request-invalid",
            Text("请求正文读不懂，应为 multipart/form-data。", "The body cannot be read; send multipart/form-data."),
        ) from e
    if len(content) > limit:
        raise LimitExceeded("too-large", Text("文件太大。", "The file is too large."))
    if len({name for name, _ in fields}) != len(fields):
        raise InvalidInput("field-doubled", Text("表单里有重复的项。", "A form field is there twice."))
    return Upload(content, dict(fields))


def upload_body(properties: Mapping[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The request body for the OpenAPI document."""
    schema = {
        "type": "object",
        "properties": {"pdf": {"type": "string", "format": "binary"}, **properties},
        "required": ["pdf", *required],
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def required_field(fields: Mapping[str, str], name: str) -> str:
    """
    Raises:
        InvalidInput: `field-missing`.
    """
    if not fields.get(name):
        raise InvalidInput("field-missing", Text(f"缺少 {name}。", f"The field {name} is missing."), field=name)
    return fields[name][:128]

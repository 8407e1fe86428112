"""Reads many files of one multipart body (RFC 7578), or the files of one ZIP, some at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request

from core.errors import InvalidInput
from core.text import Text
from signing.batches.gather import Incoming
from signing.batches.model import MOST_FILE_OCTETS
from signing.batches.zip_entries import entries
from signing.errors import too_large

MOST_AT_ONCE = 100
"""Files of one request; a ZIP counts as one."""
_PART, _PART_OCTETS = 16, 32_000_000
_ZIP_TYPES = frozenset({"application/zip", "application/x-zip-compressed"})
MANY_FILES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "pdf": {
                            "type": "array",
                            "maxItems": MOST_AT_ONCE,
                            "items": {"type": "string", "format": "binary"},
                            "description": "files; each part's filename is the file's name in the batch",
                        },
                        "zip": {
                            "type": "string",
                            "format": "binary",
                            "description": "or one ZIP; names are those in it, folders included",
                        },
                    },
                }
            }
        },
    }
}


@asynccontextmanager
async def many_uploads(request: Request) -> AsyncIterator[AsyncIterator[Sequence[Incoming]]]:
    """Parts of what the body brings, in order; nothing is held longer than its part.

    Raises:
        InvalidInput: `upload-missing`, `request-invalid`; `archive-…` while the parts are read.
        LimitExceeded: `too-large`.
    """
    try:
        async with request.form(max_files=MOST_AT_ONCE, max_fields=16, max_part_size=8192) as form:
            files = _files(form)
            if not files:
                raise InvalidInput(
                    "upload-missing",
                    Text(
                        "没有收到文件。请用 multipart 表单的 pdf 项（可多个）或 zip 项上传。",
                        "No file. Send files as form parts pdf, or one archive as zip.",
                    ),
                    field="pdf",
                )
            yield parts_of(files)
    except (MultiPartException, HTTPException, ClientDisconnect, UnicodeDecodeError) as e:
        raise InvalidInput(
            "request-invalid",
            Text(
                f"请求正文读不懂：应为 multipart/form-data，一次最多 {MOST_AT_ONCE} 个文件。",
                f"The body cannot be read; send multipart/form-data with {MOST_AT_ONCE} files at most.",
            ),
        ) from e


def _files(form: FormData) -> list[tuple[str, UploadFile]]:
    # a browser sends an empty part where nothing was chosen
    given = [(name, one) for name, one in form.multi_items() if isinstance(one, UploadFile)]
    return [(name, one) for name, one in given if one.filename or one.size]


async def parts_of(files: Sequence[tuple[str, UploadFile]]) -> AsyncIterator[Sequence[Incoming]]:
    """Files by the names of their form fields, and those inside ZIPs, as many at a time as may be held.

    Raises:
        LimitExceeded: `too-large`.
        InvalidInput: `archive-…`.
    """
    part: list[Incoming] = []
    for name, file in files:
        if name == "zip" or file.content_type in _ZIP_TYPES:
            async for inside in _unpacked(file):
                yield inside
            continue
        content = await file.read(MOST_FILE_OCTETS + 1)
        if len(content) > MOST_FILE_OCTETS:
            raise too_large(MOST_FILE_OCTETS)
        part.append(Incoming(file.filename or "", content))
        if _enough(part):
            yield part
            part = []
    if part:
        yield part


async def _unpacked(file: UploadFile) -> AsyncIterator[Sequence[Incoming]]:
    found: Iterator[Incoming] = entries(file.file, size=file.size or 0, limit=MOST_FILE_OCTETS)
    # the archive is read in threads, one piece after the other
    while part := await asyncio.to_thread(_some, found):
        yield part


def _some(found: Iterator[Incoming]) -> list[Incoming]:
    part: list[Incoming] = []
    for one in found:
        part.append(one)
        if _enough(part):
            break
    return part


def _enough(part: Sequence[Incoming]) -> bool:
    return len(part) == _PART or sum(len(one.content) for one in part) > _PART_OCTETS

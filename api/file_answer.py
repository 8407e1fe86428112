"""Answers with a file: at once when it is in memory, by and by when it lies on disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from starlette.responses import Response, StreamingResponse

from core.files.scratch import SLICE, FileBytes, ScratchFile
from signing.ofd.package import is_package

PDF = "application/pdf"
OFD = "application/ofd"
"""Not registered with IANA; what implementations write."""


def as_ofd(form: str | None) -> bool | None:
    """Which form of an original is asked for; None for the one that it has, the PDF where it has both."""
    return None if form is None else form == "ofd"


def file_answer(
    content: FileBytes,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    media_type: str = PDF,
) -> Response:
    """The whole file."""
    if isinstance(content, bytes):
        return Response(content, status, headers, media_type=media_type)
    length = {"Content-Length": str(len(content))}
    return StreamingResponse(_parts(content), status, {**(headers or {}), **length}, media_type=media_type)


def document_answer(
    content: FileBytes, name: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A PDF or an OFD to be saved under a name of ours; which it is, its first octets say."""
    ending, media_type = kind_of(content)
    saved = {"Content-Disposition": f'attachment; filename="{name}.{ending}"', "X-Content-Type-Options": "nosniff"}
    return file_answer(content, status, {**(headers or {}), **saved}, media_type=media_type)


def kind_of(content: FileBytes) -> tuple[str, str]:
    """Ending and media type of a document of ours."""
    return ("ofd", OFD) if is_package(content) else ("pdf", PDF)


async def _parts(content: ScratchFile) -> AsyncIterator[bytes]:
    for start in range(0, len(content), SLICE):
        yield await asyncio.to_thread(content.__getitem__, slice(start, start + SLICE))

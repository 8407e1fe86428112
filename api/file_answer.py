"""Answers with a file: at once when it is in memory, by and by when it lies on disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from starlette.responses import Response, StreamingResponse

from core.files.scratch import SLICE, FileBytes, ScratchFile


def file_answer(
    content: FileBytes,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/pdf",
) -> Response:
    """The whole file."""
    if isinstance(content, bytes):
        return Response(content, status, headers, media_type=media_type)
    length = {"Content-Length": str(len(content))}
    return StreamingResponse(_parts(content), status, {**(headers or {}), **length}, media_type=media_type)


async def _parts(content: ScratchFile) -> AsyncIterator[bytes]:
    for start in range(0, len(content), SLICE):
        yield await asyncio.to_thread(content.__getitem__, slice(start, start + SLICE))

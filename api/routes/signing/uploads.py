"""Reads a PDF and its fields from a multipart body (RFC 7578), within the bounds of size, pace, number and disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.requests import ClientDisconnect, Request

from api.deps import container, source_of
from api.large_files import LargeFiles
from api.limits import limited_large_file
from api.routes.signing.multipart import BodyUnreadable, FileTooLarge, MultipartBody
from core.errors import InvalidInput, LimitExceeded
from core.files.reading import LARGE
from core.files.scratch import FileBytes
from core.principal import Principal
from core.text import Text
from signing.errors import too_large

_PATIENCE = 30.0  # seconds before the first octet counts
_SLOWEST = 64 * 1024  # octets a second that a sender must keep up


@dataclass(frozen=True, slots=True)
class Upload:
    """One file and the other fields of the form; a large file lies on disk."""

    content: FileBytes
    fields: Mapping[str, str]


@asynccontextmanager
async def uploaded(request: Request, *, limit: int, sender: Principal | None = None) -> AsyncIterator[Upload]:
    """The part `pdf` (or `file`) and all text fields; a large file holds its place until the block ends.

    Args:
        limit: of the file, in octets.
        sender: whose files are counted together; None for all of one network address.

    Raises:
        InvalidInput: `upload-missing`, `field-doubled` or `request-invalid`.
        LimitExceeded: `too-large`, `large-files-busy`, `too-many-large-files`, `upload-too-slow`.
        core.errors.Unavailable: `storage-full`.
    """
    async with AsyncExitStack() as stack:
        await _admit(request, stack, f"{sender.kind.value}:{sender.id}" if sender else source_of(request), limit)
        yield await _read(request, limit)


async def _admit(request: Request, stack: AsyncExitStack, sender: str, limit: int) -> None:
    declared = request.headers.get("content-length", "")
    octets = int(declared) if declared.isdigit() else limit  # whoever does not say may send a large one
    if octets <= LARGE:
        return
    gate: LargeFiles = request.app.state.large_files
    room = await asyncio.to_thread(container(request).ground.scratch.room)
    stack.enter_context(gate.admit(sender, min(octets, limit), room))
    await limited_large_file(request, sender)


async def _read(request: Request, limit: int) -> Upload:
    body = MultipartBody(request.headers.get("content-type", ""), container(request).ground.scratch, limit=limit)
    if not body.is_form:
        raise _missing()
    try:
        content = await body.read(paced(request.stream()))
    except FileTooLarge:
        raise too_large(limit) from None
    except (BodyUnreadable, ClientDisconnect) as e:
        raise InvalidInput(
            "request-invalid",
            Text("请求正文读不懂，应为 multipart/form-data。", "The body cannot be read; send multipart/form-data."),
        ) from e
    if body.files != 1:
        raise _missing()
    if len(dict(body.fields)) != len(body.fields):
        raise InvalidInput("field-doubled", Text("表单里有重复的项。", "A form field is there twice."))
    return Upload(content, dict(body.fields))


async def paced(
    chunks: AsyncIterator[bytes], *, patience: float = _PATIENCE, slowest: float = _SLOWEST
) -> AsyncIterator[bytes]:
    """The same, as long as the sender keeps pace.

    Args:
        patience: seconds before the first octet counts.
        slowest: octets a second.

    Raises:
        LimitExceeded: `upload-too-slow`.
    """
    begun, seen = asyncio.get_running_loop().time(), 0
    try:
        while True:
            async with asyncio.timeout_at(begun + patience + seen / slowest):
                chunk = await anext(chunks, None)
            if chunk is None:
                return
            seen += len(chunk)
            yield chunk
    except TimeoutError:
        raise LimitExceeded(
            "upload-too-slow",
            Text(
                "文件传得太慢，已经中止，没有处理。请换一个网络再传。",
                "The file came too slowly and was given up; nothing was done. Send it over a better connection.",
            ),
        ) from None


def _missing() -> InvalidInput:
    return InvalidInput(
        "upload-missing",
        Text("没有收到文件。请用 multipart 表单的 pdf 一项上传。", "No file. Send it as the form part pdf."),
        field="pdf",
    )


def upload_body(properties: Mapping[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The request body for the OpenAPI document."""
    schema = {
        "type": "object",
        "properties": {
            "pdf": {"type": "string", "format": "binary", "description": "a PDF, or an OFD where OFDs are taken"},
            **properties,
        },
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


def whole_field(fields: Mapping[str, str], name: str) -> int:
    """A number from 1, which is what it is where it was left out.

    Raises:
        InvalidInput: `field-invalid`.
    """
    typed = fields.get(name, "") or "1"
    if not (typed.isascii() and typed.isdigit() and len(typed) < 7 and int(typed)):
        raise InvalidInput("field-invalid", Text(f"{name} 应为正整数。", f"{name} is a number from 1."), field=name)
    return int(typed)

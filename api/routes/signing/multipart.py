"""One file and some fields out of a multipart body (RFC 7578): a large file goes to disk as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from core.files.reading import LARGE
from core.files.scratch import SLICE, FileBytes, Scratch, ScratchWriter

MOST_FIELDS = 16
LONGEST_FIELD = 8192


class BodyUnreadable(Exception):
    """The body is no form as it should be."""


class FileTooLarge(Exception):
    """The file is over the limit; what follows of it was not read."""


class MultipartBody:
    """Reads one body.

    Attributes:
        fields: names and values in the order in which they came.
        files: how many files the form has; the first is kept.
    """

    def __init__(self, content_type: str, scratch: Scratch, *, limit: int) -> None:
        kind, options = parse_options_header(content_type)
        self.is_form = kind == b"multipart/form-data" and b"boundary" in options
        self.fields: list[tuple[str, str]] = []
        self.files = 0
        self._boundary = options.get(b"boundary", b"")
        self._limit = limit
        self._file = _Growing(scratch)
        self._header = (bytearray(), bytearray())
        self._disposition = b""
        self._name = ""
        self._ended = False
        self._value: bytearray | None = None  # of the field that is being read; None in a file

    async def read(self, chunks: AsyncIterator[bytes]) -> FileBytes:
        """The file; empty if there is none.

        Raises:
            BodyUnreadable
            FileTooLarge
            core.errors.Unavailable: `storage-full`.
        """
        try:
            parser = MultipartParser(self._boundary, self._callbacks())
            async for chunk in chunks:
                parser.write(chunk)
                await self._file.settle()
            parser.finalize()
            if not self._ended:  # what was cut off is not taken for a whole
                raise BodyUnreadable
        except (FormParserError, UnicodeDecodeError) as error:
            raise BodyUnreadable from error
        return await self._file.done()

    def _callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._begin_data,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._end_body,
        }

    def _begin(self) -> None:
        self._disposition = b""

    def _end_header(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._disposition = bytes(value)
        name.clear()
        value.clear()

    def _begin_data(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise BodyUnreadable
        self._name = options[b"name"].decode()
        self._value = None if b"filename" in options else bytearray()
        self.files += self._value is None
        if len(self.fields) >= MOST_FIELDS:
            raise BodyUnreadable

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._value is not None:
            self._value += data[start:end]
            if len(self._value) > LONGEST_FIELD:
                raise BodyUnreadable
        elif self.files == 1:
            self._file.add(data[start:end])
            if self._file.size > self._limit:
                raise FileTooLarge

    def _end(self) -> None:
        if self._value is not None:
            self.fields.append((self._name, self._value.decode()))

    def _end_body(self) -> None:
        self._ended = True


class _Growing:
    """A file that is in memory until it is large."""

    def __init__(self, scratch: Scratch) -> None:
        self.size = 0
        self._scratch = scratch
        self._waiting = bytearray()
        self._writer: ScratchWriter | None = None

    def add(self, data: bytes) -> None:
        self.size += len(data)
        self._waiting += data

    async def settle(self) -> None:
        """Write what waits, once it is worth a thread's while."""
        if self.size > LARGE and len(self._waiting) >= SLICE:
            await self._write()

    async def done(self) -> FileBytes:
        if self.size <= LARGE:
            return bytes(self._waiting)
        writer = await self._write()
        return writer.done()

    async def _write(self) -> ScratchWriter:
        writer = self._writer = self._writer or self._scratch.create()
        await asyncio.to_thread(writer.write, bytes(self._waiting))
        self._waiting.clear()
        return writer

"""What came of a batch, to take away: a table, and all sealed files in one ZIP, written as they are read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator

from core.audit.event import AuditEvent
from core.csv_lines import BYTE_ORDER_MARK, csv_line
from core.db.database import Database
from core.files.scratch import SLICE, FileBytes
from core.principal import Principal
from core.text import Language
from signing.batches.errors import BatchNotFound
from signing.batches.look_up import Batches
from signing.batches.model import FILE_STATE_NAMES, BatchFile, FileState
from signing.ofd.package import is_package

_HEADER = ("number", "name", "state", "signature", "code", "words", "digest_before")
TABLE_NAME = "results.csv"
_MOMENT = (1980, 1, 1, 0, 0, 0)  # the files' own times are in their signatures


class BatchResults:
    """For the owner; each take-away is on record."""

    def __init__(self, database: Database, batches: Batches) -> None:
        self._database = database
        self._batches = batches

    async def table(self, batch_id: str, actor: Principal, language: Language = "zh") -> AsyncIterator[bytes]:
        """Every file and what came of it, as CSV (UTF-8 with mark).

        Raises:
            BatchNotFound
        """
        await self._let_in(batch_id, actor, "seal.batch-table")
        return self._lines(batch_id, language)

    async def archive(self, batch_id: str, actor: Principal, language: Language = "zh") -> AsyncIterator[bytes]:
        """The sealed files under their names, and the table, as one ZIP; no more than a slice of a file is held.

        Raises:
            BatchNotFound
        """
        await self._let_in(batch_id, actor, "seal.batch-archive")
        return self._archive(batch_id, language)

    async def _let_in(self, batch_id: str, actor: Principal, action: str) -> None:
        if not (await self._batches.one(batch_id, actor)).own:
            raise BatchNotFound
        await self._database.record(AuditEvent(action, "done", actor, subject=batch_id))

    async def _lines(self, batch_id: str, language: Language) -> AsyncIterator[bytes]:
        yield BYTE_ORDER_MARK + csv_line(_HEADER)
        async for files in self._batches.all_files(batch_id):
            yield b"".join(csv_line(_cells(file, language)) for file in files)

    async def _archive(self, batch_id: str, language: Language) -> AsyncIterator[bytes]:
        pipe, used = _Pipe(), set[str]()
        with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:  # both kinds are compressed already
            async for files in self._batches.all_files(batch_id):
                for file in files:
                    if file.state is FileState.SEALED:
                        content = await self._batches.open_sealed(file)
                        with archive.open(_entry(_file_name(file, content, used)), "w") as entry:
                            for start in range(0, len(content), SLICE):
                                entry.write(content[start : start + SLICE])
                                yield pipe.taken()
            table = [piece async for piece in self._lines(batch_id, language)]
            archive.writestr(_entry(TABLE_NAME), b"".join(table))
        yield pipe.taken()


class _Pipe(io.RawIOBase):
    """What `zipfile` writes to; it cannot go back, so that what is written can leave at once."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]  # whatever zipfile hands over is bytes-like
        self._pieces.append(piece)
        return len(piece)

    def taken(self) -> bytes:
        """What came since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _MOMENT)
    entry.external_attr = 0o600 << 16
    return entry


def _file_name(file: BatchFile, content: FileBytes, used: set[str]) -> str:
    """Ends as its kind does, whatever it was called, and stands for one file also where case does not count."""
    ending = ".ofd" if is_package(content) else ".pdf"
    name = file.name if file.name.lower().endswith(ending) else f"{file.name}{ending}"
    if name.casefold() in used:
        folder, slash, last = name.rpartition("/")
        name = f"{folder}{slash}{file.number}-{last}"
    used.add(name.casefold())
    return name


def _cells(file: BatchFile, language: Language) -> tuple[str, ...]:
    fault = file.fault
    return (
        str(file.number),
        file.name,
        FILE_STATE_NAMES[file.state].zh if language == "zh" else file.state.value,
        file.signature_id or "",
        fault.code if fault else "",
        "" if fault is None else (fault.text.zh if language == "zh" else fault.text.en),
        file.digest,
    )

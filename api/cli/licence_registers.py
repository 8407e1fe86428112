"""The work of `yizheng licence import|report|export`: whole registers, on the instance's machine, for an authority."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from api.cli.composed import composed
from api.cli.tables import Row, lines_of
from api.settings import Settings
from api.wiring.container import Container
from certstore.bulk.export import ExportCommand, ExportFormat
from certstore.bulk.intake import FileFormat, IntakeCommand
from certstore.bulk.model import Import, ImportState
from certstore.bulk.report import Share, report_of
from certstore.find import FindQuery
from certstore.model import Trust
from core.principal import Principal, PrincipalKind

ACTOR = "command-line"
Say = Callable[[str], None]
_PIECE = 1 << 18
_LOOK_SECONDS = 1.0


async def taken_over(
    settings: Settings, file: Path, type_code: str, authority: str, *, trust: Trust, dry: bool, say: Say
) -> list[str]:
    """Take a register in and run it to its end; answers the report.

    The parts are worked on here, and by the instance's own workers too if it runs: each part is done once.
    """
    async with composed(settings) as service:
        actor = _actor(authority, "licence:issue")
        command = IntakeCommand(type_code, FileFormat(file.suffix.removeprefix(".").lower()), trust, file.name)
        made = await service.bulk.take_in(command, _pieces(file), actor)
        say(f"{made.id}: {made.rows} rows received")
        await service.bulk.steer.start(made.id, made.columns, actor, dry=dry)
        await _through(service, made, actor, say)
        return await _report(service, made.id, actor)


async def reported(settings: Settings, import_id: str, authority: str) -> list[str]:
    """The report of an import, finished or not."""
    async with composed(settings) as service:
        return await _report(service, import_id, _actor(authority, "licence:issue"))


async def taken_out(
    settings: Settings, file: Path, type_code: str, authority: str, *, reason: str, form: ExportFormat
) -> int:
    """Write an authority's licences of a type to a new file, readable to its owner only; answers its bytes.

    Raises:
        FileExistsError: the file is there already.
    """
    async with composed(settings) as service:
        command = ExportCommand(FindQuery(types=[type_code]), form, reason)
        pieces = await service.certstore.export(command, _actor(authority, "licence:read"))
        with await asyncio.to_thread(_new, file) as written:
            async for piece in pieces:
                await asyncio.to_thread(written.write, piece)
            return written.tell()


def _new(file: Path) -> BinaryIO:
    file.touch(mode=0o600, exist_ok=False)
    return file.open("wb")


async def _through(service: Container, made: Import, actor: Principal, say: Say) -> None:
    """With a line of progress for each twentieth of the rows."""
    said = 0
    while True:
        worked = await service.bulk.run.step()
        now, _, _ = await service.bulk.steer.one(made.id, actor)
        twentieth = now.seen * 20 // now.rows
        if twentieth > said:
            said = twentieth
            say(f"{said * 5:3} %  {now.kept} kept, {now.faulty} at fault, {now.unchanged} unchanged")
        if now.state is not ImportState.RUNNING:
            return
        if not worked:
            await asyncio.sleep(_LOOK_SECONDS)


async def _report(service: Container, import_id: str, actor: Principal) -> list[str]:
    made, licence_type, _ = await service.bulk.steer.one(import_id, actor)
    report = report_of(made, licence_type)
    parts = {
        "coverage": report.coverage,
        "faults": report.faults,
        "identifiers": report.identifiers,
        "notes": report.notes,
        "differences": report.differences,
        "years": report.years,
    }
    head = f"{made.id}  {made.state.value}{'  dry' if made.dry else ''}  {made.seen} of {made.rows} rows"
    told = [f"row {found.row}: {words.zh}" for found, words in await service.bulk.steer.differences(import_id, actor)]
    counts = f"{made.kept} kept, {made.faulty} at fault, {made.unchanged} unchanged"
    return [head, counts, *lines_of(list(_rows(parts)), as_json=False), *told]


def _rows(parts: Mapping[str, Sequence[Share]]) -> Iterator[Row]:
    for name, shares in parts.items():
        for share in shares:
            yield {"part": name, "what": share.name.zh, "rows": share.count, "per_mille": share.per_mille}


def _actor(authority: str, scope: str) -> Principal:
    """Whoever may run commands on this machine acts for the authority that they name; the log says that it was here."""
    return Principal(PrincipalKind.CLIENT, ACTOR, authority, scopes=frozenset({scope}))


async def _pieces(file: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(file.open, "rb") as opened:
        while piece := await asyncio.to_thread(opened.read, _PIECE):
            yield piece

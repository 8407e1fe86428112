"""How backups and restores are told: lines for people, JSON for programs, and a bar for those who wait."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import msgspec
import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from api.backup.model import BackupReport, RestoreReport, Silent
from api.backup.model import Progress as Follows

_WORDS = {True: "ok  ", False: "BAD ", None: "    "}


class Bar:
    """Implements `api.backup.model.Progress` on a terminal."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._task: TaskID | None = None

    def begin(self, part: str, total: int | None) -> None:
        if self._task is not None:
            self._shown.remove_task(self._task)
        self._task = self._shown.add_task(part, total=total)

    def advance(self, count: int) -> None:
        if self._task is not None:
            self._shown.advance(self._task, count)


@contextmanager
def following(*, json: bool) -> Iterator[Follows]:
    """A bar where a person waits, else nothing."""
    if json or not sys.stderr.isatty():
        yield Silent()
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        yield Bar(shown)


def tell_backup(report: BackupReport, further: Mapping[str, Any], *, json: bool) -> None:
    if json:
        tell_json({**asdict(report), **further})
        return
    documents = f", {report.documents} documents" if report.documents else ""
    typer.echo(f"{report.file}")
    typer.echo(f"  {report.what}, as of {_moment(report.point)}: {report.rows} rows{documents}, {_size(report.octets)}")
    typer.echo(f"  in {report.seconds:.1f} s")
    if report.checkpoint:
        typer.echo(f"  audit checkpoint {report.checkpoint} (for `yizheng audit verify --checkpoint`)")
    if report.lost_count:
        names = ", ".join(name[:16] for name in report.lost[:3])
        typer.echo(f"  BAD {report.lost_count} documents are missing or damaged in the store: {names} …")
    for key in report.device_keys:
        typer.echo(f"  not in it, for it cannot leave its device: {key.purpose} ({key.uri})")


def tell_restore(report: RestoreReport, *, json: bool) -> None:
    if json:
        tell_json({**asdict(report), "good": report.good})
        return
    documents = f", {report.documents} documents" if report.documents else ""
    typer.echo(
        f"{report.what}, as of {_moment(report.point)}: {report.rows} rows{documents}, in {report.seconds:.1f} s"
    )
    if report.revision_from != report.revision_to:
        typer.echo(f"     tables brought from revision {report.revision_from} to {report.revision_to}")
    for name, held in report.checks.items():
        typer.echo(f"{_WORDS[held]} {name}" + (": not checked" if held is None else ""))
    for name, count in report.ended.items():
        typer.echo(f"     ended: {count} {name}")
    for name, count in report.replayed.items():
        typer.echo(f"     replayed: {count} endings in {name}")
    for need in report.needed:
        typer.echo(f"     needed: {need}")


def tell_json(content: object) -> None:
    typer.echo(orjson.dumps(content, default=_plain, option=orjson.OPT_UTC_Z).decode())


def _plain(value: object) -> object:
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    raise TypeError(type(value).__name__)


def _moment(moment: dt.datetime | None) -> str:
    return "an unknown moment" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _size(octets: int) -> str:
    return f"{octets / 1e6:.1f} MB" if octets < 1e9 else f"{octets / 1e9:.2f} GB"

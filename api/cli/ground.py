"""What all commands share: options, settings, and one line with a remedy when something cannot be done."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from api.settings import Settings
from api.startup import StartupFault, check_folder, one_at_a_time, plain_faults

Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to serve on.")]
Data = Annotated[Path | None, typer.Option("--data", help="Folder for database, keys and documents.")]


def settings_of(**changes: object) -> Settings:
    given = {name: value for name, value in changes.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]  # names and types are checked by the model itself
    except ValueError as error:
        raise refusal(first_line(error, "YIZHENG_")) from None


def first_line(error: Exception, prefix: str = "") -> str:
    details = getattr(error, "errors", None)
    if not callable(details):
        return str(error).splitlines()[0]
    first = details()[0]
    where = ".".join(str(part) for part in first["loc"])
    if prefix:
        where = prefix + where.upper() if where else ""
    said = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {said}" if where else said


def refusal(message: str) -> typer.Exit:
    typer.secho(f"yizheng: {message}", err=True, fg=typer.colors.RED)
    return typer.Exit(1)


@contextlib.contextmanager
def plainly() -> Iterator[None]:
    """Every fault that a person can mend is one line, and exit code 1."""
    try:
        with plain_faults():
            yield
    except StartupFault as fault:
        raise refusal(str(fault)) from None


def prepare_instance(settings: Settings) -> bool:
    from api.cli.prepare import prepare

    if settings.database_url:
        return asyncio.run(prepare(settings))
    check_folder(settings.folder)
    with one_at_a_time(settings.folder):
        return asyncio.run(prepare(settings))

"""`yizheng organisation …`: legal persons on the command line."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Annotated

import typer

from api.cli.ground import Data, plainly, refusal, settings_of

organisation_app = typer.Typer(no_args_is_help=True, help="Organisations, and how many act for them.")

Uscc = Annotated[str, typer.Argument(metavar="ORGANISATION", help="Its unified social credit code.")]


@organisation_app.command()
def show(organisation: Uscc, data: Data = None) -> None:
    """Name, state, and how many act for it."""
    from api.cli.organisation_commands import shown

    with plainly():
        for line in asyncio.run(shown(settings_of(data=data), organisation)):
            typer.echo(line)


@organisation_app.command()
def dissolve(
    organisation: Uscc,
    reference: Annotated[str, typer.Option(help="Where that stands: the register's or the case file's number.")],
    on: Annotated[str | None, typer.Option(help="The day on which it ended, as 2026-12-31; today if left out.")] = None,
    data: Data = None,
) -> None:
    """It ceased to exist: nobody acts for it any more, at once and for ever."""
    from api.cli.organisation_commands import dissolved

    try:
        day = None if on is None else dt.date.fromisoformat(on)
    except ValueError:
        raise refusal("--on takes a day as 2026-12-31") from None
    with plainly():
        for line in asyncio.run(dissolved(settings_of(data=data), organisation, day, reference)):
            typer.echo(line)

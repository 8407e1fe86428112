"""`yizheng keys reencrypt …`: bring stored values under today's keys, watch it, hold it up."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated

import typer

from api.cli.ground import Data, plainly, settings_of

reencrypt_app = typer.Typer(
    no_args_is_help=True,
    help="Bring stored values under today's keys. Workers do so by themselves after a rotation; this is to watch it.",
)

Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]
Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="A name that `status` shows; all without it.")]


def _say(work: Coroutine[None, None, list[str]]) -> None:
    with plainly():
        for line in asyncio.run(work):
            typer.echo(line)


@reencrypt_app.command("status")
def reencrypt_status(data: Data = None, as_json: Json = False) -> None:
    """How far each table is, and what remains."""
    from api.cli.reencrypt_commands import status

    _say(status(settings_of(data=data), as_json=as_json))


@reencrypt_app.command("start")
def reencrypt_start(
    name: Name = None,
    data: Data = None,
    here: Annotated[bool, typer.Option("--here", help="Do the work now, in this process, until it is done.")] = False,
) -> None:
    """Go through tables again that are done or stuck."""
    from api.cli.reencrypt_commands import start

    _say(start(settings_of(data=data), name, here=here))


@reencrypt_app.command("pause")
def reencrypt_pause(name: Name = None, data: Data = None) -> None:
    """Begin no further batch."""
    from api.cli.reencrypt_commands import pause

    _say(pause(settings_of(data=data), name))


@reencrypt_app.command("resume")
def reencrypt_resume(name: Name = None, data: Data = None) -> None:
    """Go on where it was paused."""
    from api.cli.reencrypt_commands import resume

    _say(resume(settings_of(data=data), name))

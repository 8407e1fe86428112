"""`yizheng resource …`: services that take our access tokens."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from api.cli.ground import Data, first_line, plainly, refusal, settings_of

resource_app = typer.Typer(no_args_is_help=True, help="Protected resources: services that take our access tokens.")
Identifier = Annotated[str, typer.Argument(help="The resource's URI, as `resource` names it.")]


@resource_app.command("add")
def resource_add(
    file: Annotated[Path, typer.Argument(help="JSON: one resource or a list; `-` reads standard input.")],
    data: Data = None,
) -> None:
    """Register resources from JSON: identifier, name_zh, name_en, scopes (name, words_zh, words_en)."""
    from api.cli.resource_commands import add, read_resources

    try:
        described = read_resources(file)
    except OSError as error:
        raise refusal(f"cannot read {file} ({error.strerror}): name a JSON file, or - for standard input") from None
    except ValueError as error:
        raise refusal(f"{file} does not describe resources as JSON: {first_line(error)}") from None
    with plainly():
        for line in asyncio.run(add(settings_of(data=data), described)):
            typer.echo(line)


@resource_app.command("list")
def resource_list(data: Data = None) -> None:
    """Every resource: status, kind of access tokens, identifier, scopes."""
    from api.cli.resource_commands import listed

    with plainly():
        for line in asyncio.run(listed(settings_of(data=data))):
            typer.echo(line)


@resource_app.command("disable")
def resource_disable(identifier: Identifier, data: Data = None) -> None:
    """Issue no more tokens for it; those that are out end by themselves within minutes."""
    _change(identifier, "disabled", data)


@resource_app.command("enable")
def resource_enable(identifier: Identifier, data: Data = None) -> None:
    """Let it work again."""
    _change(identifier, "active", data)


def _change(identifier: str, status: str, data: Path | None) -> None:
    from api.cli.resource_commands import change_status
    from idp.resources.model import ResourceStatus

    with plainly():
        typer.echo(asyncio.run(change_status(settings_of(data=data), identifier, ResourceStatus(status))))

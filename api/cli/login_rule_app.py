"""`yizheng login-rule …`: how much a log-in must prove, on the command line."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from api.cli.ground import Data, plainly, settings_of

login_rule_app = typer.Typer(no_args_is_help=True, help="Rules of log-ins: how much is demanded of whom.")

Subject = Annotated[
    str, typer.Argument(help="everybody, staff, new-device, client:ID, or level: and a real-name level.")
]


@login_rule_app.command("list")
def every(
    data: Data = None, as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False
) -> None:
    """All rules; there are few."""
    from api.cli.login_rule_commands import listed

    with plainly():
        for line in asyncio.run(listed(settings_of(data=data), as_json=as_json)):
            typer.echo(line)


@login_rule_app.command("set")
def put(
    subject: Subject,
    acr: Annotated[str | None, typer.Option(help="What is demanded, as urn:yizheng:loa:2.")] = None,
    refuse: Annotated[list[str] | None, typer.Option(help="A method that counts for nothing; may be repeated.")] = None,
    data: Data = None,
) -> None:
    """Set the rule for a subject, in the place of an earlier one."""
    from api.cli.login_rule_commands import settled

    with plainly():
        typer.echo(asyncio.run(settled(settings_of(data=data), subject, acr, refuse or [])))


@login_rule_app.command()
def remove(subject: Subject, data: Data = None) -> None:
    """Take the rule away."""
    from api.cli.login_rule_commands import removed

    with plainly():
        typer.echo(asyncio.run(removed(settings_of(data=data), subject)))

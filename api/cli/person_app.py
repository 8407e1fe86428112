"""`yizheng person …`: the words of the command line. Numbers are asked for, never taken from the command's own line."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated

import typer

from api.cli.ground import Data, plainly, settings_of
from core.identifiers.documents import DocumentKind
from idp.persons.model import FreezeReason

person_app = typer.Typer(no_args_is_help=True, help="People's accounts: find, freeze, propose changes.")

Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT_ID", help="As `yizheng person find` shows it.")]
Note = Annotated[str, typer.Option("--note", help="Why, for the audit log.")]


def _say(work: Coroutine[None, None, list[str]]) -> None:
    with plainly():
        for line in asyncio.run(work):
            typer.echo(line)


@person_app.command("find")
def person_find(
    note: Note,
    kind: Annotated[DocumentKind, typer.Option(help="The kind of document.")] = DocumentKind.CITIZEN_ID,
    issuer: Annotated[str, typer.Option(help="Issuing state of a passport, as SGP.")] = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Whoever has this document, masked; the number is asked for, or read from standard input."""
    from api.cli.person_commands import find

    number = typer.prompt("Number", hide_input=True, err=True)
    _say(find(settings_of(data=data), kind, number, issuer, note, as_json=as_json))


@person_app.command("freeze")
def person_freeze(
    account: Account,
    note: Note,
    reason: Annotated[FreezeReason, typer.Option(help="In one word.")] = FreezeReason.MISUSE,
    data: Data = None,
) -> None:
    """Out of use at once: every session and token ends."""
    from api.cli.person_commands import freeze

    _say(freeze(settings_of(data=data), account, reason, note))


@person_app.command("unfreeze")
def person_unfreeze(account: Account, note: Note, data: Data = None) -> None:
    """In use again; after an order or a reported death only a security administrator does that, in the console."""
    from api.cli.person_commands import unfreeze

    _say(unfreeze(settings_of(data=data), account, note))


@person_app.command("propose-merge")
def person_propose_merge(
    stays: Account,
    goes: Annotated[str, typer.Argument(metavar="GOES", help="The account that goes.")],
    note: Note,
    data: Data = None,
) -> None:
    """Two accounts of one person; nothing happens before a security administrator agrees."""
    from api.cli.person_commands import propose_merge

    _say(propose_merge(settings_of(data=data), stays, goes, note))


@person_app.command("proposals")
def person_proposals(data: Data = None, as_json: Json = False) -> None:
    """Changes of who somebody is that wait for a security administrator."""
    from api.cli.person_commands import proposals

    _say(proposals(settings_of(data=data), as_json=as_json))

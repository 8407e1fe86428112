"""`yizheng keys master …`: the key that opens the key store."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer

from api.cli.ground import Data, plainly, settings_of

master_app = typer.Typer(no_args_is_help=True, help="The master key, which opens the key store.")

Pkcs11 = Annotated[bool, typer.Option("--pkcs11", help="Lock it by a key on the configured token.")]


def _say(work: Coroutine[None, None, list[str]]) -> None:
    with plainly():
        for line in asyncio.run(work):
            typer.echo(line)


@master_app.command("show")
def master_show(data: Data = None) -> None:
    """Where the master key comes from, and whether it opens the key store. Never the key itself."""
    from api.cli.keys_master_commands import show

    _say(show(settings_of(data=data)))


@master_app.command("init")
def master_init(data: Data = None, pkcs11: Pkcs11 = False) -> None:
    """Make the master key, before there is a key store."""
    from api.cli.keys_master_commands import init

    _say(init(settings_of(data=data), pkcs11=pkcs11))


@master_app.command("rewrap")
def master_rewrap(data: Data = None, pkcs11: Pkcs11 = False) -> None:
    """Keep the master key and lock its file by a new key on the token, or with no option by none."""
    from api.cli.keys_master_commands import rewrap

    _say(rewrap(settings_of(data=data), pkcs11=pkcs11))


@master_app.command("rotate")
def master_rotate(
    data: Data = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="Write the new master key here, where it comes from a secret store.")
    ] = None,
) -> None:
    """Another master key: every private part in the key store is sealed anew, all of them or none."""
    from api.cli.keys_master_commands import rotate

    _say(rotate(settings_of(data=data), to=to))

"""`yizheng backup …` and `yizheng restore`: what is done for the day on which everything is gone."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from api.cli.ground import Data, plainly, refusal, settings_of

backup_app = typer.Typer(
    invoke_without_command=True, help="Back up everything but the master key; drills, journals, status."
)

To = Annotated[Path | None, typer.Option("--to", help="Folder of the archives (YIZHENG_BACKUPS).")]
PassphraseFile = Annotated[
    Path | None, typer.Option("--passphrase-file", help="A file with a passphrase that opens the archive too.")
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@backup_app.callback()
def backup(
    context: typer.Context,
    data: Data = None,
    to: To = None,
    data_only: Annotated[
        bool, typer.Option("--data-only", help="Database and documents, without the key store.")
    ] = False,
    keys: Annotated[
        bool, typer.Option("--keys", help="The key store alone, and a recovery file with the master key.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    shares: Annotated[
        str | None, typer.Option("--shares", metavar="K/N", help="With --keys: K of N people recover the master key.")
    ] = None,
    shares_to: Annotated[
        Path | None, typer.Option("--shares-to", help="With --shares: a folder for the N shares, one file each.")
    ] = None,
    json: Json = False,
) -> None:
    """Back up while the service runs. The master key is in no backup: `--keys` puts it into a file of its own."""
    if context.invoked_subcommand:
        return
    from api.backup.model import What
    from api.cli.backup_commands import back_up, numbers_of

    os.umask(0o077)
    if data_only and keys:
        raise refusal("--data-only and --keys exclude each other: without either, both are in one archive")
    if (shares or shares_to) and not keys:
        raise refusal("--shares goes with --keys")
    what = What.DATA if data_only else What.KEYS if keys else What.ALL
    with plainly():
        numbers = numbers_of(shares)
        settings = settings_of(data=data, backups=to, backup_passphrase_file=passphrase_file)
        good = asyncio.run(back_up(settings, what, shares=numbers, shares_to=shares_to, json=json))
    raise typer.Exit(0 if good else 1)


@backup_app.command("journal")
def journal(
    data: Data = None,
    to: To = None,
    since: Annotated[
        str | None, typer.Option("--since", help="A moment (ISO 8601); by default that of the oldest backup kept.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Write down what was revoked, withdrawn or taken away since a backup: quick, for every few minutes."""
    from api.cli.backup_commands import moment_of, write_journal

    os.umask(0o077)
    with plainly():
        settings = settings_of(data=data, backups=to, backup_passphrase_file=passphrase_file)
        asyncio.run(write_journal(settings, moment_of(since) if since else None, json=json))


@backup_app.command("status")
def status(data: Data = None, to: To = None, json: Json = False) -> None:
    """The last backup, journal and drill. Exits 1 when the last backup is too old or was faulty."""
    from api.cli.backup_commands import tell_status

    with plainly():
        good = asyncio.run(tell_status(settings_of(data=data, backups=to), json=json))
    raise typer.Exit(0 if good else 1)


@backup_app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="An archive.")],
    data: Data = None,
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Read FILE to its end, change nothing, and say what it holds. Exits 1 if it is not whole."""
    from api.cli.restore_commands import check_archive

    with plainly():
        settings = settings_of(data=data, backup_passphrase_file=passphrase_file)
        check_archive(settings, file, json=json)


@backup_app.command("drill")
def drill(
    files: Annotated[list[Path] | None, typer.Argument(help="Archives to try; by default the newest.")] = None,
    data: Data = None,
    to: To = None,
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Restore a backup into a folder of its own, look at everything, say how long it took, and remove it."""
    from api.cli.backup_commands import drill_restore

    os.umask(0o077)
    with plainly():
        settings = settings_of(data=data, backups=to, backup_passphrase_file=passphrase_file)
        good = asyncio.run(drill_restore(settings, files or [], json=json))
    raise typer.Exit(0 if good else 1)


def restore(
    files: Annotated[list[Path] | None, typer.Argument(help="One archive, or one of data and one of keys.")] = None,
    data: Data = None,
    recovery: Annotated[
        Path | None, typer.Option("--recovery", help="The recovery file: brings the master key back.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    share: Annotated[
        list[Path] | None, typer.Option("--share", help="A file with one share; name it once for each.")
    ] = None,
    journal: Annotated[
        list[Path] | None, typer.Option("--journal", help="A journal of endings after the backup.")
    ] = None,
    accept_gap: Annotated[
        bool,
        typer.Option("--accept-gap", help="Acknowledge that what ended after the last archive is not known."),
    ] = False,
    json: Json = False,
) -> None:
    """Restore into empty stores. The service starts only when the gap after the last archive is acknowledged."""
    from api.cli.restore_commands import RestoreOrder, restore_all

    os.umask(0o077)
    order = RestoreOrder(files or [], recovery, share or [], journal or [], accept_gap=accept_gap)
    if not (order.files or order.journals or recovery or accept_gap):
        raise refusal("name an archive to restore; `yizheng restore --help` tells the rest")
    with plainly():
        settings = settings_of(data=data, backup_passphrase_file=passphrase_file)
        good = asyncio.run(restore_all(settings, order, json=json))
    raise typer.Exit(0 if good else 1)

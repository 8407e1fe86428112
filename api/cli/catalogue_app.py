"""`yizheng catalogue …`: the words of the command line."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from api.cli.ground import Data, plainly, refusal, settings_of

catalogue_app = typer.Typer(no_args_is_help=True, help="The catalogue of licence types as one signed file.")
Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]


@catalogue_app.command("export")
def catalogue_export(
    file: Annotated[Path, typer.Argument(help="Where to write it; - is standard output.")] = Path("-"),
    grants: Annotated[bool, typer.Option("--grants", help="With the grants of use.")] = False,
    data: Data = None,
) -> None:
    """Write types with all their versions, face templates and service items, signed, as JSON."""
    from api.cli.catalogue_commands import export

    with plainly():
        content = asyncio.run(export(settings_of(data=data), grants=grants))
        try:
            if str(file) == "-":
                typer.echo(content)
            else:
                file.write_bytes(content + b"\n")
        except OSError as error:
            raise refusal(f"cannot write {file} ({error.strerror})") from None


@catalogue_app.command("import")
def catalogue_import(
    file: Annotated[Path, typer.Argument(help="As it was exported; - is standard input.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it would change.")] = False,
    keys: Annotated[
        Path | None, typer.Option(help="Published keys of the installation that made it, from its /v1/licence-keys.")
    ] = None,
    unsigned: Annotated[bool, typer.Option("--unsigned", help="Take it without a signature: written by hand.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Take a catalogue in as a whole, or not at all. Versions are added, and nothing is ever removed."""
    from api.cli.catalogue_commands import read_json, take_in
    from certstore.bundle.opening import BundleFile

    try:
        document = read_json(file)
        known = read_json(keys) if keys else None
    except OSError as error:
        raise refusal(f"{error.filename}: {error.strerror}") from None
    except ValueError:
        raise refusal("the file is no JSON") from None
    if keys and not isinstance(known, dict):
        raise refusal(f"{keys} holds no JWK Set")
    with plainly():
        given = BundleFile(document, known, unsigned)
        for line in asyncio.run(take_in(settings_of(data=data), given, dry=dry_run, as_json=as_json)):
            typer.echo(line)

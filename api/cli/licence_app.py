"""`yizheng licence …`: what can be done with licences without a browser."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli.ground import Data, plainly, refusal, settings_of

licence_app = typer.Typer(no_args_is_help=True, help="Licences.")


@licence_app.command("verify-offline")
def verify_offline(
    keys: Annotated[Path, typer.Option(help="The published keys, as fetched from /v1/licence-keys.")],
    issuer: Annotated[str, typer.Option(help="Whose faces count, e.g. https://yizheng.example.gov.cn")],
    text: Annotated[
        str | None, typer.Argument(help="What the scanner read; - or nothing reads standard input.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="A photo or scan with the QR code instead.")] = None,
    status: Annotated[Path | None, typer.Option(help="A status list as fetched from /licence-status/…")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Judge a face that a holder shows, with nothing but files at hand. Exit status 0 only if it may be relied on."""
    from api.cli.licence_offline import judge_offline

    with plainly():
        try:
            said = None if picture else text if text not in (None, "-") else sys.stdin.read()
            listed = status.read_text("ascii") if status else None
            shown = picture.read_bytes() if picture else None
            found = judge_offline(said, shown, keys=keys.read_bytes(), issuer=issuer, status_list=listed)
        except OSError as error:
            raise refusal(f"{error.filename}: {error.strerror}") from None
        for line in found.lines(as_json=as_json):
            typer.echo(line)
    if not found.good:
        raise typer.Exit(1)


Authority = Annotated[str, typer.Option(help="Credit code of the issuing authority on whose behalf this is done.")]
TypeCode = Annotated[str, typer.Option("--type", help="Code of the licence type.")]


@licence_app.command("import")
def import_register(
    file: Annotated[Path, typer.Argument(help="The register: .csv, .xlsx or .jsonl")],
    type_code: TypeCode,
    authority: Authority,
    trust: Annotated[str, typer.Option(help="How far it can be relied on: A, B, C or D.")] = "B",
    dry: Annotated[bool, typer.Option("--dry-run", help="Find what is wrong and write nothing.")] = False,
    data: Data = None,
) -> None:
    """Take a register over, with progress; prints the report. Columns are mapped by their titles."""
    from api.cli.licence_registers import taken_over
    from certstore.model import Trust

    def say(line: str) -> None:
        typer.echo(line, err=True)

    if trust not in list(Trust) or file.suffix.lower() not in (".csv", ".xlsx", ".jsonl"):
        raise refusal("the file ends in .csv, .xlsx or .jsonl, and --trust is A, B, C or D")
    with plainly():
        try:
            settings = settings_of(data=data)
            work = taken_over(settings, file, type_code, authority, trust=Trust(trust), dry=dry, say=say)
            for line in asyncio.run(work):
                typer.echo(line)
        except OSError as error:
            raise refusal(f"{error.filename}: {error.strerror}") from None


@licence_app.command("report")
def report(import_id: str, authority: Authority, data: Data = None) -> None:
    """The reconciliation report of an import, finished or not."""
    from api.cli.licence_registers import reported

    with plainly():
        for line in asyncio.run(reported(settings_of(data=data), import_id, authority)):
            typer.echo(line)


@licence_app.command("export")
def export_licences(
    file: Annotated[Path, typer.Argument(help="A new file: .csv or .jsonl")],
    type_code: TypeCode,
    authority: Authority,
    reason: Annotated[str, typer.Option(help="What for; the holders see it.")],
    data: Data = None,
) -> None:
    """Write an authority's licences of one type to a file. Every holder sees that it was done."""
    from api.cli.licence_registers import taken_out
    from certstore.bulk.export import ExportFormat

    form = file.suffix.removeprefix(".").lower()
    if form not in list(ExportFormat):
        raise refusal("the file ends in .csv or .jsonl")
    with plainly():
        try:
            work = taken_out(settings_of(data=data), file, type_code, authority, reason=reason, form=ExportFormat(form))
            typer.echo(f"{asyncio.run(work)} bytes written")
        except OSError as error:
            raise refusal(f"{error.filename}: {error.strerror}") from None

"""`yizheng licence …`: what can be done with licences without a browser."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli.ground import plainly, refusal

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

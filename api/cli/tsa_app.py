"""`yizheng tsa …`: the time-stamping authority, and time-stamps over files."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from api.cli.ground import Data, plainly, refusal, settings_of

Digests = Callable[[str], bytes]
tsa_app = typer.Typer(no_args_is_help=True, help="Time-stamps.")


def _digests(file: Path) -> Digests:
    """A function that answers the file's digest by its name; read in pieces, for files may be long."""
    file.open("rb").close()  # a file that cannot be read is told before anything else

    def digest_of(name: str) -> bytes:
        with file.open("rb") as content:
            return hashlib.file_digest(content, name).digest()

    return digest_of


@contextlib.contextmanager
def _files() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise refusal(f"{error.filename}: {error.strerror}") from None


@tsa_app.command("status")
def tsa_status(data: Data = None) -> None:
    """The authority's keys and clock, and the authorities that are asked."""
    from api.cli.tsa_commands import status

    with plainly():
        for line in asyncio.run(status(settings_of(data=data))):
            typer.echo(line)


@tsa_app.command("init")
def tsa_init(data: Data = None) -> None:
    """Make the authority's keys and certificates, as far as they are not there."""
    from api.cli.tsa_commands import init

    with plainly():
        for line in asyncio.run(init(settings_of(data=data))):
            typer.echo(line)


@tsa_app.command("renew")
def tsa_renew(purpose: str, data: Data = None) -> None:
    """Put a new key with a new certificate in the place of PURPOSE's (tsa/1, …) now."""
    from api.cli.tsa_commands import renew

    with plainly():
        typer.echo(asyncio.run(renew(settings_of(data=data), purpose)))


@tsa_app.command("accept-clock")
def tsa_accept_clock(data: Data = None) -> None:
    """Issue again after the clock had run ahead and was put right. Look into what was stamped meanwhile."""
    from api.cli.tsa_commands import accept_clock

    with plainly():
        typer.echo(asyncio.run(accept_clock(settings_of(data=data))))


@tsa_app.command("stamp")
def tsa_stamp(
    file: Annotated[Path, typer.Argument(help="What is to be time-stamped.")],
    data: Data = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where the token goes; FILE with .tst added by default.")
    ] = None,
) -> None:
    """Have FILE time-stamped by the configured authorities; writes the token."""
    from api.cli.tsa_commands import stamp

    target = out or file.with_name(file.name + ".tst")
    with _files():
        digest_of = _digests(file)
    with plainly():
        token, said = asyncio.run(stamp(settings_of(data=data), digest_of))
    with _files():
        target.write_bytes(token)
    typer.echo(f"{target}: {said}")


@tsa_app.command("verify")
def tsa_verify(
    file: Annotated[Path, typer.Argument(help="What was time-stamped.")],
    token: Annotated[Path, typer.Argument(help="The token, or the answer that holds it.")],
    data: Data = None,
    ca: Annotated[
        Path | None,
        typer.Option("--ca", help="PEM file of root certificates to accept, in place of what is configured."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", help="Judge as of this moment (ISO 8601), when something newer vouches for the token."),
    ] = None,
) -> None:
    """Say what TOKEN proves about FILE. Exits 1 if it proves nothing."""
    from api.cli.tsa_commands import verify

    try:
        moment = None if at is None else dt.datetime.fromisoformat(at)
    except ValueError:
        raise refusal("--at takes a moment such as 2026-11-23T09:00:00+08:00") from None
    if moment is not None and moment.tzinfo is None:
        raise refusal("--at needs a time zone: add +08:00, or Z for UTC")
    with _files():
        digest_of, encoded = _digests(file), token.read_bytes()
        roots = None if ca is None else ca.read_bytes()
    with plainly():
        for line in asyncio.run(verify(settings_of(data=data), digest_of, encoded, roots=roots, at=moment)):
            typer.echo(line)

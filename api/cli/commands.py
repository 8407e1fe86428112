"""Commands of `yizheng`; each answers with one line and a remedy when it cannot do its work."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from api.settings import DEFAULT_PORT, Settings
from api.startup import (
    StartupFault,
    check_folder,
    check_libraries,
    check_port,
    check_production,
    one_at_a_time,
    plain_faults,
)

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="一证 Yizheng")
audit_app = typer.Typer(no_args_is_help=True, help="The audit log.")
keys_app = typer.Typer(no_args_is_help=True, help="Keys and their rotation.")
client_app = typer.Typer(no_args_is_help=True, help="Portals and departments' systems.")
app.add_typer(audit_app, name="audit")
app.add_typer(keys_app, name="keys")
app.add_typer(client_app, name="client")

Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to serve on.")]
Data = Annotated[Path | None, typer.Option("--data", help="Folder for database, keys and documents.")]


def _settings(**changes: object) -> Settings:
    given = {name: value for name, value in changes.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]  # names and types are checked by the model itself
    except ValueError as error:
        raise _refusal(_first_line(error, "YIZHENG_")) from None


def _first_line(error: Exception, prefix: str = "") -> str:
    details = getattr(error, "errors", None)
    if not callable(details):
        return str(error).splitlines()[0]
    first = details()[0]
    where = ".".join(str(part) for part in first["loc"])
    if prefix:
        where = prefix + where.upper() if where else ""
    said = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {said}" if where else said


def _refusal(message: str) -> typer.Exit:
    typer.secho(f"yizheng: {message}", err=True, fg=typer.colors.RED)
    return typer.Exit(1)


@contextlib.contextmanager
def _plainly() -> Iterator[None]:
    """Every fault that a person can mend is one line, and exit code 1."""
    try:
        with plain_faults():
            yield
    except StartupFault as fault:
        raise _refusal(str(fault)) from None


def _prepare(settings: Settings) -> bool:
    from api.cli.prepare import prepare

    if settings.database_url:
        return asyncio.run(prepare(settings))
    check_folder(settings.folder)
    with one_at_a_time(settings.folder):
        return asyncio.run(prepare(settings))


@app.command()
def run(
    port: Port = DEFAULT_PORT,
    data: Data = None,
    no_demo: Annotated[bool, typer.Option("--no-demo", help="Start empty, without the demo city.")] = False,
    journey: Annotated[
        bool, typer.Option("--journey", help="Run the main job over HTTP on a fresh instance, then stop.")
    ] = False,
) -> None:
    """Start for development: migrate, make keys, load the demo city, serve on 127.0.0.1."""
    with _plainly():
        check_libraries()
    if journey:
        from api.journey.run import run_journey

        raise typer.Exit(run_journey())
    with _plainly():
        check_port("127.0.0.1", port)
        settings = _settings(data=data, issuer=f"http://127.0.0.1:{port}", demo=not no_demo, mode="development")
        first = _prepare(settings)
    from api.cli.banner import print_banner
    from api.server import serve

    print_banner(settings, first_start=first)
    with _plainly():
        serve(settings, host="127.0.0.1", port=port, quiet=False)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1", port: Port = DEFAULT_PORT
) -> None:
    """Serve with the settings of the environment (YIZHENG_…); the database must be migrated already."""
    from api.cli.prepare import check_current
    from api.server import serve as start

    settings = _settings()
    with _plainly():
        check_production(settings)
        check_libraries()
        check_port(host, port)
        asyncio.run(check_current(settings))
        start(settings, host=host, port=port)


@app.command()
def migrate(demo: Annotated[bool, typer.Option("--demo", help="Load the demo city too.")] = False) -> None:
    """Bring the database to the newest revision and make the keys that are missing."""
    settings = _settings(demo=True if demo else None)
    with _plainly():
        check_production(settings)
        _prepare(settings)
    typer.echo("migrated")


@app.command()
def doctor(data: Data = None) -> None:
    """Say what is wrong with this deployment, and how to mend it."""
    from api.cli.doctor import examine

    findings = asyncio.run(examine(_settings(data=data)))
    for finding in findings:
        typer.echo(
            f"{'ok  ' if finding.good else 'BAD '} {finding.what}" + (f": {finding.remedy}" if finding.remedy else "")
        )
    raise typer.Exit(0 if all(finding.good for finding in findings) else 1)


@audit_app.command("verify")
def audit_verify(
    data: Data = None,
    checkpoint: Annotated[
        str | None, typer.Option("--checkpoint", help="NUMBER:HASH, printed by an earlier run and kept elsewhere.")
    ] = None,
) -> None:
    """Walk the audit chain; name the first bad row. Exits 1 if there is one. Keep the checkpoint that it prints."""
    from api.cli.prepare import check_current, with_database
    from core.audit.verify import Checkpoint, verify_chain

    kept = None
    if checkpoint:
        number, _, digest = checkpoint.partition(":")
        try:
            kept = Checkpoint(int(number), bytes.fromhex(digest))
        except ValueError:
            raise _refusal("--checkpoint takes NUMBER:HASH, as an earlier run printed it") from None
    settings = _settings(data=data)
    with _plainly():
        asyncio.run(check_current(settings))
        verdict = asyncio.run(with_database(settings, lambda database: verify_chain(database, kept)))
    if verdict.whole:
        head = f"; checkpoint {verdict.head.number}:{verdict.head.hash.hex()}" if verdict.head else ""
        typer.echo(f"audit chain whole: {verdict.rows} rows{head}")
        return
    raise _refusal(
        f"audit chain broken at row {verdict.bad_row} ({verdict.fault}); {verdict.rows} rows before it are good"
    )


@keys_app.command("list")
def keys_list(data: Data = None) -> None:
    """Purposes, keys and their states."""
    from api.cli.key_commands import list_keys

    with _plainly():
        for line in asyncio.run(list_keys(_settings(data=data))):
            typer.echo(line)


@keys_app.command("rotate")
def keys_rotate(
    purpose: str,
    data: Data = None,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Emergency: do not wait until portals have seen the next key.")
    ] = False,
) -> None:
    """Publish the next key of PURPOSE, or make it active; the old one still verifies what it signed."""
    from api.cli.key_commands import rotate_key

    with _plainly():
        typer.echo(asyncio.run(rotate_key(_settings(data=data), purpose, at_once=at_once)))


@keys_app.command("retire")
def keys_retire(key_id: str, data: Data = None) -> None:
    """Accept KEY_ID no longer; what it signed does not verify any more."""
    from api.cli.key_commands import retire_key

    with _plainly():
        typer.echo(asyncio.run(retire_key(_settings(data=data), key_id)))


@client_app.command("register")
def client_register(
    file: Annotated[Path, typer.Argument(help="JSON: one client or a list; `-` reads standard input.")],
    data: Data = None,
) -> None:
    """Register portals or departments' systems from JSON; prints their ids and secrets once."""
    from api.cli.client_commands import read_descriptions, register

    try:
        descriptions = read_descriptions(file)
    except OSError as error:
        raise _refusal(f"cannot read {file} ({error.strerror}): name a JSON file, or - for standard input") from None
    except ValueError as error:
        raise _refusal(f"{file} does not describe clients as JSON: {_first_line(error)}") from None
    with _plainly():
        for line in asyncio.run(register(_settings(data=data), descriptions)):
            typer.echo(line)

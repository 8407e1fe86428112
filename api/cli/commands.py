"""Commands of `yizheng`; each answers with one line and a remedy when it cannot do its work."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from api.settings import DEFAULT_PORT, Settings
from api.startup import StartupFault, check_folder, check_libraries, check_port, check_production

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
        raise _refusal(f"settings: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    details = getattr(error, "errors", None)
    if callable(details):
        first = details()[0]
        return f"{'.'.join(str(part) for part in first['loc']) or 'settings'}: {first['msg']}"
    return str(error).splitlines()[0]


def _refusal(message: str) -> typer.Exit:
    typer.secho(f"yizheng: {message}", err=True, fg=typer.colors.RED)
    return typer.Exit(1)


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
    try:
        check_libraries()
        if journey:
            from api.journey.run import run_journey

            raise typer.Exit(run_journey())
        check_port("127.0.0.1", port)
        settings = _settings(data=data, issuer=f"http://127.0.0.1:{port}", demo=not no_demo, mode="development")
        check_folder(settings.folder)
        from api.cli.prepare import prepare

        first = asyncio.run(prepare(settings))
    except StartupFault as fault:
        raise _refusal(str(fault)) from None
    from api.cli.banner import print_banner
    from api.server import serve

    print_banner(settings, first_start=first)
    serve(settings, host="127.0.0.1", port=port, quiet=False)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1", port: Port = DEFAULT_PORT
) -> None:
    """Serve with the settings of the environment (YIZHENG_…); the database must be migrated already."""
    settings = _settings()
    try:
        check_production(settings)
        check_libraries()
        check_port(host, port)
    except StartupFault as fault:
        raise _refusal(str(fault)) from None
    from api.server import serve as start

    start(settings, host=host, port=port)


@app.command()
def migrate(demo: Annotated[bool, typer.Option("--demo", help="Load the demo city too.")] = False) -> None:
    """Bring the database to the newest revision and make the keys that are missing."""
    settings = _settings(demo=True if demo else None)
    try:
        if not settings.database_url:
            check_folder(settings.folder)
        check_production(settings)
        from api.cli.prepare import prepare

        asyncio.run(prepare(settings))
    except StartupFault as fault:
        raise _refusal(str(fault)) from None
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
    from api.cli.prepare import with_database
    from core.audit.verify import Checkpoint, verify_chain

    kept = None
    if checkpoint:
        number, _, digest = checkpoint.partition(":")
        try:
            kept = Checkpoint(int(number), bytes.fromhex(digest))
        except ValueError:
            raise _refusal("--checkpoint takes NUMBER:HASH, as an earlier run printed it") from None
    verdict = asyncio.run(with_database(_settings(data=data), lambda database: verify_chain(database, kept)))
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
    from core.errors import AppError

    try:
        typer.echo(asyncio.run(rotate_key(_settings(data=data), purpose, at_once=at_once)))
    except AppError as error:
        raise _refusal(error.text.en) from None


@keys_app.command("retire")
def keys_retire(key_id: str, data: Data = None) -> None:
    """Accept KEY_ID no longer; what it signed does not verify any more."""
    from api.cli.key_commands import retire_key
    from core.errors import AppError

    try:
        typer.echo(asyncio.run(retire_key(_settings(data=data), key_id)))
    except AppError as error:
        raise _refusal(error.text.en) from None


@client_app.command("register")
def client_register(
    file: Annotated[Path, typer.Argument(help="JSON: one client or a list; `-` reads standard input.")],
    data: Data = None,
) -> None:
    """Register portals or departments' systems from JSON; prints their ids and secrets once."""
    from api.cli.client_commands import read_descriptions, register
    from core.errors import AppError

    try:
        for line in asyncio.run(register(_settings(data=data), read_descriptions(file))):
            typer.echo(line)
    except (AppError, ValueError, OSError) as error:
        raise _refusal(
            error.text.en if isinstance(error, AppError) else f"cannot read {file}: {_first_line(error)}"
        ) from None

"""Commands of `yizheng`; each answers with one line and a remedy when it cannot do its work."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from api.cli.audit_app import audit_app
from api.cli.backup_app import backup_app, restore
from api.cli.ca_app import ca_app
from api.cli.catalogue_app import catalogue_app
from api.cli.client_app import client_app
from api.cli.convert_command import convert
from api.cli.document_app import extend, sign, verify
from api.cli.find_command import find
from api.cli.ground import Data, Port, plainly, prepare_instance, refusal, settings_of
from api.cli.keys_app import keys_app
from api.cli.licence_app import licence_app
from api.cli.login_rule_app import login_rule_app
from api.cli.organisation_app import organisation_app
from api.cli.person_app import person_app
from api.cli.resource_app import resource_app
from api.cli.seal_app import seal_app
from api.cli.signature_log_app import signature_log_app
from api.cli.staff_app import department_app, staff_app
from api.cli.trust_app import trust_app
from api.cli.tsa_app import tsa_app
from api.cli.upstream_app import upstream_app
from api.settings import DEFAULT_PORT
from api.startup import check_libraries, check_port, check_production

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="一证 Yizheng")
app.add_typer(ca_app, name="ca")
app.add_typer(audit_app, name="audit")
app.add_typer(signature_log_app, name="signature-log")
app.add_typer(keys_app, name="keys")
app.add_typer(client_app, name="client")
app.add_typer(resource_app, name="resource")
app.add_typer(licence_app, name="licence")
app.add_typer(catalogue_app, name="catalogue")
app.add_typer(seal_app, name="seal")
app.add_typer(staff_app, name="staff")
app.add_typer(person_app, name="person")
app.add_typer(department_app, name="department")
app.add_typer(organisation_app, name="organisation")
app.add_typer(login_rule_app, name="login-rule")
app.add_typer(tsa_app, name="tsa")
app.add_typer(trust_app, name="trust")
app.add_typer(upstream_app, name="upstream")
app.add_typer(backup_app, name="backup")
app.command()(restore)
app.command()(sign)
app.command()(extend)
app.command()(verify)
app.command()(convert)
app.command()(find)


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
    with plainly():
        check_libraries()
    if journey:
        from api.journey.run import run_journey

        raise typer.Exit(run_journey())
    with plainly():
        check_port("127.0.0.1", port)
        settings = settings_of(data=data, issuer=f"http://127.0.0.1:{port}", demo=not no_demo, mode="development")
        first = prepare_instance(settings)
    from api.cli.banner import print_banner
    from api.server import serve

    print_banner(settings, first_start=first)
    with plainly():
        serve(settings, host="127.0.0.1", port=port, quiet=False)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1", port: Port = DEFAULT_PORT
) -> None:
    """Serve with the settings of the environment (YIZHENG_…); the database must be migrated already."""
    from api.cli.prepare import check_current, check_keys_are_here
    from api.server import serve as start

    settings = settings_of()
    with plainly():
        check_production(settings)
        check_libraries()
        check_port(host, port)
        asyncio.run(check_current(settings))
        asyncio.run(check_keys_are_here(settings))
        start(settings, host=host, port=port)


@app.command()
def migrate(demo: Annotated[bool, typer.Option("--demo", help="Load the demo city too.")] = False) -> None:
    """Bring the database to the newest revision and make the keys that are missing."""
    settings = settings_of(demo=True if demo else None)
    with plainly():
        check_production(settings)
        prepare_instance(settings)
    typer.echo("migrated")


@app.command()
def doctor(
    data: Data = None,
    miping: Annotated[
        bool, typer.Option("--miping", help="Say what is lacking for an assessment of its cryptography (密评) instead.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --miping: one JSON document, in both languages.")
    ] = False,
    language: Annotated[str, typer.Option("--language", help="With --miping: zh or en.")] = "en",
) -> None:
    """Say what is wrong with this deployment, and how to mend it."""
    if miping:
        _miping(data, language, as_json=as_json)
        return
    if as_json:
        raise refusal("--json goes with --miping")
    from api.cli.doctor import examine

    findings = asyncio.run(examine(settings_of(data=data)))
    for finding in findings:
        typer.echo(
            f"{'ok  ' if finding.good else 'BAD '} {finding.what}" + (f": {finding.remedy}" if finding.remedy else "")
        )
    raise typer.Exit(0 if all(finding.good for finding in findings) else 1)


def _miping(data: Path | None, language: str, *, as_json: bool) -> None:
    """Always 0 when it could look: that something is lacking is no fault of the deployment."""
    from api.cli import doctor_miping

    if language not in ("zh", "en"):
        raise refusal("--language is zh or en")
    with plainly():
        found = asyncio.run(doctor_miping.examine(settings_of(data=data)))
    if as_json:
        typer.echo(doctor_miping.document(found))
        return
    for line in doctor_miping.lines(found, "zh" if language == "zh" else "en"):
        typer.echo(line)

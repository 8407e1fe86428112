"""`yizheng trust …`: whom we trust, for what, since when."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from api.cli.ground import Data, plainly, refusal, settings_of

trust_app = typer.Typer(no_args_is_help=True, help="Trust lists: which authorities count, for what, since when.")

CertificateFile = Annotated[Path, typer.Argument(help="Certificate, PEM or DER.")]
Services = Annotated[
    list[str], typer.Option("--for", help="documents, login, timestamps, machines or ocsp; may be given several times.")
]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


@contextlib.contextmanager
def _files() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise refusal(f"{error.filename}: {error.strerror}") from None


def _moment(text: str | None, option: str) -> dt.datetime | None:
    """A moment, or a calendar day in Shanghai from its first second."""
    from core.clock import SHANGHAI

    if text is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise refusal(f"{option} takes a day such as 2026-11-25, or a moment with its time zone") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


@trust_app.command("list")
def trust_list(data: Data = None, as_json: Json = False) -> None:
    """Authorities of all lists: their number, standing, services and names."""
    from api.cli.trust_commands import list_entries

    with plainly():
        for line in asyncio.run(list_entries(settings_of(data=data), as_json=as_json)):
            typer.echo(line)


@trust_app.command("add")
def trust_add(
    certificate: CertificateFile,
    services: Services,
    name: Annotated[str, typer.Option("--name", help="Chinese name, as people are to read it.")],
    data: Data = None,
    name_en: Annotated[str | None, typer.Option("--name-en", help="English name; the Chinese one by default.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Since when; now by default.")] = None,
    assurance: Annotated[str, typer.Option(help="low, substantial or high.")] = "substantial",
    territory: Annotated[str, typer.Option(help="Such as CN or CN-41.")] = "CN",
    usages: Annotated[
        list[str] | None,
        typer.Option("--eku", help="Extended key usage (OID) that counts in place of the service's own one."),
    ] = None,
) -> None:
    """Trust the authority of CERTIFICATE, a root or an issuing authority, or change what it is trusted for."""
    from api.cli.trust_commands import add

    with _files():
        encoded = certificate.read_bytes()
    with plainly():
        said = add(
            settings_of(data=data),
            encoded,
            services=services,
            names=(name, name_en or name),
            since=_moment(since, "--from"),
            assurance=assurance,
            territory=territory,
            usages=usages or [],
        )
        typer.echo(asyncio.run(said))


@trust_app.command("withdraw")
def trust_withdraw(
    number: Annotated[str, typer.Argument(help="Number of the authority, as `trust list` shows it.")],
    data: Data = None,
    since: Annotated[str | None, typer.Option("--from", help="Since when; now by default.")] = None,
) -> None:
    """Trust an authority no longer; what was proven before stays good."""
    from api.cli.trust_commands import withdraw

    with plainly():
        typer.echo(asyncio.run(withdraw(settings_of(data=data), number, since=_moment(since, "--from"))))


@trust_app.command("import")
def trust_import(
    file: Annotated[Path, typer.Argument(help="Signed list of another publisher: JSON, or ETSI TS 119 612 XML.")],
    signer: Annotated[Path, typer.Option("--signer", help="The publisher's certificate, which you have checked.")],
    source: Annotated[str, typer.Option("--as", help="Short name of the list, the same for each of its versions.")],
    data: Data = None,
    new_signer: Annotated[
        bool, typer.Option("--new-signer", help="The publisher has changed its key, and told you so.")
    ] = False,
) -> None:
    """Trust what another publisher's list says, until its next update."""
    from api.cli.trust_commands import take_over

    with _files():
        content, certificate = file.read_bytes(), signer.read_bytes()
    with plainly():
        taken = take_over(settings_of(data=data), content, certificate, source=source, new_signer=new_signer)
        typer.echo(asyncio.run(taken))


@trust_app.command("forget")
def trust_forget(
    source: Annotated[str, typer.Argument(help="Name under which the list was imported.")], data: Data = None
) -> None:
    """Trust an imported list no longer."""
    from api.cli.trust_commands import forget

    with plainly():
        typer.echo(asyncio.run(forget(settings_of(data=data), source)))


@trust_app.command("export")
def trust_export(
    file: Annotated[Path, typer.Argument(help="Where to: a name that ends with .json or .xml.")], data: Data = None
) -> None:
    """Sign our list and write it to FILE."""
    from api.cli.trust_commands import export

    if file.suffix not in (".json", ".xml"):
        raise refusal("name a file that ends with .json or .xml")
    with plainly():
        content, said = asyncio.run(export(settings_of(data=data), file.suffix))
    with _files():
        file.write_bytes(content)
    typer.echo(f"{file}: {said}")


@trust_app.command("signer")
def trust_signer(
    data: Data = None, out: Annotated[Path | None, typer.Option("--out", help="File for the certificate, DER.")] = None
) -> None:
    """The certificate under which we sign our list, and its fingerprint: others pin it."""
    from api.cli.trust_commands import signer

    with plainly():
        certificate, said = asyncio.run(signer(settings_of(data=data)))
    if out is not None:
        with _files():
            out.write_bytes(certificate)
    typer.echo(said)


@trust_app.command("check")
def trust_check(
    certificate: CertificateFile,
    data: Data = None,
    service: Annotated[str, typer.Option("--for", help="What it is to be used for.")] = "documents",
    others: Annotated[
        list[Path] | None, typer.Option("--with", help="Further certificates, such as the issuing authority's.")
    ] = None,
    at: Annotated[str | None, typer.Option("--at", help="Judge as of this moment, which you can prove.")] = None,
) -> None:
    """Judge a certificate as documents and log-ins are judged. Exits 1 if it cannot be relied on."""
    from api.cli.trust_commands import check

    with _files():
        encoded = certificate.read_bytes()
        more = [other.read_bytes() for other in others or []]
    with plainly():
        judged = check(settings_of(data=data), encoded, more, service=service, at=_moment(at, "--at"))
        good, lines = asyncio.run(judged)
    for line in lines:
        typer.echo(line)
    raise typer.Exit(0 if good else 1)

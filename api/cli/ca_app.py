"""`yizheng ca …`: the certificate authority."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

from api.cli.ceremony_app import app as ceremony_app
from api.cli.ground import Data, plainly, settings_of
from keys.spec import SignatureAlgorithm

ca_app = typer.Typer(no_args_is_help=True, help="The certificate authority.")
ca_app.add_typer(ceremony_app, name="ceremony")

Name = Annotated[str, typer.Argument(help="Authority: seals, persons, timestamps or machines.")]
AuthorityAlgorithm = Annotated[
    Literal["ES256", "ES384", "RS256", "RS384", "RS512", "PS256"], typer.Option("--algorithm", help="For a new key.")
]


@ca_app.command("list")
def ca_list(data: Data = None) -> None:
    """Authorities, their keys and certificates; then what is missing."""
    from api.cli.ca_commands import list_authorities

    with plainly():
        for line in asyncio.run(list_authorities(settings_of(data=data))):
            typer.echo(line)


@ca_app.command("request")
def ca_request(
    name: Name,
    data: Data = None,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; by default NAME.csr.")] = None,
    new_key: Annotated[
        bool,
        typer.Option("--new-key", help="A new key; the present one issues until its certificate is there."),
    ] = False,
    algorithm: AuthorityAlgorithm = "ES256",
    bits: Annotated[int | None, typer.Option("--bits", help="Size of a new RSA key.")] = None,
    backend: Annotated[str | None, typer.Option("--backend", help="Where a new key lives: software or pkcs11.")] = None,
) -> None:
    """Make the key of authority NAME, if need be, and a request for its certificate (PKCS #10, DER)."""
    from api.cli.ca_commands import request_authority

    target = out or Path(f"{name}.csr")
    with plainly():
        said = asyncio.run(
            request_authority(
                settings_of(data=data), name, target, new_key, SignatureAlgorithm(algorithm), bits=bits, backend=backend
            )
        )
    typer.echo(said)


@ca_app.command("install")
def ca_install(
    name: Name,
    certificate: Annotated[Path, typer.Argument(help="The authority's certificate, DER or PEM.")],
    issuers: Annotated[list[Path], typer.Argument(help="Certificates above it, the root last.")],
    data: Data = None,
) -> None:
    """Put the certificate that a root gave to authority NAME in service."""
    from api.cli.ca_commands import install_authority

    with plainly():
        typer.echo(asyncio.run(install_authority(settings_of(data=data), name, certificate, issuers)))

"""`yizheng ca …`: the certificate authority."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

import typer

from api.cli.ceremony_app import app as ceremony_app
from api.cli.ground import Data, plainly, settings_of
from keys.spec import SignatureAlgorithm

ca_app = typer.Typer(no_args_is_help=True, help="The certificate authority.")
ca_app.add_typer(ceremony_app, name="ceremony")

Name = Annotated[str, typer.Argument(help="Authority: seals, persons, timestamps, machines, seals-sm2 or persons-sm2.")]
Reason = Literal[
    "unspecified",
    "keyCompromise",
    "cACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "privilegeWithdrawn",
    "aACompromise",
]
Certificate = Annotated[str, typer.Argument(help="SHA-256 of the certificate, or its serial number, hexadecimal.")]
CertificateOut = Annotated[Path | None, typer.Option("--out", help="File for the PEM instead of the screen.")]
AuthorityAlgorithm = Annotated[
    Literal["ES256", "ES384", "RS256", "RS384", "RS512", "PS256", "SGD_SM3_SM2"] | None,
    typer.Option("--algorithm", help="For a new key; by default ES256, of national authorities SM2."),
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
    algorithm: AuthorityAlgorithm = None,
    bits: Annotated[int | None, typer.Option("--bits", help="Size of a new RSA key.")] = None,
    backend: Annotated[str | None, typer.Option("--backend", help="Where a new key lives: software or pkcs11.")] = None,
) -> None:
    """Make the key of authority NAME, if need be, and a request for its certificate (PKCS #10, DER)."""
    from api.cli.ca_commands import request_authority

    target = out or Path(f"{name}.csr")
    with plainly():
        wanted = None if algorithm is None else SignatureAlgorithm(algorithm)
        said = asyncio.run(
            request_authority(settings_of(data=data), name, target, new_key, wanted, bits=bits, backend=backend)
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


@ca_app.command("issue")
def ca_issue(
    profile: Annotated[
        Literal["seal", "person", "agent", "tls-client"], typer.Argument(help="What the certificate is for.")
    ],
    request: Annotated[Path, typer.Argument(help="PKCS #10 request, DER or PEM; only its key is taken from it.")],
    data: Data = None,
    name: Annotated[str, typer.Option("--name", help="The person's name, or the seal's.")] = "",
    identifier: Annotated[str, typer.Option("--identifier", help="Opaque identifier, client id, or seal code.")] = "",
    organisation: Annotated[str, typer.Option("--organisation", help="Registered name of the organisation.")] = "",
    code: Annotated[str, typer.Option("--code", help="Unified social credit code of the organisation.")] = "",
    days: Annotated[int | None, typer.Option("--days", min=1, help="Shorter than the profile's life.")] = None,
    out: CertificateOut = None,
) -> None:
    """Issue a certificate for the key of a request; prints it as PEM."""
    from api.cli.ca_commands import issue
    from keys.x509.names import SubjectWords

    words = SubjectWords(name, identifier, organisation, code)
    with plainly():
        _show(asyncio.run(issue(settings_of(data=data), profile, request, words, days)), out)


@ca_app.command("pair")
def ca_pair(
    subject: Annotated[Literal["person", "agent"], typer.Argument(help="Whom the certificates are for.")],
    request: Annotated[Path, typer.Argument(help="PKCS #10 request of the SM2 signing key; only its key is taken.")],
    data: Data = None,
    name: Annotated[str, typer.Option("--name", help="The person's name.")] = "",
    identifier: Annotated[str, typer.Option("--identifier", help="Opaque identifier.")] = "",
    organisation: Annotated[str, typer.Option("--organisation", help="Registered name of the organisation.")] = "",
    code: Annotated[str, typer.Option("--code", help="Unified social credit code of the organisation.")] = "",
    days: Annotated[int | None, typer.Option("--days", min=1, help="Shorter than the profile's life.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for the three files.")] = Path(),
) -> None:
    """Issue a national pair (SM2): a signing and an encryption certificate, and the enveloped key of the latter."""
    from api.cli.ca_commands import issue_pair
    from keys.x509.names import SubjectWords

    words = SubjectWords(name, identifier, organisation, code)
    with plainly():
        for line in asyncio.run(issue_pair(settings_of(data=data), subject, request, words, days, out)):
            typer.echo(line)


@ca_app.command("renew")
def ca_renew(
    certificate: Certificate,
    data: Data = None,
    request: Annotated[Path | None, typer.Option("--request", help="PKCS #10 request of a new key.")] = None,
    out: CertificateOut = None,
) -> None:
    """A new certificate for the same subject, over the same key or the key of a request."""
    from api.cli.ca_commands import renew

    with plainly():
        _show(asyncio.run(renew(settings_of(data=data), certificate, request)), out)


@ca_app.command("suspend")
def ca_suspend(certificate: Certificate, data: Data = None) -> None:
    """Hold a certificate; it may become good again."""
    _change("suspend", certificate, data)


@ca_app.command("resume")
def ca_resume(certificate: Certificate, data: Data = None) -> None:
    """Make a held certificate good again."""
    _change("resume", certificate, data)


@ca_app.command("revoke")
def ca_revoke(
    certificate: Certificate,
    data: Data = None,
    reason: Annotated[Reason, typer.Option("--reason", help="Why, as RFC 5280 §5.3.1 names it.")] = "unspecified",
    since: Annotated[
        dt.datetime | None, typer.Option("--invalid-since", help="Since when the key may have been misused (UTC).")
    ] = None,
) -> None:
    """End a certificate for good. A seal's certificate ends with its seal: revoke that instead."""
    _change("revoke", certificate, data, reason=reason, since=since)


@ca_app.command("search")
def ca_search(
    data: Data = None,
    text: Annotated[str, typer.Argument(help="Part of the subject's name.")] = "",
    serial: Annotated[str | None, typer.Option("--serial", help="Serial number, hexadecimal.")] = None,
    organisation: Annotated[str | None, typer.Option("--code", help="Unified social credit code.")] = None,
    seal: Annotated[str | None, typer.Option("--seal-code", help="Seal code or other identifier.")] = None,
    key: Annotated[str | None, typer.Option("--key", help="Key id.")] = None,
    issuer: Annotated[str | None, typer.Option("--issuer", help="Authority.")] = None,
    profile: Annotated[str | None, typer.Option("--profile", help="Profile.")] = None,
    status: Annotated[Literal["good", "held", "revoked"] | None, typer.Option("--status", help="State.")] = None,
    before: Annotated[dt.datetime | None, typer.Option("--expires-before", help="Moment (UTC).")] = None,
    after: Annotated[str | None, typer.Option("--after", help="Go on after this certificate (SHA-256).")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
) -> None:
    """Certificates in the register, newest first."""
    from api.cli.ca_commands import search

    with plainly():
        found = search(
            settings_of(data=data),
            status,
            serial=serial,
            text=text,
            organisation=organisation,
            code=seal,
            key_id=key,
            issuer=issuer,
            profile=profile,
            expires_before=_utc(before),
            after=after,
            limit=limit,
        )
        for line in asyncio.run(found):
            typer.echo(line)


@ca_app.command("show")
def ca_show(certificate: Certificate, data: Data = None) -> None:
    """What the register says about a certificate."""
    from api.cli.ca_commands import show

    with plainly():
        for line in asyncio.run(show(settings_of(data=data), certificate)):
            typer.echo(line)


@ca_app.command("export")
def ca_export(certificate: Certificate, data: Data = None, out: CertificateOut = None) -> None:
    """A certificate and the path above it as PEM."""
    from api.cli.ca_commands import export

    with plainly():
        _show(asyncio.run(export(settings_of(data=data), certificate)), out)


@ca_app.command("crl")
def ca_crl(
    name: Annotated[str, typer.Argument(help="Authority, as in its addresses: seals, root, seals-2, …")],
    out: Annotated[Path, typer.Argument(help="File to write, DER.")],
    data: Data = None,
) -> None:
    """Write an authority's revocation list, made anew if it is due."""
    from api.cli.ca_commands import revocation_list

    with plainly():
        typer.echo(asyncio.run(revocation_list(settings_of(data=data), name, out)))


@ca_app.command("import")
def ca_import(
    seal: Annotated[str, typer.Argument(help="The seal's id (seal_…).")],
    files: Annotated[list[Path], typer.Argument(help="The certificate, its issuers, the root last; DER or PEM.")],
    data: Data = None,
) -> None:
    """Give a seal the certificate that a licensed authority issued for its key."""
    from api.cli.ca_commands import import_certificate

    with plainly():
        typer.echo(asyncio.run(import_certificate(settings_of(data=data), seal, files)))


def _change(
    step: Literal["suspend", "resume", "revoke"],
    certificate: str,
    data: Path | None,
    *,
    reason: Reason = "unspecified",
    since: dt.datetime | None = None,
) -> None:
    from api.cli.ca_commands import change

    with plainly():
        typer.echo(asyncio.run(change(settings_of(data=data), step, certificate, reason, _utc(since))))


def _utc(moment: dt.datetime | None) -> dt.datetime | None:
    return None if moment is None else moment.replace(tzinfo=dt.UTC)


def _show(pem: str, out: Path | None) -> None:
    if out is None:
        typer.echo(pem, nl=False)
    else:
        out.write_text(pem)
        typer.echo(out)

"""`yizheng seal …`: seals, their grants and their ledger, on the instance's machine."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.ground import Data, plainly, refusal, settings_of

if TYPE_CHECKING:
    from api.cli.seal_source import SealSource
    from api.settings import Settings
    from signing.seals.order import SealOrder

seal_app = typer.Typer(no_args_is_help=True, help="Seals: founded, stopped, granted; the ledger of their uses.")

Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]
SealId = Annotated[str, typer.Argument(metavar="SEAL_ID", help="As `yizheng seal list` shows it.")]
Owner = Annotated[str, typer.Option("--owner", help="Unified social credit code of the organisation.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; stands in the seal's story.")]
Day = Annotated[str, typer.Option(help="As 2026-12-31; both days are included.")]


Name = Annotated[str, typer.Option("--name", help="Registered name in Chinese; it stands on the arc.")]
NameEn = Annotated[str, typer.Option("--name-en", help="Name in English.")]
Code = Annotated[str, typer.Option("--code", help="Seal code, 13 digits.")]
Kind = Annotated[str, typer.Option(help="official, finance, contract, licence, special, representative")]
Line = Annotated[str, typer.Option(help="Short line under the star, or the name on a name seal.")]
Shape = Annotated[str, typer.Option(help="round, oval, name")]
Centre = Annotated[str, typer.Option(help="star, blank")]
Numbered = Annotated[bool, typer.Option("--number/--no-number", help="Whether the code stands on the seal.")]
Height = Annotated[float | None, typer.Option("--diameter", help="In millimetres; what is customary without it.")]
ScanFile = Annotated[Path | None, typer.Option("--scan", help="PNG, JPEG or WebP of a red impression to be used.")]
ScanRound = Annotated[bool, typer.Option("--scan-round/--scan-other", help="Whether the impression is a circle.")]
Forms = Annotated[
    str | None,
    typer.Option("--forms", help="international, national or both; what the department or the deployment has without."),
]
KeyUri = Annotated[str | None, typer.Option("--key-uri", help="PKCS#11 URI (RFC 7512) of a key on the token.")]
Pkcs12 = Annotated[
    Path | None,
    typer.Option("--pkcs12", help="File with the key; its passphrase is asked for, or YIZHENG_PKCS12_PASSPHRASE."),
]


def _say(work: Coroutine[None, None, list[str]]) -> None:
    with plainly():
        for line in asyncio.run(work):
            typer.echo(line)


@seal_app.command("list")
def seal_list(
    owner: Annotated[str | None, typer.Option("--owner", help="Only this organisation's.")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Seals with their kinds and states."""
    from api.cli.seal_commands import list_seals

    _say(list_seals(settings_of(data=data), owner, as_json=as_json))


@seal_app.command("show")
def seal_show(seal: SealId, data: Data = None, as_json: Json = False) -> None:
    """Every step of one seal, oldest first."""
    from api.cli.seal_commands import show

    _say(show(settings_of(data=data), seal, as_json=as_json))


@seal_app.command("found")
def seal_found(
    owner: Owner,
    name: Name,
    name_en: NameEn,
    code: Code,
    kind: Kind = "official",
    line: Line = "",
    shape: Shape = "round",
    centre: Centre = "star",
    numbered: Numbered = True,
    diameter: Height = None,
    scan: ScanFile = None,
    scan_round: ScanRound = True,
    backend: Annotated[str | None, typer.Option(help="Where the key is made: software, pkcs11.")] = None,
    key_uri: KeyUri = None,
    pkcs12: Pkcs12 = None,
    algorithm: Annotated[str, typer.Option(help="Of the key: ES256, ES384, RS256, …")] = "ES256",
    forms: Forms = None,
    data: Data = None,
) -> None:
    """Make an active seal in one go, for a first start; the operator answers for it. Prints its id."""
    from api.cli.seal_commands import found

    settings = settings_of(data=data)
    order = _order(owner, name, name_en, code, kind, line, shape, centre, algorithm, forms, numbered=numbered)
    source = _source(settings, scan, backend, key_uri, pkcs12, is_round=scan_round)
    _files(found(settings, order, diameter, source))


@seal_app.command("apply")
def seal_apply(
    owner: Owner,
    name: Name,
    name_en: NameEn,
    code: Code,
    reason: Annotated[str, typer.Option("--reason", help="Why it is needed.")],
    kind: Kind = "official",
    line: Line = "",
    shape: Shape = "round",
    centre: Centre = "star",
    numbered: Numbered = True,
    diameter: Height = None,
    scan: ScanFile = None,
    scan_round: ScanRound = True,
    algorithm: Annotated[str, typer.Option(help="Of the key: ES256, ES384, RS256, …")] = "ES256",
    forms: Forms = None,
    data: Data = None,
) -> None:
    """Ask for a seal in an office's name; its own people review it. Prints the application's id."""
    from api.cli.seal_commands import apply

    settings = settings_of(data=data)
    order = _order(owner, name, name_en, code, kind, line, shape, centre, algorithm, forms, numbered=numbered)
    _files(apply(settings, order, diameter, _source(settings, scan, None, None, None, is_round=scan_round), reason))


@seal_app.command("make")
def seal_make(
    application: Annotated[str, typer.Argument(metavar="APPLICATION_ID", help="An application that was approved.")],
    backend: Annotated[str | None, typer.Option(help="Where the key is made: software, pkcs11.")] = None,
    key_uri: KeyUri = None,
    pkcs12: Pkcs12 = None,
    data: Data = None,
) -> None:
    """Make a seal that was approved; with a key that is on a device already, or came in a file. Prints its id."""
    from api.cli.seal_commands import make

    settings = settings_of(data=data)
    _files(make(settings, application, _source(settings, None, backend, key_uri, pkcs12)))


@seal_app.command("request")
def seal_request(
    seal: SealId,
    out: Annotated[Path, typer.Option("--out", help="New file for the request (PKCS #10, DER).")],
    data: Data = None,
) -> None:
    """A request for a certificate of the seal's key, to be taken to a licensed authority."""
    from api.cli.seal_commands import request

    _files(request(settings_of(data=data), seal, out))


@seal_app.command("certify")
def seal_certify(
    seal: SealId,
    chain: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE…", help="PEM or DER: the certificate first, its root last.")
    ] = None,
    data: Data = None,
) -> None:
    """Give a seal the certificate that a licensed authority issued; without files a new one of our own."""
    from api.cli.seal_commands import certify

    _files(certify(settings_of(data=data), seal, chain or ()))


@seal_app.command("national-form")
def seal_national_form(
    seal: Annotated[str | None, typer.Argument(metavar="SEAL_ID", help="As `yizheng seal list` shows it.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every seal in use that has none.")] = False,
    owner: Annotated[str | None, typer.Option("--owner", help="With --all: only this organisation's.")] = None,
    data: Data = None,
) -> None:
    """Give seals in use the national form (GB/T 38540) beside their own; what they have stays as it is."""
    from api.cli.seal_commands import give_national_form

    if (seal is None) is not everything:
        raise refusal("name one seal, or --all")
    _say(give_national_form(settings_of(data=data), seal, owner))


@seal_app.command("esl")
def seal_esl(
    seal: SealId,
    out: Annotated[Path, typer.Option("--out", help="New file for SESeal, DER (.esl).")],
    data: Data = None,
) -> None:
    """Write a seal's national form, as every stamp by it carries it."""
    from api.cli.seal_commands import write_esl

    _files(write_esl(settings_of(data=data), seal, out))


@seal_app.command("department")
def seal_department(
    owner: Owner,
    forms: Annotated[
        str | None, typer.Option("--forms", help="international, national, both; `default` for the deployment's.")
    ] = None,
    data: Data = None,
) -> None:
    """In which forms new seals of a department are made; with --forms, set it."""
    from api.cli.seal_commands import department

    if forms not in (None, "international", "national", "both", "default"):
        raise refusal("--forms is international, national, both or default")
    _say(department(settings_of(data=data), owner, forms))


@seal_app.command("suspend")
def seal_suspend(seal: SealId, reason: Reason = "", data: Data = None) -> None:
    """Stop a seal for now, at once."""
    from api.cli.seal_commands import change

    _say(change(settings_of(data=data), seal, "suspended", reason))


@seal_app.command("resume")
def seal_resume(seal: SealId, reason: Reason = "", data: Data = None) -> None:
    """Let a suspended seal be used again."""
    from api.cli.seal_commands import change

    _say(change(settings_of(data=data), seal, "active", reason))


@seal_app.command("revoke")
def seal_revoke(seal: SealId, reason: Reason = "", data: Data = None) -> None:
    """End a seal for good, at once. What it sealed before stays genuine."""
    from api.cli.seal_commands import change

    _say(change(settings_of(data=data), seal, "revoked", reason))


@seal_app.command("destroy")
def seal_destroy(seal: SealId, reason: Reason = "", data: Data = None) -> None:
    """Destroy the key of a seal that has ended."""
    from api.cli.seal_commands import destroy

    _say(destroy(settings_of(data=data), seal, reason))


@seal_app.command("grants")
def seal_grants(seal: SealId, data: Data = None, as_json: Json = False) -> None:
    """Who may use a seal, for what, how often."""
    from api.cli.seal_commands import grants

    _say(grants(settings_of(data=data), seal, as_json=as_json))


@seal_app.command("grant")
def seal_grant(
    seal: SealId,
    to: Annotated[str, typer.Option("--to", help="client:ID, account:ID or role:NAME")],
    since: Annotated[str, typer.Option("--from", help="First day, as 2026-01-01.")],
    until: Annotated[str, typer.Option("--until", help="Last day, included.")],
    document_class: Annotated[
        list[str] | None, typer.Option("--class", help="Class of documents; repeated; *.")
    ] = None,
    max_uses: Annotated[int | None, typer.Option(help="How often; any number without it.")] = None,
    approval: Annotated[bool, typer.Option("--approval", help="Each use needs a second person's approval.")] = False,
    form: Annotated[str, typer.Option("--form", help="What is handed in: document, digest or hash.")] = "document",
    data: Data = None,
) -> None:
    """Let a client, an account or a role use a seal. Prints the grant's id."""
    from api.cli.seal_commands import grant

    kind, _, grantee = to.partition(":")
    if kind not in ("client", "account", "role") or not grantee:
        raise refusal("--to takes client:ID, account:ID or role:NAME")
    if form not in ("document", "digest", "hash"):
        raise refusal("--form is document, digest or hash")
    days = (_day(since, "--from"), _day(until, "--until"))
    classes = tuple(document_class or ("document",))
    _say(grant(settings_of(data=data), seal, kind, grantee, classes, days, max_uses, approval=approval, form=form))


@seal_app.command("end-grant")
def seal_end_grant(
    grant: Annotated[str, typer.Argument(metavar="GRANT_ID", help="As `yizheng seal grants` shows it.")],
    data: Data = None,
) -> None:
    """Take a grant back, at once."""
    from api.cli.seal_commands import end_grant

    _say(end_grant(settings_of(data=data), grant))


@seal_app.command("uses")
def seal_uses(
    owner: Owner,
    seal: Annotated[str | None, typer.Option("--seal", help="Only this seal's.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="First day, as 2026-01-01.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Last day, included.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write all of them as CSV to this new file.")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """The ledger of an organisation's seals: the newest hundred, or with --out the whole."""
    from api.cli.seal_commands import export, uses

    first, last = (_day(since, "--from") if since else None), (_day(until, "--until") if until else None)
    settings = settings_of(data=data)
    if out is None:
        _say(uses(settings, owner, seal, first, last, as_json=as_json))
        return
    try:
        _say(export(settings, owner, seal, first, last, out))
    except OSError as error:
        raise refusal(f"{error.filename}: {error.strerror}") from None


def _day(typed: str, option: str) -> dt.date:
    try:
        return dt.date.fromisoformat(typed)
    except ValueError:
        raise refusal(f"{option} takes a day such as 2026-12-31") from None


def _files(work: Coroutine[None, None, list[str]]) -> None:
    try:
        _say(work)
    except OSError as error:
        raise refusal(f"{error.filename}: {error.strerror}") from None


def _order(
    owner: str,
    name: str,
    name_en: str,
    code: str,
    kind: str,
    line: str,
    shape: str,
    centre: str,
    algorithm: str,
    forms: str | None,
    *,
    numbered: bool,
) -> SealOrder:
    from core.text import Text
    from keys.profile import Profile
    from keys.spec import SignatureAlgorithm
    from signing.appearance.official_seal import SealCentre, SealShape
    from signing.model import SealKind
    from signing.seals.order import SealOrder

    if kind not in list(SealKind) or kind == SealKind.PERSONAL:
        raise refusal("--kind is official, finance, contract, licence, special or representative")
    if shape not in list(SealShape) or shape == SealShape.SCAN:
        raise refusal("--shape is round, oval or name; --scan takes a scanned one")
    if centre not in list(SealCentre) or algorithm not in list(SignatureAlgorithm):
        raise refusal("--centre is star or blank, --algorithm ES256, ES384, RS256, RS384, RS512, PS256 or EdDSA")
    if forms is not None and forms not in list(Profile):
        raise refusal("--forms is international, national or both")
    return SealOrder(
        owner,
        Text(name, name_en),
        code,
        SealKind(kind),
        line,
        algorithm=SignatureAlgorithm(algorithm),
        shape=SealShape(shape),
        centre=SealCentre(centre),
        numbered=numbered,
        profile=None if forms is None else Profile(forms),
    )


def _source(
    settings: Settings,
    scan: Path | None,
    backend: str | None,
    key_uri: str | None,
    pkcs12: Path | None,
    *,
    is_round: bool = True,
) -> SealSource:
    from api.cli.passphrases import known_passphrase
    from api.cli.seal_source import SealSource

    if sum(one is not None for one in (backend, key_uri, pkcs12)) > 1:
        raise refusal("one of --backend, --key-uri and --pkcs12")
    if pkcs12 is None:
        return SealSource(scan, is_round, backend, key_uri)
    passphrase = settings.pkcs12_passphrase or known_passphrase()
    if passphrase is None:
        raise refusal("the passphrase of the file: set YIZHENG_PKCS12_PASSPHRASE, or run it at a terminal")
    try:
        content = pkcs12.read_bytes()
    except OSError as error:
        raise refusal(f"{error.filename}: {error.strerror}") from None
    return SealSource(scan, is_round, pkcs12=content, passphrase=passphrase)

"""`yizheng seal …`: seals, their grants and their ledger, on the instance's machine."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer

from api.cli.ground import Data, plainly, refusal, settings_of

seal_app = typer.Typer(no_args_is_help=True, help="Seals: founded, stopped, granted; the ledger of their uses.")

Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]
SealId = Annotated[str, typer.Argument(metavar="SEAL_ID", help="As `yizheng seal list` shows it.")]
Owner = Annotated[str, typer.Option("--owner", help="Unified social credit code of the organisation.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; stands in the seal's story.")]
Day = Annotated[str, typer.Option(help="As 2026-12-31; both days are included.")]


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
    name: Annotated[str, typer.Option("--name", help="Registered name in Chinese; it stands on the arc.")],
    name_en: Annotated[str, typer.Option("--name-en", help="Name in English.")],
    code: Annotated[str, typer.Option("--code", help="Seal code, 13 digits.")],
    kind: Annotated[
        str, typer.Option(help="official, finance, contract, licence, special, representative")
    ] = "official",
    line: Annotated[str, typer.Option(help="Short line under the star.")] = "",
    diameter: Annotated[float, typer.Option(help="In millimetres.")] = 42.0,
    backend: Annotated[str | None, typer.Option(help="Where the key lives: software, pkcs11.")] = None,
    data: Data = None,
) -> None:
    """Make an active seal in one go, for a first start; the operator answers for it. Prints its id."""
    from api.cli.seal_commands import found
    from signing.model import SealKind

    if kind not in list(SealKind) or kind == SealKind.PERSONAL:
        raise refusal("--kind is official, finance, contract, licence, special or representative")
    wanted = (owner, name, name_en, code, SealKind(kind), line, diameter, backend)
    _say(found(settings_of(data=data), *wanted))


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

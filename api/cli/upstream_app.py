"""`yizheng upstream …`: log-in through other OpenID Connect providers."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer

from api.cli.ground import Data, first_line, plainly, refusal, settings_of
from idp.upstream.model import ProviderStatus

upstream_app = typer.Typer(no_args_is_help=True, help="Log-in through other OpenID Connect providers.")

Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]
ProviderId = Annotated[str, typer.Argument(metavar="PROVIDER", help="As `yizheng upstream list` shows it.")]
File = Annotated[Path, typer.Argument(help="JSON of one provider; `-` reads standard input.")]


def _say(work: Coroutine[None, None, list[str]]) -> None:
    with plainly():
        for line in asyncio.run(work):
            typer.echo(line)


@upstream_app.command("put")
def upstream_put(file: File, data: Data = None) -> None:
    """Register a provider, or replace what is known of it; prints the addresses that its operator must register."""
    from api.cli.upstream_commands import put_provider, read_provider

    try:
        described = read_provider(file)
    except OSError as error:
        raise refusal(f"cannot read {file} ({error.strerror}): name a JSON file, or - for standard input") from None
    except ValueError as error:
        raise refusal(f"{file} does not describe a provider as JSON: {first_line(error)}") from None
    _say(put_provider(settings_of(data=data), described))


@upstream_app.command("list")
def upstream_list(data: Data = None, as_json: Json = False) -> None:
    """Providers, disabled ones too."""
    from api.cli.upstream_commands import list_providers

    _say(list_providers(settings_of(data=data), as_json=as_json))


@upstream_app.command("show")
def upstream_show(provider: ProviderId, data: Data = None) -> None:
    """One provider as JSON, without its secret."""
    from api.cli.upstream_commands import show_provider

    _say(show_provider(settings_of(data=data), provider))


@upstream_app.command("disable")
def upstream_disable(provider: ProviderId, data: Data = None) -> None:
    """Nobody logs in through the provider any more; links and sessions stay."""
    from api.cli.upstream_commands import change_status

    _say(change_status(settings_of(data=data), provider, ProviderStatus.DISABLED))


@upstream_app.command("enable")
def upstream_enable(provider: ProviderId, data: Data = None) -> None:
    """People may log in through the provider again."""
    from api.cli.upstream_commands import change_status

    _say(change_status(settings_of(data=data), provider, ProviderStatus.ACTIVE))


@upstream_app.command("test")
def upstream_test(provider: ProviderId, data: Data = None) -> None:
    """Try the connection without logging anybody in: metadata, keys, our credentials. Exits 1 if a step fails."""
    from api.cli.upstream_commands import check_provider

    with plainly():
        lines, good = asyncio.run(check_provider(settings_of(data=data), provider))
    for line in lines:
        typer.echo(line)
    raise typer.Exit(0 if good else 1)


@upstream_app.command("keys")
def upstream_keys(data: Data = None) -> None:
    """Our public keys for `private_key_jwt` as a JWK Set, for a provider that does not fetch them."""
    from api.cli.upstream_commands import our_keys

    _say(our_keys(settings_of(data=data)))

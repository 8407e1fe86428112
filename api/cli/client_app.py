"""`yizheng client …`: the words of the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer

from api.cli.ground import Data, first_line, plainly, refusal, settings_of
from idp.model import ClientStatus

client_app = typer.Typer(no_args_is_help=True, help="Portals and departments' systems.")
token_app = typer.Typer(no_args_is_help=True, help="Initial access tokens, with which clients register themselves.")
secret_app = typer.Typer(no_args_is_help=True, help="Secrets: a second one beside the first, and its end.")
client_app.add_typer(token_app, name="token")
client_app.add_typer(secret_app, name="secret")

Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]
ClientId = Annotated[str, typer.Argument(metavar="CLIENT_ID", help="As `yizheng client list` shows it.")]


def _say(work: Coroutine[None, None, list[str]]) -> None:
    with plainly():
        for line in asyncio.run(work):
            typer.echo(line)


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
        raise refusal(f"cannot read {file} ({error.strerror}): name a JSON file, or - for standard input") from None
    except ValueError as error:
        raise refusal(f"{file} does not describe clients as JSON: {first_line(error)}") from None
    _say(register(settings_of(data=data), descriptions))


@client_app.command("list")
def client_list(
    text: Annotated[str, typer.Argument(help="Part of an id or a name.")] = "", data: Data = None, as_json: Json = False
) -> None:
    """Clients, by id."""
    from api.cli.client_commands import list_clients

    _say(list_clients(settings_of(data=data), text, as_json=as_json))


@client_app.command("show")
def client_show(client_id: ClientId, data: Data = None) -> None:
    """Everything that is registered about one client, as JSON."""
    from api.cli.client_commands import show

    _say(show(settings_of(data=data), client_id))


@client_app.command("disable")
def client_disable(client_id: ClientId, data: Data = None) -> None:
    """The client and all its tokens stop working within seconds."""
    from api.cli.client_commands import change_status

    _say(change_status(settings_of(data=data), client_id, ClientStatus.DISABLED))


@client_app.command("enable")
def client_enable(client_id: ClientId, data: Data = None) -> None:
    """Let a disabled client work again."""
    from api.cli.client_commands import change_status

    _say(change_status(settings_of(data=data), client_id, ClientStatus.ACTIVE))


@client_app.command("remove")
def client_remove(client_id: ClientId, data: Data = None) -> None:
    """End a client for good; it never comes back."""
    from api.cli.client_commands import change_status

    _say(change_status(settings_of(data=data), client_id, ClientStatus.REMOVED))


@client_app.command("errors")
def client_errors(client_id: ClientId, data: Data = None, as_json: Json = False) -> None:
    """Requests of a client that were refused, the newest first."""
    from api.cli.client_commands import errors

    _say(errors(settings_of(data=data), client_id, as_json=as_json))


@client_app.command("logouts")
def client_logouts(client_id: ClientId, data: Data = None, as_json: Json = False) -> None:
    """Logout notices to a client, the newest first, and how it has been taking them."""
    from api.cli.client_commands import logouts

    _say(logouts(settings_of(data=data), client_id, as_json=as_json))


@client_app.command("logout-retry")
def client_logout_retry(
    client_id: ClientId,
    notice_id: Annotated[str, typer.Argument(help="As `yizheng client logouts` shows it.")],
    data: Data = None,
) -> None:
    """Send a notice that was given up once more, now."""
    from api.cli.client_commands import retry_logout

    _say(retry_logout(settings_of(data=data), client_id, notice_id))


@secret_app.command("add")
def secret_add(
    client_id: ClientId,
    data: Data = None,
    hours: Annotated[int, typer.Option(min=0, max=720, help="How long the secret before counts too.")] = 168,
) -> None:
    """Make a second secret, printed once; never more than two count."""
    from api.cli.client_commands import add_secret

    _say(add_secret(settings_of(data=data), client_id, hours=hours))


@secret_app.command("end")
def secret_end(client_id: ClientId, data: Data = None) -> None:
    """End the earlier of two secrets now."""
    from api.cli.client_commands import end_earlier_secret

    _say(end_earlier_secret(settings_of(data=data), client_id))


@token_app.command("issue")
def token_issue(
    note: Annotated[str, typer.Argument(help="For whom it is, in words.")],
    data: Data = None,
    clients: Annotated[int, typer.Option(min=1, max=10_000, help="How many clients may register with it.")] = 1,
    hours: Annotated[int, typer.Option(min=1, max=8_784, help="How long it is good.")] = 168,
    host: Annotated[
        list[str] | None, typer.Option(help="Host of redirect URIs, or .suffix; may be given again. Any if none.")
    ] = None,
    scope: Annotated[str, typer.Option(help="Scopes that may be registered.")] = "openid offline_access",
    no_review: Annotated[bool, typer.Option("--no-review", help="Clients work without a second person.")] = False,
    for_tests: Annotated[bool, typer.Option("--for-tests", help="As conformance tests need it.")] = False,
) -> None:
    """Make an initial access token, printed once. YIZHENG_REGISTRATION must be guarded for it to be of use."""
    from api.cli.client_commands import issue_token

    settings = settings_of(data=data)
    _say(
        issue_token(
            settings,
            note,
            clients=clients,
            hours=hours,
            hosts=host or [],
            scope=scope,
            review=not no_review,
            for_tests=for_tests,
        )
    )


@token_app.command("list")
def token_list(data: Data = None, as_json: Json = False) -> None:
    """Initial access tokens, without their values."""
    from api.cli.client_commands import list_tokens

    _say(list_tokens(settings_of(data=data), as_json=as_json))


@token_app.command("end")
def token_end(
    permit_id: Annotated[str, typer.Argument(metavar="ID", help="As `yizheng client token list` shows it.")],
    data: Data = None,
) -> None:
    """Nobody registers with it any more."""
    from api.cli.client_commands import end_token

    _say(end_token(settings_of(data=data), permit_id))

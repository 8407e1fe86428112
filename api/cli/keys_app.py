"""`yizheng keys …`: keys, their rotation, and what to do when one has leaked."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated

import typer

from api.cli.ground import Data, plainly, settings_of
from api.cli.keys_master_app import master_app
from api.cli.reencrypt_app import reencrypt_app
from keys.spec import SignatureAlgorithm

keys_app = typer.Typer(no_args_is_help=True, help="Keys and their rotation.")
keys_app.add_typer(reencrypt_app, name="reencrypt")
keys_app.add_typer(master_app, name="master")

Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]
KeyId = Annotated[str, typer.Argument(metavar="KEY_ID", help="As `yizheng keys list` shows it.")]


def _say(work: Coroutine[None, None, list[str]]) -> None:
    with plainly():
        for line in asyncio.run(work):
            typer.echo(line)


@keys_app.command("list")
def keys_list(data: Data = None, as_json: Json = False) -> None:
    """Keys that are in use or still accepted."""
    from api.cli.keys_commands import list_keys

    _say(list_keys(settings_of(data=data), as_json=as_json))


@keys_app.command("show")
def keys_show(key_id: KeyId, data: Data = None, as_json: Json = False) -> None:
    """One key in any state, and its life so far."""
    from api.cli.keys_commands import show_key

    _say(show_key(settings_of(data=data), key_id, as_json=as_json))


@keys_app.command("schedule")
def keys_schedule(data: Data = None, as_json: Json = False) -> None:
    """What happens to which key by itself, and when."""
    from api.cli.keys_commands import schedule

    _say(schedule(settings_of(data=data), as_json=as_json))


@keys_app.command("rotate")
def keys_rotate(
    purpose: str,
    data: Data = None,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Do not wait until portals have seen the next key.")
    ] = False,
) -> None:
    """Publish the next key of PURPOSE, or make it active; the old one still verifies what it signed."""
    from api.cli.keys_commands import rotate_key

    _say(rotate_key(settings_of(data=data), purpose, at_once=at_once))


@keys_app.command("retire")
def keys_retire(key_id: KeyId, data: Data = None) -> None:
    """Accept a key that signs no longer, no longer at all; what it signed does not verify any more."""
    from api.cli.keys_commands import retire_key

    _say(retire_key(settings_of(data=data), key_id))


@keys_app.command("revoke")
def keys_revoke(
    key_id: KeyId,
    data: Data = None,
    no_successor: Annotated[
        bool,
        typer.Option(
            "--no-successor", help="Stop the purpose even if no other key can be made, e.g. without its token."
        ),
    ] = False,
) -> None:
    """Emergency: the key has leaked. It is replaced at once, and no worker accepts what it signed."""
    from api.cli.keys_commands import revoke_key

    _say(revoke_key(settings_of(data=data), key_id, replace=not no_successor))


@keys_app.command("destroy")
def keys_destroy(key_id: KeyId, data: Data = None) -> None:
    """Destroy the private part of a retired key for good."""
    from api.cli.keys_commands import destroy_key

    _say(destroy_key(settings_of(data=data), key_id))


@keys_app.command("calibrate")
def keys_calibrate(
    data: Data = None,
    milliseconds: Annotated[int, typer.Option(min=5, max=5_000, help="What one password hash may take.")] = 50,
    memory: Annotated[int, typer.Option(min=19, max=65_536, help="MiB that passwords may take in one worker.")] = 128,
) -> None:
    """Measure what a password hash may cost on this machine; prints the settings to make. Changes nothing."""
    from api.cli.calibrate_commands import propose

    with plainly():
        for line in propose(settings_of(data=data), milliseconds=milliseconds, memory_mib=memory):
            typer.echo(line)


@keys_app.command("adopt")
def keys_adopt(
    purpose: str,
    uri: Annotated[str, typer.Argument(metavar="URI", help="PKCS#11 URI (RFC 7512) of a key on the configured token.")],
    algorithm: Annotated[SignatureAlgorithm, typer.Option("--algorithm", help="What the key is to sign with.")],
    data: Data = None,
    imported: Annotated[
        bool, typer.Option("--imported", help="Accept a key that was outside its token once, before it was put there.")
    ] = False,
) -> None:
    """Use a key that is on the token already, for PURPOSE; it is never destroyed by this service."""
    from api.cli.keys_commands import adopt_key

    _say(adopt_key(settings_of(data=data), purpose, uri, algorithm, imported=imported))

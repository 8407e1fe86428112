"""`yizheng ca ceremony`: making and using the offline root, with several people in the room (docs/ceremony.md)."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import typer

from api.cli.ground import Data, plainly, refusal, settings_of
from core.errors import AppError
from core.text import Language
from keys.spec import SignatureAlgorithm

app = typer.Typer(
    invoke_without_command=True, help="The offline root: made, used and checked by several people together."
)

Lang = Annotated[Literal["zh", "en"], typer.Option("--lang", help="Language of the questions: zh or en.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder that the ceremony makes; must not be there yet.")]
Folder = Annotated[Path, typer.Argument(help="Folder that the last ceremony made.")]
Requests = Annotated[
    list[str], typer.Option("--request", help="Request of an issuing authority: NAME.csr or NAME=FILE. Repeat it.")
]
PkiUrl = Annotated[str, typer.Option("--pki-url", help="Where the service publishes certificates: https://HOST.")]
Shares = Annotated[int, typer.Option("--shares", min=2, max=16, help="How many shares there are.")]
Threshold = Annotated[int, typer.Option("--threshold", min=2, max=16, help="How many shares open the key.")]
TokenModule = Annotated[Path | None, typer.Option("--token-module", help="PKCS#11 library of the token for the key.")]
TokenLabel = Annotated[str, typer.Option("--token-label", help="Label of that token.")]
PinFile = Annotated[Path | None, typer.Option("--pin-file", help="File with the token's PIN, for a new root.")]
Algorithm = Annotated[
    Literal["ES384", "RS384", "ES256"],
    typer.Option("--algorithm", help="ES384 (P-384), RS384 (RSA-4096), or ES256 (P-256) for a token without P-384."),
]


@app.callback()
def found(
    context: typer.Context,
    out: Out = None,
    organisation: Annotated[str, typer.Option("--organisation", help="O of the root's name, e.g. the city.")] = "",
    name: Annotated[str, typer.Option("--name", help="CN of the root's name.")] = "Root CA",
    shares: Shares = 5,
    threshold: Threshold = 3,
    algorithm: Algorithm = "ES384",
    request: Requests = [],  # noqa: B006 - typer makes a new list for each call
    pki_url: PkiUrl = "",
    token_module: TokenModule = None,
    token_label: TokenLabel = "",
    pin_file: PinFile = None,
    lang: Lang = "zh",
) -> None:
    """Lead the people through making a root. Alone, without network; see docs/ceremony.md."""
    if context.invoked_subcommand is not None:
        return
    from api.cli import ceremony_commands as commands
    from keys.ceremony.room import Founding

    with _ceremony(lang):
        chosen = SignatureAlgorithm(algorithm)
        bits = 4096 if chosen is SignatureAlgorithm.RS384 else None
        requests = commands.read_requests(request)
        plan = Founding(organisation, name, chosen, bits, threshold, shares, pki_url, requests)
        token = commands.TokenOptions(token_module, token_label, pin_file)
        target = out or Path("root-1")
        asyncio.run(commands.found(plan, target, token, lang))
        typer.echo(target)


@app.command("sign")
def sign(
    folder: Folder,
    out: Out = None,
    request: Requests = [],  # noqa: B006 - typer makes a new list for each call
    revoke: Annotated[
        list[str], typer.Option("--revoke", help="SERIAL=REASON of an issuing authority. Repeat it.")
    ] = [],  # noqa: B006 - as above
    pki_url: PkiUrl = "",
    token_module: TokenModule = None,
    token_label: TokenLabel = "",
    lang: Lang = "zh",
) -> None:
    """Sign issuing authorities, revoke some, and make the next revocation list (with neither: only the list)."""
    from api.cli import ceremony_commands as commands
    from keys.ceremony.room import Orders

    with _ceremony(lang):
        orders = Orders(pki_url, commands.read_requests(request), commands.read_revocations(revoke))
        token = commands.TokenOptions(token_module, token_label)
        target = out or commands.next_folder(folder)
        asyncio.run(commands.sign(orders, folder, target, token, lang))
        typer.echo(target)


@app.command("reshare")
def reshare(
    folder: Folder,
    out: Out = None,
    shares: Shares = 5,
    threshold: Threshold = 3,
    token_module: TokenModule = None,
    token_label: TokenLabel = "",
    lang: Lang = "zh",
) -> None:
    """Split the root's key anew, among the same people or others."""
    from api.cli import ceremony_commands as commands
    from keys.ceremony.room import Resharing

    with _ceremony(lang):
        token = commands.TokenOptions(token_module, token_label)
        target = out or commands.next_folder(folder)
        asyncio.run(commands.reshare(Resharing(threshold, shares), folder, target, token, lang))
        typer.echo(target)


@app.command("check")
def check(folder: Folder, lang: Lang = "zh") -> None:
    """Say whether a share belongs to the root in FOLDER. The key stays closed."""
    from api.cli import ceremony_commands as commands

    with _ceremony(lang):
        typer.echo(commands.check(folder, lang))


@app.command("verify")
def verify(
    folder: Folder,
    root: Annotated[
        str | None, typer.Option("--root", help="SHA-256 of the root's certificate, from the signed paper.")
    ] = None,
    lang: Lang = "zh",
) -> None:
    """Check the protocol, its signature, every file, the chain of protocols. Exits 1 if anything is wrong."""
    from api.cli import ceremony_commands as commands

    with _ceremony(lang):
        findings = commands.verify(folder, root)
    for finding in findings:
        typer.echo(f"{'ok  ' if finding.good else 'BAD '} {finding.what.to(lang)}")
    raise typer.Exit(0 if all(finding.good for finding in findings) else 1)


@app.command("install")
def install(
    folder: Annotated[Path, typer.Argument(help="What was carried over: root.cer, root.crl and NAME.cer.")],
    root: Annotated[str, typer.Option("--root", help="SHA-256 of the root's certificate, from the signed paper.")],
    data: Data = None,
) -> None:
    """In the service: trust the root, publish its list, let its authorities issue, end those that it has revoked."""
    from api.cli import ceremony_commands as commands

    with plainly():
        for line in asyncio.run(commands.install(settings_of(data=data), folder, root)):
            typer.echo(line)


@contextlib.contextmanager
def _ceremony(language: Language) -> Iterator[None]:
    """Faults are one line in the language of the ceremony; no signal leaves a share on the screen or on the disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash writes no memory to the disk
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # Ctrl-Z would leave the screen as it is
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: the screen is wiped first
    with plainly():
        try:
            yield
        except AppError as error:
            raise refusal(error.text.to(language)) from None

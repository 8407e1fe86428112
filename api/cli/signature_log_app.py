"""`yizheng signature-log …`: the public log of signatures: keys to pin, receipts, verification."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from api.cli.ground import Data, plainly, refusal, settings_of

signature_log_app = typer.Typer(no_args_is_help=True, help="The public log of signatures.")
Keys = Annotated[
    list[str] | None, typer.Option("--key", help="A pinned key line of the log; may be given several times.")
]
_FAULTS = {
    "not-signed": "its checkpoint is not signed by a key that counts",
    "not-the-root": "its entry does not lead to the checkpoint's root",
    "other-file": "it is another file's",
    "checkpoint-forged": "a checkpoint is not signed by a key that counts",
    "not-as-signed": "the entries are not what a checkpoint signed",
    "entry-malformed": "an entry is not in its form",
    "tail-cut": "entries at the end are missing",
    "ledger-differs": "the ledger has uses of seals that were not entered",
}


@signature_log_app.command("key")
def log_key(data: Data = None) -> None:
    """The keys that sign checkpoints, a line each, to be pinned elsewhere."""
    from api.cli import signature_log_commands

    with plainly():
        for line in asyncio.run(signature_log_commands.key_lines(settings_of(data=data))):
            typer.echo(line)


@signature_log_app.command("receipt")
def log_receipt(
    file: Annotated[Path, typer.Argument(help="A sealed file.")],
    data: Data = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write it to this file; printed without it.")] = None,
) -> None:
    """The receipt of a sealed file: the proof that it was entered."""
    from api.cli import signature_log_commands

    with plainly():
        document = asyncio.run(signature_log_commands.receipt(settings_of(data=data), _read(file)))
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


@signature_log_app.command("check")
def log_check(
    receipt: Annotated[Path, typer.Argument(help="The receipt.")],
    key: Keys = None,
    file: Annotated[Path | None, typer.Option("--file", help="The sealed file that it is said to be of.")] = None,
) -> None:
    """Check a receipt with pinned keys alone; needs no database, only the service's address (YIZHENG_ISSUER)."""
    from api.cli import signature_log_commands

    if not key:
        raise refusal("name the log's key with --key; `yizheng signature-log key` prints it")
    with plainly():
        content = _read(file) if file is not None else None
        found = signature_log_commands.check(settings_of(), _read(receipt), key, content)
    if found.fault is not None:
        raise refusal(f"the receipt does not hold: {_FAULTS[found.fault]} ({found.fault})")
    entry = found.entry
    what = f"file {entry.document}" if entry.document else entry.event.value
    typer.echo(f"proved: {what}, seal {entry.seal}, {entry.at:%Y-%m-%d %H:%M:%S} UTC,")
    typer.echo(f"is entry {found.index} in the log of {found.size}")


@signature_log_app.command("verify")
def log_verify(
    data: Data = None,
    key: Keys = None,
    signed: Annotated[
        list[Path] | None, typer.Option("--signed", help="A signed checkpoint that was kept elsewhere.")
    ] = None,
) -> None:
    """Compute the log's tree anew against every checkpoint, and hold the ledger against it. Exits 1 if one is wrong."""
    from api.cli import signature_log_commands

    with plainly():
        outside = [_read(one).decode("utf-8", "replace") for one in signed or []]
        found = asyncio.run(signature_log_commands.verify(settings_of(data=data), key or [], outside))
    if found.fault is not None:
        place = f" at {found.at}" if found.at is not None else f": {found.not_entered}"
        raise refusal(f"the log of signatures is not good{place}: {_FAULTS[found.fault]} ({found.fault})")
    typer.echo(f"log of signatures whole: {found.size} entries, {found.checkpoints} signed checkpoints; ledger agrees")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise refusal(f"{error.filename}: {error.strerror}") from None

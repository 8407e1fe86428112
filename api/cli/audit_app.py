"""`yizheng audit …`: the audit log as a transparency log: signed, proved, verified."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.ground import Data, plainly, refusal, settings_of

if TYPE_CHECKING:
    from core.audit.verify import Checkpoint
    from core.audit.walk import Seam

audit_app = typer.Typer(no_args_is_help=True, help="The audit log.")
Keys = Annotated[
    list[str] | None,
    typer.Option("--key", help="A pinned key line in place of the service's own keys; may be given several times."),
]
_FAULTS = {
    "gap": "a row is missing or one is too many",
    "broken-link": "it does not continue the row before",
    "changed": "its content was changed",
    "beyond-head": "it was added behind the log's end",
    "tail-cut": "rows at the end are missing",
    "not-as-signed": "it is not what a checkpoint signed",
    "seam-broken": "the change to SM3 is not what it says",
    "checkpoint-forged": "a checkpoint of that size is not signed by a key that counts",
}


@audit_app.command("verify")
def audit_verify(
    data: Data = None,
    checkpoint: Annotated[
        str | None, typer.Option("--checkpoint", help="NUMBER:HASH, printed by an earlier run and kept elsewhere.")
    ] = None,
    signed: Annotated[
        list[Path] | None, typer.Option("--signed", help="A signed checkpoint that was kept elsewhere, or a folder.")
    ] = None,
    key: Keys = None,
    last: Annotated[int | None, typer.Option("--last", min=1, help="Only so many rows at the end.")] = None,
) -> None:
    """Compute chain and tree anew, against every signed checkpoint; name the first bad row. Exits 1 if there is one."""
    from api.cli import audit_commands

    outside, settings = _notes(signed or []), settings_of(data=data)
    with plainly():
        if checkpoint:
            older = asyncio.run(audit_commands.verify_from(settings, _head(checkpoint)))
            if not older.whole:
                raise _broken(older.bad_row, older.fault, older.rows)
        verdict = asyncio.run(audit_commands.verify(settings, outside=outside, pinned=key or [], last=last))
    if not verdict.whole:
        raise _broken(verdict.bad_row, verdict.fault, verdict.end, verdict.until)
    rows = f"{verdict.end} rows" if not verdict.start else f"rows {verdict.start + 1} to {verdict.end}"
    typer.echo(f"audit chain whole: {rows}; checkpoint {verdict.end}:{verdict.hash.hex()}")
    if verdict.seam is not None:
        typer.echo(_told(verdict.seam))
    given = f", {len(verdict.outside)} of them kept elsewhere" if outside else ""
    typer.echo(f"audit tree whole: {len(verdict.checkpoints)} signed checkpoints{given}; root {verdict.root.hex()}")


@audit_app.command("to-sm3")
def audit_to_sm3(data: Data = None) -> None:
    """Chain the log by SM3 from here on, the rows so far bound in under SM3 too; for good."""
    from api.cli import audit_commands

    with plainly():
        seam = asyncio.run(audit_commands.to_sm3(settings_of(data=data)))
    typer.echo("the audit chain is by SM3 already" if seam is None else _told(seam))


@audit_app.command("checkpoint")
def audit_checkpoint(
    data: Data = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write it to this file; printed without it.")] = None,
) -> None:
    """Sign the log as it is now, and bring the checkpoint to its witnesses."""
    from api.cli import audit_commands

    with plainly():
        made = asyncio.run(audit_commands.checkpoint(settings_of(data=data)))
    _give(made.note, out)


@audit_app.command("prove")
def audit_prove(
    number: Annotated[int, typer.Argument(min=0, help="Number of the row; or with --from the later size.")],
    data: Data = None,
    size: Annotated[int | None, typer.Option("--size", help="Size of the checkpoint to lead to.")] = None,
    first: Annotated[
        int | None, typer.Option("--from", help="Prove that the checkpoint of this size begins the one of NUMBER rows.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write it to this file; printed without it.")] = None,
) -> None:
    """A proof as a JSON document: that a row is in the log, or that one checkpoint begins another."""
    from api.cli import audit_commands

    settings = settings_of(data=data)
    with plainly():
        if first is not None:
            document = asyncio.run(audit_commands.prove_growth(settings, first, number))
        else:
            document = asyncio.run(audit_commands.prove_event(settings, number, size))
    _give(json.dumps(document, ensure_ascii=False, indent=1) + "\n", out)


@audit_app.command("check")
def audit_check(proof: Annotated[Path, typer.Argument(help="The JSON document.")], key: Keys = None) -> None:
    """Check a proof with pinned keys alone; needs no database, only the service's address (YIZHENG_ISSUER)."""
    from api.cli import audit_commands

    if not key:
        raise refusal("name the log's key with --key; `yizheng audit key` prints it")
    with plainly():
        found = audit_commands.check(settings_of(), _read(proof), key)
    if found.fault is not None:
        raise refusal(f"the proof does not hold ({found.fault})")
    what = f"row {found.number} is" if found.number is not None else f"the first {found.sizes[0]} rows are"
    typer.echo(f"proved: {what} in the log of {found.sizes[-1]} rows")


@audit_app.command("key")
def audit_key(data: Data = None) -> None:
    """The keys that sign checkpoints, a line each, to be pinned elsewhere."""
    from api.cli import audit_commands

    with plainly():
        for line in asyncio.run(audit_commands.key_lines(settings_of(data=data))):
            typer.echo(line)


def _told(seam: Seam) -> str:
    rows = seam.row - 1
    before = f"the {rows} rows before it are {seam.old.hex()} under SM3" if rows else "no rows before it"
    proved = "" if seam.proved else ", which only a verification of all rows proves"
    return f"audit chain by SM3 from row {seam.row} on; {before}{proved}"


def _head(text: str) -> Checkpoint:
    from core.audit.verify import Checkpoint

    number, _, digest = text.partition(":")
    try:
        return Checkpoint(int(number), bytes.fromhex(digest))
    except ValueError:
        raise refusal("--checkpoint takes NUMBER:HASH, as an earlier run printed it") from None


def _notes(paths: list[Path]) -> list[str]:
    files = [file for path in paths for file in (sorted(path.glob("checkpoint-*.txt")) if path.is_dir() else [path])]
    try:
        return [_read(file).decode("utf-8") for file in files]
    except UnicodeDecodeError:
        raise refusal("a file given with --signed is no signed checkpoint") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise refusal(f"{error.filename}: {error.strerror}") from None


def _give(text: str, out: Path | None) -> None:
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise refusal(f"{error.filename}: {error.strerror}") from None


def _broken(row: int | None, fault: str | None, good: int, until: int | None = None) -> typer.Exit:
    place = f"row {row}" if until in (None, row) else f"a row from {row} to {until}"
    why = f"; {_FAULTS[fault]}" if fault in _FAULTS else ""
    return refusal(f"audit chain broken at {place} ({fault}{why}); {good} rows before it are good")

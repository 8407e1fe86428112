"""The work of `yizheng sign --batch`: a folder goes as one batch; run again, it goes on where it was."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import typer

from api.cli.ground import refusal
from yizheng_client import Batch, BatchFile, Client, Progress

_WORDS = {
    "asked": "waits for a second person's approval; run this again afterwards",
    "halted": "halted",
    "cancelled": "was cancelled",
    "refused": "was not approved",
    "lapsed": "has lapsed",
}


def seal_batch(
    service: Client,
    folder: Path,
    out: Path,
    *,
    seal: str,
    document_class: str,
    reason: str | None,
    where: tuple[int | None, float | None, float | None],
    profile: str | None = None,
) -> None:
    """Hand in what is there, wait for it, and write what is sealed to the same paths below `out`.

    Raises:
        typer.Exit: with 1, unless every file was sealed.
    """
    files = _files_in(folder)
    digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    page, x, y = where
    places = None if page is None else [{"kind": "at", "page": page, "x_mm": x, "y_mm": y}]
    words = [seal, document_class, reason or "", repr(where), *([f"profile {profile}"] if profile else [])]
    words += (f"{digest} {name}" for name, digest in digests.items())
    key = f"cli-{hashlib.sha256(chr(0).join(words).encode()).hexdigest()}"
    batch = service.begin_batch(
        seal=seal, document_class=document_class, reason=reason, profile=profile, places=places, idempotency_key=key
    )
    typer.echo(f"{batch.id}: {len(files)} files")
    if batch.progress().state == "collecting":
        batch.add(_contents(files))
        batch.start()
    _finish(batch, files, out)


def _files_in(folder: Path) -> Mapping[str, Path]:
    if not folder.is_dir():
        raise refusal(f"{folder}: no such folder")
    found = sorted(one for one in folder.rglob("*") if one.is_file() and one.suffix.lower() in (".pdf", ".ofd"))
    if not found:
        raise refusal(f"{folder}: no PDF and no OFD in it")
    return {one.relative_to(folder).as_posix(): one for one in found}


def _contents(files: Mapping[str, Path]) -> Iterator[tuple[str, bytes]]:
    for name, path in files.items():
        yield name, path.read_bytes()


def _finish(batch: Batch, files: Mapping[str, Path], out: Path) -> None:
    progress = batch.wait(told=_tell)
    good = progress.state == "done"
    for file in batch.files():
        if file.state == "sealed" and file.name in files:  # nothing is written that was not handed in from here
            _fetch(batch, file, out / file.name)
        elif file.state == "refused":
            good = False
            typer.echo(f"{file.name}: not sealed, {file.code}. {file.text}", err=True)
    if progress.state != "done":
        why = f": {progress.reason}" if progress.reason else ""
        typer.echo(f"{batch.id} {_WORDS.get(progress.state, progress.state)}{why}", err=True)
    if not good:
        raise typer.Exit(1)


def _fetch(batch: Batch, file: BatchFile, place: Path) -> None:
    if not place.exists():
        content = batch.sealed(file)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        except OSError as error:
            raise refusal(f"{place}: {error.strerror}") from None
    typer.echo(f"{file.name}: sealed, {file.signature_id}")


def _tell(progress: Progress) -> None:
    settled = progress.sealed + progress.refused
    typer.echo(f"{progress.state}: {settled} of {settled + progress.waiting + progress.cancelled}", err=True)

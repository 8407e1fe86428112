"""`yizheng sign`, `yizheng extend` and `yizheng verify`: documents at a running service, for scripts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.ground import refusal, settings_of

if TYPE_CHECKING:
    from yizheng_client import Client, Report, Verdict

Server = Annotated[str | None, typer.Option("--server", help="The service's address; by default YIZHENG_ISSUER.")]
Files = Annotated[list[Path], typer.Argument(help="PDF files.")]
AnyFiles = Annotated[list[Path], typer.Argument(help="PDF or OFD files.")]
SomeFiles = Annotated[list[Path] | None, typer.Argument(help="PDF or OFD files.")]


def sign(
    files: SomeFiles = None,
    *,
    seal: Annotated[str, typer.Option("--seal", help="Code of the seal (13 digits), or its id.")],
    client: Annotated[str, typer.Option("--client", help="Client that holds a grant for the seal.")],
    secret_file: Annotated[Path, typer.Option("--secret-file", help="File with the client's secret.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the sealed files; they keep their names.")],
    page: Annotated[
        int | None, typer.Option("--page", min=1, help="Page of the seal; without it nothing shows.")
    ] = None,
    x: Annotated[float | None, typer.Option("--x", help="Millimetres from the left edge to the seal's centre.")] = None,
    y: Annotated[float | None, typer.Option("--y", help="Millimetres from the top edge to the seal's centre.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; stands in the file.")] = None,
    document_class: Annotated[str, typer.Option("--class", help="What the documents are.")] = "document",
    digest_only: Annotated[
        bool, typer.Option("--digest-only", help="The files stay here; only their digests are sent. Needs --reason.")
    ] = False,
    batch: Annotated[
        Path | None,
        typer.Option(
            "--batch", help="Folder: every PDF and OFD in it and below goes as one batch, under its path there."
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option("--profile", help="pades, sm2seal, sm2cms, sm2cms-digest or dual; by default the seal's own."),
    ] = None,
    server: Server = None,
) -> None:
    """Seal PDF and OFD files. Run again with the same words, it seals nothing twice and fetches what is missing; with
    --digest-only it leaves alone what is in the folder already."""
    from yizheng_client import ClientSecret

    files = files or []
    if bool(files) == (batch is not None):
        raise refusal("name either files or --batch FOLDER")
    if len({one.name for one in files}) != len(files):
        raise refusal("two of the files have the same name")
    if not out.is_dir():
        raise refusal(f"{out}: no such folder; make it first")
    credentials = ClientSecret(client, _read(secret_file).decode("utf-8", "replace").strip())
    if batch is not None:
        if digest_only:
            raise refusal("--batch and --digest-only do not go together")
        from api.cli.batch_sealing import seal_batch

        with _service(server, credentials) as service:
            seal_batch(
                service,
                batch,
                out,
                seal=seal,
                document_class=document_class,
                reason=reason,
                where=(page, x, y),
                profile=profile,
            )
        return
    if digest_only:
        if profile not in (None, "pades"):
            raise refusal("--digest-only makes PAdES signatures alone")
        _seal_here(files, out, seal, credentials, server, document_class, reason or "", (page, x, y))
        return
    place: dict[str, object] = {"page": page, "x_mm": x, "y_mm": y}
    with _service(server, credentials) as service:
        for file in files:
            content = _read(file)
            key = _key(content, seal, document_class, repr(place), reason or "", *([profile] if profile else []))
            sealed = service.sign(
                content,
                seal=seal,
                document_class=document_class,
                reason=reason,
                profile=profile,
                idempotency_key=key,
                **place,
            )
            _write(out / file.name, sealed.content)
            typer.echo(f"{file.name}: sealed, {sealed.signature_id}")


def _seal_here(
    files: list[Path],
    out: Path,
    seal: str,
    credentials: object,
    server: str | None,
    document_class: str,
    reason: str,
    where: tuple[int | None, float | None, float | None],
) -> None:
    from api.cli.local_sealing import seal_here
    from core.clock import SystemClock
    from core.errors import AppError
    from signing.places import Placement

    page, x, y = where
    if (page is None, x is None, y is None) not in ((True,) * 3, (False,) * 3):
        raise refusal("--page, --x and --y go together")
    place = None if page is None or x is None or y is None else Placement(page, x, y)
    with _service(server, credentials, scope="seal:digest") as service:
        for file in (one for one in files if not (out / one.name).exists()):
            try:
                sealed = seal_here(
                    service,
                    _read(file),
                    file.name,
                    seal=seal,
                    document_class=document_class,
                    reason=reason,
                    place=place,
                    clock=SystemClock(),
                )
            except AppError as fault:
                raise refusal(f"{file}: {fault.text.en}") from None
            _write(out / file.name, sealed.content)
            typer.echo(f"{file.name}: sealed, {sealed.signature_id}")


def verify(
    files: AnyFiles,
    server: Server = None,
    as_json: Annotated[bool, typer.Option("--json", help="The whole report, one JSON document for each file.")] = False,
    xml: Annotated[Path | None, typer.Option("--xml", help="Write ETSI TS 119 102-2 reports to this folder.")] = None,
    report: Annotated[Path | None, typer.Option("--report", help="Write sealed PDF reports to this folder.")] = None,
) -> None:
    """Verify PDF and OFD files. Exits with 1 unless every one is genuine."""
    for folder in (xml, report):
        if folder is not None and not folder.is_dir():
            raise refusal(f"{folder}: no such folder; make it first")
    good = True
    with _service(server, None) as service:
        for file in files:
            content = _read(file)
            verdict = service.verify(content)
            good &= verdict.genuine
            if xml is not None:
                _write(xml / f"{file.name}.xml", service.verification_report(content))
            if report is not None:
                _write_report(report / f"{file.name}.report.pdf", service.readable_report(content))
            if as_json:
                typer.echo(json.dumps(verdict.report, ensure_ascii=False))
            else:
                detail = f" {verdict.sub_indication}" if verdict.sub_indication else ""
                detail += f", {verdict.refusal}" if verdict.refusal else ""
                typer.echo(f"{file.name}: {verdict.conclusion} ({verdict.indication}{detail}). {verdict.text}")
                _tell_stamps(verdict)
    if not good:
        raise typer.Exit(1)


def _tell_stamps(verdict: Verdict) -> None:
    """The ten steps of each national stamp."""
    for number in range(len(verdict.report["signatures"])):
        for step in verdict.stamp_steps(number):
            why = f" [{step.reason}]" if step.reason else ""
            typer.echo(f"  {number + 1}.{step.number:02d} {step.state:<7} {step.id}{why} {step.text}")


def extend(
    files: Files,
    client: Annotated[str, typer.Option("--client", help="Client that may use seals (scope seal:sign).")],
    secret_file: Annotated[Path, typer.Option("--secret-file", help="File with the client's secret.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the longer-lasting files; they keep their names.")],
    level: Annotated[str, typer.Option("--level", help="B-T, B-LT or B-LTA.")] = "B-LTA",
    server: Server = None,
) -> None:
    """Make sealed PDF files last: validation data and time-stamps are added, whoever sealed them."""
    from yizheng_client import ClientSecret

    if not out.is_dir():
        raise refusal(f"{out}: no such folder; make it first")
    credentials = ClientSecret(client, _read(secret_file).decode("utf-8", "replace").strip())
    with _service(server, credentials) as service:
        for file in files:
            made = service.extend(_read(file), level=level)
            _write(out / file.name, made.content)
            typer.echo(f"{file.name}: {made.level}" + (f", renew by {made.renew_by}" if made.renew_by else ""))


@contextmanager
def _service(server: str | None, credentials: object, **options: str) -> Iterator[Client]:
    """A fault is one line, as everywhere on this command line."""
    import httpx

    from yizheng_client import Client, YizhengError

    try:
        with Client(server or settings_of().issuer, credentials, **options) as service:  # type: ignore[arg-type]  # loaded late
            yield service
    except (YizhengError, httpx.InvalidURL) as fault:
        raise refusal(str(fault)) from None


def _write_report(path: Path, made: Report) -> None:
    _write(path, made.content)
    if not made.sealed:
        typer.echo(f"{path.name}: not sealed; the service has no seal for reports", err=True)


def _key(content: bytes, *words: str) -> str:
    digest = hashlib.sha256(hashlib.sha256(content).digest())
    for word in words:
        digest.update(len(word.encode()).to_bytes(4) + word.encode())
    return f"cli-{digest.hexdigest()}"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise refusal(f"{path}: {error.strerror}") from None


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise refusal(f"{path}: {error.strerror}") from None

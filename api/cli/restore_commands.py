"""`yizheng restore` and `yizheng backup check`: what they do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import typer

from api.backup.acceptance import accept
from api.backup.again import replay_later
from api.backup.examine import examine, header_of
from api.backup.model import RestoreReport
from api.backup.restore import RestoreBackup
from api.cli.backup_output import following, tell_json, tell_restore
from api.cli.passphrases import known_passphrase, passphrase_of, shares_in
from api.settings import Settings
from api.startup import StartupFault, check_folder, one_at_a_time
from api.wiring.backup import RUNS, TABLES, empty_target, master_key_at_hand
from core.clock import SystemClock
from keys.archive.locks import Openers, takes_passphrase
from keys.archive.recovery import read_recovery
from keys.master_key import write_master_key


@dataclass(frozen=True, slots=True)
class RestoreOrder:
    """What was asked for on the command line."""

    files: Sequence[Path]
    recovery: Path | None
    shares: Sequence[Path]
    journals: Sequence[Path]
    accept_gap: bool


async def restore_all(settings: Settings, order: RestoreOrder, *, json: bool) -> bool:
    """Bring back the master key, then the archives, then acknowledge; as much of it as was asked for."""
    for file in (*order.files, *order.journals, *([order.recovery] if order.recovery else [])):
        _check_there(file)
    check_folder(settings.folder)
    with one_at_a_time(settings.folder):
        passphrase = _passphrase(settings, order)
        if order.recovery is not None:
            _bring_master_key_back(settings, order, passphrase, json=json)
        openers = Openers(master_key_at_hand(settings), passphrase, shares_in(order.shares))
        if order.files:
            return await _restore(settings, order, openers, json=json)
        return await _go_on(settings, order, openers, json=json)


async def _restore(settings: Settings, order: RestoreOrder, openers: Openers, *, json: bool) -> bool:
    async with empty_target(settings, SystemClock()) as target:
        with following(json=json) as progress:
            restore = RestoreBackup(target, openers, progress)
            report = await restore(order.files, order.journals, accept_gap=order.accept_gap)
    tell_restore(report, json=json)
    if not json:
        typer.echo(_last_line(report))
    return report.good


async def _go_on(settings: Settings, order: RestoreOrder, openers: Openers, *, json: bool) -> bool:
    """Journals and the acknowledgement, after a restore of before."""
    async with empty_target(settings, SystemClock()) as target:
        told: dict[str, object] = {}
        if order.journals:
            told["replayed"] = ended = await replay_later(target, order.journals, openers)
            _say(f"replayed {sum(ended.values())} endings", json=json)
        if order.accept_gap:
            told["gap_from"] = since = await accept(target.database, RUNS, target.clock)
            _say(f"acknowledged: what ended since {_moment(since)} is not known", json=json)
    if json:
        tell_json(told)
    return True


def check_archive(settings: Settings, file: Path, *, json: bool) -> None:
    """Read an archive to its end and say what it holds."""
    _check_there(file)
    order = RestoreOrder([file], None, [], [], accept_gap=False)
    openers = Openers(master_key_at_hand(settings), _passphrase(settings, order))
    with following(json=json) as progress:
        found = examine(file, openers, TABLES.documents_of(), progress)
    manifest = found.manifest
    if json:
        tell_json(msgspec.to_builtins(manifest))
        return
    typer.echo(f"{manifest.id}: {manifest.what}, as of {_moment(manifest.point)}, whole")
    typer.echo(f"  {manifest.rows} rows, {manifest.documents} documents, manifest {found.digest}")
    if manifest.audit_hash:
        typer.echo(f"  audit checkpoint {manifest.audit_number}:{manifest.audit_hash}")


def _bring_master_key_back(settings: Settings, order: RestoreOrder, passphrase: str | None, *, json: bool) -> None:
    assert order.recovery is not None
    recovered = read_recovery(order.recovery, Openers(passphrase=passphrase, shares=shares_in(order.shares)))
    present = master_key_at_hand(settings)
    if present is not None and present != recovered:
        raise StartupFault(f"another master key is here already: move {settings.master_key_path} away first")
    if present is None:
        write_master_key(settings.master_key_path, recovered)
        _say(f"the master key is back in {settings.master_key_path}", json=json)


def _passphrase(settings: Settings, order: RestoreOrder) -> str | None:
    """The one that was given; a person is asked only where nothing else opens an archive."""
    given = passphrase_of(settings)
    if given is not None:
        return given
    with_key = master_key_at_hand(settings) is not None
    for file in [order.recovery] if order.recovery else [*order.files, *order.journals]:
        alone = file == order.recovery and not order.shares
        if takes_passphrase(header_of(file).locks) and (alone or (file != order.recovery and not with_key)):
            return known_passphrase()
    return None


def _check_there(file: Path) -> None:
    try:
        file.open("rb").close()
    except OSError as error:
        raise StartupFault(f"{file}: {error.strerror}") from None


def _last_line(report: RestoreReport) -> str:
    if report.gap_accepted or report.revision_to is None:
        return "restored" if report.good else "restored, and not all of it holds: see above"
    return (
        f"What was revoked or withdrawn since {_moment(report.gap_from)} is not known. Replay journals with "
        "`yizheng restore --journal FILE`, then acknowledge with `yizheng restore --accept-gap`: until then the "
        "service does not start."
    )


def _say(line: str, *, json: bool) -> None:
    if not json:
        typer.echo(line)


def _moment(moment: dt.datetime | None) -> str:
    return "an unknown moment" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"

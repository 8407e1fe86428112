"""`yizheng backup …`: what its commands do."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from api.backup.create import CreateBackup
from api.backup.drill import DrillRestore
from api.backup.folder import BackupFolder
from api.backup.freshness import Freshness, look_at_backups
from api.backup.journal import CreateJournal
from api.backup.model import BackupReport, What
from api.backup.ports import Target
from api.cli.backup_output import following, tell_backup, tell_json, tell_restore
from api.cli.passphrases import new_passphrase, passphrase_of, share_lines, write_shares
from api.cli.prepare import check_current, with_database
from api.settings import Settings
from api.startup import StartupFault
from api.version import VERSION
from api.wiring.backup import RUNS, LiveStores, empty_target, live_stores
from core.clock import SystemClock
from keys.archive.locks import Lock, Openers, under_master_key, under_passphrase, under_shares
from keys.archive.recovery import write_recovery
from keys.secrets.split import Share


async def back_up(
    settings: Settings, what: What, *, shares: tuple[int, int] | None, shares_to: Path | None, json: bool
) -> bool:
    """Write the archive, with `--keys` the recovery file too; False if documents were missing."""
    await check_current(settings)
    passphrase = passphrase_of(settings)
    if what is What.KEYS and passphrase is None and shares is None:
        passphrase = new_passphrase()
        if passphrase is None:
            raise StartupFault("--keys puts the master key away: give --passphrase-file FILE, --shares K/N, or both")
    if shares and json and shares_to is None:
        raise StartupFault("with --json, name a folder for the shares: --shares-to DIR")
    folder = BackupFolder(settings.backup_folder)
    async with live_stores(settings, SystemClock(), version=VERSION) as live:
        with following(json=json) as progress:
            report = await CreateBackup(live.sources, folder, progress)(what, _locks(live, passphrase))
        further: dict[str, Any] = {}
        made: Sequence[Share] = ()
        if what is What.KEYS:
            place, made = _put_master_key_away(folder, report, live.master_key, passphrase, shares)
            further["recovery"] = str(place)
    if made and shares_to is not None:
        further["shares"] = [str(file) for file in write_shares(shares_to, made)]
    tell_backup(report, further, json=json)
    if not json:
        _tell_recovery(further, made if shares_to is None else ())
    return report.lost_count == 0


async def write_journal(settings: Settings, since: dt.datetime | None, *, json: bool) -> None:
    """Endings since a moment, by default since the oldest backup that is still kept."""
    await check_current(settings)
    folder = BackupFolder(settings.backup_folder)
    since = since or _oldest_point(folder)
    passphrase = passphrase_of(settings)
    async with live_stores(settings, SystemClock(), version=VERSION) as live:
        with following(json=json) as progress:
            report = await CreateJournal(live.sources, folder, progress)(since, _locks(live, passphrase))
    tell_backup(report, {"since": since}, json=json)


async def tell_status(settings: Settings, *, json: bool) -> bool:
    """The last runs; False when there is something to worry about."""
    await check_current(settings)
    found: Freshness = await with_database(
        settings,
        lambda database: look_at_backups(database, RUNS, SystemClock(), dt.timedelta(hours=settings.backup_hours)),
    )
    if json:
        tell_json({"good": not found.worry, "worry": found.worry, "runs": [asdict(run) for run in found.latest]})
        return not found.worry
    for run in found.latest:
        of = f", data as of {run.point:%Y-%m-%d %H:%M:%S} UTC" if run.point else ""
        note = f" ({run.note})" if run.note else ""
        typer.echo(f"{run.kind.value:8} {run.state.value:8} {run.began_at:%Y-%m-%d %H:%M:%S} UTC{of}{note}")
    typer.echo(f"BAD  {found.worry}" if found.worry else "ok   backups are as fresh as they should be")
    return not found.worry


async def drill_restore(settings: Settings, files: Sequence[Path], *, json: bool) -> bool:
    """Restore the newest backup, or the one that is named, into a folder that goes away again."""
    await check_current(settings)
    folder = BackupFolder(settings.backup_folder)

    @asynccontextmanager
    async def scratch(place: Path) -> AsyncIterator[Target]:
        async with empty_target(beside(settings, place), SystemClock(), rehearsal=True) as target:
            yield target

    async with live_stores(settings, SystemClock(), version=VERSION) as live:
        openers = Openers(master_key=live.master_key, passphrase=passphrase_of(settings))
        with following(json=json) as progress:
            report = await DrillRestore(live.sources, folder, scratch, openers, progress)(files)
    tell_restore(report, json=json)
    return report.good


def beside(settings: Settings, place: Path) -> Settings:
    """The same deployment with its stores in another folder, and the same master key."""
    return settings.model_copy(
        update={
            "data": place,
            "database_url": "",
            "keys_url": "",
            "kv_url": "",
            "blobs_url": "",
            "master_key_file": settings.master_key_path,
        }
    )


def numbers_of(text: str | None) -> tuple[int, int] | None:
    """
    Raises:
        StartupFault: not K/N.
    """
    if text is None:
        return None
    threshold, _, total = text.partition("/")
    if not (threshold.isdecimal() and total.isdecimal()):
        raise StartupFault("--shares takes K/N, such as 2/3: any two of three people")
    return int(threshold), int(total)


def moment_of(text: str) -> dt.datetime:
    """
    Raises:
        StartupFault: no moment with its time zone.
    """
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise StartupFault("--since takes a moment such as 2026-11-23T09:00:00+08:00") from None
    if moment.tzinfo is None:
        raise StartupFault("--since needs a time zone: add +08:00, or Z for UTC")
    return moment


def _locks(live: LiveStores, passphrase: str | None) -> list[Lock]:
    locks = [under_master_key(live.master_key)]
    return locks if passphrase is None else [*locks, under_passphrase(passphrase)]


def _put_master_key_away(
    folder: BackupFolder,
    report: BackupReport,
    master_key: bytes,
    passphrase: str | None,
    numbers: tuple[int, int] | None,
) -> tuple[Path, Sequence[Share]]:
    locks: list[Lock] = []
    made: Sequence[Share] = ()
    if passphrase is not None:
        locks.append(under_passphrase(passphrase))
    if numbers is not None:
        lock, made = under_shares(threshold=numbers[0], total=numbers[1])
        locks.append(lock)
    place = folder.path / f"yizheng-recovery-{report.point:%Y%m%dT%H%M%SZ}-{report.archive[-6:]}.yzr"
    write_recovery(place, master_key, locks, made_at=report.point)
    return place, made


def _tell_recovery(further: dict[str, Any], shares: Sequence[Share]) -> None:
    if "recovery" in further:
        typer.echo(f"{further['recovery']}\n  the master key: keep it apart from the archives")
    for place in further.get("shares", ()):
        typer.echo(f"  {place}")
    for share in shares:
        typer.echo("\n" + "\n".join(share_lines(share)))


def _oldest_point(folder: BackupFolder) -> dt.datetime:
    archives = folder.archives(What.ALL, What.DATA, What.KEYS)
    if not archives:
        raise StartupFault(f"there is no backup in {folder.path}: name a moment with --since")
    text = archives[-1].name.split("-")[2]
    return dt.datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)

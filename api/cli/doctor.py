"""`yizheng doctor`: what is wrong with a deployment, and how to mend it."""

from __future__ import annotations

import datetime as dt
import shutil

from api.backup.freshness import look_at_backups
from api.cli.doctor_keys import custody_findings
from api.cli.findings import Finding
from api.cli.prepare import revision_fault
from api.migrations import HEAD
from api.migrations.upgrade import current_revision
from api.settings import Settings
from api.startup import StartupFault, check_folder, check_libraries, plain_faults
from api.wiring.backup import RUNS
from api.wiring.care import build_survey
from api.wiring.ground import open_blobs, open_kv
from api.wiring.keys import build_keys
from api.wiring.pki import build_pki
from api.wiring.rotation import rotation_policies
from core.audit.verify import verify_chain
from core.clock import SystemClock
from core.db.database import Database
from core.db.engine import create_engine
from core.errors import AppError
from idp.settings import IdpSettings
from keys.horizon.model import Level, Lifeline, Renewal
from keys.horizon.outlook import Outlook
from keys.tsa.clock_check import KernelClock
from keys.tsa.settings import LOCAL
from keys.x509.profiles import ISSUING_NAMES, NATIONAL_SEALS, SEAL, issuer_of

_NO_TIMESTAMP_KEY = "there is none: run `yizheng tsa init`, or name other authorities in YIZHENG_TSA_URLS"


_RENEWED_BY = {
    Renewal.AUTOMATIC: "it did not renew itself; see the workers' log, and that one of them runs",
    Renewal.TWO_PEOPLE: "have it renewed at /admin/keys, by a system and a security administrator",
    Renewal.CEREMONY: "hold a ceremony (`yizheng ca ceremony sign`), then install what it made",
    Renewal.OUTSIDE: "ask its issuer for a new one",
}


async def examine(settings: Settings) -> list[Finding]:
    """Look at every part that the service needs; go on after a fault."""
    if not settings.database_url and not (settings.folder / "yizheng.db").exists():
        remedy = f"{settings.folder} holds none: name their folder with --data DIR, or make them with `yizheng migrate`"
        return [*_settings_findings(settings), _library_finding(), Finding("data", False, remedy)]
    return [
        *_settings_findings(settings),
        _library_finding(),
        *_folder_findings(settings),
        *await _database_findings(settings),
        await _kv_finding(settings),
        await _blob_finding(settings),
        *await _keys_findings(settings),
        *_clock_findings(settings),
    ]


def _settings_findings(settings: Settings) -> list[Finding]:
    faults = settings.unsafe_in_production()
    if settings.mode == "production":
        return [Finding("setting", False, fault) for fault in faults] or [Finding("settings are safe for production")]
    return [Finding(f"mode is development ({len(faults)} settings would be refused in production)")]


def _library_finding() -> Finding:
    try:
        check_libraries()
    except StartupFault as fault:
        return Finding("libraries", False, str(fault))
    return Finding("libraries load")


def _folder_findings(settings: Settings) -> list[Finding]:
    if settings.database_url:
        return []
    try:
        check_folder(settings.folder)
    except StartupFault as fault:
        return [Finding("data folder", False, str(fault))]
    roomy = shutil.disk_usage(settings.folder).free >= 10**9
    return [
        Finding("data folder is writable"),
        Finding("disk has room", roomy, "" if roomy else "less than 1 GB is free: make room, or move the data folder"),
    ]


async def _database_findings(settings: Settings) -> list[Finding]:
    database = Database(create_engine(settings.database.url, pool_size=1), SystemClock())
    try:
        revision = await current_revision(database.engine)
        if revision != HEAD:
            return [Finding("database", False, revision_fault(revision))]
        verdict = await verify_chain(database)
        whole = (
            "" if verdict.whole else f"broken at row {verdict.bad_row} ({verdict.fault}): keep the database as evidence"
        )
        return [
            Finding("database is up to date"),
            Finding(f"audit chain of {verdict.rows} rows", verdict.whole, whole),
            await _backup_finding(settings, database),
        ]
    except Exception as error:  # any driver's error means the same here
        return [Finding("database", False, f"does not answer ({type(error).__name__}): check YIZHENG_DATABASE_URL")]
    finally:
        await database.close()


async def _backup_finding(settings: Settings, database: Database) -> Finding:
    """Where nobody rests on the data yet, a missing backup is no fault."""
    oldest = dt.timedelta(hours=settings.backup_hours)
    found = await look_at_backups(database, RUNS, SystemClock(), oldest)
    if not found.worry:
        return Finding("backups are fresh")
    if settings.mode == "development":
        return Finding("backups (development: none is required)")
    return Finding("backup", False, found.worry)


async def _kv_finding(settings: Settings) -> Finding:
    kv = open_kv(settings.kv, SystemClock())
    try:
        await kv.put("doctor", b"1", 5)
        return Finding("short-lived store answers")
    except Exception as error:  # any driver's error means the same here
        return Finding("short-lived store", False, f"does not answer ({type(error).__name__}): check YIZHENG_KV_URL")
    finally:
        await kv.close()


async def _blob_finding(settings: Settings) -> Finding:
    blobs = open_blobs(settings.blobs)
    try:
        await blobs.exists("0" * 64)
        return Finding("document store answers")
    except (AppError, OSError) as error:
        return Finding("document store", False, f"does not answer ({type(error).__name__}): check YIZHENG_BLOBS_URL")
    finally:
        await blobs.close()


async def _keys_findings(settings: Settings) -> list[Finding]:
    try:
        with plain_faults():
            keys = await build_keys(settings.keys, SystemClock())
            try:
                clock = SystemClock()
                pki = await build_pki(keys, clock, settings.pki)
                policies = rotation_policies(settings.keys, IdpSettings(issuer=settings.issuer))
                found = await build_survey(keys, pki, policies, clock)()
                custody = await custody_findings(settings, keys)
            finally:
                await keys.close()
    except StartupFault as fault:
        return [Finding("keys", False, str(fault))]
    purposes = {record.purpose for record in keys.ring.records()}
    return [
        Finding(f"key ring opens, {len(keys.ring.records())} keys"),
        *custody,
        *_authority_findings(pki.authorities.missing(national=settings.pki.national)),
        *_timestamp_findings(settings, purposes),
        *horizon_findings(found),
    ]


def horizon_findings(found: Outlook) -> list[Finding]:
    """What runs out and has to be looked at before it does."""
    due = [*found.at(Level.ENDED), *found.at(Level.SOON)]
    if not due:
        return [Finding(f"nothing runs out unattended, of {len(found.lines)} keys, certificates and lists")]
    return [_due_finding(line, found.now) for line in due]


def _due_finding(line: Lifeline, now: dt.datetime) -> Finding:
    ended = line.level(now) is Level.ENDED
    when = (
        f"{'ended' if ended else 'ends'} on {line.ends.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
        if line.ends
        else "has no end"
    )
    return Finding(f"{line.id} ({line.name.en})", False, f"{when}: {_RENEWED_BY[line.renewal]}")


_WITHOUT = {
    issuer_of(SEAL).name: "so no seal can be made",
    NATIONAL_SEALS: "so no seal can be made in the national form",
}


def _authority_findings(missing: list[str]) -> list[Finding]:
    found = [Finding(f"certificate authority for {name}") for name in ISSUING_NAMES if name not in missing]
    for name in missing:
        without = _WITHOUT.get(name, "so it certifies nobody")
        remedy = f"there is none, {without}: `yizheng ca request {name}`, have it certified, `yizheng ca install`"
        found.append(Finding(f"certificate authority for {name}", False, remedy))
    return found


def _timestamp_findings(settings: Settings, purposes: set[str]) -> list[Finding]:
    tsa = settings.tsa
    if tsa.development or LOCAL not in {service.url for service in tsa.services}:
        return []  # keys make themselves, or others are asked
    return [
        Finding(f"time-stamp key {purpose}", purpose in purposes, "" if purpose in purposes else _NO_TIMESTAMP_KEY)
        for purpose in tsa.purposes
    ]


def _clock_findings(settings: Settings) -> list[Finding]:
    tsa = settings.tsa
    if tsa.clock != "kernel":
        return []
    fault = KernelClock(tsa.accuracy, SystemClock()).fault()
    return [Finding("clock follows UTC", fault is None, f"{fault}; no time-stamp is issued" if fault else "")]

"""Backup and restore of a city's worth of rows, beside what the database itself does: the limit of any backup.

20,000 licences with version, holder, event, look and audit row each, and 400 documents. The peer for SQLite is its own
online backup plus a plain copy of the documents, unencrypted; for PostgreSQL binary COPY of the same tables. Restoring
includes reading the archive twice, every check, and the walk along the audit chain: the figure is the recovery time.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import resource
import secrets
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.backup.create import CreateBackup
from api.backup.folder import BackupFolder
from api.backup.model import What
from api.backup.restore import RestoreBackup
from api.cli.prepare import prepare
from api.settings import Settings
from api.wiring.backup import TABLES, empty_target, live_stores
from api.wiring.ground import open_blobs
from bench.report import Row, cost, rate
from core.audit.event import AuditEvent
from core.audit.sql import append_events
from core.clock import SystemClock
from core.db.engine import create_engine, writing
from core.principal import SYSTEM
from keys.archive.locks import Openers, under_master_key
from tests.support import servers
from tests.support.databases import postgres_url

LICENCES = 20_000
DOCUMENTS = 400
DOCUMENT_OCTETS = 120_000
BATCH = 2_000
AIM_MEMORY_MB = 64.0


def measure() -> list[Row]:
    """Both columns; PostgreSQL where it is installed."""
    return asyncio.run(_measure())


async def _measure() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="yizheng-backup-") as folder:
        rows = await _column(Path(folder) / "sqlite", "sqlite", {}, {}, _sqlite_copies)
        with contextlib.suppress(servers.BackendMissing), servers.postgres_server() as server:
            async with contextlib.AsyncExitStack() as stack:
                urls = [await stack.enter_async_context(postgres_url(server)) for _ in range(4)]
                old, new = ({"database_url": urls[n], "keys_url": urls[n + 1]} for n in (0, 2))
                rows += await _column(Path(folder) / "postgres", "postgres", old, new, _postgres_copies)
    return rows


async def _column(
    folder: Path,
    name: str,
    old: dict[str, str],
    new: dict[str, str],
    copies: Callable[[Settings, Path], Awaitable[float]],
) -> list[Row]:
    folder.mkdir()
    settings = Settings(data=folder / "old", mode="development", **old)  # type: ignore[arg-type]  # names of fields
    settings.folder.mkdir(mode=0o700)
    await prepare(settings)
    await _fill(settings)
    peer = await copies(settings, folder)
    before = _peak_megabytes()
    async with live_stores(settings, SystemClock(), version="bench") as live:
        key = live.master_key
        report = await CreateBackup(live.sources, BackupFolder(settings.backup_folder))(
            What.ALL, [under_master_key(key)]
        )
    grown = _peak_megabytes() - before
    target = Settings(
        data=folder / "new",
        mode="development",
        master_key_file=settings.master_key_path,
        **new,  # type: ignore[arg-type]
    )
    target.folder.mkdir(mode=0o700)
    before = _peak_megabytes()
    async with empty_target(target, SystemClock()) as empty:
        restored = await RestoreBackup(empty, Openers(master_key=key))([Path(report.file)])
    assert restored.good, restored.checks
    filled = _peak_megabytes() - before
    kind = "own copy of the database, unsealed"
    return [
        rate(f"backup.{name}", report.rows / report.seconds, "rows/s", kind, report.rows / peer),
        cost(f"backup.{name}.seconds", report.seconds, "s", kind, peer),
        cost(f"restore.{name}.seconds", restored.seconds, "s", "own backup", report.seconds),
        rate(f"restore.{name}", restored.rows / restored.seconds, "rows/s", kind, report.rows / peer),
        cost(f"backup.{name}.memory", max(grown, 0.1), "MB", "aim", AIM_MEMORY_MB),
        cost(f"restore.{name}.memory", max(filled, 0.1), "MB", "aim", AIM_MEMORY_MB),
    ]


async def _sqlite_copies(settings: Settings, folder: Path) -> float:
    """SQLite's online backup, and a plain copy of the documents."""
    began = time.perf_counter()
    with (
        contextlib.closing(sqlite3.connect(settings.folder / "yizheng.db")) as source,
        contextlib.closing(sqlite3.connect(folder / "copy.db")) as copy,
    ):
        source.backup(copy)
    shutil.copytree(settings.folder / "documents", folder / "copy")
    return time.perf_counter() - began


async def _postgres_copies(settings: Settings, folder: Path) -> float:
    """COPY of every table in binary, as fast as the driver takes it, and a plain copy of the documents."""
    import asyncpg  # type: ignore[import-untyped]  # ships no types

    connection = await asyncpg.connect(settings.database.url.replace("postgresql+asyncpg", "postgresql"))
    try:
        began = time.perf_counter()
        with (folder / "copy").open("wb") as file:
            for table in TABLES.domain_tables():
                await connection.copy_from_table(table.name, output=file, format="binary")
        shutil.copytree(settings.folder / "documents", folder / "copied")
        return time.perf_counter() - began
    finally:
        await connection.close()


async def _fill(settings: Settings) -> None:
    """Rows as wide as real ones: sealed values are random octets of their length."""
    tables, now = TABLES.domain.tables, SystemClock().now()
    engine = create_engine(settings.database.url, pool_size=1)
    async with _writer(engine) as connection:
        for start in range(0, LICENCES, BATCH):
            numbers = range(start, start + BATCH)
            for name, make in _ROWS.items():
                await connection.execute(insert(tables[name]), [make(number, now) for number in numbers])
            events = [AuditEvent("licence.issue", "done", SYSTEM, f"lic_{number:026d}") for number in numbers]
            await append_events(connection, events, now)
            await connection.commit()
    blobs = open_blobs(settings.blobs)
    files = []
    for number in range(DOCUMENTS):
        digest = await blobs.put(secrets.token_bytes(DOCUMENT_OCTETS))
        files.append(_file(number, now) | {"content": f"0123456789abcdef.{digest}"})
    async with _writer(engine) as connection:
        await connection.execute(insert(tables["licence_file"]), files)
        await connection.commit()
    await blobs.close()
    await engine.dispose()


@contextlib.asynccontextmanager
async def _writer(engine: Any) -> AsyncIterator[AsyncConnection]:
    async with writing(engine).connect() as connection:
        yield connection


def _licence(number: int, now: dt.datetime) -> dict[str, Any]:
    return {
        "id": f"lic_{number:026d}",
        "type_code": "11100000MB03271699021",
        "issuer": "11410000MB0X00001X",
        "state": "valid",
        "revision": 1,
        "version": 1,
        "verification_code": secrets.token_urlsafe(16),
        "number_index": secrets.token_bytes(49),
    }


def _version(number: int, now: dt.datetime) -> dict[str, Any]:
    return {
        "licence_id": f"lic_{number:026d}",
        "number": 1,
        "identifier": f"1.2.156.3005.2.11100000MB03271699021.11410000MB0X00001X.{number:08d}.001.X",
        "type_version": 1,
        "number_enc": secrets.token_bytes(90),
        "data_enc": secrets.token_bytes(320),
        "issued_at": now,
        "valid_from": now.date(),
        "previous": bytes(32),
        "hash": secrets.token_bytes(32),
    }


def _holder(number: int, now: dt.datetime) -> dict[str, Any]:
    return {
        "licence_id": f"lic_{number:026d}",
        "version": 1,
        "position": 0,
        "role": "holder",
        "code_kind": "111",
        "code_index": secrets.token_bytes(49),
        "code_enc": secrets.token_bytes(63),
        "name_enc": secrets.token_bytes(57),
    }


def _event(number: int, now: dt.datetime) -> dict[str, Any]:
    return {
        "licence_id": f"lic_{number:026d}",
        "sequence": 1,
        "event": "issue",
        "state": "valid",
        "version": 1,
        "at": now,
        "actor_kind": "client",
        "actor_id": "housing-system",
        "organisation": "11410000MB0X00001X",
        "reason_enc": secrets.token_bytes(60),
    }


def _look(number: int, now: dt.datetime) -> dict[str, Any]:
    return {
        "id": f"acr_{number:026d}",
        "holder_kind": "111",
        "holder_index": secrets.token_bytes(49),
        "licence_id": f"lic_{number:026d}",
        "look": "search",
        "actor_kind": "client",
        "actor_id": "housing-portal",
        "service_item": "11410000MB0X00001X4000123001000",
        "case_number": f"GZF-2026-{number:08d}",
        "fields": ["holder_name", "address"],
        "at": now,
    }


def _file(number: int, now: dt.datetime) -> dict[str, Any]:
    return {
        "id": f"fil_{number:026d}",
        "licence_id": f"lic_{number:026d}",
        "version": 1,
        "kind": "original",
        "content": "",
        "sha256": secrets.token_hex(32),
        "size": DOCUMENT_OCTETS,
        "seal_id": "seal_1",
        "signature_id": f"sig_{number:026d}",
        "made_at": now,
    }


_ROWS: dict[str, Callable[[int, dt.datetime], dict[str, Any]]] = {
    "licence": _licence,
    "licence_version": _version,
    "licence_holder": _holder,
    "licence_event": _event,
    "access_record": _look,
}


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000

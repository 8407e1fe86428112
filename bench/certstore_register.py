"""A legacy register with planted faults taken over by a worker that is killed half-way: nothing lost, nothing doubled.

Before it a register of another office is taken over that knows some of the same people, half of them by another name.
The register comes in as CSV; a process of its own works on it; at half of the parts that process is killed (SIGKILL)
and another one goes on when the lease of the dead one has run out. Then everything is counted: each planted fault in
the report and in the file of rows at fault, each name that differs in the report, each good row as one licence with
one version, holder, event and word in the feed, each part as one audit event. Then all of it is taken out again. What
does not agree ends the run with an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sqlalchemy import distinct, func, select

from api.cli.prepare import prepare
from api.demo import catalogue as demo_catalogue
from api.demo import city
from api.settings import Settings
from api.wiring.container import Container, build_container
from bench.certstore_export import export_figures
from bench.report import Row, rate
from certstore.bulk.intake import FileFormat, IntakeCommand
from certstore.bulk.model import DifferenceKind, Import, ImportState
from certstore.model import Trust
from certstore.stores.bulk_tables import licence_import_sighting
from certstore.stores.subscription_tables import licence_change
from certstore.stores.tables import licence, licence_event, licence_holder, licence_version
from core.audit.tables import audit_event
from core.principal import Principal, PrincipalKind
from tests.support import servers
from tests.support.databases import postgres_url
from tests.support.legacy_register import Planted, csv_file, known_elsewhere

ROWS = 1_000_000
AIM = 1_000.0
TYPE = demo_catalogue.PROPERTY.code
_LOOK_SECONDS = 1.0
_SAY_EVERY = 30.0
_SINCE = "2026-01-01"


def measure(*, rows: int = ROWS) -> list[Row]:
    """On PostgreSQL where it is installed, else on SQLite.

    Raises:
        SystemExit: something was lost, doubled or not found.
    """
    return asyncio.run(_measure(rows))


async def _measure(many: int) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="yizheng-register-") as folder, contextlib.ExitStack() as stack:
        data = Path(folder) / "data"
        data.mkdir(mode=0o700)
        try:
            postgres = stack.enter_context(servers.postgres_server(durable=True))
            redis = stack.enter_context(servers.redis_server())
        except servers.BackendMissing:
            return await _taken_over(Settings(data=data, mode="development", demo=True), many)
        async with postgres_url(postgres) as url, postgres_url(postgres) as keys:
            backends: dict[str, Any] = {"database_url": url, "keys_url": keys, "kv_url": redis.url}
            return await _taken_over(Settings(data=data, mode="development", demo=True, **backends), many)


async def _taken_over(settings: Settings, many: int) -> list[Row]:
    await prepare(settings)
    service, planted, actor = await build_container(settings), Planted(), housing()
    try:
        differing = await _known_elsewhere(service, many)
        before = await _counts(service)
        began = time.perf_counter()
        made = await service.bulk.take_in(IntakeCommand(TYPE, FileFormat.CSV, Trust.B), _pieces(many, planted), actor)
        taken = time.perf_counter() - began
        _say(f"{many} rows received in {taken:.0f} s, {made.parts} parts")
        await service.bulk.steer.start(made.id, made.columns, actor, dry=False)
        began = time.perf_counter()
        done, seconds = await _killed_half_way(settings, service, made)
        cost = time.perf_counter() - began
        wrong = await _differences(service, done, planted, before, differing)
        exported = [] if wrong else await export_figures(service, TYPE, actor, many, done.kept)
    finally:
        await service.close()
    for line in wrong:
        _say(f"WRONG: {line}")
    if wrong:
        raise SystemExit(1)
    _say(f"report and tables agree: {planted.faults.total()} faults of {len(planted.faults)} kinds, {done.kept} kept")
    _say(f"{differing} names that another office knows otherwise, all found")
    return [
        rate("register.intake", many / taken, "rows/s", "own take-over", many / seconds),
        rate("register.taken-over", many / seconds, "rows/s", "aim", AIM),
        rate("register.with-kill", many / cost, "rows/s, waiting for the dead one's lease", "own", many / seconds),
        *exported,
    ]


def housing() -> Principal:
    client = city.HOUSING_SYSTEM
    return Principal(PrincipalKind.CLIENT, client.id, client.organisation.code, scopes=frozenset(client.scopes))


async def _pieces(many: int, planted: Planted) -> AsyncIterator[bytes]:
    for piece in csv_file(many, TYPE, city.HOUSING.code, planted):
        yield piece


async def _known_elsewhere(service: Container, many: int) -> int:
    """Let the police know some of the holders, by another name or the same in another spelling; how many by another."""
    known = [one for one in known_elsewhere(many) if one.kind in ("office", "agrees")]
    columns = {"holder_code": "身份证号", "holder_name": "姓名", "number": "证号", "valid_from": "发证日期"}
    columns |= {"valid_until": "有效期至", "data.address": "住址", "data.since": "登记日期", "data.household": "户籍"}
    lines = [",".join(columns.values())]
    lines += [f"{one.number},{one.name},基准-{one.line},{_SINCE},2099-01-01,甲路 1 号,{_SINCE},示例省" for one in known]
    client = city.POLICE_SYSTEM
    actor = Principal(PrincipalKind.CLIENT, client.id, client.organisation.code, scopes=frozenset(client.scopes))

    async def piece() -> AsyncIterator[bytes]:
        yield "\n".join(lines).encode()

    command = IntakeCommand(demo_catalogue.RESIDENCE.code, FileFormat.CSV, Trust.B)
    made = await service.bulk.take_in(command, piece(), actor)
    await service.bulk.steer.start(made.id, columns, actor, dry=False)
    await service.bulk.run.through()
    done, _, _ = await service.bulk.steer.one(made.id, actor)
    if done.kept != len(known):
        raise SystemExit(f"the other office's register: {done.kept} of {len(known)} kept")
    return sum(one.kind == "office" for one in known)


async def _killed_half_way(settings: Settings, service: Container, made: Import) -> tuple[Import, float]:
    """What the run came to, and the seconds in which somebody worked."""
    actor, worked = housing(), 0.0
    began = time.perf_counter()
    worker = await _worker(settings)
    await _until(service, made, made.parts // 2)
    worker.send_signal(signal.SIGKILL)
    await worker.wait()
    worked += time.perf_counter() - began
    left, _, _ = await service.bulk.steer.one(made.id, actor)
    _say(f"killed at part {left.next_part} of {left.parts}; {left.kept} kept")
    worker = await _worker(settings)
    await _until(service, made, left.next_part)  # the dead worker's lease runs out meanwhile
    began = time.perf_counter()
    await _until(service, made, made.parts)
    await worker.wait()
    done, _, _ = await service.bulk.steer.one(made.id, actor)
    return done, worked + time.perf_counter() - began


async def _worker(settings: Settings) -> asyncio.subprocess.Process:
    given = json.dumps(settings.model_dump(mode="json", exclude_unset=True))
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.certstore_register", given)


async def _until(service: Container, made: Import, part: int) -> None:
    """Until this part is done, with a line of progress now and then."""
    said = 0.0
    while True:
        now, _, _ = await service.bulk.steer.one(made.id, housing())
        if time.monotonic() - said > _SAY_EVERY:
            said = time.monotonic()
            _say(f"{now.seen * 100 // now.rows:3} %  {now.kept} kept, {now.faulty} at fault")
        if now.next_part > part or now.state is not ImportState.RUNNING:
            return
        await asyncio.sleep(_LOOK_SECONDS)


async def work(settings: Settings) -> None:
    """What the process does that is killed: parts until the import is done, waiting for a lease if need be."""
    service = await build_container(settings)
    try:
        while await _running(service):
            if not await service.bulk.run.step():
                await asyncio.sleep(_LOOK_SECONDS)
    finally:
        await service.close()


async def _running(service: Container) -> bool:
    newest = (await service.bulk.steer.all(housing(), limit=1)).items[0]
    return newest.state is ImportState.RUNNING


async def _differences(
    service: Container, done: Import, planted: Planted, before: Counter[str], differing: int
) -> list[str]:
    """What was planted and what was found, side by side; empty when all agree."""
    faults = {name: count for name, count in done.findings.items() if name.startswith("fault:")}
    good = planted.rows - planted.faults.total()
    counted = await _counts(service)
    counted.subtract(before)
    listed = await _listed(service, done)
    pairs: list[tuple[str, object, object]] = [
        ("state", done.state, ImportState.DONE),
        ("rows", done.seen, planted.rows),
        ("rows at fault", done.faulty, planted.faults.total()),
        ("kept", done.kept, good),
        ("faults by kind", faults, {f"fault:{kind}": count for kind, count in planted.faults.items()}),
        ("15-digit numbers", done.findings.get("id:15-digits", 0), planted.fifteen),
        ("wrong check characters", done.findings.get("identifier:wrong", 0), planted.wrong_checks),
        (
            "names that differ",
            {name: done.findings.get(f"differs:{name}", 0) for name in DifferenceKind},
            {DifferenceKind.OFFICE: differing, DifferenceKind.OWN: 0, DifferenceKind.IDENTITY: 0},
        ),
        ("rows in the file of faults", listed, (planted.faults.total(), planted.faults.total())),
        ("sightings left", counted.pop("sightings"), 0),
        ("audit events of parts", counted.pop("parts"), done.parts),
        *((name, count, good) for name, count in counted.items()),
    ]
    return [f"{name}: found {found}, should be {should}" for name, found, should in pairs if found != should]


async def _listed(service: Container, done: Import) -> tuple[int, int]:
    """Lines of the file of faulty rows, and different rows in it."""
    pieces = [piece async for piece in await service.bulk.steer.faulty_rows(done.id, housing())]
    lines = list(csv.reader(io.StringIO(b"".join(pieces).decode("utf-8-sig"))))[1:]
    return len(lines), len({line[-2] for line in lines})


async def _counts(service: Container) -> Counter[str]:
    own = licence.c.type_code == TYPE
    ids = select(licence.c.id).where(own)
    queries = {
        "licences": select(func.count()).select_from(licence).where(own),
        "different numbers": select(func.count(distinct(licence.c.number_index))).where(own),
        "versions": select(func.count()).select_from(licence_version).where(licence_version.c.licence_id.in_(ids)),
        "holders": select(func.count()).select_from(licence_holder).where(licence_holder.c.licence_id.in_(ids)),
        "events": select(func.count()).select_from(licence_event).where(licence_event.c.licence_id.in_(ids)),
        "words in the feed": select(func.count()).select_from(licence_change).where(licence_change.c.type_code == TYPE),
        "sightings": select(func.count()).select_from(licence_import_sighting),
        "parts": select(func.count()).select_from(audit_event).where(audit_event.c.action == "import.part"),
    }
    async with service.ground.database.read() as tx:
        return Counter({name: (await tx.connection.execute(query)).scalar_one() for name, query in queries.items()})


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    asyncio.run(work(Settings(**json.loads(sys.argv[1]))))

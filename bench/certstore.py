"""Look-ups by ID number in a repository of 100 thousand, 1 million and (`--full`) 10 million licences.

Each size is a database of its own, filled once (`bench.certstore_filled`); `--keep FOLDER` keeps them for next time.
`lookup.N` is the whole lawful look-up (`certstore.search.SearchLicences`): the number checked and indexed, grants, rows
found and decrypted, fields cut down, one access record for the holder and one chained audit event, committed. Beside it
the bare driver's prepared point look-up in the same index of the same table, which knows nothing of all that, writes
nothing and decrypts nothing. `lookup.N.read` is the reading part alone: the holder's licences, decrypted. `per-core` is
by the processor time of this process, which a busy machine changes least; the database server's own is not in it. Rows
are made by `bench.certstore_data`: the stores' own inserts, real encryption. All runs in one process beside the server,
and each row is printed as soon as it is known.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.cli.prepare import prepare
from api.demo import catalogue as demo_catalogue
from api.demo import city
from api.settings import Settings
from api.wiring.container import Container, build_container
from bench.certstore_data import CONSUMER, RICH, TEN, TYPES, citizen_number, definition, fill, holders_of
from bench.certstore_filled import connected, fill_all, server, settings_of
from bench.report import Row, Told, cost, rate
from certstore.bulk.intake import FileFormat, IntakeCommand
from certstore.bulk.model import ImportState
from certstore.codes import CITIZEN_ID, HolderCode
from certstore.exemption import ExemptionQuery
from certstore.issue import IssueCommand
from certstore.making import HolderInput
from certstore.model import ConsumerGrant, Material, ServiceItem, Trust
from certstore.search import SearchQuery
from certstore.stores.holder_index import holder_indexes
from certstore.stores.licences import SqlLicenceStore
from core.clock import SystemClock, calendar_day
from core.errors import NotFound
from core.principal import SYSTEM, Principal, PrincipalKind
from core.text import Text
from tests.support import servers
from tests.support.databases import postgres_url
from tests.support.legacy_register import Planted, csv_file

SIZES = {100_000: "100k", 1_000_000: "1m", 10_000_000: "10m"}
MOST, FULL = 1_000_000, 10_000_000
SQLITE_MOST = 1_000_000
SECONDS, ROUNDS, AT_ONCE = 3.0, 3, 4
ISSUED = 60
IMPORTED = 100_000
AIM_GROWTH, AIM_EXEMPTION, AIM_IMPORT = 1.3, 3.0, 1_000.0
ITEM, BASIS = "410199-BENCH-0001", "基准测试"
GIVEN = ("holder_name", "address")
PORTAL = Principal(PrincipalKind.CLIENT, "bench-portal", CONSUMER, scopes=frozenset({"licence:read"}))
DRIVER = "bare asyncpg point look-up"
Work = Callable[[int], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Figures:
    """What calls cost in one process.

    Attributes:
        seconds: for one call at a time, the median of the rounds' means.
        rate: calls per second with several at once.
        p99: seconds, with several at once.
        p99_one: seconds, one at a time.
        processor: seconds of this process for a call, with several at once.
    """

    seconds: float
    rate: float
    p99: float
    p99_one: float
    processor: float


def measure(*, most: int = MOST, keep: Path | None = None) -> list[Row]:
    """PostgreSQL where it is installed, then SQLite.

    Args:
        most: licences.
        keep: where the filled databases of PostgreSQL stay, to be measured again.
    """
    tell = Told()
    with tempfile.TemporaryDirectory(prefix="yizheng-certstore-") as temporary:
        folder = Path(temporary)
        with contextlib.suppress(servers.BackendMissing):
            filled = keep or folder / "filled"
            folder.chmod(0o755)  # PostgreSQL runs as another user
            fill_all(filled, _sizes(most))
            with server(filled / "postgres") as running, servers.redis_server() as redis:
                asyncio.run(_postgres(tell, filled, running, redis.url, _sizes(most)))
            with servers.postgres_server(durable=True) as fresh, servers.redis_server() as redis:
                imported = min(most, IMPORTED if most <= MOST else MOST)
                asyncio.run(_writing(tell, folder, fresh, redis.url, imported))
        tell(*asyncio.run(_sqlite(folder, min(most, SQLITE_MOST))))
    return tell.rows


async def _postgres(tell: Told, filled: Path, running: servers.PostgresServer, kv: str, sizes: list[int]) -> None:
    """Figures of each size; what growth costs is measured of the smallest and the largest by turns."""
    async with contextlib.AsyncExitStack() as stack:
        services = []
        for size in sizes:
            settings = settings_of(filled, running, size, kv_url=kv)
            await prepare(settings)
            services.append(await stack.enter_async_context(_service(settings)))
            async with _drivers(settings) as drivers:
                tell(*await _lookups(services[-1], drivers, size))
        if len(sizes) > 1:
            # other holders than before: what was just looked up lies in memory
            first, last = await _interleaved(_search(services[0], sizes[0], 3), _search(services[-1], sizes[-1], 3))
            grown = last.seconds / first.seconds
            tell(cost("lookup.growth", grown, "×", "aim, smallest to largest", AIM_GROWTH))
        tell(*await _exemption(services[-1]))


async def _writing(tell: Told, folder: Path, server: servers.PostgresServer, kv: str, imported: int) -> None:
    async with postgres_url(server) as url, postgres_url(server) as keys:
        demo = _settings(folder / "issue", demo=True, database_url=url, keys_url=keys, kv_url=kv)
        tell(*await _issue(demo))
        tell(*await _import(demo, imported))


def _sizes(most: int) -> list[int]:
    return [size for size in SIZES if size <= most] or [most]


def _settings(folder: Path, **changes: Any) -> Settings:
    folder.mkdir(mode=0o700)
    return Settings(data=folder, mode="development", **changes)


@contextlib.asynccontextmanager
async def _service(settings: Settings) -> AsyncIterator[Container]:
    """The composed service with ten types, one item that asks for all of them, and the grants."""
    service = await build_container(settings)
    try:
        try:
            await service.certstore.catalogue.item(ITEM)
        except NotFound:  # the database is new
            await _catalogue(service)
        yield service
    finally:
        await service.close()


async def _catalogue(service: Container) -> None:
    catalogue, today = service.certstore.catalogue, calendar_day(SystemClock().now())
    for number in range(TEN):
        await catalogue.register_type(definition(number), SYSTEM)
    materials = tuple(Material(n + 1, Text(f"材料{n + 1}", f"Material {n + 1}"), (TYPES[n],)) for n in range(TEN))
    await catalogue.put_item(ServiceItem(ITEM, Text("基准事项", "Bench item"), CONSUMER, materials), SYSTEM)
    for code in TYPES:
        await catalogue.grant_use(ConsumerGrant(CONSUMER, code, ITEM, GIVEN, BASIS, valid_from=today), SYSTEM)


@contextlib.asynccontextmanager
async def _drivers(settings: Settings) -> AsyncIterator[list[Any]]:
    """As many bare connections as calls are made at once."""
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(connected(settings)) for _ in range(AT_ONCE)]


async def _lookups(service: Container, drivers: list[Any], size: int) -> list[Row]:
    name = SIZES.get(size, f"{size // 1000}k")
    free = [await one.prepare("SELECT licence_id FROM licence_holder WHERE code_index = ANY($1)") for one in drivers]
    digests = _digests(service, size)

    async def point(place: int) -> object:
        statement = free.pop()
        found = await statement.fetch(digests[place % len(digests)])
        free.append(statement)
        assert found, "nobody holds nothing"
        return found

    lawful, read, peer = await _interleaved(_search(service, size), _read(service, size), point)
    return [
        rate(f"lookup.{name}", 1 / lawful.seconds, "look-ups/s", DRIVER, 1 / peer.seconds),
        rate(f"lookup.{name}.read", 1 / read.seconds, "reads/s", DRIVER, 1 / peer.seconds),
        rate(f"lookup.{name}.at-once", lawful.rate, "look-ups/s", "own, one at a time", 1 / lawful.seconds),
        cost(
            f"lookup.{name}.p99",
            lawful.p99 * 1000,
            "ms",
            f"own mean of {AT_ONCE} at once",
            AT_ONCE / lawful.rate * 1000,
        ),
        rate(f"lookup.{name}.per-core", 1 / lawful.processor, "look-ups/s", DRIVER, 1 / peer.processor),
        cost(f"lookup.{name}.p99-one", lawful.p99_one * 1000, "ms", DRIVER, peer.p99_one * 1000),
    ]


def _places(size: int, seed: int) -> Iterator[int]:
    """Holders of one licence each, by chance, so that no cache knows them."""
    chance = random.Random(size + seed)
    while True:
        yield chance.randrange(RICH, holders_of(size))


def _digests(service: Container, size: int) -> list[list[bytes]]:
    """What the bare driver looks for: computed beforehand, it costs it nothing."""
    index = service.ground.keys.secrets.indexes.licences
    places = itertools.islice(_places(size, 0), 20_000)
    return [list(holder_indexes(index, HolderCode(CITIZEN_ID, citizen_number(place)))) for place in places]


def _search(service: Container, size: int, seed: int = 1) -> Work:
    places = _places(size, seed)

    async def work(number: int) -> object:
        query = SearchQuery(CITIZEN_ID, citizen_number(next(places)), ITEM, f"BENCH-{number}", BASIS)
        (found,) = await service.certstore.search(query, PORTAL)
        assert found.values["address"]
        return found

    return work


def _read(service: Container, size: int) -> Work:
    secrets = service.ground.keys.secrets
    store, places = SqlLicenceStore(secrets.fields.licences, secrets.indexes.licences), _places(size, 2)

    async def work(_: int) -> object:
        async with service.ground.database.read() as tx:
            (found,) = await store.by_holder(tx, HolderCode(CITIZEN_ID, citizen_number(next(places))), TYPES)
        return found

    return work


async def _exemption(service: Container) -> list[Row]:
    """Ten materials of a holder who has all ten licences, beside one look-up of theirs and of one licence."""
    numbers = itertools.cycle(range(RICH))

    async def check(number: int) -> object:
        query = ExemptionQuery(ITEM, f"BENCH-{number}", CITIZEN_ID, citizen_number(next(numbers)))
        answer = await service.certstore.check_exemption(query, PORTAL)
        assert answer.exempt == TEN
        return answer

    async def one(number: int) -> object:
        query = SearchQuery(CITIZEN_ID, citizen_number(next(numbers)), ITEM, f"BENCH-{number}", BASIS, types=[TYPES[0]])
        (found,) = await service.certstore.search(query, PORTAL)
        return found

    checked, looked = await _interleaved(check, one)
    times = checked.seconds / looked.seconds
    return [
        cost("exemption.ten", times, "× one look-up", "aim", AIM_EXEMPTION),
        rate("exemption.ten.rate", 1 / checked.seconds, "checks/s", "one look-up", 1 / looked.seconds),
    ]


def _housing() -> Principal:
    client = city.HOUSING_SYSTEM
    return Principal(PrincipalKind.CLIENT, client.id, client.organisation.code, scopes=frozenset(client.scopes))


async def _import(settings: Settings, many: int) -> list[Row]:
    """A legacy register with planted faults taken over: read, checked, compared, written; without its files."""
    service, actor, planted = await build_container(settings), _housing(), Planted()
    code = demo_catalogue.PROPERTY.code

    async def pieces() -> AsyncIterator[bytes]:
        for piece in csv_file(many, code, city.HOUSING.code, planted):
            yield piece

    try:
        began = time.perf_counter()
        command = IntakeCommand(code, FileFormat.CSV, Trust.B)
        made = await service.bulk.take_in(command, pieces(), actor)
        taken = time.perf_counter() - began
        await service.bulk.steer.start(made.id, made.columns, actor, dry=False)
        await service.bulk.run.through()
        seconds = time.perf_counter() - began
        done, _, _ = await service.bulk.steer.one(made.id, actor)
    finally:
        await service.close()
    assert done.state is ImportState.DONE, done.state
    return [
        rate("import", many / seconds, "rows/s", "aim", AIM_IMPORT),
        rate("import.intake", many / taken, "rows/s", "own import", many / seconds),
    ]


async def _issue(settings: Settings) -> list[Row]:
    """Licences drawn, sealed and recorded by the demo city's housing office: several at once beside one at a time."""
    await prepare(settings)
    service, actor = await build_container(settings), _housing()
    data = {
        "location": "示例市青石区演示路 20 号 2 幢",
        "area": 88.6,
        "registered_on": "2026-11-20",
        "ownership": "共同共有",
        "mortgage": "无",
    }

    async def issue(number: int) -> object:
        holder = HolderInput(CITIZEN_ID, city.LIN.id_number, city.LIN.name)
        return await service.certstore.issue(
            IssueCommand(demo_catalogue.PROPERTY.code, [holder], data, f"bench-{number}", f"基准第 {number} 号"), actor
        )

    try:
        await issue(-1)  # fonts and pools are warm from here on
        began = time.perf_counter()
        for number in range(ISSUED):
            await issue(number)
        one = (time.perf_counter() - began) / ISSUED
        began = time.perf_counter()
        await asyncio.gather(*(issue(ISSUED + number) for number in range(ISSUED)))
        together = ISSUED / (time.perf_counter() - began)
    finally:
        await service.close()
    return [rate("issue", together, "sealed licences/s", "own, one at a time", 1 / one)]


async def _sqlite(folder: Path, size: int) -> list[Row]:
    settings = _settings(folder / "sqlite")
    await prepare(settings)
    await asyncio.to_thread(fill, settings, after=size)
    name = SIZES.get(size, f"{size // 1000}k")
    async with _service(settings) as service:
        digests = _digests(service, size)
        with contextlib.closing(sqlite3.connect(settings.folder / "yizheng.db")) as driver:
            driver.execute("ANALYZE")

            async def point(place: int) -> object:
                (digest, *_) = digests[place % len(digests)]
                found = driver.execute(
                    "SELECT licence_id FROM licence_holder WHERE code_index = ?", (digest,)
                ).fetchall()
                assert found, "nobody holds nothing"
                return found

            lawful, read, peer = await _interleaved(_search(service, size), _read(service, size), point)
    driver_name = "bare sqlite3 point look-up"
    return [
        rate(f"lookup.sqlite.{name}", 1 / lawful.seconds, "look-ups/s", driver_name, 1 / peer.seconds),
        rate(f"lookup.sqlite.{name}.read", 1 / read.seconds, "reads/s", driver_name, 1 / peer.seconds),
        rate(f"lookup.sqlite.{name}.per-core", 1 / lawful.processor, "look-ups/s", driver_name, 1 / peer.processor),
        cost(f"lookup.sqlite.{name}.p99", lawful.p99 * 1000, "ms", "own mean at once", AT_ONCE / lawful.rate * 1000),
    ]


async def _interleaved(*works: Work) -> list[Figures]:
    """Each in turn, so that a busy moment hits all alike."""
    numbers = itertools.count(1)
    for work in works:
        for _ in range(20):
            await work(next(numbers))
    seconds: list[list[float]] = [[] for _ in works]
    rates: list[list[float]] = [[] for _ in works]
    times: list[list[float]] = [[] for _ in works]
    alone: list[list[float]] = [[] for _ in works]
    processor = [0.0 for _ in works]
    for _ in range(ROUNDS):
        for mine, all_times, work in zip(seconds, alone, works, strict=True):
            mine.append(await _one_at_a_time(work, numbers, all_times))
        for place, (mine, all_times, work) in enumerate(zip(rates, times, works, strict=True)):
            before = time.process_time()
            mine.append(await _several(work, numbers, all_times))
            processor[place] += time.process_time() - before
    return [
        Figures(statistics.median(one), statistics.median(many), _p99(together), _p99(by_one), used / len(together))
        for one, many, together, by_one, used in zip(seconds, rates, times, alone, processor, strict=True)
    ]


def _p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


async def _one_at_a_time(work: Work, numbers: Iterator[int], times: list[float]) -> float:
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        start = time.perf_counter()
        await work(next(numbers))
        times.append(time.perf_counter() - start)
        count += 1
    return (time.perf_counter() - began) / count


async def _several(work: Work, numbers: Iterator[int], times: list[float]) -> float:
    began, count = time.perf_counter(), 0

    async def runner() -> None:
        nonlocal count
        while time.perf_counter() - began < SECONDS:
            start = time.perf_counter()
            await work(next(numbers))
            times.append(time.perf_counter() - start)
            count += 1

    await asyncio.gather(*(runner() for _ in range(AT_ONCE)))
    return count / (time.perf_counter() - began)

"""Fixtures for every test: a clock, and real servers that start when the first test asks for them.

A backend whose program is not installed skips its tests with the reason; with `--require-backends`, or where
`CI` is set, it fails them, for a suite that skips in silence rots.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import pytest

from api.journey.instance import Instance
from core.db.database import Database
from tests.support import databases, servers
from tests.support.clock import FakeClock
from tests.support.memory_folder import memory_folder
from tests.support.node import install_packages
from tests.support.tally import KEY, Tally, taken
from tests.support.warm_processes import WarmProcesses

Started = TypeVar("Started")
_tally = Tally()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shots", metavar="FOLDER", help="take a picture of every page that a browser test judges")
    parser.addoption(
        "--require-backends",
        action="store_true",
        default=os.environ.get("CI", "").lower() in {"1", "true", "yes"},
        help="a missing PostgreSQL, Redis, SoftHSM or Chromium fails the test instead of skipping it",
    )


def pytest_configure(config: pytest.Config) -> None:
    """All that tests write goes to memory; workers inherit the folder."""
    if not hasattr(config, "workerinput"):
        stack = contextlib.ExitStack()
        stack.enter_context(memory_folder())
        config.add_cleanup(stack.close)


def _start(config: pytest.Config, server: contextlib.AbstractContextManager[Started]) -> Iterator[Started]:
    with contextlib.ExitStack() as stack:
        try:
            started = stack.enter_context(server)
        except servers.BackendMissing as missing:
            _refuse(config, str(missing))
        yield started


def _refuse(config: pytest.Config, reason: str) -> NoReturn:
    if config.getoption("--require-backends"):
        pytest.fail(f"a required backend is missing: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session", autouse=True)
def warm_processes() -> Iterator[None]:
    """The command line is started without loading its modules anew each time."""
    warm, before = WarmProcesses(), Instance.processes
    Instance.processes = warm
    yield
    Instance.processes = before
    warm.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> Iterator[servers.PostgresServer]:
    yield from _start(pytestconfig, servers.postgres_server())


@pytest.fixture(scope="session")
def redis_server(pytestconfig: pytest.Config) -> Iterator[servers.RedisServer]:
    yield from _start(pytestconfig, servers.redis_server())


@pytest.fixture(scope="session")
def s3_server(pytestconfig: pytest.Config) -> Iterator[servers.S3Server]:
    yield from _start(pytestconfig, servers.s3_server())


@pytest.fixture(scope="session")
def softhsm(pytestconfig: pytest.Config) -> Iterator[servers.SoftHsmToken]:
    """An initialised token; it lives as long as the test session, so give each test's keys labels of their own."""
    yield from _start(pytestconfig, servers.softhsm_token())


@pytest.fixture
def restored_softhsm(softhsm: servers.SoftHsmToken) -> Iterator[servers.SoftHsmToken]:
    """The same token for a test that changes its PIN: the token gets it back afterwards."""
    yield softhsm
    servers.restore_pin(softhsm)


@pytest.fixture(scope="session")
def program(pytestconfig: pytest.Config) -> Callable[..., str]:
    """`program(package, *names)`: path of a tool that must be installed, as for any other backend."""

    def find(package: str, *names: str) -> str:
        try:
            return servers.program(package, *names)
        except servers.BackendMissing as missing:
            _refuse(pytestconfig, str(missing))

    return find


@pytest.fixture(scope="session")
def openssl(program: Callable[..., str]) -> str:
    """Path of the openssl command line, a second opinion on what we sign."""
    return program("openssl", "openssl")


@pytest.fixture(scope="session")
def chromium(program: Callable[..., str], pytestconfig: pytest.Config) -> str:
    """Path of the browser, for Playwright's `executable_path`; axe, which judges its pages, is there too."""
    try:
        install_packages()
    except servers.BackendMissing as missing:
        _refuse(pytestconfig, str(missing))
    return program("chromium", "chromium", "chromium-browser", "google-chrome")


@pytest.fixture
async def postgres_url(postgres_server: servers.PostgresServer) -> AsyncIterator[str]:
    """SQLAlchemy address of an empty PostgreSQL database of this test's own."""
    async with databases.postgres_url(postgres_server) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Database]:
    """A database with every domain's tables; the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        async with databases.sqlite_database(tmp_path, clock) as made:
            yield made
    else:
        async with databases.postgres_database(request.getfixturevalue("postgres_server"), clock) as made:
            yield made


@pytest.fixture
async def sqlite_database(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Database]:
    """A SQLite database with every domain's tables, for tests where the backend does not matter."""
    async with databases.sqlite_database(tmp_path, clock) as made:
        yield made


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules that take long come first: of two workers neither then waits for the other's last browser."""
    slow = {item.path for item in items if item.get_closest_marker("browser") or item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """What a test counted goes with its report, from whatever worker it ran on."""
    item.user_properties.extend((KEY, entry) for entry in taken())


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "teardown":
        entries: list[Any] = [value for key, value in report.user_properties if key == KEY]
        _tally.add((row, forged, wrong) for row, forged, wrong in entries)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = list(_tally.lines())
    if lines:
        terminalreporter.section("attacks on sealed files (F-05; 0 of n means at most 3/n, with 95 % confidence)")
        for line in lines:
            terminalreporter.line(line)

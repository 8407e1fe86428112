"""Real servers for tests: started on free loopback ports in folders of their own, stopped and removed afterwards.

Each starter is a context manager. It raises `BackendMissing` when the program is not installed; whether that
skips or fails the test is for `tests/conftest.py` to say.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from moto.server import ThreadedMotoServer

from keys.backends import pkcs11_token
from keys.backends.pkcs11_library import Pkcs11Library
from keys.backends.pkcs11_pin import log_out

START_SECONDS = 60.0


class BackendMissing(Exception):
    """The program for a backend is not installed; the message says which and how to get it."""


@dataclass(frozen=True)
class PostgresServer:
    """A PostgreSQL cluster of our own; the superuser is `yizheng`, loopback connections are trusted."""

    port: int

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://yizheng@127.0.0.1:{self.port}/{database}"

    def dsn(self, database: str) -> str:
        """The same address as the driver itself takes it."""
        return f"postgresql://yizheng@127.0.0.1:{self.port}/{database}"


@dataclass(frozen=True)
class RedisServer:
    """A Redis or Valkey server of our own."""

    port: int

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


@dataclass(frozen=True)
class S3Server:
    """An S3 look-alike in this process."""

    endpoint: str
    access_key: str = "test"
    secret_key: str = "test"
    region: str = "us-east-1"


@dataclass(frozen=True)
class SoftHsmToken:
    """One initialised PKCS#11 token; `SOFTHSM2_CONF` of this process points at it."""

    module: str
    config: Path
    label: str
    pin: str
    so_pin: str


def restore_pin(token: SoftHsmToken) -> None:
    """Give the user's PIN back by the security officer's, and end the sessions with any other."""
    log_out(token.module)
    library = Pkcs11Library.at(token.module)
    with library.entered(), library.token(token.label).open(rw=True, so_pin=token.so_pin) as session:
        session.init_pin(token.pin)
    pkcs11_token._logins.clear()  # a PIN that was refused before is the right one again


@contextlib.contextmanager
def postgres_server(
    *, durable: bool = False, kept: Path | None = None, tuning: Mapping[str, str] = MappingProxyType({})
) -> Iterator[PostgresServer]:
    """A cluster; tuned for speed at the price of safety against power cuts, unless it is to be `durable`.

    Args:
        kept: the folder that it stays in, made if it is not there; by default it is a fresh one, removed afterwards.
        tuning: settings of the server, beside ours or in their place.
    """
    initdb, postgres = _postgres_program("initdb"), _postgres_program("postgres")
    with _folder() if kept is None else _kept_folder(kept) as folder:
        user = _give_away(folder) if os.geteuid() == 0 else None
        data = folder / "data"
        if not (data / "PG_VERSION").exists():
            _make_cluster(initdb, data, user)
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "32MB",
        }
        if not durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        chosen = [part for name, value in {**options, **tuning}.items() for part in ("-c", f"{name}={value}")]

        def command(port: int) -> list[str]:
            return _as_user(user, [str(postgres), "-D", str(data), "-p", str(port), *chosen], death="INT")

        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients
        with _listening(command, folder, stop=signal.SIGINT) as port:
            _wait_for_postgres(initdb.parent / "pg_isready", port)
            yield PostgresServer(port)


def _make_cluster(initdb: Path, data: Path, user: str | None) -> None:
    make = [str(initdb), "-D", str(data), "-U", "yizheng", "--auth=trust", "--no-sync", "-E", "UTF8"]
    done = subprocess.run(
        _as_user(user, [*make, "--locale=C.UTF-8"]),
        cwd=data.parent,
        env=_plain_environment(data.parent),
        capture_output=True,
    )
    if done.returncode:
        raise RuntimeError(f"initdb: {done.stderr.decode(errors='replace')}")


@contextlib.contextmanager
def redis_server(*, durable: bool = False) -> Iterator[RedisServer]:
    """A fresh Redis or Valkey, whichever is installed; `durable` keeps an append-only file, as an installation does."""
    server = program("redis-server", "valkey-server", "redis-server")
    with _folder() as folder:
        options = [
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "yes" if durable else "no",
            "--dir",
            str(folder),
        ]

        def command(port: int) -> list[str]:
            return _as_user(None, [server, "--port", str(port), *options], death="TERM")

        with _listening(command, folder, stop=signal.SIGTERM) as port:
            yield RedisServer(port)


@contextlib.contextmanager
def s3_server() -> Iterator[S3Server]:
    """Moto on a thread of this process; each bucket a test makes is its own."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield S3Server(f"http://{host}:{port}")
    finally:
        server.stop()


@contextlib.contextmanager
def softhsm_token() -> Iterator[SoftHsmToken]:
    """A SoftHSM token store of our own with one token; the PKCS#11 module reads `SOFTHSM2_CONF` when it loads."""
    tool, module = program("softhsm2", "softhsm2-util"), _softhsm_module()
    before = os.environ.get("SOFTHSM2_CONF")
    with _folder() as folder:
        tokens, config = folder / "tokens", folder / "softhsm2.conf"
        tokens.mkdir()
        config.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(config)
        token = SoftHsmToken(module, config, label="yizheng-test", pin="123456", so_pin="87654321")
        init = [tool, "--init-token", "--free", "--label", token.label, "--pin", token.pin, "--so-pin", token.so_pin]
        subprocess.run(init, check=True, capture_output=True)
        try:
            yield token
        finally:
            if before is None:
                del os.environ["SOFTHSM2_CONF"]
            else:
                os.environ["SOFTHSM2_CONF"] = before


def program(package: str, *names: str) -> str:
    """Path of the first of `names` that is installed; `package` is what Debian calls it."""
    places = [os.environ.get("PATH", ""), "/usr/sbin", *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin")))]
    for name in names:
        if path := shutil.which(name, path=os.pathsep.join(places)):
            return path
    raise BackendMissing(f"{' or '.join(names)} is not installed (apt-get install {package})")


def free_port() -> int:
    """A loopback port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _postgres_program(name: str) -> Path:
    def version(path: Path) -> int:
        part = path.parent.parent.name
        return int(part) if part.isdigit() else 0

    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=version, reverse=True)
    if not found and (path := shutil.which(name)):
        found = [Path(path).resolve()]
    if not found:
        raise BackendMissing(f"PostgreSQL's {name} was not found (apt-get install postgresql)")
    return found[0]


def _softhsm_module() -> str:
    places = (
        "/usr/lib/softhsm",
        "/usr/lib/*/softhsm",
        "/usr/lib64/softhsm",
        "/usr/lib64/pkcs11",
        "/usr/local/lib/softhsm",
    )
    for place in places:
        for path in sorted(Path("/").glob(f"{place[1:]}/libsofthsm2.so")):
            return str(path)
    raise BackendMissing("libsofthsm2.so was not found (apt-get install softhsm2)")


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    # straight under the system's folder: pytest's own temporary folders are closed to the user that PostgreSQL runs as
    path = Path(tempfile.mkdtemp(prefix="yizheng-test-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _kept_folder(path: Path) -> Iterator[Path]:
    path.mkdir(parents=True, exist_ok=True)
    yield path


def _give_away(folder: Path) -> str:
    """PostgreSQL refuses to run as root, so the folder goes to a user without rights."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = "postgres" if "postgres" in names else "nobody"
    shutil.chown(folder, user)
    return user


def _as_user(user: str | None, command: Sequence[str], *, death: str | None = None) -> list[str]:
    """`command` under another user, and ended by the kernel should this process die without stopping it."""
    setpriv = shutil.which("setpriv")
    options = [f"--pdeathsig={death}"] if death else []
    if user:
        if setpriv is None:
            raise BackendMissing("setpriv is needed to start PostgreSQL as root (apt-get install util-linux)")
        options += [f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups"]
    return [setpriv, *options, "--", *command] if setpriv and options else list(command)


def _plain_environment(folder: Path) -> dict[str, str]:
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**keep, "HOME": str(folder), "LC_ALL": "C.UTF-8"}


@contextlib.contextmanager
def _listening(command: Callable[[int], list[str]], folder: Path, *, stop: signal.Signals) -> Iterator[int]:
    """Run a server on a free port until the block ends; another port is tried should somebody take the first."""
    log = folder / "server.log"
    for _ in range(5):
        port = free_port()
        with log.open("wb") as output:
            server = subprocess.Popen(
                command(port), cwd=folder, env=_plain_environment(folder), stdout=output, stderr=subprocess.STDOUT
            )
        if _answers(server, port):
            try:
                yield port
            finally:
                _end(server, stop)
            return
        _end(server, stop)
    raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")


def _answers(server: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.02)
    return False


def _wait_for_postgres(ready: Path, port: int) -> None:
    """The port opens a little before connections are served."""
    deadline = time.monotonic() + START_SECONDS
    while subprocess.run([str(ready), "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "yizheng"]).returncode:
        if time.monotonic() > deadline:
            raise RuntimeError("PostgreSQL does not serve connections")
        time.sleep(0.02)


def _end(server: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    if server.poll() is None:
        server.send_signal(stop)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
    server.wait()

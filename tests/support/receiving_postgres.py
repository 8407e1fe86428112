"""A PostgreSQL server whose commits wait until another place has their WAL; it can be killed and come back there."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # ships no types

from tests.support.servers import (
    PostgresServer,
    _as_user,
    _end,
    _folder,
    _give_away,
    _listening,
    _plain_environment,
    _postgres_program,
    _wait_for_postgres,
)

SECONDS = 30


@dataclass
class ReceivingPostgres:
    """Folders of one server: `data` on the machine that is lost, `base` and `wal` at the other place."""

    folder: Path
    user: str | None
    _receiver: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @contextlib.contextmanager
    def running(self, data: Path, *, end: signal.Signals) -> Iterator[PostgresServer]:
        """Serve `data`; `end` is SIGKILL for a machine that is lost."""
        postgres = _postgres_program("postgres")
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "shared_buffers": "32MB"}

        def command(port: int) -> list[str]:
            options = [f"--{name}={value}" for name, value in settings.items()]
            return _as_user(self.user, [str(postgres), "-D", str(data), "-p", str(port), *options], death="KILL")

        with _listening(command, self.folder, stop=end) as port:
            _wait_for_postgres(_postgres_program("pg_isready"), port)
            yield PostgresServer(port)

    def base_backup(self, server: PostgresServer) -> None:
        self._run("pg_basebackup", "-h", "127.0.0.1", "-p", server.port, "-U", "yizheng", "-D", self.folder / "base",
                  "-X", "stream", "-c", "fast")  # fmt: skip

    async def wait_for_the_other_place(self, server: PostgresServer) -> None:
        """From here on, a commit is answered when the other place has it."""
        words = ["-h", "127.0.0.1", "-p", server.port, "-U", "yizheng", "-D", self.folder / "wal", "--synchronous"]
        program = [str(_postgres_program("pg_receivewal")), *map(str, words)]
        environment = _plain_environment(self.folder) | {"PGAPPNAME": "elsewhere"}
        self._receiver = subprocess.Popen(
            _as_user(self.user, program, death="KILL"), cwd=self.folder, env=environment, stderr=subprocess.DEVNULL
        )
        connection = await asyncpg.connect(server.dsn("postgres"))
        try:
            await connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'elsewhere'")
            await connection.execute("SELECT pg_reload_conf()")
            deadline = time.monotonic() + SECONDS
            asked = (
                "SELECT count(*) FROM pg_stat_replication WHERE application_name = 'elsewhere' AND sync_state = 'sync'"
            )
            while await connection.fetchval(asked) != 1:
                assert time.monotonic() < deadline, "the other place did not connect"
                await connection.execute("SELECT pg_sleep(0.05)")
        finally:
            await connection.close()

    def stop_receiving(self) -> None:
        if self._receiver is not None:
            _end(self._receiver, signal.SIGINT)
            self._receiver = None

    def from_the_other_place(self, name: str, *, until: str | None = None) -> Path:
        """A data folder out of base backup and received WAL; recovery ends at `until`, or with the last record."""
        data = self.folder / name
        shutil.copytree(self.folder / "base", data)
        wal = self.folder / "wal"
        for partial in wal.glob("*.partial"):
            shutil.copy(partial, partial.with_suffix(""))
        lines = [f"restore_command = 'cp {wal}/%f %p'", "synchronous_standby_names = ''"]
        if until is not None:
            lines += [f"recovery_target_time = '{until}'", "recovery_target_action = 'promote'"]
        with (data / "postgresql.auto.conf").open("a") as file:
            file.write("\n" + "\n".join(lines) + "\n")
        (data / "recovery.signal").touch()
        for path in [data, *data.rglob("*"), *wal.iterdir()]:  # what it cannot read it would take for the end
            if self.user:
                shutil.chown(path, self.user)
        data.chmod(0o700)
        return data

    def _run(self, program: str, *words: object) -> None:
        done = subprocess.run(
            _as_user(self.user, [str(_postgres_program(program)), *map(str, words)]),
            cwd=self.folder,
            env=_plain_environment(self.folder),
            capture_output=True,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.decode(errors='replace')}")

    def make(self) -> Path:
        """An empty cluster."""
        data = self.folder / "data"
        self._run("initdb", "-D", data, "-U", "yizheng", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        return data


@contextlib.contextmanager
def receiving_postgres() -> Iterator[ReceivingPostgres]:
    with _folder() as folder:
        user = _give_away(folder) if os.geteuid() == 0 else None
        (folder / "wal").mkdir()
        if user:
            shutil.chown(folder / "wal", user)
        made = ReceivingPostgres(folder, user)
        try:
            yield made
        finally:
            made.stop_receiving()

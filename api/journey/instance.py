"""A fresh instance of the service for the journey: own folder, own port, started and stopped as a process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
from sqlalchemy import update

from api.journey.processes import FreshProcesses, Processes, Running
from api.settings import child_environment
from core.audit.tables import audit_event
from core.db.engine import WRITE, create_engine


def free_port() -> int:
    """A port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Instance:
    """The service as a user would start it; everything goes through its command line and HTTP.

    Attributes:
        processes: how its commands are started.
    """

    processes: Processes = FreshProcesses()

    def __init__(
        self, settings: Mapping[str, str] | None = None, *, cpu: str | None = None, host: str = "127.0.0.1"
    ) -> None:
        """
        Args:
            host: by which the service is known; passkeys want a name (`localhost`).
            settings: settings beside the embedded defaults, by their names in `api.settings`.
            cpu: the processors to pin the server to, as `taskset -c` takes them; benchmarks only.
        """
        self._pin = ["taskset", "-c", cpu] if cpu else []
        self.port = free_port()
        self.issuer = f"http://{host}:{self.port}"
        self.folder = Path(tempfile.mkdtemp(prefix="yizheng-journey-"))
        self._given = {"data": str(self.folder), "issuer": self.issuer, "demo": "true", "mode": "development"}
        self._given |= settings or {}
        self._environment = child_environment(**self._given)
        self._process: Running | None = None
        self._log = self.folder / "server.log"

    def set(self, name: str, value: str) -> None:
        """A setting that was not known at the beginning; before anything is started."""
        self._given[name] = value
        self._environment = child_environment(**self._given)

    @contextlib.contextmanager
    def settings_restored(self) -> Iterator[None]:
        """What is set meanwhile is forgotten at the end."""
        before = dict(self._given)
        try:
            yield
        finally:
            self._given = before
            self._environment = child_environment(**before)

    def setting(self, name: str) -> str:
        return self._given[name]

    def command(self, *words: str, stdin: str | None = None) -> str:
        """Run `yizheng WORDS…` and answer what it printed."""
        done = self.processes.run(words, self._environment, stdin=stdin)
        if done.returncode != 0:
            raise RuntimeError(f"yizheng {' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def register_client(self, description: dict[str, object]) -> dict[str, str]:
        """Register a client through the command line; answers its id and secret."""
        printed = self.command("client", "register", "-", stdin=json.dumps(description))
        answer: dict[str, str] = json.loads(printed.splitlines()[-1])
        return answer

    def start(self) -> float:
        """Serve; answers the seconds until the service was ready."""
        began = time.perf_counter()
        with self._log.open("wb") as log:
            words = ("serve", "--port", str(self.port))
            self._process = self.processes.start(words, self._environment, log, pin=self._pin)
        while time.perf_counter() - began < 60:
            if self._process.poll() is not None:
                raise RuntimeError(f"the service ended at once: {self._log.read_text()[-800:]}")
            try:
                if httpx.get(f"{self.issuer}/health/ready", timeout=2, trust_env=False).status_code == 200:
                    return time.perf_counter() - began
            except httpx.TransportError:
                time.sleep(0.1)
        raise RuntimeError("the service did not become ready within 60 s")

    def verdict_on_a_changed_row(self, number: int) -> str:
        """Change one audit row behind the service's back, ask the auditor's command, and put the row back."""
        asyncio.run(self._set_outcome(number, "done", "refused"))
        try:
            return self.command("audit", "verify").strip()
        except RuntimeError as error:
            return str(error)
        finally:
            asyncio.run(self._set_outcome(number, "refused", "done"))

    async def _set_outcome(self, number: int, before: str, after: str) -> None:
        given = self._given.get("database_url") or f"sqlite:///{self.folder / 'yizheng.db'}"
        engine = create_engine(given, pool_size=1)
        try:
            async with engine.connect() as connection:
                connection = await connection.execution_options(**{WRITE: True})
                row = (audit_event.c.number == number) & (audit_event.c.outcome == before)
                await connection.execute(update(audit_event).where(row).values(outcome=after))
                await connection.commit()
        finally:
            await engine.dispose()

    def log_text(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def pid(self) -> int:
        """Number of the serving process."""
        assert self._process is not None, "start it first"
        return self._process.pid

    def resident_megabytes(self) -> float:
        """Resident memory of the serving process, in MB (10^6 bytes)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024 / 1e6

    def stop(self, *, keep_data: bool = False) -> None:
        """End the process; its folder goes too, unless it is to be started again."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=25)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if not keep_data:
            shutil.rmtree(self.folder, ignore_errors=True)

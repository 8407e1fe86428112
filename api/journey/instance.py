"""A fresh instance of the service for the journey: own folder, own port, started and stopped as a process."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import httpx

from api.settings import child_environment


def free_port() -> int:
    """A port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Instance:
    """The service as a user would start it; everything goes through its command line and HTTP."""

    def __init__(self, *, cpu: str | None = None) -> None:
        """
        Args:
            cpu: the processors to pin the server to, as `taskset -c` takes them; benchmarks only.
        """
        self._pin = ["taskset", "-c", cpu] if cpu else []
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.folder = Path(tempfile.mkdtemp(prefix="yizheng-journey-"))
        self._environment = child_environment(
            data=str(self.folder), issuer=self.issuer, demo="true", mode="development"
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._log = self.folder / "server.log"

    def command(self, *words: str, stdin: str | None = None) -> str:
        """Run `yizheng WORDS…` and answer what it printed."""
        done = subprocess.run(  # noqa: S603 - our own command line with words from this package
            [sys.executable, "-m", "api.cli", *words],
            env=self._environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
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
            self._process = subprocess.Popen(  # noqa: S603 - as above
                [*self._pin, sys.executable, "-m", "api.cli", "serve", "--port", str(self.port)],
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        while time.perf_counter() - began < 60:
            if self._process.poll() is not None:
                raise RuntimeError(f"the service ended at once: {self._log.read_text()[-800:]}")
            try:
                if httpx.get(f"{self.issuer}/health/ready", timeout=2, trust_env=False).status_code == 200:
                    return time.perf_counter() - began
            except httpx.TransportError:
                time.sleep(0.1)
        raise RuntimeError("the service did not become ready within 60 s")

    def broken_audit_verdict(self) -> str:
        """Copy the data, change one audit row in the copy, and answer what the auditor's command says of it."""
        with tempfile.TemporaryDirectory(prefix="yizheng-tampered-") as copy:
            with (
                closing(sqlite3.connect(self.folder / "yizheng.db")) as real,
                closing(sqlite3.connect(Path(copy) / "yizheng.db")) as tampered,
            ):
                real.backup(tampered)
                tampered.execute("UPDATE audit_event SET outcome = 'refused' WHERE number = 5")
                tampered.commit()
            try:
                return self.command("audit", "verify", "--data", copy).strip()
            except RuntimeError as error:
                return str(error)

    def log_text(self) -> str:
        return self._log.read_text(errors="replace")

    def resident_megabytes(self) -> float:
        """Resident memory of the serving process, in MB (10^6 bytes)."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
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

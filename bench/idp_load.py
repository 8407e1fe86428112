"""One bounded burst of load with wrk on a provider, every answer checked; what it measured."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
CONNECTIONS = 32
LOAD_CORE = "1"
RESULT = re.compile(r"RESULT requests=(\d+) micros=(\d+) p99=(\d+) bad=(\d+)")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Target:
    """A running provider with what the load needs.

    Attributes:
        pid: the serving process.
        given: what `load.lua` wants to know, by name: AUTH, TOKEN, COOKIE, CALLBACK, VERIFIER.
        paths: where its endpoints are, by kind of load.
    """

    base: str
    pid: int
    given: Mapping[str, str] = field(repr=False)
    paths: Mapping[str, str]

    def processor_seconds(self) -> float:
        """User and system time of the process with all its threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@dataclass(frozen=True)
class Burst:
    """What one burst of load measured; `brought` are the one-time values that its answers held."""

    per_second: float
    cpu_micros: float
    p99_millis: float
    brought: Sequence[str] = field(default=(), repr=False)


def load(
    target: Target, kind: str, path: str, *, seconds: int, spend: Sequence[str] = (), cpu: str | None = LOAD_CORE
) -> Burst:
    """Load for so many seconds, or until the one-time values are spent.

    Raises:
        SystemExit: an answer was not good, or there were hardly any.
    """
    with tempfile.TemporaryDirectory() as folder:
        spent, kept = Path(folder) / "spend", Path(folder) / "keep"
        spent.write_text("\n".join(spend))
        kept.touch()
        given = {**target.given, "KIND": kind, "PATH": path, "KEEP": str(kept), "SPEND": str(spent) if spend else ""}
        environment = os.environ | {f"BENCH_{name}": value for name, value in given.items()}
        wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "--timeout", "10", "-s", str(HERE / "load.lua")]
        before = target.processor_seconds()
        done = subprocess.run(
            [*(["taskset", "-c", cpu] if cpu else []), *wrk, target.base],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=seconds + 60,
        )
        used = target.processor_seconds() - before
        found = RESULT.search(done.stdout)
        if found is None or int(found[4]) or int(found[1]) < CONNECTIONS:
            raise SystemExit(f"{target.base} {kind}: bad answers under load\n{done.stdout[-900:]}{done.stderr[-300:]}")
        requests = int(found[1])
        return Burst(
            requests / int(found[2]) * 1e6, used / requests * 1e6, int(found[3]) / 1000, kept.read_text().split()
        )

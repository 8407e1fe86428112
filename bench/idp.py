"""Identity endpoints beside npm oidc-provider: a core for the server, one for the load, interleaved, same algorithms.

Ours keeps everything durably: in SQLite, or (rows that end in `.cluster`) in PostgreSQL and Redis, which then share the
core of the load. The peer keeps everything in a Map in memory, in its best configuration: opaque access tokens, ES256.
A row `ID` has requests per second; `ID.p99` the 99th percentile of the time for an answer; `ID.cpu` the server's
processor time for a request, which suffers least when other programs use the machine. Every answer is checked.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from bench.idp_load import HERE, Burst, Target, load
from bench.idp_log_in import measure_log_ins
from bench.idp_targets import PEER, AssertionKey, cluster, embedded, peer
from bench.report import Row, cost, rate

ROUNDS, SECONDS, CHAINS, ASSERTIONS_PER_SECOND = 3, 3, 256, 8_000
FIGURES = ("per_second", "cpu_micros", "p99_millis")


@dataclass(frozen=True)
class Kind:
    """What is asked for: the id of its row, the load's kind, and which path."""

    id: str
    load: str
    path: str


# one after another on each target: codes of the first are spent by the second, its refresh tokens begin the third
KINDS = (
    Kind("authorize.sso", "authorize", "authorize"),
    Kind("token.code", "code", "token"),
    Kind("token.refresh", "refresh", "token"),
    Kind("token.client_credentials.basic", "client_credentials", "token"),
    Kind("token.client_credentials.private_key_jwt", "private_key_jwt", "token"),
    Kind("userinfo", "userinfo", "userinfo"),
    Kind("introspection", "introspection", "introspection"),
    Kind("jwks", "get", "jwks"),
    Kind("discovery", "get", "discovery"),
)


def measure() -> list[Row]:
    """Medians of interleaved rounds; the rows of one kind stand together."""
    _require_programs()
    key, rows = AssertionKey(), []
    with ExitStack() as stack:
        targets = {name: stack.enter_context(start(key)) for name, start in _starts().items()}
        bursts: dict[tuple[str, str], list[Burst]] = {}
        left: dict[str, Sequence[str]] = dict.fromkeys(targets, ())
        for _ in range(ROUNDS):
            for kind in KINDS:
                for name, target in targets.items():
                    burst = _burst(target, kind, left[name], key)
                    left[name] = burst.brought
                    bursts.setdefault((kind.id, name), []).append(burst)
        for kind in KINDS:
            rows += _rows(kind.id, bursts[kind.id, "embedded"], bursts[kind.id, "peer"])
            rows += _rows(f"{kind.id}.cluster", bursts[kind.id, "cluster"], bursts[kind.id, "peer"])
    return rows + measure_log_ins()


def _starts() -> dict[str, Callable]:
    return {"embedded": embedded, "cluster": cluster, "peer": peer}


def _burst(target: Target, kind: Kind, brought: Sequence[str], key: AssertionKey) -> Burst:
    spend: Sequence[str] = ()
    if kind.load == "private_key_jwt":
        spend = key.assertions(target.base, ASSERTIONS_PER_SECOND * SECONDS)
    elif kind.load == "code":
        spend = brought
    elif kind.load == "refresh":
        spend = brought[-CHAINS:]
    return load(target, kind.load, target.paths[kind.path], seconds=SECONDS, spend=spend)


def _rows(id: str, mine: Sequence[Burst], theirs: Sequence[Burst]) -> list[Row]:
    def medians(figure: str) -> tuple[float, float]:
        one, other = (statistics.median(getattr(burst, figure) for burst in bursts) for bursts in (mine, theirs))
        return one, other

    (fast, peer_fast), (cpu, peer_cpu), (late, peer_late) = map(medians, FIGURES)
    return [
        rate(id, fast, "req/s", PEER, peer_fast),
        cost(f"{id}.p99", late, "ms", PEER, peer_late),
        cost(f"{id}.cpu", cpu, "µs/req", PEER, peer_cpu),
    ]


def _require_programs() -> None:
    for program, remedy in (
        ("wrk", "apt-get install wrk"),
        ("node", "apt-get install nodejs"),
        ("taskset", "apt-get install util-linux"),
    ):
        if shutil.which(program) is None:
            raise SystemExit(f"bin/bench idp needs {program}: {remedy}")
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("bin/bench idp needs two processors: one for the server, one for the load")
    if not (HERE / "node" / "node_modules" / "oidc-provider").is_dir():
        print("Fetching the peer with npm ci ...", file=sys.stderr)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE / "node", check=True, capture_output=True)

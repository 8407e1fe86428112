"""Start-up time and resident memory per worker, against the aims: warm start under 3 s, idle at most 200 MB, flat.

A start is timed from the start of the process to the first good answer of /health/ready. `start.warm` is what a
newcomer waits for at the second `bin/run`: the script, the checks, the migration's look, the demo city, the server.
"""

from __future__ import annotations

import concurrent.futures
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import httpx

from api.demo import catalogue, city
from api.journey.instance import Instance, free_port
from api.settings import child_environment
from bench.report import Row, cost

ROOT = Path(__file__).parent.parent
AIM_WARM_SECONDS = 3.0
AIM_IDLE_MB = 200.0
WARM_STARTS = 3
LOAD_ROUNDS = 3
READS, ISSUES, JUDGEMENTS = 1200, 20, 80
THREADS = 4


def measure() -> list[Row]:
    """First start (keys, database, demo city), later starts, memory idle and after each round of the same load."""
    with tempfile.TemporaryDirectory(prefix="yizheng-start-") as folder:
        cold = _run_until_ready(folder)
        warm = [_run_until_ready(folder) for _ in range(WARM_STARTS)]
    rows = [
        cost("start.cold", cold[0], "s", "aim for a warm start", AIM_WARM_SECONDS),
        cost("start.warm", statistics.median(wall for wall, _ in warm), "s", "aim", AIM_WARM_SECONDS),
        cost("start.warm.cpu", statistics.median(cpu for _, cpu in warm), "s", "aim", AIM_WARM_SECONDS),
    ]
    instance = Instance()
    try:
        instance.command("migrate", "--demo")
        rows.append(cost("start.serve", instance.start(), "s", "aim", AIM_WARM_SECONDS))
        idle = instance.resident_megabytes()
        rows.append(cost("memory.idle", idle, "MB", "aim", AIM_IDLE_MB))
        before, name = idle, "own idle"
        for number in range(1, LOAD_ROUNDS + 1):
            after = _load_then_measure(instance, number)
            rows.append(cost(f"memory.after-load-{number}", after, "MB", name, before))
            before, name = after, f"own after load {number}"
    finally:
        instance.stop()
    return rows


def _run_until_ready(folder: str) -> tuple[float, float]:
    """`bin/run` from its start to readiness: seconds on the clock, and of processor time."""
    port = free_port()
    with tempfile.TemporaryFile("w+") as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            [ROOT / "bin" / "run", "--port", str(port), "--data", folder],
            env=child_environment(),
            stdout=log,
            stderr=log,
        )
        try:
            while True:
                if process.poll() is not None or time.perf_counter() - began > 60:
                    log.seek(0)
                    raise SystemExit(f"bin/run did not become ready:\n{log.read()[-800:]}")
                try:
                    if httpx.get(f"http://127.0.0.1:{port}/health/ready", trust_env=False).status_code == 200:
                        return time.perf_counter() - began, _processor_seconds(process.pid)
                except httpx.TransportError:
                    time.sleep(0.02)
        finally:
            process.terminate()
            process.wait(timeout=25)


def _processor_seconds(pid: int) -> float:
    """Of the process and of the children that it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _load_then_measure(instance: Instance, number: int) -> float:
    """A bounded burst: pages and documents, licences issued (drawn, sealed), files judged; resident MB afterwards."""
    paths = ["/.well-known/openid-configuration", "/jwks", "/", "/verify"]
    with (
        httpx.Client(base_url=instance.issuer, trust_env=False, timeout=60) as http,
        concurrent.futures.ThreadPoolExecutor(THREADS) as pool,
    ):
        headers = _token(http)
        good = [
            *pool.map(lambda n: http.get(paths[n % len(paths)]).status_code == 200, range(READS)),
            *pool.map(lambda n: _issue(http, headers, f"{number}-{n}") is not None, range(ISSUES)),
        ]
        licence = _issue(http, headers, f"{number}-judged")
        good += pool.map(lambda _: _judge(http, licence), range(JUDGEMENTS))
    if not all(good):
        raise SystemExit("bad answers under load")
    return instance.resident_megabytes()


def _token(http: httpx.Client) -> dict[str, str]:
    client = city.HOUSING_SYSTEM
    scopes = " ".join(scope for scope in client.scopes if ":" in scope)
    form = {"grant_type": "client_credentials", "scope": scopes}
    answer = http.post("/token", auth=(client.id, client.secret), data=form).raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def _issue(http: httpx.Client, headers: dict[str, str], number: str) -> bytes:
    """Issue a licence and fetch its file."""
    body = {
        "type": catalogue.PROPERTY.code,
        "number": f"豫（2026）示例市不动产权第 {number} 号",
        "holders": [{"code_type": "111", "code": city.LIN.id_number, "name": city.LIN.name}],
        "data": {
            "location": "示例市青石区演示路 20 号 2 幢",
            "area": 88.6,
            "registered_on": "2026-11-20",
            "ownership": "共同共有",
            "mortgage": "无",
        },
    }
    key = {"Idempotency-Key": f"bench-memory-{number}"}
    made = http.post("/v1/licences", json=body, headers=headers | key).raise_for_status().json()
    return http.get(made["file"], headers=headers).raise_for_status().content


def _judge(http: httpx.Client, licence: bytes) -> bool:
    answer = http.post("/v1/verifications", files={"file": ("licence.pdf", licence, "application/pdf")})
    return answer.status_code == 200 and answer.json()["state"] == "valid"

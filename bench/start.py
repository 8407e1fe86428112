"""Start-up time and resident memory per worker, against the aims: warm start under 3 s, idle at most 200 MB, flat."""

from __future__ import annotations

import concurrent.futures
import time

import httpx

from api.journey.instance import Instance
from bench.report import Row, cost

AIM_WARM_SECONDS = 3.0
AIM_IDLE_MB = 200.0
LOAD_ROUNDS = 2
LOAD_REQUESTS = 1500


def measure() -> list[Row]:
    """First start (keys, database, demo city), second start, memory idle and after two rounds of load."""
    instance = Instance()
    try:
        began = time.perf_counter()
        instance.command("migrate", "--demo")
        prepared = time.perf_counter() - began
        cold = prepared + instance.start()
        instance.stop(keep_data=True)
        warm = instance.start()
        idle = instance.resident_megabytes()
        after_rounds = [_load_then_measure(instance) for _ in range(LOAD_ROUNDS)]
    finally:
        instance.stop()
    return [
        cost("start.cold", cold, "s", "aim: warm start", AIM_WARM_SECONDS),
        cost("start.warm", warm, "s", "aim", AIM_WARM_SECONDS),
        cost("memory.idle", idle, "MB", "aim", AIM_IDLE_MB),
        cost("memory.after-load-1", after_rounds[0], "MB", "own idle", idle),
        cost("memory.after-load-2", after_rounds[1], "MB", "own after load 1", after_rounds[0]),
    ]


def _load_then_measure(instance: Instance) -> float:
    """A bounded burst over public pages and discovery; answers resident MB when it is over."""
    paths = ["/.well-known/openid-configuration", "/jwks", "/", "/verify"]
    with (
        httpx.Client(base_url=instance.issuer, trust_env=False, timeout=30) as http,
        concurrent.futures.ThreadPoolExecutor(8) as pool,
    ):
        list(pool.map(lambda n: http.get(paths[n % len(paths)]).status_code, range(LOAD_REQUESTS)))
    return instance.resident_megabytes()

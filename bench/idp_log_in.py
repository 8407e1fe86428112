"""Password log-ins at full load beside what Argon2id allows on the same cores, and what that does to token requests.

The bound is the library's own `verify` in as many threads as the service has for passwords. Log-ins come through the
page's form, from several sources, over the whole path: CSRF, throttle, session, audit. Tokens are asked for fifty times
a second meanwhile, as they were in the calm before.
"""

from __future__ import annotations

import asyncio
import base64
import os
import statistics
import threading
import time
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

import argon2

from api.demo.city import LIN, PASSWORD
from api.journey.instance import Instance
from api.journey.visitor import Visitor
from bench.report import Row, cost, rate
from keys.secrets.fair_pool import BEHIND

ROUNDS, SECONDS, AT_ONCE, TOKENS_PER_SECOND = 3, 5.0, 6, 50
BOUND, CALM = "Argon2id alone, as many threads", "the same in the calm"


@dataclass(frozen=True)
class _Asked:
    """Requests as octets; a log-in's has a place for the source that it comes from."""

    host: str
    port: int
    log_in: str
    token: bytes


def measure_log_ins() -> list[Row]:
    """Log-ins per second and the tokens' 99th percentile, in the calm and in the storm: medians of rounds."""
    workers = os.cpu_count() or 1
    instance = Instance({"password_workers": str(workers)})
    try:
        instance.command("migrate", "--demo")
        client = instance.register_client(
            {
                "client_id": "bench",
                "name_zh": "压测",
                "name_en": "bench",
                "grant_types": ["client_credentials"],
                "scope": "licence:read",
                "organisation": "11410199DEMA00001W",
            }
        )
        instance.start()
        asked = _asked(instance.issuer, client)
        bounds, log_ins, calm, storm = [], [], [], []
        for _ in range(ROUNDS):
            bounds.append(_bound(workers))
            calm.append(asyncio.run(_tokens(asked, time.monotonic() + SECONDS)))
            done, late = asyncio.run(_storm(asked))
            log_ins.append(done)
            storm.append(late)
    finally:
        instance.stop()
    return [
        rate("login.password", statistics.median(log_ins), "log-ins/s", BOUND, statistics.median(bounds)),
        cost("login.password.token_p99", statistics.median(storm), "ms", CALM, statistics.median(calm)),
    ]


def _bound(workers: int) -> float:
    """Verifications per second, in threads."""
    hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
    encoded, ends = hasher.hash(PASSWORD), time.monotonic() + SECONDS
    counts = [0] * workers

    def work(place: int) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BEHIND)  # as in the service
        while time.monotonic() < ends:
            hasher.verify(encoded, PASSWORD)
            counts[place] += 1

    threads = [threading.Thread(target=work, args=(place,)) for place in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS


async def _storm(asked: _Asked) -> tuple[float, float]:
    """Log-ins per second, and the tokens' 99th percentile in milliseconds."""
    begun = time.monotonic()
    ends = begun + SECONDS
    late, *counts = await asyncio.gather(
        _tokens(asked, ends), *(_log_in_on(asked, f"10.0.0.{place}", ends) for place in range(AT_ONCE))
    )
    return sum(counts) / (time.monotonic() - begun), late


async def _log_in_on(asked: _Asked, source: str, ends: float) -> int:
    reader, writer = await asyncio.open_connection(asked.host, asked.port)
    count = 0
    while time.monotonic() < ends:
        writer.write(asked.log_in.format(source=source).encode())
        head = await _answer(reader)
        if not head.startswith(b"HTTP/1.1 303 ") or b"yz_session" not in head:
            raise SystemExit(f"not a log-in: {head[:300]!r}")
        count += 1
    writer.close()
    await writer.wait_closed()
    return count


async def _tokens(asked: _Asked, ends: float) -> float:
    """Ask at a steady pace; the 99th percentile of the answers' times in milliseconds."""
    reader, writer = await asyncio.open_connection(asked.host, asked.port)
    times, due = [], time.monotonic()
    while due < ends:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        begun = time.perf_counter()
        writer.write(asked.token)
        head = await _answer(reader)
        times.append((time.perf_counter() - begun) * 1000)
        if not head.startswith(b"HTTP/1.1 200 "):
            raise SystemExit(f"not a token: {head[:300]!r}")
        due += 1 / TOKENS_PER_SECOND
    writer.close()
    await writer.wait_closed()
    return statistics.quantiles(times, n=100)[98]


async def _answer(reader: asyncio.StreamReader) -> bytes:
    """The head of an answer; its body is read too."""
    head = await reader.readuntil(b"\r\n\r\n")
    size = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
    await reader.readexactly(size)
    return head


def _asked(issuer: str, client: dict[str, str]) -> _Asked:
    visitor = Visitor()
    try:
        visitor.open(f"{issuer}/login")
        form = visitor.form()
        cookies = "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.items())
    finally:
        visitor.close()
    values = form.values | {form.field("text"): LIN.id_number, form.field("password"): PASSWORD}
    place = urlsplit(issuer)
    path = form.action if form.action.startswith("/") else urlsplit(form.action).path
    common = f"Host: {place.netloc}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    basic = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    token = "grant_type=client_credentials"
    log_in = urlencode(values, quote_via=quote)
    return _Asked(
        place.hostname or "",
        place.port or 80,
        f"POST {path} HTTP/1.1\r\n{common}Origin: {issuer}\r\nCookie: {cookies}\r\n"
        f"X-Forwarded-For: {{source}}\r\nContent-Length: {len(log_in)}\r\n\r\n{log_in}",
        f"POST /token HTTP/1.1\r\n{common}Authorization: Basic {basic}\r\n"
        f"Content-Length: {len(token)}\r\n\r\n{token}".encode(),
    )

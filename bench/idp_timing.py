"""Does the time of an answer tell how much of a client's secret is right (F-07)?

Over HTTP on loopback, one connection, requests of both kinds in turns. A row is the area under the ROC curve: the
chance that a request of the first kind took longer than one of the second (Mann and Whitney). 50 % tells nothing; the
aim is 48 to 52 %. Beside it the difference of the medians, in per cent; the aim is less than 2. As a measure of the
measurement the same is done with two kinds that are one and the same. Which clients exist is no secret: every portal
shows its client's id to every browser.
"""

from __future__ import annotations

import base64
import http.client
import secrets
import statistics
import time
from collections.abc import Callable
from urllib.parse import quote

from api.demo.city import ZWFW
from api.journey.instance import Instance
from bench.report import Row, cost

PAIRS, WARM_UP = 4_000, 200
SERVER_CORE = "0"


def measure() -> list[Row]:
    """Rows for a right beginning beside a wrong one, and for two wrong ones."""
    client_id, secret = ZWFW.id, ZWFW.secret
    almost = secret[:-1] + ("A" if secret[-1] != "A" else "B")

    def wrong() -> tuple[str, str]:
        return client_id, secrets.token_urlsafe(len(secret))[: len(secret)]

    instance = Instance(cpu=SERVER_CORE)
    instance.command("migrate", "--demo")
    instance.start()
    try:
        ask = _asker(instance.port)
        return _compare("prefix", ask, lambda: (client_id, almost), wrong) + _compare("itself", ask, wrong, wrong)
    finally:
        instance.stop()


Ask = Callable[[tuple[str, str]], float]
Shown = Callable[[], tuple[str, str]]


def _compare(name: str, ask: Ask, first: Shown, second: Shown) -> list[Row]:
    for _ in range(WARM_UP):
        ask(first()), ask(second())
    ones, others = [], []
    for number in range(PAIRS):  # who goes first changes
        if number % 2:
            ones.append(ask(first()))
            others.append(ask(second()))
        else:
            others.append(ask(second()))
            ones.append(ask(first()))
    area = _area(ones, others)
    apart = abs(statistics.median(ones) - statistics.median(others)) / statistics.median(others) * 100
    return [
        cost(f"timing.client_secret.{name}.auc", max(area, 1 - area) * 100, "%", "aim", 52.0),
        cost(f"timing.client_secret.{name}.median", apart, "%", "aim", 2.0),
    ]


def _asker(port: int) -> Ask:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.connect()

    def ask(shown: tuple[str, str]) -> float:
        joined = ":".join(quote(part, safe="") for part in shown)
        headers = {
            "Authorization": "Basic " + base64.b64encode(joined.encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        began = time.perf_counter()
        connection.request("POST", "/token", "grant_type=client_credentials", headers)
        answer = connection.getresponse()
        answer.read()
        took = time.perf_counter() - began
        if answer.status != 401:
            raise RuntimeError(f"a wrong secret was answered with {answer.status}")
        return took

    return ask


def _area(ones: list[float], others: list[float]) -> float:
    """The share of pairs in which the first is greater; ranks of equal values are shared."""
    ranked = sorted([(value, 1) for value in ones] + [(value, 0) for value in others])
    total, place = 0.0, 0
    while place < len(ranked):
        end = place
        while end < len(ranked) and ranked[end][0] == ranked[place][0]:
            end += 1
        rank = (place + end + 1) / 2
        total += rank * sum(kind for _, kind in ranked[place:end])
        place = end
    count = len(ones)
    return (total - count * (count + 1) / 2) / (count * len(others))

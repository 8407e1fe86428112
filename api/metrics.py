"""What a monitoring system reads: when keys, certificates and lists end (Prometheus text format 0.0.4).

The gauges are made from the store at each look, so every worker answers the same and none holds old figures. Seals,
authorities and lists have a series each; certificates of persons and machines, which may be many, are counted.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from keys.horizon.model import Kind, Level, Lifeline, SpanState
from keys.horizon.outlook import Outlook

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render_metrics(found: Outlook) -> bytes:
    """The gauges of one outlook."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Horizon(found))
    return generate_latest(registry)


class _Horizon(Collector):
    """The outlook as gauges."""

    def __init__(self, found: Outlook) -> None:
        self._found = found

    def collect(self) -> Iterator[GaugeMetricFamily]:
        single = [line for line in self._found.lines if line.kind is not Kind.HOLDER]
        yield _moments(
            "yizheng_end_timestamp_seconds",
            "When what is in use ends (Unix time); nothing for what has no end.",
            [(line, line.ends) for line in single],
        )
        yield _moments(
            "yizheng_act_by_timestamp_seconds",
            "When it has to be renewed by; past this moment somebody must look.",
            [(line, line.act_by) for line in single],
        )
        yield self._next_ready(single)
        yield self._counted()
        taken = GaugeMetricFamily("yizheng_horizon_timestamp_seconds", "When these figures were taken (Unix time).")
        taken.add_metric([], self._found.now.timestamp())
        yield taken

    def _next_ready(self, lines: Sequence[Lifeline]) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "yizheng_next_ready", "1 when the one that takes over is made already.", labels=["kind", "name"]
        )
        for line in lines:
            if any(span.state is SpanState.NEXT for span in line.spans):
                family.add_metric([line.kind.value, line.id], 1)
        return family

    def _counted(self) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "yizheng_runs_out",
            "Keys, certificates and lists by kind and level: ended, soon, fine.",
            labels=["kind", "level"],
        )
        counted = Counter((line.kind, line.level(self._found.now)) for line in self._found.lines)
        for kind in Kind:
            for level in Level:
                family.add_metric([kind.value, level.value], counted[kind, level])
        return family


def _moments(name: str, help_text: str, moments: Sequence[tuple[Lifeline, dt.datetime | None]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=["kind", "name", "renewal"])
    for line, moment in moments:
        if moment is not None:
            family.add_metric([line.kind.value, line.id, line.renewal.value], moment.timestamp())
    return family

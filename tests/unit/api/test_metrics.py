"""The gauges: what an alert is written on is there, and persons have no series of their own."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from api.metrics import render_metrics
from keys.horizon.model import Kind, Renewal, SpanState
from keys.horizon.outlook import outlook
from tests.unit.web.page_samples import NOW
from tests.unit.web.page_samples_administration import LINES, day, line


def read(found: object) -> dict[tuple[str, str], float]:
    """Value by metric and by the labels, as a monitoring system's own parser reads them."""
    text = render_metrics(found).decode()  # type: ignore[arg-type]  # an Outlook
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_ends_and_deadlines_are_unix_times() -> None:
    figures = read(outlook(LINES, NOW))
    seal = "seal,certificate/1,two-people"
    assert figures["yizheng_end_timestamp_seconds", seal] == day("2026-12-16").timestamp()
    assert figures["yizheng_act_by_timestamp_seconds", seal] == day("2026-11-16").timestamp()
    assert figures["yizheng_horizon_timestamp_seconds", ""] == NOW.timestamp()
    assert figures["yizheng_next_ready", "timestamp,tsa/1"] == 1


def test_every_kind_and_level_is_counted_also_when_there_is_none() -> None:
    figures = read(outlook(LINES, NOW))
    assert figures["yizheng_runs_out", "seal,soon"] == 1
    assert figures["yizheng_runs_out", "seal,ended"] == 0
    assert figures["yizheng_runs_out", "holder,soon"] == 0


def test_people_are_counted_and_not_named() -> None:
    person = line(
        "certificate/9",
        "某人",
        "Somebody",
        Kind.HOLDER,
        [(SpanState.ACTIVE, "2026-01-01", "2026-12-01")],
        Renewal.TWO_PEOPLE,
    )
    figures = read(outlook([person], NOW))
    assert figures["yizheng_runs_out", "holder,soon"] == 1
    assert not [labels for _, labels in figures if "certificate/9" in labels]


def test_what_has_no_end_has_no_series() -> None:
    assert not [labels for _, labels in read(outlook(LINES[-1:], NOW)) if "key/field" in labels]

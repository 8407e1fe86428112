"""`yizheng doctor` warns before anything runs out, each time with what to do."""

from __future__ import annotations

from api.cli.doctor import horizon_findings
from keys.horizon.model import Kind, Renewal, SpanState
from keys.horizon.outlook import outlook
from tests.unit.web.page_samples import NOW
from tests.unit.web.page_samples_administration import LINES, line


def test_what_ends_soon_is_a_fault_with_a_remedy() -> None:
    (finding,) = horizon_findings(outlook(LINES, NOW))
    assert not finding.good
    assert finding.what == "certificate/1 (Seal of the Housing Bureau)"
    assert finding.remedy.startswith("ends on 2026-12-15 16:00 UTC: have it renewed at /admin/keys")


def test_what_has_ended_comes_first() -> None:
    ended = line(
        "crl/root",
        "根吊销列表",
        "Root list",
        Kind.CRL,
        [(SpanState.ACTIVE, "2026-01-01", "2026-11-01")],
        Renewal.CEREMONY,
    )
    first, second = horizon_findings(outlook([*LINES, ended], NOW))
    assert first.remedy.startswith("ended on 2026-10-31 16:00 UTC: hold a ceremony")
    assert second.what.startswith("certificate/1")


def test_all_is_well_where_everything_is_in_time() -> None:
    (finding,) = horizon_findings(outlook(LINES[1:], NOW))
    assert finding.good

"""A report is made, and its seal used, once for each verification, however many ask for it at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from api.web.report_shelf import keep_findings, made_report
from core.errors import LimitExceeded, Unavailable
from core.kv.embedded import EmbeddedKeyValueStore
from core.text import Text
from signing.reports.model import Findings, Report
from tests.support.clock import FakeClock
from tests.unit.web.test_page_shelf import DIGESTS, Rot13

FINDINGS = Findings({"headline": {"zh": "真实", "en": "Genuine"}}, b"<report/>")


class CountedReports:
    """Makes reports, slowly enough that others come in between."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.away = False

    async def pdf(self, findings: Findings) -> Report:
        return await self._make("pdf", findings)

    async def xml(self, findings: Findings) -> Report:
        return await self._make("xml", findings)

    async def _make(self, kind: str, findings: Findings) -> Report:
        assert findings == FINDINGS
        for _ in range(20):
            await asyncio.sleep(0)
        if self.away:
            raise Unavailable("key-unavailable", Text("密钥不应答。", "The key does not answer."))
        self.made.append(kind)
        return Report(f"{kind} {len(self.made)}".encode(), f"sig_{len(self.made)}", "PAdES-B-T")


@pytest.fixture
def reports() -> CountedReports:
    return CountedReports()


@pytest.fixture
def request_of(tmp_path: Path, clock: FakeClock, reports: CountedReports) -> Any:
    secrets = SimpleNamespace(fields=SimpleNamespace(short_lived=Rot13()), tokens=DIGESTS)
    ground = SimpleNamespace(
        kv=EmbeddedKeyValueStore(tmp_path / "kv.db", clock),
        keys=SimpleNamespace(secrets=secrets),
        settings=SimpleNamespace(reports_per_minute=3),
    )
    container = SimpleNamespace(ground=ground, signing=SimpleNamespace(reports=reports))
    return SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(container=container)), client=None)


async def test_of_many_at_once_one_makes_it_and_all_get_it(request_of: Any, reports: CountedReports) -> None:
    await keep_findings(request_of, "token", FINDINGS, seconds=60)
    made = await asyncio.gather(*(made_report(request_of, "token", "pdf", seconds=60) for _ in range(8)))
    assert reports.made == ["pdf"]
    assert {one.content for one in made if one} == {b"pdf 1"}
    assert all(one is not None and one.sealed for one in made)
    await made_report(request_of, "token", "xml", seconds=60)
    assert reports.made == ["pdf", "xml"]


async def test_one_that_could_not_be_made_is_tried_again(request_of: Any, reports: CountedReports) -> None:
    await keep_findings(request_of, "token", FINDINGS, seconds=60)
    reports.away = True
    with pytest.raises(Unavailable):
        await made_report(request_of, "token", "pdf", seconds=60)
    reports.away = False
    again = await made_report(request_of, "token", "pdf", seconds=60)
    assert again is not None
    assert again.content == b"pdf 1"


async def test_a_result_that_is_gone_has_no_report(request_of: Any, reports: CountedReports) -> None:
    assert await made_report(request_of, "nobody's", "pdf", seconds=60) is None
    assert reports.made == []


async def test_nobody_has_more_sealed_than_is_fair(request_of: Any, reports: CountedReports) -> None:
    for number in range(3):
        await keep_findings(request_of, f"token {number}", FINDINGS, seconds=60)
        await made_report(request_of, f"token {number}", "pdf", seconds=60)
    await keep_findings(request_of, "one more", FINDINGS, seconds=60)
    with pytest.raises(LimitExceeded):
        await made_report(request_of, "one more", "pdf", seconds=60)
    assert len(reports.made) == 3

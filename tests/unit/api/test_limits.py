"""Public verification is counted per source: one that asks too often waits, everybody else goes on (S-57)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request

from api.limits import WINDOW_SECONDS, limited_verification
from api.settings import Settings
from core.errors import LimitExceeded
from core.kv.embedded import EmbeddedKeyValueStore
from tests.support.clock import FakeClock


@pytest.fixture
async def application(tmp_path: Path, clock: FakeClock) -> Any:
    kv = EmbeddedKeyValueStore(tmp_path / "kv.db", clock)
    ground = SimpleNamespace(kv=kv, settings=Settings(verifications_per_minute=5))
    yield SimpleNamespace(state=SimpleNamespace(container=SimpleNamespace(ground=ground)))
    await kv.close()


def _from(application: Any, address: str) -> Request:
    return Request({"type": "http", "app": application, "headers": [], "client": (address, 1)})


async def test_parallel_requests_cannot_slip_past_the_count(application: Any) -> None:
    outcomes = await asyncio.gather(
        *(limited_verification(_from(application, "127.0.0.2")) for _ in range(20)), return_exceptions=True
    )
    refused = [one for one in outcomes if isinstance(one, LimitExceeded)]
    assert len(refused) == 15
    assert {one.retry_after for one in refused} == {WINDOW_SECONDS}


async def test_another_source_is_not_made_to_wait(application: Any) -> None:
    for _ in range(5):
        await limited_verification(_from(application, "127.0.0.2"))
    with pytest.raises(LimitExceeded):
        await limited_verification(_from(application, "127.0.0.2"))
    await limited_verification(_from(application, "127.0.0.3"))


async def test_after_the_window_it_goes_on(application: Any, clock: FakeClock) -> None:
    for _ in range(5):
        await limited_verification(_from(application, "127.0.0.2"))
    clock.advance(WINDOW_SECONDS + 1)
    await limited_verification(_from(application, "127.0.0.2"))

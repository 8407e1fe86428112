"""What is shown and read, over SQLite and Redis; and stores that decide by looking, which must be caught."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from certstore.presentation.kept import Found, Kept
from certstore.presentation.model import Presentation
from tests.conformance.harness import Surroundings, failing, parametrised
from tests.conformance.kept_presentations import BACKENDS, KeptContract, KeptHarness, embedded
from tests.support.clock import FakeClock


@parametrised(BACKENDS)
class TestKeptPresentations(KeptContract):
    pass


class TakesByLooking(Kept):
    async def take_code(self, found: Found) -> bool:
        there = await self._kv.get(found.key) is not None
        await self._kv.delete(found.key)
        return there


class ChangesByLooking(Kept):
    async def change(self, presentation: Presentation, **changes: object) -> bool:
        now = await self.presentation(presentation.id)
        if now != presentation:
            return False
        await self.put(dataclasses.replace(now, **changes))  # type: ignore[arg-type]
        return True


@pytest.mark.parametrize(
    ("broken", "by"),
    [
        (TakesByLooking, "test_a_code_is_taken_by_one"),
        (ChangesByLooking, "test_of_agreeing_and_refusing_one_counts"),
    ],
)
async def test_a_racing_store_is_caught(broken: type[Kept], by: str, tmp_path: Path) -> None:
    class Broken(KeptHarness):
        @property
        def workers(self) -> list[Any]:
            return [_as(broken, one) for one in super().workers]

    @asynccontextmanager
    async def opened() -> AsyncIterator[KeptHarness]:
        async with embedded(Surroundings(tmp_path, FakeClock())) as harness:
            yield Broken(harness.stores, harness.clock)

    assert await failing((KeptContract,), opened, only=by) == {by}


def _as(kind: type[Kept], one: Kept) -> Kept:
    return kind(one._kv, one._cipher, one._digests, one._clock)

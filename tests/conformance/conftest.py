"""The fixture that opens a backend for a contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.harness import Backend, Surroundings
from tests.support.clock import FakeClock


@pytest.fixture
def surroundings(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Surroundings:
    """Folder, clock and server for the backend that the test is parametrised with."""
    backend: Backend = request.getfixturevalue("backend")
    server = request.getfixturevalue(backend.requires) if backend.requires else None
    return Surroundings(tmp_path, clock, server)


@pytest.fixture
async def harness(backend: Backend, surroundings: Surroundings) -> AsyncIterator[Any]:
    async with backend.open(surroundings) as opened:
        yield opened

"""The repository's small city, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.db.database import Database
from tests.support.certstore_world import World, world
from tests.support.clock import FakeClock


@pytest.fixture
async def city(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    async with world(sqlite_database, clock, tmp_path) as made:
        yield made


@pytest.fixture
async def both_cities(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    """The test runs once over each database."""
    async with world(database, clock, tmp_path) as made:
        yield made

"""Runs the contract of batches over SQLite and PostgreSQL."""

from __future__ import annotations

import pytest

from signing.batches.ports import BatchStore
from tests.conformance.batch_stores import BatchContract
from tests.support.batch_world import batch_store


@pytest.fixture
def store() -> BatchStore:
    return batch_store()


class TestBatches(BatchContract): ...

"""`certstore.status_publishing.StatusEntryStore` over SQLite and PostgreSQL."""

from __future__ import annotations

from tests.conformance.harness import parametrised
from tests.conformance.status_stores import BACKENDS, StatusContention, StatusContract


@parametrised(BACKENDS)
class TestStatusPlaces(StatusContract):
    pass


@parametrised(BACKENDS)
class TestStatusContention(StatusContention):
    pass

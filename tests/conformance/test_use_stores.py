"""Stores of lawful use over SQLite and PostgreSQL."""

from __future__ import annotations

from tests.conformance.harness import parametrised
from tests.conformance.use_stores import BACKENDS, UseContention, UseContract


@parametrised(BACKENDS)
class TestUse(UseContract):
    pass


@parametrised(BACKENDS)
class TestUseContention(UseContention):
    pass

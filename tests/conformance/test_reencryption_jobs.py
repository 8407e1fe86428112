"""Runs the contract of the re-encryption jobs over SQLite and PostgreSQL."""

from __future__ import annotations

from tests.conformance.harness import parametrised
from tests.conformance.reencryption_jobs import BACKENDS, JobsBasic, JobsContention, JobsTransaction


@parametrised(BACKENDS)
class TestBasic(JobsBasic): ...


@parametrised(BACKENDS)
class TestTransaction(JobsTransaction): ...


@parametrised(BACKENDS)
class TestContention(JobsContention): ...

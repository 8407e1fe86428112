"""Runs the contract of originals under care over SQLite and PostgreSQL."""

from __future__ import annotations

import pytest

from certstore.stores.lasting import SqlFileCareStore
from core.db.database import Database
from tests.conformance.file_care_stores import FileCareContract, Files


@pytest.fixture
def files(database: Database) -> Files:
    return Files(database, SqlFileCareStore())


class TestFileCare(FileCareContract): ...

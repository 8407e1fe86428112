"""The migrations lead to exactly the tables that the code uses, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from api.migrations import HEAD
from api.migrations.tables import ALL_TABLES
from api.migrations.upgrade import alembic_config, current_revision, upgrade
from core.db.engine import create_engine


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/domain.db"
    return str(request.getfixturevalue("postgres_url"))


def _is_ours(_: Any, name: str | None, kind: str, *__: Any) -> bool:
    """Tables that other tests of this process add to the same metadata are none of the service's."""
    return not (kind == "table" and name and name.startswith("conformance_"))


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"include_object": _is_ours})
    return list(compare_metadata(context, ALL_TABLES))


async def test_the_history_ends_at_the_tables(empty_database: str) -> None:
    engine = create_engine(empty_database, pool_size=1)
    try:
        assert await upgrade(engine) is True
        async with engine.connect() as connection:
            assert await connection.run_sync(_differences) == []
        assert await current_revision(engine) == HEAD
        assert await upgrade(engine) is False, "a second run finds nothing to do"
    finally:
        await engine.dispose()


async def test_a_column_that_a_migration_forgot_is_seen(empty_database: str) -> None:
    """The twin: the comparison can fail."""
    engine = create_engine(empty_database, pool_size=1)
    try:
        await upgrade(engine)
        async with engine.begin() as connection:
            await connection.execute(text("ALTER TABLE service_item ADD COLUMN stray VARCHAR(5)"))
            assert await connection.run_sync(_differences)
    finally:
        await engine.dispose()


def test_head_names_the_newest_revision() -> None:
    script = ScriptDirectory.from_config(alembic_config(None))  # type: ignore[arg-type]  # no connection is needed to read files
    assert script.get_heads() == [HEAD]

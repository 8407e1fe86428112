"""`python -m api.migrations.make "what changes"`: write the revision that leads from the history to the tables."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from sqlalchemy import Connection

from api.migrations import tables
from api.migrations.upgrade import alembic_config
from core.db.engine import create_engine


def _revise(connection: Connection, message: str, revision: str) -> None:
    from alembic import command

    config = alembic_config(connection)
    command.upgrade(config, "head")
    command.revision(config, message=message, autogenerate=True, rev_id=revision)


async def _main(message: str) -> None:
    assert tables.SOURCES
    folder = Path(__file__).parent / "versions"
    revision = f"{len(list(folder.glob('[0-9]*.py'))) + 1:04d}"
    with tempfile.TemporaryDirectory() as scratch:
        engine = create_engine(f"sqlite:///{scratch}/history.db")
        async with engine.begin() as connection:
            await connection.run_sync(_revise, message, revision)
        await engine.dispose()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))

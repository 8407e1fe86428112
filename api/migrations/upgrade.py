"""Brings a database to the newest revision; costs one query when it is there already."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from api.migrations import HEAD
from core.db.engine import WRITE


async def current_revision(engine: AsyncEngine) -> str | None:
    """The revision that the database is at; None before the first."""
    async with engine.connect() as connection:
        try:
            return (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
        except DBAPIError:
            return None


async def upgrade(engine: AsyncEngine) -> bool:
    """Run what is missing; True if anything was."""
    if await current_revision(engine) == HEAD:
        return False
    async with engine.connect() as connection:
        connection = await connection.execution_options(**{WRITE: True})
        await connection.run_sync(_run)
        await connection.commit()
    return True


def alembic_config(connection: Connection):  # type: ignore[no-untyped-def]  # alembic is imported only when needed
    """Alembic's configuration, bound to `connection`."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def _run(connection: Connection) -> None:
    from alembic import command

    command.upgrade(alembic_config(connection), "head")

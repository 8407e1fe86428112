"""Brings a database to the newest revision; costs one query when it is there already."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.migrations import HEAD, RESTORING, RESTORING_WITH_KEYS
from core.db.engine import WRITE, create_engine


async def current_revision(engine: AsyncEngine) -> str | None:
    """The revision that the database is at; None before the first."""
    async with engine.connect() as connection:
        try:
            return (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
        except DBAPIError:
            return None


async def revision_of(connection: AsyncConnection) -> str | None:
    """As `current_revision`, as the connection sees it; it can be used further whatever the answer."""
    if not await connection.run_sync(lambda sync: inspect(sync).has_table("alembic_version")):
        return None
    return (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()


async def mark(connection: AsyncConnection, revision: str) -> None:
    """Let this stand in place of the revision."""
    await connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def is_known(revision: str) -> bool:
    """Whether this version of the program has the revision in its history."""
    return revision.isalnum() and any((Path(__file__).parent / "versions").glob(f"{revision}_*.py"))


async def upgrade(engine: AsyncEngine) -> bool:
    """Run what is missing; True if anything was."""
    if await current_revision(engine) == HEAD:
        return False
    async with _changing(engine) as connection:
        connection = await connection.execution_options(**{WRITE: True})
        await connection.run_sync(_run)
        await connection.commit()
    return True


async def upgrade_marked(engine: AsyncEngine, revision: str | None, *, to: str) -> None:
    """Lead the tables of a database that is being restored from one revision to another.

    All is one transaction, so nobody ever sees it without its mark.

    Args:
        revision: of the tables that are there; None when there are none yet.
    """
    async with _changing(engine) as connection:
        connection = await connection.execution_options(**{WRITE: True})
        marked = await revision_of(connection)
        if marked not in (RESTORING, RESTORING_WITH_KEYS):
            raise RuntimeError("only a database that is being restored is led from a revision that it does not name")
        if revision is None:
            await connection.execute(text("DELETE FROM alembic_version"))
        else:
            await mark(connection, revision)
        await connection.run_sync(_run, to)
        await mark(connection, marked)
        await connection.commit()


@contextlib.asynccontextmanager
async def _changing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """SQLite changes a table by making it anew, which its own checks of references would not let pass."""
    if engine.dialect.name != "sqlite":
        async with engine.connect() as connection:
            yield connection
        return
    unchecked = create_engine(engine.url.render_as_string(hide_password=False), pool_size=1, check_references=False)
    try:
        async with unchecked.connect() as connection:
            yield connection
    finally:
        await unchecked.dispose()


def check_references(connection: Connection) -> None:
    """Before a migration's transaction commits.

    Raises:
        RuntimeError: the migration left a row that refers to nothing; nothing of it is kept.
    """
    if connection.dialect.name == "sqlite":
        broken = connection.execute(text("PRAGMA foreign_key_check")).first()
        if broken is not None:
            raise RuntimeError(f"a row of {broken[0]} refers to a row of {broken[2]} that is not there")


def alembic_config(connection: Connection):  # type: ignore[no-untyped-def]  # alembic is imported only when needed
    """Alembic's configuration, bound to `connection`."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def _run(connection: Connection, to: str = "head") -> None:
    from alembic import command

    command.upgrade(alembic_config(connection), to)

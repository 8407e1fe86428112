"""The domain database that data are restored into: what may be overwritten, and who may open it meanwhile.

The mark stands where the revision stands (`api.migrations.RESTORING`), so that every command and every worker, of
older versions too, refuses a database that is half restored.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.migrations import RESTORED, RESTORING, RESTORING_WITH_KEYS
from api.migrations.upgrade import current_revision, mark, upgrade_marked
from core.db.engine import writing


class DomainState(StrEnum):
    """What is in the database."""

    EMPTY = "empty"
    UNFINISHED = "unfinished"  # a restore was broken off
    UNFINISHED_WITH_KEYS = "unfinished-with-keys"  # one that was to bring the key store too
    RESTORED = "restored"  # and what may be missing has not been acknowledged yet
    IN_USE = "in-use"


async def domain_state(engine: AsyncEngine) -> DomainState:
    revision = await current_revision(engine)
    if revision is None:
        async with engine.connect() as connection:
            tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        return DomainState.IN_USE if tables else DomainState.EMPTY
    if revision == RESTORING_WITH_KEYS:
        return DomainState.UNFINISHED_WITH_KEYS
    if revision == RESTORING:
        return DomainState.UNFINISHED
    return DomainState.RESTORED if revision.startswith(RESTORED) else DomainState.IN_USE


async def make_tables(engine: AsyncEngine, revision: str, *, with_keys: bool) -> None:
    """The tables of a revision, empty and marked; what a broken-off restore has left is dropped.

    Args:
        with_keys: the key store was empty and is restored too: if this is broken off, it may be made anew.
    """
    async with writing(engine).connect() as connection:
        await connection.run_sync(_clear)
        await connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        await connection.execute(
            text("INSERT INTO alembic_version VALUES (:mark)"),
            {"mark": RESTORING_WITH_KEYS if with_keys else RESTORING},
        )
        await connection.commit()
    await upgrade_marked(engine, None, to=revision)


async def release(engine: AsyncEngine, revision: str) -> None:
    """Take the mark away: the database may be opened by a program of this revision."""
    async with writing(engine).connect() as connection:
        await mark(connection, revision)
        await connection.commit()


def _clear(connection: Connection) -> None:
    found = MetaData()
    found.reflect(connection)
    found.drop_all(connection)

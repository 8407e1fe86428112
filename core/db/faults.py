"""Which database errors mean that asking again may help; those become `Unavailable`, all others stay what they are."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.errors import Unavailable
from core.text import Text

# serialization_failure, deadlock_detected, and the classes "connection exception", "insufficient resources",
# "operator intervention" (PostgreSQL, Appendix A)
_TRY_AGAIN = ("40001", "40P01", "08", "53", "57")
_WITHOUT_STATE = (OperationalError, InterfaceError)  # SQLite has no such codes
FAULTS = (PoolTimeout, DBAPIError)


def database_unavailable(error: BaseException) -> Unavailable:
    """The error that a caller is told; nothing of the unit was kept."""
    text = Text(
        "数据库暂时没有回应，这次请求没有生效。请稍等几秒再试。",
        "The database did not answer; nothing was done. Try again in a few seconds.",
    )
    return Unavailable("database-unavailable", text, private=type(error).__name__)


def told(error: PoolTimeout | DBAPIError) -> Unavailable | None:
    """`database-unavailable` for a lost connection, deadlock, full pool or lock held too long; None for the rest."""
    if isinstance(error, PoolTimeout):
        return database_unavailable(error)
    state = getattr(error.orig, "sqlstate", None)
    passing = state.startswith(_TRY_AGAIN) if isinstance(state, str) else isinstance(error, _WITHOUT_STATE)
    return database_unavailable(error) if passing or error.connection_invalidated else None


def told_by_driver(error: Exception) -> Unavailable | None:
    """The same for an error that comes straight from a driver."""
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        passing = state.startswith(_TRY_AGAIN)
    else:  # asyncpg's InterfaceError and the network's own have no state
        passing = isinstance(error, sqlite3.OperationalError | OSError | TimeoutError) or (
            type(error).__name__ in ("InterfaceError", "InternalClientError")
        )
    return database_unavailable(error) if passing else None

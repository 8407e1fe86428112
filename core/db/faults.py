"""Which database errors a caller is told of; all others stay what they are.

Where asking again may help it is `Unavailable`. PostgreSQL keeps no zero character in a text, so what holds one can be
nobody's name or id: that is the caller's fault, and no error of ours.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.errors import AppError, InvalidInput, Unavailable
from core.text import Text

# serialization_failure, deadlock_detected, and the classes "connection exception", "insufficient resources",
# "operator intervention" (PostgreSQL, Appendix A)
_TRY_AGAIN = ("40001", "40P01", "08", "53", "57")
_NO_TEXT = "22021"  # character_not_in_repertoire
_WITHOUT_STATE = (OperationalError, InterfaceError)  # SQLite has no such codes
FAULTS = (PoolTimeout, DBAPIError)


def database_unavailable(error: BaseException) -> Unavailable:
    """The error that a caller is told; nothing of the unit was kept."""
    text = Text(
        "数据库暂时没有回应，这次请求没有生效。请稍等几秒再试。",
        "The database did not answer; nothing was done. Try again in a few seconds.",
    )
    return Unavailable("database-unavailable", text, private=type(error).__name__)


def text_unprintable() -> InvalidInput:
    """The error for a text that no database keeps."""
    text = Text(
        "内容里有不可见的零字符，不能查也不能存。请去掉后再试。",
        "The text holds a zero character, which can be neither looked up nor stored. Take it out and try again.",
    )
    return InvalidInput("text-unprintable", text)


def told(error: PoolTimeout | DBAPIError) -> AppError | None:
    """`database-unavailable` for a lost connection, deadlock, full pool or lock held too long; `text-unprintable` for
    a text with a zero character; None for the rest."""
    if isinstance(error, PoolTimeout):
        return database_unavailable(error)
    state = getattr(error.orig, "sqlstate", None)
    if state == _NO_TEXT:
        return text_unprintable()
    passing = state.startswith(_TRY_AGAIN) if isinstance(state, str) else isinstance(error, _WITHOUT_STATE)
    return database_unavailable(error) if passing or error.connection_invalidated else None


def told_by_driver(error: Exception) -> AppError | None:
    """The same for an error that comes straight from a driver."""
    state = getattr(error, "sqlstate", None)
    if state == _NO_TEXT:
        return text_unprintable()
    if isinstance(state, str):
        passing = state.startswith(_TRY_AGAIN)
    else:  # asyncpg's InterfaceError and the network's own have no state
        passing = isinstance(error, sqlite3.OperationalError | OSError | TimeoutError) or (
            type(error).__name__ in ("InterfaceError", "InternalClientError")
        )
    return database_unavailable(error) if passing else None

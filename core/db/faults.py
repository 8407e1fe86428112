"""Which database errors mean that asking again may help; those become `Unavailable`, all others stay what they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.errors import Unavailable
from core.text import Text

# serialization_failure, deadlock_detected, and the classes "connection exception", "insufficient resources",
# "operator intervention" (PostgreSQL, Appendix A)
_TRY_AGAIN = ("40001", "40P01", "08", "53", "57")


def database_unavailable(error: BaseException) -> Unavailable:
    """The error that a caller is told; nothing of the unit was kept."""
    text = Text(
        "数据库暂时没有回应，这次请求没有生效。请稍等几秒再试。",
        "The database did not answer; nothing was done. Try again in a few seconds.",
    )
    return Unavailable("database-unavailable", text, private=type(error).__name__)


@asynccontextmanager
async def faults_told() -> AsyncIterator[None]:
    """
    Raises:
        Unavailable: `database-unavailable`, for a lost connection, a deadlock, a full pool, a lock held too long.
    """
    try:
        yield
    except PoolTimeout as error:
        raise database_unavailable(error) from error
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        passing = (
            state.startswith(_TRY_AGAIN)
            if isinstance(state, str)
            else isinstance(error, OperationalError | InterfaceError)
        )
        if passing or error.connection_invalidated:
            raise database_unavailable(error) from error
        raise

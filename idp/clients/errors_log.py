"""What went wrong for a client, for its developers to read: each refused request that names a registered client.

Noting costs the refused request a dictionary look-up; a worker writes what was gathered every second or so. Equal
refusals within that moment are one row with a count, so that a client that runs wild costs no more than its sort of
error. Nothing here holds a secret, a code, a token or personal data: the texts of errors never do, and what looks like
one is struck out all the same.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
from dataclasses import dataclass

from core.clock import Clock
from core.correlation import current_request
from core.db.database import Database
from core.errors import AppError, Unavailable
from core.ids import new_id
from core.paging import Page, encode_cursor, last_id, page_size
from core.principal import Principal
from core.rounds import rounds
from idp.clients.description import CLIENT_ID
from idp.clients.looking import LookAtClients
from idp.clients.ports import ClientErrorStore
from idp.clients.records import ClientError
from idp.errors import OAuthError
from idp.ports import ClientErrors

KEPT = 500
"""Rows that are kept for one client."""

KEPT_FOR = dt.timedelta(days=30)
_MOST_SORTS = 2_000  # in one moment, over all clients
_MOST_OF_ONE = 50  # for one client
_NO_FAULT = frozenset(
    {
        "login_required",
        "consent_required",
        "interaction_required",
        "account_selection_required",
        "access_denied",
        "authorization_pending",
        "slow_down",
        "use_dpop_nonce",
    }
)
"""Answers that say how things stand, or what to do next; no developer has anything to mend."""

_log = logging.getLogger(__name__)

_RUN = re.compile(r"[A-Za-z0-9_\-+/=.~]{20,}|\d{6,}")
_WORDS = re.compile(r"[a-z]+([_\-.][a-z]+)*")


@dataclass(slots=True)
class _Gathered:
    at: dt.datetime
    request_id: str | None
    times: int = 0


Sort = tuple[str, str, str, str, str]


class ErrorsLog:
    """Implements `idp.ports.ClientErrors`; one for each worker."""

    def __init__(self, database: Database, store: ClientErrorStore, clock: Clock, *, every: float = 1.0) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._every = every
        self._gathered: dict[Sort, _Gathered] = {}
        self._of_client: dict[str, int] = {}

    def note(self, client_id: str | None, endpoint: str, error: AppError) -> None:
        if client_id is None or not CLIENT_ID.fullmatch(client_id) or isinstance(error, Unavailable):
            return
        if isinstance(error, OAuthError) and error.error in _NO_FAULT:
            return
        sort = (client_id, endpoint, *_told(error))
        found = self._gathered.get(sort)
        if found is None:
            if len(self._gathered) >= _MOST_SORTS or self._of_client.get(client_id, 0) >= _MOST_OF_ONE:
                return
            self._of_client[client_id] = self._of_client.get(client_id, 0) + 1
            found = self._gathered[sort] = _Gathered(self._clock.now(), None)
        found.at, found.request_id = self._clock.now(), current_request()
        found.times += 1

    async def write(self) -> int:
        """Write what was gathered; answers how many rows. Those that cannot be written are lost: nobody waits."""
        gathered, self._gathered, self._of_client = self._gathered, {}, {}
        rows = [
            ClientError(
                new_id(self._clock, "cer"), client, one.at, endpoint, error, told, detail, one.request_id, one.times
            )
            for (client, endpoint, error, told, detail), one in gathered.items()
        ]
        if rows:
            async with self._database.write() as tx:
                await self._store.add(tx, rows, keep=KEPT)
                await tx.commit()
        return len(rows)

    async def forever(self) -> None:
        await rounds(self.write, every=self._every, log=_log, failed="errors of clients could not be written")


class ReadClientErrors:
    """The use case: those who look after a client read what went wrong for it."""

    def __init__(self, database: Database, store: ClientErrorStore, look: LookAtClients) -> None:
        self._database = database
        self._store = store
        self._look = look

    async def __call__(
        self, client_id: str, actor: Principal, *, cursor: str | None = None, limit: int | None = None
    ) -> Page[ClientError]:
        """The newest first.

        Raises:
            NotFound: `client-not-found`.
            NotPermitted: `duty-missing`.
            InvalidInput: `cursor-invalid`.
        """
        await self._look.read(client_id, actor)
        size = page_size(limit)
        before = last_id(cursor)
        async with self._database.read() as tx:
            found = await self._store.of_client(tx, client_id, before=before, limit=size + 1)
        return Page(found[:size], encode_cursor(found[size - 1].id) if len(found) > size else None)


def _told(error: AppError) -> tuple[str, str, str]:
    if isinstance(error, OAuthError):
        detail = error.private if error.private != error.description else ""
        return error.error, _plain(error.description, 400), _plain(detail, 200)
    return error.code, _plain(error.text.en, 400), ""


def _plain(text: str, longest: int) -> str:
    """Without what may be a secret or a number that names a person; names of parameters stay."""
    return _RUN.sub(lambda run: run[0] if _WORDS.fullmatch(run[0]) else "[...]", text)[:longest]


_: type[ClientErrors] = ErrorsLog

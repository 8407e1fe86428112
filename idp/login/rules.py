"""The city's rules for log-ins: how much is demanded of whom, and which methods count for nothing.

A rule can only make a log-in harder. What is demanded of staff in any case (two factors) stands in no rule, so nobody
can take it away.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from core.clock import Clock
from core.db.database import Database, ReadTx, WriteTx
from idp import levels
from idp.login.proofs import Method
from idp.model import ONE_FACTOR, Account, StaffRole

EVERYBODY: Final = "everybody"
STAFF: Final = "staff"
NEW_DEVICE: Final = "new-device"
CLIENT: Final = "client:"
LEVEL: Final = "level:"


@dataclass(frozen=True, slots=True)
class LoginRule:
    """One rule.

    Attributes:
        subject: `everybody`, `staff`, `new-device` (a browser from which the person never logged in), `client:` and a
            client's id, `level:` and a real-name level, which holds for accounts of that level or a higher one.
        acr: the authentication context class that is demanded; from a new device it is only asked of those who can.
        refused: methods that count for nothing; for everybody, staff and levels only.
        revision: grows with every change.
    """

    subject: str
    acr: str | None
    refused: frozenset[Method]
    revision: int
    changed_by: str
    changed_at: dt.datetime


class LoginRuleStore(Protocol):
    """The rules, one for each subject."""

    async def all(self, tx: ReadTx) -> Sequence[LoginRule]:
        """In the order of their subjects."""

    async def put(self, tx: WriteTx, rule: LoginRule, *, before: int) -> bool:
        """Set it if its revision still is `before` (0: there is none); True for one of many."""

    async def remove(self, tx: WriteTx, subject: str, *, revision: int) -> bool: ...


class LoginRules:
    """Reads the rules, remembering them for a few seconds: they are asked at every entry to a portal.

    Args:
        lifetime: seconds.
    """

    def __init__(self, database: Database, store: LoginRuleStore, clock: Clock, *, lifetime: float) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._lifetime = dt.timedelta(seconds=lifetime)
        self._known: dict[str, LoginRule] = {}
        self._read_at: dt.datetime | None = None

    async def for_client(self, client_id: str) -> str:
        """The context that every session must have with which this portal is entered."""
        rules = await self._rules()
        return _highest(rules, (EVERYBODY, CLIENT + client_id)) if rules else ONE_FACTOR

    async def demanded(self, account: Account, roles: Sequence[StaffRole], client_id: str | None) -> str:
        """The context that a log-in must reach."""
        subjects = [*_of_person(account, roles), *([] if client_id is None else [CLIENT + client_id])]
        return _highest(await self._rules(), subjects)

    async def from_new_device(self) -> str:
        """The context to go for where the browser is unknown."""
        return _highest(await self._rules(), (NEW_DEVICE,))

    async def refused(self, account: Account, roles: Sequence[StaffRole]) -> frozenset[Method]:
        """The methods that count for nothing."""
        rules = await self._rules()
        found = [rules[subject].refused for subject in _of_person(account, roles) if subject in rules]
        return frozenset[Method]().union(*found)

    def forget(self) -> None:
        """Read anew; this worker has changed them."""
        self._read_at = None

    async def _rules(self) -> dict[str, LoginRule]:
        now = self._clock.now()
        if self._read_at is None or now - self._read_at >= self._lifetime:
            async with self._database.read() as tx:
                self._known = {rule.subject: rule for rule in await self._store.all(tx)}
            self._read_at = now
        return self._known


def _of_person(account: Account, roles: Sequence[StaffRole]) -> list[str]:
    return [EVERYBODY, *([STAFF] if roles else []), *(f"{LEVEL}{number}" for number in range(account.level + 1))]


def _highest(rules: dict[str, LoginRule], subjects: Sequence[str]) -> str:
    found = [rule.acr for subject in subjects if (rule := rules.get(subject)) is not None and rule.acr is not None]
    return max(found, key=levels.rank, default=ONE_FACTOR)
